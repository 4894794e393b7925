"""What the bot's admins have decided about people and groups. Each change notifies all processes."""

from functools import cache

from sqlalchemy import Executable, bindparam, delete, exists, or_, select

from storage import notifications
from storage.access_records import GroupAccess, KnownGroup, LimitName, Member, PersonAccess, StoredAccess
from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.people import HAS_USED
from storage.schema import chats, erased, jobs, members, styles, tasks, users
from storage.statements import upsert

MAX_TITLE_LENGTH = 64

_PEOPLE = select(members.c.user_id, members.c.access, members.c.waiting, members.c.daily)
_ONE = select(members.c.access, members.c.waiting, members.c.daily).where(members.c.user_id == bindparam("user_id"))
_GROUPS = select(chats.c.id, chats.c.access, chats.c.migrated_from).where(
    or_(chats.c.access.is_not(None), chats.c.migrated_from.is_not(None))
)
_KNOWN_GROUPS = (
    select(chats.c.id, chats.c.title, chats.c.access).where(chats.c.id < 0).order_by(chats.c.title, chats.c.id)
)
_KNOWN_GROUP = select(chats.c.id, chats.c.title, chats.c.access).where(chats.c.id == bindparam("chat_id"))
# A group that has only added the bot has not used it, either.
_IS_USED = select(
    or_(
        *(exists(select(table)) for table in (jobs, tasks, erased, styles, members)),
        exists(select(users.c.id).where(HAS_USED)),
    )
)
_DROP_EMPTY = delete(members).where(
    members.c.user_id == bindparam("user_id"),
    members.c.access.is_(None),
    members.c.waiting.is_(None),
    members.c.daily.is_(None),
)
_NEW_GROUP = upsert(chats, "access", "title", id=bindparam("chat_id"))
_SET_GROUP = _NEW_GROUP.on_conflict_do_update(
    index_elements=["id"], set_={"access": bindparam("access"), "title": bindparam("title")}
)
_ASK_ABOUT_GROUP = _NEW_GROUP.on_conflict_do_update(
    index_elements=["id"],
    set_={"access": bindparam("access"), "title": bindparam("title")},
    where=chats.c.access.is_(None),
).returning(chats.c.id)
_NAME_GROUP = upsert(chats, "title", id=bindparam("chat_id")).on_conflict_do_update(
    index_elements=["id"], set_={"title": bindparam("title")}
)


class Members(Operations):
    """The decisions about people and groups of one database."""

    @reads
    async def all(self, connection: Connection) -> StoredAccess:
        """All that is decided, in one trip."""
        people = {row[0]: Member(*row[1:]) for row in await connection.execute(_PEOPLE)}
        groups, former = {}, {}
        for chat_id, access, migrated_from in await connection.execute(_GROUPS):
            if access is not None:
                groups[chat_id] = access
            if migrated_from is not None:
                former[chat_id] = migrated_from
        return StoredAccess(people, groups, former, is_unused=not await _is_used(connection))

    @writes
    async def decide(self, connection: Transaction, user_id: int, access: PersonAccess | None) -> None:
        """Let a person in or keep them out; None: as the configuration says."""
        await decide(connection, user_id, access)

    @writes
    async def limit(self, connection: Transaction, user_id: int, name: LimitName, most: int | None) -> None:
        """Store a limit of a person; 0: no limit, None: that of the configuration."""
        await connection.lock(f"person {user_id}")
        await connection.execute(_set(name), {"user_id": user_id, "new": most})
        await _changed(connection, user_id)

    @writes
    async def make_first_admin(self, connection: Transaction, user_id: int) -> bool:
        """Make a person the admin of a bot that nobody has used yet. False: somebody has."""
        # Of two at the same moment, also in two processes, one becomes the admin.
        await connection.lock("first admin")
        if await _is_used(connection):
            return False
        await decide(connection, user_id, "admin")
        return True

    @writes
    async def decide_group(self, connection: Transaction, chat_id: int, access: GroupAccess, title: str | None) -> None:
        """Let a group in, or keep the bot out of it."""
        await connection.execute(_SET_GROUP, {"chat_id": chat_id, "access": access, "title": _short(title)})
        connection.notify(notifications.ACCESS)

    @writes
    async def ask_about_group(self, connection: Transaction, chat_id: int, title: str | None) -> bool:
        """Note that the admins are asked about a group. False: they were before, or have decided."""
        asked = {"chat_id": chat_id, "access": "asked", "title": _short(title)}
        is_first = (await connection.execute(_ASK_ABOUT_GROUP, asked)).first() is not None
        if is_first:
            connection.notify(notifications.ACCESS)
        return is_first

    async def name_group(self, chat_id: int, title: str | None) -> None:
        """Store the title of a group."""
        await self._db.execute(_NAME_GROUP, {"chat_id": chat_id, "title": _short(title)})

    async def groups(self) -> list[KnownGroup]:
        """The groups and channels that the bot knows, by title."""
        return [KnownGroup(*row) for row in await self._db.fetch(_KNOWN_GROUPS)]

    async def group(self, chat_id: int) -> KnownGroup:
        """One group."""
        row = (await self._db.fetch(_KNOWN_GROUP, {"chat_id": chat_id})).first()
        return KnownGroup(*row) if row else KnownGroup(chat_id)


async def decide(connection: Transaction, user_id: int, access: PersonAccess | None) -> None:
    """Store a decision about a person, within a step."""
    await connection.lock(f"person {user_id}")
    await connection.execute(_set("access"), {"user_id": user_id, "new": access})
    await _changed(connection, user_id)


async def member_of(connection: Connection, user_id: int) -> Member:
    """What is decided about a person, within a step."""
    row = (await connection.execute(_ONE, {"user_id": user_id})).first()
    return Member(*row) if row else Member()


async def _changed(connection: Transaction, user_id: int) -> None:
    await connection.execute(_DROP_EMPTY, {"user_id": user_id})
    connection.notify(notifications.ACCESS)


async def _is_used(connection: Connection) -> bool:
    return bool((await connection.execute(_IS_USED)).scalar_one())


@cache
def _set(name: str) -> Executable:
    """The statement that stores one column of a person."""
    new = upsert(members, user_id=bindparam("user_id"), **{name: bindparam("new")})
    return new.on_conflict_do_update(index_elements=["user_id"], set_={name: bindparam("new")})


def _short(title: str | None) -> str | None:
    return title[:MAX_TITLE_LENGTH] if title else None
