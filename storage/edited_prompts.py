"""Edited messages: a waiting job gets the new prompt; for one that has started, making it again is offered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update

from storage import notifications
from storage.connection import Connection, Transaction
from storage.job_states import NOT_READY, JobState, TaskState, move_job
from storage.operations import Operations, reads, writes
from storage.records import Job, NewJob
from storage.references import UNFETCHED, add_references, references_of
from storage.rows import as_job, change_job, lock_job
from storage.schema import captions, edits, jobs, references, tasks
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


class Edits(Operations):
    """The edited messages of one database. Times are Telegram's, in seconds since 1970."""

    @reads
    async def asked(self, connection: Connection, chat_id: int, message_ids: Sequence[int]) -> Job | None:
        """The job that one of these messages asked for; items of its album with a caption count as well."""
        numbers = list(message_ids)
        of_album = select(captions.c.job_id).where(captions.c.chat_id == chat_id, captions.c.message_id.in_(numbers))
        asked = or_(jobs.c.asked_message_id.in_(numbers), jobs.c.id.in_(of_album))
        query = select(jobs).where(jobs.c.chat_id == chat_id, asked)
        row = (await connection.execute(query.order_by(jobs.c.id.desc()).limit(1))).mappings().first()
        return as_job(row) if row else None

    @reads
    async def is_answered(self, connection: Connection, chat_id: int, message_ids: Sequence[int]) -> bool:
        """Whether a job replies to one of these messages, however it was made."""
        made = (jobs.c.chat_id == chat_id, jobs.c.message_id.in_(list(message_ids)))
        return (await connection.execute(select(jobs.c.id).where(*made).limit(1))).first() is not None

    @reads
    async def captions(self, connection: Connection, job_id: int) -> dict[int, str]:
        """The captions of the album that a job was made of, by message."""
        query = select(captions.c.message_id, captions.c.words).where(captions.c.job_id == job_id)
        return {row.message_id: row.words for row in await connection.execute(query)}

    @writes
    async def keep_captions(self, connection: Transaction, job: Job, words: Mapping[int, str]) -> None:
        """Store the captions of the album of this job, by message."""
        for message_id, said in words.items():
            values = {"chat_id": job.chat_id, "message_id": message_id, "job_id": job.id, "words": said}
            row = upsert(captions).values(values)
            changed = row.on_conflict_do_update(index_elements=["chat_id", "message_id"], set_={"words": said})
            await connection.execute(changed)

    @writes
    async def reword(self, connection: Transaction, job_id: int, new: NewJob, edited_at: float) -> Job | None:
        """Give a job of which no task was claimed another prompt, options and references: it is prepared anew, and
        keeps its place in the queue.

        None: it is too late, or a later edit is known.
        """
        job = await lock_job(connection, job_id)
        if job is None or job.state not in NOT_READY or (job.edited_at or 0) > edited_at:
            return None
        own = select(tasks.c.state, tasks.c.ticket).where(tasks.c.job_id == job_id).with_for_update()
        rows = (await connection.execute(own)).all()
        # A task that was put back with its ticket is paid, although it waits.
        if any(row.ticket or row.state != TaskState.QUEUED for row in rows):
            return None
        await connection.execute(delete(tasks).where(tasks.c.job_id == job_id))
        connection.notify(notifications.QUEUE)
        await _replace_references(connection, job, new)
        same = {name: getattr(new, name) for name in ("provider", "prompt", "options", "style", "said")}
        values = {**same, "first_provider": None, "edited_at": edited_at}
        return await change_job(
            connection, move_job(jobs.c.id == job_id, NOT_READY, JobState.PREPARING, **values).returning(jobs)
        )

    @writes
    async def offer(self, connection: Transaction, new: Offer) -> Offer | None:
        """Store the offer for a message, one for each. Returns the earlier one, or None where there was none.

        Nothing changes where a later edit is known.
        """
        key = (edits.c.chat_id == new.chat_id, edits.c.message_id == new.message_id)
        values = {name: getattr(new, name) for name in Offer.__slots__ if name != "offer_id"}
        row = (await connection.execute(select(edits).where(*key).with_for_update())).mappings().first()
        if row is None:
            await connection.execute(upsert(edits).values(values).on_conflict_do_nothing())
        elif row["edited_at"] <= new.edited_at:
            await connection.execute(update(edits).where(*key).values(values))
        return Offer(**row) if row else None

    @reads
    async def of_message(self, connection: Connection, chat_id: int, message_id: int) -> Offer | None:
        """The offer for a message, or None."""
        query = select(edits).where(edits.c.chat_id == chat_id, edits.c.message_id == message_id)
        row = (await connection.execute(query)).mappings().first()
        return Offer(**row) if row else None

    async def shown_at(self, offer: Offer, offer_id: int | None) -> None:
        """Store the id of the message with the button."""
        await self._change(offer, offer_id=offer_id)

    async def taken(self, offer: Offer, job_id: int | None = None) -> None:
        """Withdraw the offer; `job_id`: the job that was made of it."""
        await self._change(offer, words=None, **({"job_id": job_id} if job_id else {}))

    async def _change(self, offer: Offer, **values: object) -> None:
        key = (edits.c.chat_id == offer.chat_id, edits.c.message_id == offer.message_id)
        await self._db.execute(update(edits).where(*key).values(values))


async def _replace_references(connection: Transaction, job: Job, new: NewJob) -> None:
    """The references become those of the new request; unchanged ones keep their bytes where these still fit."""
    known = Counter((one.file_id, one.message_id) for one in await references_of(connection, job.id))
    if known != Counter((one.file_id, one.message_id) for one in new.references):
        await connection.execute(delete(references).where(references.c.job_id == job.id))
        await add_references(connection, job.id, new.references)
    elif new.provider != job.provider or new.options != job.options:
        # Another service or model has other limits.
        await connection.execute(update(references).where(references.c.job_id == job.id).values(dict(UNFETCHED)))
