"""Adding jobs within a transaction, and checking the limits of their person."""

from dataclasses import replace

from storage.connection import Connection, Transaction
from storage.job_statements import (
    ADD_JOB,
    COUNT_ERASED_TODAY,
    COUNT_TODAYS,
    COUNT_WAITING,
    NEW_JOB_COLUMNS,
    SAME_PRESS,
)
from storage.quota import Quota, QuotaExceededError
from storage.records import Job, NewJob
from storage.references import add_references
from storage.rows import as_job, current_chat_id, notify

DAY = 24 * 3600.0


async def insert_job(connection: Transaction, new: NewJob, now: float, worker_id: int | None) -> Job | None:
    """Add the row of a job. None: this update has made its job already. Its references are added next."""
    new = _in_chat(await current_chat_id(connection, new.chat_id), new)
    values = {name: getattr(new, name) for name in NEW_JOB_COLUMNS}
    values |= {"created_at": now, "owner": worker_id}
    added = (await connection.execute(ADD_JOB, values)).mappings().first()
    return as_job(added) if added else None


async def complete_job(connection: Transaction, job: Job, new: NewJob) -> Job:
    """Add the references of a job that was just added, and notify its worker."""
    await add_references(connection, job.id, new.references)
    notify(connection, job)
    return job


async def is_double_press(connection: Connection, new: NewJob, now: float, apart: float) -> bool:
    """Whether the person has just pressed the same button: a double tap is one request, and each job would be paid."""
    press = {"user_id": new.user_id, "chat_id": new.chat_id, "button": new.button}
    found = await connection.execute(SAME_PRESS, {**press, "since": now - apart, "until": now + apart})
    return found.first() is not None


async def check_quota(connection: Connection, user_id: int, now: float, quota: Quota) -> None:
    """Raise `QuotaExceededError` when a job just added is one too many; the transaction is then rolled back."""
    own = {"user_id": user_id}
    if quota.waiting is not None and (await connection.execute(COUNT_WAITING, own)).scalar_one() > quota.waiting:
        raise QuotaExceededError(quota.waiting, waiting=True)
    if quota.daily is not None:
        # A time far ahead was stored by a wrong clock; it counts for a day more at most.
        day = {**own, "since": now - DAY, "until": now + DAY}
        asked = [(await connection.execute(query, day)).scalar_one() for query in (COUNT_TODAYS, COUNT_ERASED_TODAY)]
        if sum(asked) > quota.daily:
            raise QuotaExceededError(quota.daily, waiting=False)


def _in_chat(chat_id: int, new: NewJob) -> NewJob:
    """The request as one of this chat, if its group has become a supergroup meanwhile: see `Chats.migrate`."""
    if chat_id == new.chat_id:
        return new
    return replace(new, chat_id=chat_id, message_id=None, asked_message_id=None, thread_id=None)
