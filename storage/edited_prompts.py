"""Edited messages: a waiting job gets the new prompt; for one that has started, making it again is offered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, BindParameter, Executable, and_, bindparam, delete, or_, select, update

from storage import notifications
from storage.connection import Transaction
from storage.depictions import drop_depicted
from storage.job_states import NOT_READY, JobState, TaskState, move_job
from storage.operations import Operations, writes
from storage.records import Job, NewJob
from storage.references import FORGET_FETCHED, add_references, references_of
from storage.rows import DELETE_TASKS, LOCK_TASKS, as_job, change_job, lock_job
from storage.schema import captions, edits, jobs, references
from storage.statements import upsert


@dataclass(frozen=True, slots=True)
class Offer:
    """A message that was edited after its job had started. `job_id`: the latest job of this message; `words`: the
    prompt that is offered to be made, None when nothing is offered; `said`: the digest of the message; `offer_id`: the
    bot's message with the button."""

    chat_id: int
    message_id: int
    job_id: int
    words: str | None
    said: str
    edited_at: float
    offer_id: int | None


_OF_JOB = captions.c.job_id == bindparam("job_id")
_CAPTIONS = select(captions.c.message_id, captions.c.words).where(_OF_JOB)
_KEEP_CAPTION = upsert(captions, "chat_id", "message_id", "job_id", "words").on_conflict_do_update(
    index_elements=["chat_id", "message_id"], set_={"words": bindparam("words")}
)
_SAME = ("provider", "prompt", "choices", "options", "style", "said")
_REWORD = move_job(
    jobs.c.id == bindparam("job_id"),
    NOT_READY,
    JobState.PREPARING,
    **{name: bindparam(name) for name in (*_SAME, "edited_at")},
    first_provider=None,
).returning(jobs)
_DELETE_REFERENCES = delete(references).where(references.c.job_id == bindparam("job_id"))
_HERE = and_(edits.c.chat_id == bindparam("chat_id"), edits.c.message_id == bindparam("message_id"))
_OFFER = select(edits).where(_HERE)
_LOCK_OFFER = _OFFER.with_for_update()
_OFFERED = [name for name in Offer.__slots__ if name != "offer_id"]
_ADD_OFFER = upsert(edits, *_OFFERED).on_conflict_do_nothing()
_CHANGE_OFFER = (
    update(edits)
    .where(_HERE)
    .values({name: bindparam(name) for name in _OFFERED if name not in {"chat_id", "message_id"}})
)
_SHOW_OFFER = update(edits).where(_HERE).values(offer_id=bindparam("offer_id"))
_WITHDRAW = update(edits).where(_HERE).values(words=None)
_TAKE = _WITHDRAW.values(job_id=bindparam("job_id"))


class Edits(Operations):
    """The edited messages of one database. Times are Telegram's, in seconds since 1970."""

    async def asked(self, chat_id: int, message_ids: Sequence[int]) -> Job | None:
        """The job that one of these messages asked for; items of its album with a caption count as well."""
        which = _which(chat_id, message_ids)
        row = (await self._db.fetch(_asked(len(message_ids)), which)).mappings().first()
        return as_job(row) if row else None

    async def is_answered(self, chat_id: int, message_ids: Sequence[int]) -> bool:
        """Whether a job replies to one of these messages, however it was made."""
        which = _which(chat_id, message_ids)
        return (await self._db.fetch(_answered(len(message_ids)), which)).first() is not None

    async def captions(self, job_id: int) -> dict[int, str]:
        """The captions of the album that a job was made of, by message."""
        rows = await self._db.fetch(_CAPTIONS, {"job_id": job_id})
        return {row.message_id: row.words for row in rows}

    @writes
    async def keep_captions(self, connection: Transaction, job: Job, words: Mapping[int, str]) -> None:
        """Store the captions of the album of this job, by message."""
        own = {"chat_id": job.chat_id, "job_id": job.id}
        rows = [{**own, "message_id": message_id, "words": said} for message_id, said in words.items()]
        await connection.execute(_KEEP_CAPTION, rows)

    @writes
    async def reword(self, connection: Transaction, job_id: int, new: NewJob, edited_at: float) -> Job | None:
        """Give a job of which no task was claimed another prompt, options and references: it is prepared anew, and
        keeps its place in the queue.

        None: it is too late, or a later edit is known. Raises `LikenessGoneError`.
        """
        job = await lock_job(connection, job_id)
        if job is None or job.state not in NOT_READY or (job.edited_at or 0) > edited_at:
            return None
        own = {"job_id": job_id}
        rows = (await connection.execute(LOCK_TASKS, own)).all()
        # A task that was put back with its ticket is paid, although it waits.
        if any(row.ticket or row.state != TaskState.QUEUED for row in rows):
            return None
        await connection.execute(DELETE_TASKS, own)
        connection.notify(notifications.QUEUE)
        await _replace_references(connection, job, new)
        same = {name: getattr(new, name) for name in _SAME}
        return await change_job(connection, _REWORD, {**own, **same, "edited_at": edited_at})

    @writes
    async def offer(self, connection: Transaction, new: Offer) -> Offer | None:
        """Store the offer for a message, one for each. Returns the earlier one, or None where there was none.

        Nothing changes where a later edit is known.
        """
        values = {name: getattr(new, name) for name in _OFFERED}
        row = (await connection.execute(_LOCK_OFFER, values)).mappings().first()
        if row is None:
            await connection.execute(_ADD_OFFER, values)
        elif row["edited_at"] <= new.edited_at:
            await connection.execute(_CHANGE_OFFER, values)
        return Offer(**row) if row else None

    async def of_message(self, chat_id: int, message_id: int) -> Offer | None:
        """The offer for a message, or None."""
        row = (await self._db.fetch(_OFFER, {"chat_id": chat_id, "message_id": message_id})).mappings().first()
        return Offer(**row) if row else None

    async def shown_at(self, offer: Offer, offer_id: int | None) -> None:
        """Store the id of the message with the button."""
        await self._db.execute(_SHOW_OFFER, {**_key(offer), "offer_id": offer_id})

    async def taken(self, offer: Offer, job_id: int | None = None) -> None:
        """Withdraw the offer; `job_id`: the job that was made of it."""
        await self._db.execute(_TAKE if job_id else _WITHDRAW, {**_key(offer), "job_id": job_id})


@cache
def _asked(count: int) -> Executable:
    """The statement of `Edits.asked` for so many messages: an album has ten at most."""
    of_album = select(captions.c.job_id).where(
        captions.c.chat_id == bindparam("chat_id"), captions.c.message_id.in_(_places(count))
    )
    asked = or_(jobs.c.asked_message_id.in_(_places(count)), jobs.c.id.in_(of_album))
    found = select(jobs).where(jobs.c.chat_id == bindparam("chat_id"), asked)
    return found.order_by(jobs.c.id.desc()).limit(1)


@cache
def _answered(count: int) -> Executable:
    """The statement of `Edits.is_answered` for so many messages."""
    here = (jobs.c.chat_id == bindparam("chat_id"), jobs.c.message_id.in_(_places(count)))
    return select(jobs.c.id).where(*here).limit(1)


def _places(count: int) -> list[BindParameter[int]]:
    return [bindparam(f"message_{number}", type_=BigInteger) for number in range(count)]


def _which(chat_id: int, message_ids: Sequence[int]) -> dict[str, int]:
    return {"chat_id": chat_id, **{f"message_{number}": one for number, one in enumerate(message_ids)}}


def _key(offer: Offer) -> dict[str, int]:
    return {"chat_id": offer.chat_id, "message_id": offer.message_id}


async def _replace_references(connection: Transaction, job: Job, new: NewJob) -> None:
    """The references become those of the new request; unchanged ones keep their bytes where these still fit."""
    known = Counter((one.file_id, one.message_id, one.named) for one in await references_of(connection, job.id))
    if known != Counter((one.file_id, one.message_id, one.named) for one in new.references):
        await drop_depicted(connection, job.id)
        await connection.execute(_DELETE_REFERENCES, {"job_id": job.id})
        await add_references(connection, job.id, new.references)
    elif new.provider != job.provider or new.options != job.options:
        # Another service or model has other limits.
        await connection.execute(FORGET_FETCHED, {"job_id": job.id})
