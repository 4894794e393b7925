"""Groups: their settings, their open jobs, and their migration to supergroups."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Transaction
from storage.job_states import IS_OPEN, NOT_READY
from storage.records import OpenInChat
from storage.rows import IS_STARTED
from storage.schema import chats, drafts, jobs, pictures
from storage.settings_records import ChatRules, with_option

_MESSAGES: Mapping[Table, Sequence[str]] = {
    jobs: ("message_id", "asked_message_id", "status_id", "thread_id"),
    drafts: ("message_id", "question_id"),
}
"""The columns that hold ids of messages and topics of a chat."""


class Chats:
    """The groups of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def rules(self, chat_id: int) -> ChatRules:
        """The settings of this group; the defaults where none were made."""
        return (await self.now(chat_id))[1]

    async def now(self, chat_id: int) -> tuple[int, ChatRules]:
        """The present id of this group (it may have become a supergroup, with another id), and its settings."""
        async with self._db.read() as connection:
            return await _now(connection, chat_id)

    async def former(self, chat_id: int) -> int | None:
        """The id that this supergroup had as a group; None where it was none, or it is not known."""
        async with self._db.read() as connection:
            query = select(chats.c.migrated_from).where(chats.c.id == chat_id)
            return (await connection.execute(query)).scalar_one_or_none()

    async def open_jobs(self, chat_id: int) -> list[OpenInChat]:
        """The jobs of a chat that are not ready yet, oldest first."""
        query = select(jobs.c.id, jobs.c.user_id, jobs.c.prompt, IS_STARTED).where(
            jobs.c.chat_id == chat_id, IS_OPEN, jobs.c.state.in_(NOT_READY)
        )
        async with self._db.read() as connection:
            return [OpenInChat(*row) for row in await connection.execute(query.order_by(jobs.c.id))]

    async def migrate(self, old: int, new: int) -> None:
        """A group has become a supergroup: everything of `old` moves to `new`. A second call changes nothing.

        The messages of the old group are not in the new one, so jobs and drafts no longer name them. Pictures that were
        sent stay sent, in the former group; posted pictures are found there (see `Posted`).
        """
        async with self._db.write() as connection:
            await self._db.lock(connection, f"chat {old}")
            await self._move(connection, old, new)
            for table, columns in _MESSAGES.items():
                unknown = dict.fromkeys(columns)
                await connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new, **unknown))
            sent = case((pictures.c.message_id.is_not(None), old))
            theirs = update(pictures).where(pictures.c.chat_id == old)
            await connection.execute(theirs.values(chat_id=new, former_chat_id=sent))

    async def set(self, chat_id: int, **values: Any) -> None:
        """Store settings: fields of `ChatRules`, None for the default. For options see `set_option`."""
        async with self._db.write() as connection:
            await self._set(connection, chat_id, **values)

    async def set_option(self, chat_id: int, provider: str, name: str, value: str | None) -> None:
        """Store the group's value of an option of this provider (None: the provider's default)."""
        async with self._db.write() as connection:
            # Two presses at once must not overwrite each other.
            await self._db.lock(connection, f"chat {chat_id}")
            known = (await _now(connection, chat_id))[1].options
            await self._set(connection, chat_id, options=with_option(known, provider, name, value))

    async def _set(self, connection: Transaction, chat_id: int, **values: Any) -> None:
        row = self._db.insert(chats).values(id=chat_id, **values)
        await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))

    async def _move(self, connection: Transaction, old: int, new: int) -> None:
        """Move the settings; those that the new group has already stay."""
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
    # NULL is the default.
    return now, ChatRules(**{name: value for name, value in row.items() if value is not None})
