"""Invitations: links that let people in, once or several times. Only a hash of a link's token is stored."""

from enum import Enum, auto

from sqlalchemy import bindparam, delete, insert, or_, select, update

from storage.access_records import Invitation
from storage.connection import Transaction
from storage.members import decide, member_of
from storage.operations import Operations, writes
from storage.schema import invitations

_ROW = select(*(invitations.c[name] for name in Invitation.__slots__))
_ALL = _ROW.order_by(invitations.c.id.desc())
_OF_TOKEN = invitations.c.token_hash == bindparam("hash")
_IS_KNOWN = select(invitations.c.id).where(_OF_TOKEN)
_ADD = (
    insert(invitations)
    .values(used=0, **{name: bindparam(name) for name in ("token_hash", "uses_left", "made_by", "created_at")})
    .returning(invitations.c.id)
)
_USE = (
    update(invitations)
    .where(_OF_TOKEN, or_(invitations.c.uses_left.is_(None), invitations.c.uses_left > 0))
    .values(uses_left=invitations.c.uses_left - 1, used=invitations.c.used + 1)
    .returning(invitations.c.id, invitations.c.uses_left)
)
_REVOKE = delete(invitations).where(invitations.c.id == bindparam("invitation")).returning(invitations.c.id)


class Joined(Enum):
    """What an invitation has done for a person."""

    IN = auto()
    WAS_IN = auto()
    """The person had access before; nothing was used up."""
    BANNED = auto()
    SPENT = auto()
    """The invitation is used up, was revoked, or never was."""


class Invitations(Operations):
    """The invitations of one database. `token_hash`: a hash of the token in the link."""

    async def add(self, token_hash: str, uses_left: int | None, made_by: int, created_at: float) -> int:
        """Store an invitation for `uses_left` people (None: any number); returns its id."""
        new = {"token_hash": token_hash, "uses_left": uses_left, "made_by": made_by, "created_at": created_at}
        return int((await self._db.execute(_ADD, new)).scalar_one())

    async def all(self) -> list[Invitation]:
        """Those that can still be used, the newest first."""
        return [Invitation(*row) for row in await self._db.fetch(_ALL)]

    async def is_known(self, token_hash: str) -> bool:
        """Whether there is such an invitation: a cheap look before `use`."""
        return (await self._db.fetch(_IS_KNOWN, {"hash": token_hash})).first() is not None

    async def revoke(self, invitation_id: int) -> bool:
        """Make an invitation useless; those who came by it stay. False: it was so before."""
        return (await self._db.execute(_REVOKE, {"invitation": invitation_id})).first() is not None

    @writes
    async def use(self, connection: Transaction, token_hash: str, user_id: int) -> Joined:
        """Let a person in. Of two at the same moment, also in two processes, only one gets the last use."""
        # A ban at this moment comes before, and holds, or after it.
        await connection.lock(f"person {user_id}")
        access = (await member_of(connection, user_id)).access
        if access is not None:
            return Joined.BANNED if access == "banned" else Joined.WAS_IN
        used = (await connection.execute(_USE, {"hash": token_hash})).first()
        if used is None:
            return Joined.SPENT
        if used.uses_left == 0:
            await connection.execute(_REVOKE, {"invitation": used.id})
        await decide(connection, user_id, "allowed")
        return Joined.IN
