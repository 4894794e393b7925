"""Shared steps on rows of jobs: read, lock, change, and notify their workers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Case, ColumnElement, Executable, Table, bindparam, case, delete, exists, select

from storage import notifications
from storage.connection import NO_PARAMETERS, Connection, Transaction
from storage.job_states import JobState, TaskState
from storage.records import Job, Task
from storage.schema import chats, jobs, tasks, workers
from storage.statements import Parameters

IS_STARTED = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, tasks.c.state != TaskState.QUEUED).exists()
"""SQL condition on `jobs`: whether any task of the job was claimed."""


def as_job(row: Mapping[str, Any]) -> Job:
    """A row of the table as a record."""
    return Job(**{**row, "state": JobState(row["state"])})


JOB = select(jobs).where(jobs.c.id == bindparam("job_id"))
# Not a full lock: a new task or picture of the job only needs its row to stay.
LOCK_JOB = JOB.with_for_update(key_share=True)
_OWN_TASKS = tasks.c.job_id == bindparam("job_id")
_TASKS = select(tasks).where(_OWN_TASKS).order_by(tasks.c.id)
LOCK_TASKS = select(tasks).where(_OWN_TASKS).with_for_update()
DELETE_TASKS = delete(tasks).where(_OWN_TASKS)
_OTHERS_OF_DUEL = select(jobs.c.id, jobs.c.worker_id).where(
    jobs.c.duel_id == bindparam("duel_id"), jobs.c.id != bindparam("job_id")
)
_PRESENT_CHAT = select(chats.c.id).where(chats.c.migrated_from == bindparam("chat_id"))


def as_task(row: Mapping[str, Any]) -> Task:
    """The same for a task."""
    return Task(**{**row, "state": TaskState(row["state"])})


async def tasks_of(connection: Connection, job_id: int) -> list[Task]:
    """The tasks of a job, in order, within a step."""
    return [as_task(row) for row in (await connection.execute(_TASKS, {"job_id": job_id})).mappings()]


async def lock_job(connection: Connection, job_id: int) -> Job | None:
    """Read a job and lock it until the transaction ends. None: there is none."""
    row = (await connection.execute(LOCK_JOB, {"job_id": job_id})).mappings().first()
    return as_job(row) if row else None


def owned_by(worker_id: int | BindParameter[int | None] | None) -> ColumnElement[bool]:
    """SQL condition on `jobs`: whether this worker owns the job, and its tasks with it. None: it has no owner.

    In Python the same question is `bot.jobs.worker.Worker.owns`.
    """
    return jobs.c.worker_id.is_not_distinct_from(worker_id)


def is_orphaned(table: Table) -> ColumnElement[bool]:
    """SQL condition: the row's worker is gone, so that a living one may take it over."""
    return ~exists(select(workers.c.id).where(workers.c.id == table.c.worker_id))


async def current_chat_id(connection: Transaction, chat_id: int) -> int:
    """The id of a chat, or of the supergroup that it has become. It does not migrate until the transaction ends."""
    if chat_id >= 0:
        return chat_id
    await connection.lock(f"chat {chat_id}")
    now: int | None = (await connection.execute(_PRESENT_CHAT, {"chat_id": chat_id})).scalar_one_or_none()
    return chat_id if now is None else now


def living_worker_or(worker_id: int | BindParameter[int]) -> Case[int | None]:
    """SQL expression for an update of `jobs`: the job's worker, or this one if that is gone."""
    is_alive = exists(select(workers.c.id).where(workers.c.id == jobs.c.worker_id))
    return case((is_alive, jobs.c.worker_id), else_=worker_id)


async def change_job(connection: Transaction, change: Executable, parameters: Parameters = NO_PARAMETERS) -> Job | None:
    """Execute the change of one job, which returns the job, and notify its worker. None: no row matched."""
    row = (await connection.execute(change, parameters)).mappings().first()
    if row is None:
        return None
    notify(connection, job := as_job(row))
    if job.duel_id is not None:
        # The next step of a duel depends on all its jobs.
        others = await connection.execute(_OTHERS_OF_DUEL, {"duel_id": job.duel_id, "job_id": job.id})
        for other in others:
            connection.notify(notifications.job(other.id, other.worker_id))
    return job


def notify(connection: Transaction, job: Job) -> None:
    """Notify the worker of a changed job; all workers if it has none."""
    connection.notify(notifications.job(job.id, job.worker_id))
    if job.worker_id is None:
        connection.notify(notifications.ORPHANS)
