"""The defaults of a forum's topics."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable, and_, bindparam, delete, select, update

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.rows import current_chat_id
from storage.schema import chats, topics
from storage.settings_records import TopicDefaults, with_option
from storage.statements import upsert

GENERAL_TOPIC = 1
"""The general topic of a forum; its messages name no topic."""

_ONE = and_(topics.c.chat_id == bindparam("chat_id"), topics.c.thread_id == bindparam("thread"))
_GET = select(*(topics.c[name] for name in TopicDefaults.__slots__)).where(_ONE)
_CLEAR = delete(topics).where(_ONE)
# The rules of a request are read with those of its topic, beginning with the group's row.
_ENSURE_CHAT = upsert(chats, id=bindparam("chat_id")).on_conflict_do_nothing(index_elements=["id"])
_OLD = topics.c.chat_id == bindparam("old")
_KEPT = select(topics.c.thread_id).where(topics.c.chat_id == bindparam("new"))
# Of a group that becomes a supergroup only the general topic is there as well.
MOVE_TOPICS = (
    update(topics)
    .where(_OLD, topics.c.thread_id == GENERAL_TOPIC, topics.c.thread_id.not_in(_KEPT))
    .values(chat_id=bindparam("new")),
    delete(topics).where(_OLD),
)


class Topics(Operations):
    """The defaults of the topics of one database. `thread_id`: Telegram's, `GENERAL_TOPIC` for the general one."""

    @reads
    async def get(self, connection: Connection, chat_id: int, thread_id: int) -> TopicDefaults:
        """The defaults of a topic; nothing is set where none were made."""
        return await _get(connection, chat_id, thread_id)

    @writes
    async def set(self, connection: Transaction, chat_id: int, thread_id: int, values: Mapping[str, Any]) -> None:
        """Store the `provider` or the `style` of a topic by these names; None: that of the group, or none."""
        await self._store(connection, chat_id, thread_id, values)

    @writes
    async def set_option(
        self, connection: Transaction, chat_id: int, thread_id: int, *, provider: str, name: str, value: str | None
    ) -> None:
        """Store the topic's value of an option of this provider (None: the group's)."""
        # Two presses at once must not overwrite each other.
        await connection.lock(f"topic {chat_id} {thread_id}")
        known = (await _get(connection, chat_id, thread_id)).options
        await self._store(connection, chat_id, thread_id, {"options": with_option(known, provider, name, value)})

    async def clear(self, chat_id: int, thread_id: int) -> None:
        """From now on the topic is like its group."""
        await self._db.execute(_CLEAR, {"chat_id": chat_id, "thread": thread_id})

    async def _store(self, connection: Transaction, chat_id: int, thread_id: int, values: Mapping[str, Any]) -> None:
        chat_id = await current_chat_id(connection, chat_id)
        await connection.execute(_ENSURE_CHAT, {"chat_id": chat_id})
        await connection.execute(_set(frozenset(values)), {"chat": chat_id, "thread": thread_id, **values})


async def _get(connection: Connection, chat_id: int, thread_id: int) -> TopicDefaults:
    row = (await connection.execute(_GET, {"chat_id": chat_id, "thread": thread_id})).mappings().first() or {}
    return TopicDefaults(**{name: value for name, value in row.items() if value is not None})


@cache
def _set(names: frozenset[str]) -> Executable:
    """The statement that stores these settings of a topic."""
    values: dict[str, Any] = {name: bindparam(name) for name in sorted(names)}
    new = upsert(topics, chat_id=bindparam("chat"), thread_id=bindparam("thread"), **values)
    return new.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_=values)
