"""Groups: what their admins have set, what is open there, and where they have gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Transaction
from storage.job_states import IS_OPEN, NOT_READY
from storage.records import ChatRules, OpenInChat, with_option
from storage.rows import IS_BEGUN
from storage.schema import chats, drafts, jobs, pictures

_MESSAGES: Mapping[Table, Sequence[str]] = {
    jobs: ("message_id", "asked_message_id", "status_id", "thread_id"),
    drafts: ("message_id", "question_id"),
}
"""What names messages and topics of a chat."""


class Chats:
    """The groups of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def rules(self, chat_id: int) -> ChatRules:
        """What holds in this group; nothing of it, where nobody has set anything."""
        return (await self.now(chat_id))[1]

    async def now(self, chat_id: int) -> tuple[int, ChatRules]:
        """Where this group is now (it may have become a supergroup, with another id), and what holds there."""
        async with self._db.read() as connection:
            return await _now(connection, chat_id)

    async def former(self, chat_id: int) -> int | None:
        """The id that this supergroup had as a group; None where it was none, or nobody knows."""
        async with self._db.read() as connection:
            query = select(chats.c.migrated_from).where(chats.c.id == chat_id)
            return (await connection.execute(query)).scalar_one_or_none()

    async def open_jobs(self, chat_id: int) -> list[OpenInChat]:
        """The jobs of a chat that are not ready yet, oldest first."""
        query = select(jobs.c.id, jobs.c.user_id, jobs.c.prompt, IS_BEGUN).where(
            jobs.c.chat_id == chat_id, IS_OPEN, jobs.c.state.in_(NOT_READY)
        )
        async with self._db.read() as connection:
            return [OpenInChat(*row) for row in await connection.execute(query.order_by(jobs.c.id))]

    async def migrate(self, old: int, new: int) -> None:
        """A group has become a supergroup: all that was in `old` is in `new` now. A second time changes nothing.

        The messages of the old group are not in the new one: no job or draft names one any more. What was sent counts
        as sent, in the group of before; what was posted is found there (see `Posted`).
        """
        async with self._db.write() as connection:
            await self._db.lock(connection, f"chat {old}")
            await self._move(connection, old, new)
            for table, gone in _MESSAGES.items():
                there = dict.fromkeys(gone)
                await connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new, **there))
            sent = case((pictures.c.message_id.is_not(None), old))
            theirs = update(pictures).where(pictures.c.chat_id == old)
            await connection.execute(theirs.values(chat_id=new, former_chat_id=sent))

    async def set(self, chat_id: int, **values: Any) -> None:
        """From now on this holds: fields of `ChatRules`, None for what it is by default. Options: see `set_option`."""
        async with self._db.write() as connection:
            await self._set(connection, chat_id, **values)

    async def set_option(self, chat_id: int, provider: str, name: str, value: str | None) -> None:
        """From now on an option of this provider has this value in the group (None: its own default)."""
        async with self._db.write() as connection:
            # Of two presses at once neither may undo the other.
            await self._db.lock(connection, f"chat {chat_id}")
            known = (await _now(connection, chat_id))[1].options
            await self._set(connection, chat_id, options=with_option(known, provider, name, value))

    async def _set(self, connection: Transaction, chat_id: int, **values: Any) -> None:
        row = self._db.insert(chats).values(id=chat_id, **values)
        await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))

    async def _move(self, connection: Transaction, old: int, new: int) -> None:
        """The settings; what has been set for the new one already stays."""
        rows = await connection.execute(select(chats).where(chats.c.id.in_((old, new))))
        known = {row["id"]: row for row in rows.mappings()}
        before, after = known.get(old, {}), known.get(new, {})
        names = ChatRules.__slots__
        values = {name: before.get(name) if after.get(name) is None else after[name] for name in names}
        await connection.execute(delete(chats).where(chats.c.id == old))
        await self._set(connection, new, **values, migrated_from=old)


async def _now(connection: AsyncConnection, chat_id: int) -> tuple[int, ChatRules]:
    columns = [chats.c.id, *(chats.c[name] for name in ChatRules.__slots__)]
    query = select(*columns).where(or_(chats.c.id == chat_id, chats.c.migrated_from == chat_id))
    row = dict((await connection.execute(query.order_by(chats.c.migrated_from.is_(None)))).mappings().first() or {})
    now = row.pop("id", chat_id)
    # What was never set is as it is by default.
    return now, ChatRules(**{name: value for name, value in row.items() if value is not None})
