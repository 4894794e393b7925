"""Lost tickets: tasks whose tickets a callback or the service brings back."""

from typing import Any

from sqlalchemy import Executable, Select, and_, delete, or_, select, update

from storage.connection import Connection, Transaction
from storage.job_states import JobState, TaskState, move_job, move_task
from storage.operations import Operations, reads, writes
from storage.records import Job
from storage.rows import change_job, is_orphaned, living_worker_or, lock_job
from storage.schema import announced, jobs, tasks
from storage.statements import upsert

WITHOUT_TICKET = (TaskState.QUEUED, TaskState.INTERRUPTED, TaskState.FAILED, TaskState.CANCELLED)
"""The states of a task that a found ticket moves to `RUNNING`."""
UNCHANGED_STATES = (JobState.WORKING, JobState.CANCELLING, JobState.KEEPING)
"""The states of jobs that one more running task leaves as they are: a cancelled job keeps its pictures."""


class LostTickets(Operations):
    """The lost tickets of one database."""

    @writes
    async def announced(self, connection: Transaction, task_id: int, ticket: str, worker_id: int) -> None:
        """A callback has named this ticket; this worker asks the service about it. The latest callback counts."""
        values = {"ticket": ticket, "worker_id": worker_id}
        new = upsert(announced).values(task_id=task_id, **values)
        await connection.execute(new.on_conflict_do_update(index_elements=["task_id"], set_=values))

    @writes
    async def recover(self, connection: Transaction, worker_id: int) -> list[tuple[int, str]]:
        """Take over the announced tickets of workers that are gone; returns those and this worker's own, each as (task
        id, ticket)."""
        which = or_(announced.c.worker_id == worker_id, is_orphaned(announced))
        taken = update(announced).where(which).values(worker_id=worker_id)
        rows = await connection.execute(taken.returning(announced.c.task_id, announced.c.ticket))
        return sorted((row.task_id, row.ticket) for row in rows)

    @writes
    async def forget(self, connection: Transaction, task_id: int, ticket: str) -> None:
        """Delete an announced ticket: the service has been asked about it."""
        known = delete(announced).where(announced.c.task_id == task_id, announced.c.ticket == ticket)
        await connection.execute(known)

    @reads
    async def is_taken(self, connection: Connection, provider: str, ticket: str) -> bool:
        """Whether a task has this ticket."""
        return (await connection.execute(_with_ticket(provider, ticket))).first() is not None

    @writes
    async def found(
        self, connection: Transaction, task_id: int, ticket: str, now: float, *, worker_id: int
    ) -> Job | None:
        """Store a found ticket: the task runs from here on, and its job is open again. Returns the job.

        This worker becomes the owner of the job if the former one is gone. None: the task needs no ticket, another one
        has this ticket, or the job is being delivered.
        """
        known = (await connection.execute(select(tasks).where(tasks.c.id == task_id))).mappings().first()
        job = await lock_job(connection, known["job_id"]) if known else None
        if known is None or job is None or job.state in {JobState.PREPARING, JobState.DELIVERING}:
            return None
        await connection.lock(f"provider {known['provider']}")
        if (await connection.execute(_with_ticket(known["provider"], ticket))).first():
            return None
        # The time of the submit is not known, so its duration is not learned from.
        values = {"ticket": ticket, "submitted_at": now, "begun_at": None}
        again = move_task(
            and_(tasks.c.id == task_id, tasks.c.ticket.is_(None)),
            WITHOUT_TICKET,
            TaskState.RUNNING,
            **values,
            error_message=None,
            finished_at=None,
        )
        found = (await connection.execute(again)).rowcount
        return await change_job(connection, _reopened(job, worker_id)) if found else None


def _reopened(job: Job, worker_id: int) -> Executable:
    """The statement that reopens a job of which one more task is running."""
    own, values = jobs.c.id == job.id, {"worker_id": living_worker_or(worker_id), "finished_at": None}
    if job.state in UNCHANGED_STATES:
        return update(jobs).where(own).values(values).returning(jobs)
    if job.state is JobState.CANCELLED:
        return move_job(own, (JobState.CANCELLED,), JobState.KEEPING, **values).returning(jobs)
    return move_job(own, (job.state,), JobState.WORKING, error_message=None, **values).returning(jobs)


def _with_ticket(provider: str, ticket: str) -> Select[Any]:
    return select(tasks.c.id).where(tasks.c.provider == provider, tasks.c.ticket == ticket).limit(1)
