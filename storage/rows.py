"""Shared steps on rows of jobs: read, lock, change, and notify their workers."""

from sqlalchemy import Case, ColumnElement, RowMapping, Table, Update, case, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Database, Transaction
from storage.job_states import JobState, TaskState
from storage.records import Job
from storage.schema import chats, jobs, tasks, workers

IS_STARTED = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, tasks.c.state != TaskState.QUEUED).exists()
"""SQL condition on `jobs`: whether any task of the job was claimed."""


def as_job(row: RowMapping) -> Job:
    """A row of the table as a record."""
    return Job(**{**row, "state": JobState(row["state"])})


async def lock_job(connection: AsyncConnection, job_id: int) -> Job | None:
    """Read a job and lock it until the transaction ends. None: there is none."""
    # Not a full lock: a new task or picture of the job only needs its row to stay.
    query = select(jobs).where(jobs.c.id == job_id).with_for_update(key_share=True)
    row = (await connection.execute(query)).mappings().first()
    return as_job(row) if row else None


def owned_by(worker_id: int | None) -> ColumnElement[bool]:
    """SQL condition on `jobs`: whether this worker owns the job, and its tasks with it. None: it has no owner.

    In Python the same question is `bot.jobs.worker.Worker.owns`.
    """
    return jobs.c.worker_id.is_not_distinct_from(worker_id)


def is_orphaned(table: Table) -> ColumnElement[bool]:
    """SQL condition: the row's worker is gone, so that a living one may take it over."""
    return ~exists(select(workers.c.id).where(workers.c.id == table.c.worker_id))


async def current_chat_id(database: Database, connection: AsyncConnection, chat_id: int) -> int:
    """The id of a chat, or of the supergroup that it has become. It does not migrate until the transaction ends."""
    if chat_id >= 0:
        return chat_id
    await database.lock(connection, f"chat {chat_id}")
    query = select(chats.c.id).where(chats.c.migrated_from == chat_id)
    now: int | None = (await connection.execute(query)).scalar_one_or_none()
    return chat_id if now is None else now


def living_worker_or(worker_id: int) -> Case[int | None]:
    """SQL expression for an update of `jobs`: the job's worker, or this one if that is gone."""
    is_alive = exists(select(workers.c.id).where(workers.c.id == jobs.c.worker_id))
    return case((is_alive, jobs.c.worker_id), else_=worker_id)


async def change_job(connection: Transaction, change: Update) -> Job | None:
    """Execute the change of one job, and notify its worker. None: no row matched."""
    row = (await connection.execute(change.returning(jobs))).mappings().first()
    if row is None:
        return None
    notify(connection, job := as_job(row))
    return job


def notify(connection: Transaction, job: Job) -> None:
    """Notify the worker of a changed job; all workers if it has none."""
    connection.notify(notifications.job(job.id, job.worker_id))
    if job.worker_id is None:
        connection.notify(notifications.ORPHANS)
