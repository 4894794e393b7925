"""Drafts: pictures or a style that wait for their prompt."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.records import Draft, NewDraft, NewReference, Question
from storage.rows import current_chat_id
from storage.schema import draft_references, drafts, jobs


class Drafts:
    """The drafts of one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, new: NewDraft, now: float) -> None:
        """Store a draft. It replaces those that the same update brought or took before; an update that has made its job
        brings none."""
        async with self._db.write() as connection:
            chat_id = await current_chat_id(self._db, connection, new.chat_id)
            made = select(jobs.c.id).where(jobs.c.idempotency_key == new.idempotency_key)
            if (await connection.execute(made)).first():
                return
            await drop_drafts(connection, new.idempotency_key)
            names = ("idempotency_key", "user_id", "question_id", "words")
            row = self._db.insert(drafts).values(
                **{name: getattr(new, name) for name in names},
                chat_id=chat_id,
                message_id=new.message_id if chat_id == new.chat_id else None,
                style=new.draft.style,
                created_at=now,
            )
            once = row.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(drafts.c.id)
            draft_id = (await connection.execute(once)).scalar_one_or_none()
            if draft_id is not None:
                await _add_references(connection, draft_id, new.draft.references)

    async def take(
        self, chat_id: int, user_id: int, key: str, *, since: float, question_id: int | None = None
    ) -> Draft:
        """The drafts of this person, as one; from here on they are reserved for the update of this key.

        They are kept until this update has made its job (see `Jobs.add`): an update that is handled again after a crash
        must find the same, or the person pays for another picture than they meant.

        Taken are drafts added after `since`, and those for which the message `question_id` asked. An empty `Draft` when
        there are none.
        """
        waits = drafts.c.created_at >= since
        if question_id:
            waits = or_(waits, drafts.c.question_id == question_id)
        which = or_(and_(waits, drafts.c.taken_by.is_(None)), drafts.c.taken_by == key)
        async with self._db.write() as connection:
            found = select(drafts.c.id, drafts.c.style).where(_own(chat_id, user_id), which).order_by(drafts.c.id)
            rows = (await connection.execute(found.with_for_update())).all()
            taken = update(drafts).where(drafts.c.id.in_([row.id for row in rows]))
            await connection.execute(taken.values(taken_by=key, idempotency_key=None))
            references = [one for row in rows for one in await _references_of(connection, row.id)]
            styles = [row.style for row in rows if row.style]
            return Draft(tuple(references), styles[-1] if styles else None)

    async def join(self, chat_id: int, message_id: int, new: NewReference) -> bool:
        """Add a picture that arrives late to the draft that this message brought. False: there is none, or its prompt
        has come."""
        async with self._db.write() as connection:
            query = select(drafts.c.id).where(_brought_by(chat_id, [message_id])).with_for_update()
            draft_id = (await connection.execute(query)).scalar()
            if draft_id is None:
                return False
            known = {one.message_id for one in await _references_of(connection, draft_id)}
            if new.message_id not in known:
                await _add_references(connection, draft_id, (new,))
            return True

    async def is_waiting(self, chat_id: int, message_ids: Sequence[int]) -> bool:
        """Whether a draft that one of these messages brought waits for its prompt."""
        async with self._db.read() as connection:
            query = select(drafts.c.id).where(_brought_by(chat_id, message_ids)).limit(1)
            return (await connection.execute(query)).first() is not None

    async def question(self, chat_id: int, question_id: int) -> Question | None:
        """The question that this message asks; None: it asks for no prompt, or its draft has become a job."""
        query = select(drafts.c.user_id, drafts.c.words)
        async with self._db.read() as connection:
            asked = query.where(drafts.c.chat_id == chat_id, drafts.c.question_id == question_id)
            row = (await connection.execute(asked.order_by(drafts.c.id).limit(1))).first()
            return Question(*row) if row else None

    async def set_aside(self, chat_id: int, user_id: int, since: float) -> None:
        """The next prompt is not for drafts added after `since`, unless it answers the message that asked."""
        async with self._db.write() as connection:
            fresh = update(drafts).where(_own(chat_id, user_id), drafts.c.created_at >= since)
            await connection.execute(fresh.values(created_at=since - 1))

    async def forget(self, before: float) -> None:
        """Delete drafts that were added before this time."""
        async with self._db.write() as connection:
            await connection.execute(delete(drafts).where(drafts.c.created_at < before))


async def drop_drafts(connection: AsyncConnection, key: str) -> None:
    """Delete the drafts that the update of this key brought or took: its new draft, or its job, replaces them."""
    await connection.execute(delete(drafts).where(or_(drafts.c.idempotency_key == key, drafts.c.taken_by == key)))


def _own(chat_id: int, user_id: int) -> ColumnElement[bool]:
    return and_(drafts.c.chat_id == chat_id, drafts.c.user_id == user_id)


def _brought_by(chat_id: int, message_ids: Sequence[int]) -> ColumnElement[bool]:
    """The drafts that these messages brought and that still wait."""
    here = and_(drafts.c.chat_id == chat_id, drafts.c.message_id.in_(list(message_ids)))
    return and_(here, drafts.c.taken_by.is_(None))


async def _add_references(connection: AsyncConnection, draft_id: int, new: Sequence[NewReference]) -> None:
    rows = [{**{name: getattr(one, name) for name in NewReference.__slots__}, "draft_id": draft_id} for one in new]
    if rows:
        await connection.execute(insert(draft_references), rows)


async def _references_of(connection: AsyncConnection, draft_id: int) -> list[NewReference]:
    """In the order of their messages; first those that no message in this chat shows."""
    columns = [draft_references.c[name] for name in NewReference.__slots__]
    order = (draft_references.c.message_id.nulls_first(), draft_references.c.id)
    query = select(*columns).where(draft_references.c.draft_id == draft_id).order_by(*order)
    return [NewReference(*row) for row in await connection.execute(query)]
