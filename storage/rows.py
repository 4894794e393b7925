"""Rows of jobs: read, locked, moved on, and announced to whoever sees to them."""

from sqlalchemy import Case, RowMapping, Update, case, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Database, Transaction
from storage.job_states import JobState, TaskState
from storage.records import Job
from storage.schema import chats, jobs, tasks, workers

IS_BEGUN = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, tasks.c.state != TaskState.QUEUED).exists()
"""Of a row of `jobs` in a question: whether any of its tasks has had its turn."""


def as_job(row: RowMapping) -> Job:
    """A row of the table."""
    return Job(**{**row, "state": JobState(row["state"])})


async def locked(connection: AsyncConnection, job_id: int) -> Job | None:
    """A job that nobody else changes until the transaction ends."""
    # Not a full lock: a new task or picture of the job needs it to stay, no more.
    query = select(jobs).where(jobs.c.id == job_id).with_for_update(key_share=True)
    row = (await connection.execute(query)).mappings().first()
    return as_job(row) if row else None


async def where_it_is(database: Database, connection: AsyncConnection, chat_id: int) -> int:
    """A chat, or the supergroup that it has become; it becomes none until the transaction ends (`Chats.migrate`)."""
    if chat_id >= 0:
        return chat_id
    await database.lock(connection, f"chat {chat_id}")
    query = select(chats.c.id).where(chats.c.migrated_from == chat_id)
    now: int | None = (await connection.execute(query)).scalar_one_or_none()
    return chat_id if now is None else now


def whose(worker_id: int) -> Case[int | None]:
    """Of a row of `jobs` in a change: its worker, or this one where that is gone."""
    is_alive = exists(select(workers.c.id).where(workers.c.id == jobs.c.worker_id))
    return case((is_alive, jobs.c.worker_id), else_=worker_id)


async def moved(connection: Transaction, change: Update) -> Job | None:
    """Carry out the change of one job; who sees to it hears of it. None: there was none to change."""
    row = (await connection.execute(change.returning(jobs))).mappings().first()
    if row is None:
        return None
    notify(connection, job := as_job(row))
    return job


def notify(connection: Transaction, job: Job) -> None:
    """A job has changed: its worker hears of it; of one without a worker, all do."""
    connection.notify(notifications.job(job.id, job.worker_id))
    if job.worker_id is None:
        connection.notify(notifications.ORPHANS)
