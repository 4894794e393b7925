"""Drafts: pictures or a style that wait for their prompt."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, or_, select, update

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.records import Draft, NewDraft, NewReference, Question
from storage.rows import current_chat_id
from storage.schema import draft_references, drafts, jobs
from storage.statements import upsert

NO_MESSAGE = -1

# What a draft says of its request, besides the pictures.
_LOOKS = (drafts.c.style, drafts.c.provider, drafts.c.options)
_OWN = and_(drafts.c.chat_id == bindparam("chat_id"), drafts.c.user_id == bindparam("user_id"))
_HERE = and_(drafts.c.chat_id == bindparam("chat_id"), drafts.c.message_id == bindparam("message_id"))
_MADE = select(jobs.c.id).where(jobs.c.idempotency_key == bindparam("key"))
# Brought by the update of this key, or reserved for it.
_OF_KEY = or_(drafts.c.idempotency_key == bindparam("key"), drafts.c.taken_by == bindparam("key"))
_DROP = delete(drafts).where(_OF_KEY)
_ADD = (
    upsert(
        drafts,
        "idempotency_key",
        "user_id",
        "question_id",
        "words",
        "chat_id",
        "message_id",
        "style",
        "provider",
        "options",
        "created_at",
    )
    .on_conflict_do_nothing(index_elements=["idempotency_key"])
    .returning(drafts.c.id)
)
# A likeness is none of a draft's: the prompt names it.
_REFERENCE = ("file_id", "message_id", "picture_id")
_ADD_REFERENCES = upsert(draft_references, *_REFERENCE, "draft_id")
_REFERENCES = (
    select(*(draft_references.c[name] for name in _REFERENCE))
    .where(draft_references.c.draft_id == bindparam("draft_id"))
    .order_by(draft_references.c.message_id.nulls_first(), draft_references.c.id)
)
# A draft is stored before its question is sent. It may be answered before the id of the question is stored: a press
# has the key of the message that the question replies to. A question that is not given (`NO_MESSAGE`) matches none.
_OF_QUESTION = or_(
    drafts.c.question_id == bindparam("question_id"),
    and_(drafts.c.question_id.is_(None), _OF_KEY),
)
_IS_FOR = or_(drafts.c.created_at >= bindparam("since"), _OF_QUESTION)
_ASKED = update(drafts).where(drafts.c.question_id.is_(None), _OF_KEY).values(question_id=bindparam("question_id"))
_FOUND = (
    select(drafts.c.id, *_LOOKS)
    .where(_OWN, or_(and_(_IS_FOR, drafts.c.taken_by.is_(None)), drafts.c.taken_by == bindparam("key")))
    .order_by(drafts.c.id)
)
_LOCK_FOUND = _FOUND.with_for_update()
_RESERVE = (
    update(drafts).where(drafts.c.id == bindparam("draft_id")).values(taken_by=bindparam("key"), idempotency_key=None)
)
_WAITING = select(drafts.c.id).where(_HERE, drafts.c.taken_by.is_(None)).limit(1)
_LOCK_WAITING = select(drafts.c.id).where(_HERE, drafts.c.taken_by.is_(None)).with_for_update()
_QUESTION = (
    select(drafts.c.user_id, drafts.c.words)
    .where(drafts.c.chat_id == bindparam("chat_id"), _OF_QUESTION)
    .order_by(drafts.c.id)
    .limit(1)
)
_ASKED_ABOUT = (
    select(drafts.c.id)
    .where(drafts.c.chat_id == bindparam("chat_id"), _OF_QUESTION, drafts.c.taken_by.is_(None))
    .limit(1)
)
_SET_ASIDE = (
    update(drafts).where(_OWN, drafts.c.created_at >= bindparam("since")).values(created_at=bindparam("before"))
)
_FORGET = delete(drafts).where(drafts.c.created_at < bindparam("before"))


class Drafts(Operations):
    """The drafts of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def add(self, connection: Transaction, new: NewDraft, now: float) -> None:
        """Store a draft. It replaces those that the same update brought or took before; an update that has made its job
        brings none."""
        chat_id = await current_chat_id(connection, new.chat_id)
        if (await connection.execute(_MADE, {"key": new.idempotency_key})).first():
            return
        await drop_drafts(connection, new.idempotency_key)
        values = {name: getattr(new, name) for name in ("idempotency_key", "user_id", "question_id", "words")}
        values |= {"chat_id": chat_id, "message_id": new.message_id if chat_id == new.chat_id else None}
        values |= {column.name: getattr(new.draft, column.name) for column in _LOOKS}
        added = await connection.execute(_ADD, {**values, "created_at": now})
        draft_id = added.scalar_one_or_none()
        if draft_id is not None:
            await _add_references(connection, draft_id, new.draft.references)

    async def asked(self, key: str, question_id: int) -> None:
        """Store the id of the message that asks for the prompt of the draft that the update of this key brought."""
        await self._db.execute(_ASKED, {"key": key, "question_id": question_id})

    async def take(
        self, chat_id: int, user_id: int, key: str, *, since: float, question_id: int | None = None
    ) -> Draft:
        """The drafts of this person, as one; from here on they are reserved for the update of this key.

        They are kept until this update has made its job (see `Jobs.add`): an update that is handled again after a crash
        must find the same, or the person pays for another picture than they meant.

        Taken are drafts added after `since`, those for which the message `question_id` asked, and one of this key whose
        question is not known yet. An empty `Draft` when there are none.
        """
        which = {"chat_id": chat_id, "user_id": user_id, "key": key, "since": since}
        which["question_id"] = question_id or NO_MESSAGE
        # Most prompts have no draft, and a read is cheaper than a transaction.
        if (await self._db.fetch(_FOUND, which)).first() is None:
            return Draft()
        return await self._take(which)

    @writes
    async def _take(self, connection: Transaction, which: Mapping[str, Any]) -> Draft:
        rows = (await connection.execute(_LOCK_FOUND, which)).all()
        await connection.execute(_RESERVE, [{"draft_id": row.id, "key": which["key"]} for row in rows])
        # An update that is repeated finds the pictures that it took and those that it stored.
        references = dict.fromkeys([one for row in rows for one in await _references_of(connection, row.id)])
        return Draft(tuple(references), **{column.name: _latest(rows, column.name) for column in _LOOKS})

    @writes
    async def join(self, connection: Transaction, chat_id: int, message_id: int, new: NewReference) -> bool:
        """Add a picture that arrives late to the draft that this message brought. False: there is none, or its prompt
        has come."""
        draft_id = (await connection.execute(_LOCK_WAITING, {"chat_id": chat_id, "message_id": message_id})).scalar()
        if draft_id is None:
            return False
        known = {one.message_id for one in await _references_of(connection, draft_id)}
        if new.message_id not in known:
            await _add_references(connection, draft_id, (new,))
        return True

    @reads
    async def is_waiting(self, connection: Connection, chat_id: int, message_ids: Sequence[int]) -> bool:
        """Whether a draft that one of these messages brought waits for its prompt."""
        for message_id in message_ids:
            if (await connection.execute(_WAITING, {"chat_id": chat_id, "message_id": message_id})).first():
                return True
        return False

    async def question(self, chat_id: int, question_id: int, *, key: str = "") -> Question | None:
        """The question that this message asks; None: it asks for no prompt, or its draft has become a job. `key`: of
        the message that it replies to."""
        which = {"chat_id": chat_id, "question_id": question_id, "key": key}
        row = (await self._db.fetch(_QUESTION, which)).first()
        return Question(*row) if row else None

    async def is_asked_about(self, chat_id: int, question_id: int, *, key: str = "") -> bool:
        """Whether the draft for which this message asked waits for its prompt. `key`: of the update that brought it."""
        which = {"chat_id": chat_id, "question_id": question_id, "key": key}
        return (await self._db.fetch(_ASKED_ABOUT, which)).first() is not None

    async def set_aside(self, chat_id: int, user_id: int, since: float) -> None:
        """The next prompt is not for drafts added after `since`, unless it answers the message that asked."""
        own = {"chat_id": chat_id, "user_id": user_id}
        await self._db.execute(_SET_ASIDE, {**own, "since": since, "before": since - 1})

    async def forget(self, before: float) -> None:
        """Delete drafts that were added before this time."""
        await self._db.execute(_FORGET, {"before": before})


async def drop_drafts(connection: Transaction, key: str) -> None:
    """Delete the drafts that the update of this key brought or took: its new draft, or its job, replaces them."""
    await connection.execute(_DROP, {"key": key})


def _latest(rows: Sequence[Row[Any]], name: str) -> Any:
    """The value of the latest row that has one."""
    return next((value for row in reversed(rows) if (value := getattr(row, name)) is not None), None)


async def _add_references(connection: Transaction, draft_id: int, new: Sequence[NewReference]) -> None:
    own = [one for one in new if one.likeness_id is None]
    rows = [{**{name: getattr(one, name) for name in _REFERENCE}, "draft_id": draft_id} for one in own]
    if rows:
        await connection.execute(_ADD_REFERENCES, rows)


async def _references_of(connection: Connection, draft_id: int) -> list[NewReference]:
    """In the order of their messages; first those that no message in this chat shows."""
    return [NewReference(*row) for row in await connection.execute(_REFERENCES, {"draft_id": draft_id})]
