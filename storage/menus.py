"""The ephemeral menus of groups: one for each member, so that a new one replaces the former."""

from sqlalchemy import and_, bindparam, delete, select

from storage.connection import Transaction
from storage.operations import Operations, writes
from storage.schema import menus
from storage.statements import upsert

_NAMES = ("chat_id", "user_id", "ephemeral_id", "sent_at")
_FORMER = select(menus.c.ephemeral_id).where(
    and_(menus.c.chat_id == bindparam("chat_id"), menus.c.user_id == bindparam("user_id"))
)
_PUT = upsert(menus, *_NAMES).on_conflict_do_update(
    index_elements=["chat_id", "user_id"], set_={name: bindparam(name) for name in _NAMES[2:]}
)
_FORGET = delete(menus).where(menus.c.sent_at <= bindparam("before"))


class Menus(Operations):
    """The ephemeral menus of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def replace(
        self, connection: Transaction, chat_id: int, user_id: int, ephemeral_id: int, now: float
    ) -> int | None:
        """Note a person's new menu in a group; returns the id of the former one, if there was one."""
        # Of two menus at once, in two processes, the first is the former.
        await connection.lock(f"menu {chat_id} {user_id}")
        which = {"chat_id": chat_id, "user_id": user_id}
        former: int | None = (await connection.execute(_FORMER, which)).scalar_one_or_none()
        await connection.execute(_PUT, {**which, "ephemeral_id": ephemeral_id, "sent_at": now})
        return former if former != ephemeral_id else None

    async def forget(self, before: float) -> None:
        """Forget the menus that were sent before this time: they stay as they are."""
        await self._db.execute(_FORGET, {"before": before})
