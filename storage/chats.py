"""Groups: their settings, their open jobs, and their migration to supergroups."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Executable, Table, and_, bindparam, case, delete, or_, select, update

from storage import ledger, notifications
from storage.connection import Connection, Transaction
from storage.depictions import move_likenesses
from storage.job_states import IS_OPEN, NOT_READY, is_in
from storage.operations import Operations, reads, writes
from storage.own_budgets import move_budgets
from storage.records import OpenInChat
from storage.rows import IS_STARTED
from storage.schema import chats, drafts, duel_results, duels, jobs, menus, pictures, suggestions, topics
from storage.settings_records import ChatRules, TopicDefaults, with_option
from storage.statements import upsert
from storage.topics import MOVE_TOPICS

_MESSAGES: Mapping[Table, Sequence[str]] = {
    jobs: ("message_id", "asked_message_id", "status_id", "thread_id"),
    drafts: ("message_id", "question_id"),
    duels: ("question_id", "poll_message_id"),
    duel_results: (),
    suggestions: ("question_id", "answered_id"),
}
"""The columns that hold ids of messages and topics of a chat."""


_OWN_NAMES = [name for name in ChatRules.__slots__ if name in chats.c]
_TOPIC_NAMES = TopicDefaults.__slots__
_IN_TOPIC = and_(topics.c.chat_id == chats.c.id, topics.c.thread_id == bindparam("in_topic", type_=BigInteger))
_NOW = (
    select(
        chats.c.id,
        *(chats.c[name] for name in _OWN_NAMES),
        *(topics.c[name].label(f"topic_{name}") for name in _TOPIC_NAMES),
    )
    .outerjoin(topics, _IN_TOPIC)
    .where(or_(chats.c.id == bindparam("chat_id"), chats.c.migrated_from == bindparam("chat_id")))
    .order_by(chats.c.migrated_from.is_(None))
)
_FORMER = select(chats.c.migrated_from).where(chats.c.id == bindparam("chat_id"))
_OPEN_JOBS = (
    select(jobs.c.id, jobs.c.user_id, jobs.c.prompt, IS_STARTED)
    .where(jobs.c.chat_id == bindparam("chat_id"), IS_OPEN, is_in(jobs.c.state, NOT_READY))
    .order_by(jobs.c.id)
)
_OLD, _NEW = bindparam("old", type_=BigInteger), bindparam("new", type_=BigInteger)
_BOTH = select(chats).where(chats.c.id.in_((_OLD, _NEW)))
_DELETE_OLD = delete(chats).where(chats.c.id == _OLD)
_MOVE_ROWS: Sequence[Executable] = (
    *(
        update(table).where(table.c.chat_id == _OLD).values(chat_id=_NEW, **dict.fromkeys(columns))
        for table, columns in _MESSAGES.items()
    ),
    *MOVE_TOPICS,
    # Its messages are in the old group.
    delete(menus).where(menus.c.chat_id == _OLD),
    update(pictures)
    .where(pictures.c.chat_id == _OLD)
    .values(chat_id=_NEW, former_chat_id=case((pictures.c.message_id.is_not(None), _OLD))),
)


class Chats(Operations):
    """The groups of one database."""

    @reads
    async def rules(self, connection: Connection, chat_id: int, thread_id: int | None = None) -> ChatRules:
        """The settings of this group, in this topic (None: without any topic's); the defaults where none were made."""
        return (await _now(connection, chat_id, thread_id))[1]

    @reads
    async def now(self, connection: Connection, chat_id: int) -> tuple[int, ChatRules]:
        """The present id of this group (it may have become a supergroup, with another id), and its settings."""
        return await _now(connection, chat_id)

    async def former(self, chat_id: int) -> int | None:
        """The id that this supergroup had as a group; None where it was none, or it is not known."""
        former: int | None = (await self._db.fetch(_FORMER, {"chat_id": chat_id})).scalar_one_or_none()
        return former

    async def open_jobs(self, chat_id: int) -> list[OpenInChat]:
        """The jobs of a chat that are not ready yet, oldest first."""
        return [OpenInChat(*row) for row in await self._db.fetch(_OPEN_JOBS, {"chat_id": chat_id})]

    @writes
    async def migrate(self, connection: Transaction, old: int, new: int) -> None:
        """A group has become a supergroup: everything of `old` moves to `new`. A second call changes nothing.

        The messages of the old group are not in the new one, so jobs and drafts no longer name them. Pictures that were
        sent stay sent, in the former group; posted pictures are found there (see `Posted`).
        """
        await connection.lock(f"chat {old}")
        await self._move(connection, old, new)
        await move_likenesses(connection, old, new)
        for statement in _MOVE_ROWS:
            await connection.execute(statement, {"old": old, "new": new})
        # After its jobs are locked: none of them settles at this moment.
        await ledger.move(connection, ledger.group(old), ledger.group(new))
        await move_budgets(connection, ledger.group(old), ledger.group(new))
        connection.notify(notifications.ACCESS)

    async def set(self, chat_id: int, **values: Any) -> None:
        """Store settings: fields of `ChatRules`, None for the default. For options see `set_option`."""
        await self._db.execute(_set(frozenset(values)), {"chat": chat_id, **values})

    @writes
    async def set_option(
        self, connection: Transaction, chat_id: int, provider: str, name: str, value: str | None
    ) -> None:
        """Store the group's value of an option of this provider (None: the provider's default)."""
        # Two presses at once must not overwrite each other.
        await connection.lock(f"chat {chat_id}")
        known = (await _now(connection, chat_id))[1].options
        changed = {"options": with_option(known, provider, name, value)}
        await connection.execute(_set(frozenset(changed)), {"chat": chat_id, **changed})

    async def _move(self, connection: Transaction, old: int, new: int) -> None:
        """Move the settings; those that the new group has already stay."""
        both = {"old": old, "new": new}
        rows = await connection.execute(_BOTH, both)
        known = {row["id"]: row for row in rows.mappings()}
        before, after = known.get(old, {}), known.get(new, {})
        names = (*_OWN_NAMES, "title")
        values = {name: before.get(name) if after.get(name) is None else after[name] for name in names}
        values["migrated_from"] = old
        values["access"] = _stricter(before.get("access"), after.get("access"))
        await connection.execute(_DELETE_OLD, both)
        await connection.execute(_set(frozenset(values)), {"chat": new, **values})


@cache
def _set(names: frozenset[str]) -> Executable:
    """The statement that stores these settings of a group."""
    values: dict[str, Any] = {name: bindparam(name) for name in sorted(names)}
    new = upsert(chats, id=bindparam("chat"), **values)
    return new.on_conflict_do_update(index_elements=["id"], set_=values)


def _stricter(before: str | None, after: str | None) -> str | None:
    """The access of a group that was known under two ids: a decision goes before none, and "left" before "allowed"."""
    return next((access for access in ("left", "allowed", "asked") if access in {before, after}), None)


async def _now(connection: Connection, chat_id: int, thread_id: int | None = None) -> tuple[int, ChatRules]:
    which = {"chat_id": chat_id, "in_topic": thread_id}
    row = (await connection.execute(_NOW, which)).mappings().first() or {}
    # NULL is the default.
    known = {name: value for name, value in row.items() if value is not None}
    rules = ChatRules(**{name: known[name] for name in _OWN_NAMES if name in known})
    topic = TopicDefaults(**{name: known[f"topic_{name}"] for name in _TOPIC_NAMES if f"topic_{name}" in known})
    return known.get("id", chat_id), rules if topic.is_empty else rules.in_topic(topic)
