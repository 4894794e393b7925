"""The people of the bot as its admins see them: their names, and when they were seen."""

from collections.abc import Collection, Iterable

from sqlalchemy import and_, bindparam, delete, func, or_, select

from storage.access_records import PersonAccess, SeenPerson
from storage.connection import Connection, Transaction
from storage.depictions import take_username
from storage.job_states import IS_OPEN, NOT_READY, is_in
from storage.operations import Operations, reads, writes
from storage.records import OpenInChat
from storage.rows import IS_STARTED
from storage.schema import jobs, members, users
from storage.statements import upsert

MAX_NAME_LENGTH = 64
MOST_SEEN = 200
"""The longest list of people who were seen lately."""

# A person who was only seen has chosen nothing, and no task of theirs was ever claimed.
_CHOSEN = (
    users.c.provider,
    users.c.language,
    users.c.options,
    users.c.delivery,
    users.c.spoiler,
    users.c.drafts,
    users.c.time_zone,
)
HAS_USED = or_(users.c.last_turn > 0, *(column.is_not(None) for column in _CHOSEN))
_SEEN = upsert(users, "name", "seen_at", "seen_language", id=bindparam("user_id"), last_turn=0.0)
_NOTE = _SEEN.on_conflict_do_update(
    index_elements=["id"], set_={name: bindparam(name) for name in ("name", "seen_at", "seen_language")}
)
_FORGET_STRANGERS = delete(users).where(
    users.c.seen_at <= bindparam("before"),
    ~HAS_USED,
    users.c.id.not_in(select(members.c.user_id)),
)
_PERSON = (users.c.name, users.c.seen_at, members.c.access)
_LATELY = (
    select(users.c.id, *_PERSON)
    .outerjoin(members, members.c.user_id == users.c.id)
    .where(users.c.seen_at.is_not(None))
    .order_by(users.c.seen_at.desc(), users.c.id)
    .limit(MOST_SEEN)
)
_WITH_ACCESS = (
    select(members.c.user_id, *_PERSON)
    .outerjoin(users, users.c.id == members.c.user_id)
    .where(members.c.access == bindparam("access"))
    .order_by(users.c.name, members.c.user_id)
)
_ONE = select(users.c.name, users.c.seen_at).where(users.c.id == bindparam("user_id"))
_IS_UNDECIDED = and_(HAS_USED, users.c.id.not_in(select(members.c.user_id)))
_UNDECIDED = select(func.count()).select_from(users).where(_IS_UNDECIDED)
_UNDECIDED_ONE = _UNDECIDED.where(users.c.id == bindparam("user_id"))
_OPEN_JOBS = (
    select(jobs.c.id, jobs.c.user_id, jobs.c.prompt, IS_STARTED)
    .where(jobs.c.user_id == bindparam("user_id"), IS_OPEN, is_in(jobs.c.state, NOT_READY))
    .order_by(jobs.c.id)
)


class People(Operations):
    """The people of one database."""

    @writes
    async def seen(
        self,
        connection: Transaction,
        user_id: int,
        name: str,
        language: str | None,
        now: float,
        username: str | None = None,
    ) -> None:
        """Note a person's name and language at Telegram, when they were seen, and their username, if they have kept a
        likeness."""
        values = {"name": name[:MAX_NAME_LENGTH], "seen_at": now, "seen_language": (language or "")[:16] or None}
        await connection.execute(_NOTE, {"user_id": user_id, **values})
        await take_username(connection, user_id, username)

    async def forget_strangers(self, before: float) -> None:
        """Forget people who were last seen before this time and have never used the bot."""
        await self._db.execute(_FORGET_STRANGERS, {"before": before})

    @reads
    async def undecided(self, connection: Connection, known: Collection[int]) -> int:
        """How many people have used the bot about whom nothing is stored, without these, who are few."""
        count = int((await connection.execute(_UNDECIDED, {})).scalar_one())
        for user_id in known if count else ():
            count -= int((await connection.execute(_UNDECIDED_ONE, {"user_id": user_id})).scalar_one())
        return count

    async def lately(self) -> list[SeenPerson]:
        """The people who were seen, the latest first; `MOST_SEEN` at most."""
        return [SeenPerson(*row) for row in await self._db.fetch(_LATELY)]

    async def with_access(self, access: PersonAccess) -> list[SeenPerson]:
        """The people about whom this is stored, by name."""
        return [SeenPerson(*row) for row in await self._db.fetch(_WITH_ACCESS, {"access": access})]

    @reads
    async def named(self, connection: Connection, user_ids: Iterable[int]) -> list[SeenPerson]:
        """These people with their names, in the same order; unknown ones without."""
        found = []
        for user_id in user_ids:
            row = (await connection.execute(_ONE, {"user_id": user_id})).first()
            found.append(SeenPerson(user_id, *row) if row else SeenPerson(user_id))
        return found

    async def open_jobs(self, user_id: int) -> list[OpenInChat]:
        """The jobs of a person that are not ready yet, oldest first."""
        return [OpenInChat(*row) for row in await self._db.fetch(_OPEN_JOBS, {"user_id": user_id})]
