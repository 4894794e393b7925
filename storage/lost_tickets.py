"""Tasks whose tickets were lost and are found again."""

from typing import Any

from sqlalchemy import Select, Update, and_, delete, or_, select, update

from storage.database import Database
from storage.job_states import JobState, TaskState, move_job, move_task
from storage.records import Job, Task
from storage.rows import locked, moved, whose
from storage.schema import announced, jobs, tasks
from storage.tasks import as_task
from storage.workers import ownerless

WITHOUT_TICKET = (TaskState.QUEUED, TaskState.INTERRUPTED, TaskState.FAILED, TaskState.CANCELLED)
"""How a task can be of which the service says that it took it."""
AS_IT_IS = (JobState.WORKING, JobState.CANCELLING, JobState.KEEPING)
"""Jobs that one more task under way does not change: the pictures of a cancelled one are kept for the history."""


class LostTickets:
    """The tickets of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def announced(self, task_id: int, ticket: str, worker_id: int) -> None:
        """A call has named this ticket; this worker asks the service about it. The latest call counts."""
        values = {"ticket": ticket, "worker_id": worker_id}
        new = self._db.insert(announced).values(task_id=task_id, **values)
        async with self._db.write() as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=["task_id"], set_=values))

    async def recover(self, worker_id: int) -> list[tuple[int, str]]:
        """Take over the announced tickets of workers that are gone; returns those and this worker's own, each with its
        task's id."""
        which = or_(announced.c.worker_id == worker_id, ownerless(announced))
        taken = update(announced).where(which).values(worker_id=worker_id)
        async with self._db.write() as connection:
            rows = await connection.execute(taken.returning(announced.c.task_id, announced.c.ticket))
            return sorted((row.task_id, row.ticket) for row in rows)

    async def forget(self, task_id: int, ticket: str) -> None:
        """Nothing is left to ask about this announced ticket."""
        known = delete(announced).where(announced.c.task_id == task_id, announced.c.ticket == ticket)
        async with self._db.write() as connection:
            await connection.execute(known)

    async def is_taken(self, provider: str, ticket: str) -> bool:
        """Whether a task has this ticket."""
        async with self._db.read() as connection:
            return (await connection.execute(_others(provider, ticket))).first() is not None

    async def found(self, task_id: int, ticket: str, now: float, *, worker_id: int) -> tuple[Job, Task] | None:
        """The service has this task; this worker watches it from here on, and its job is open again.

        A job whose worker is gone is this worker's, too. None: the task needs no ticket, another one has this ticket,
        or the job is being delivered.
        """
        async with self._db.write() as connection:
            known = (await connection.execute(select(tasks).where(tasks.c.id == task_id))).mappings().first()
            job = await locked(connection, known["job_id"]) if known else None
            if known is None or job is None or job.state in {JobState.PREPARING, JobState.DELIVERING}:
                return None
            await self._db.lock(connection, f"provider {known['provider']}")
            if (await connection.execute(_others(known["provider"], ticket))).first():
                return None
            # When it was submitted is not known: its duration teaches nothing.
            values = {"ticket": ticket, "submitted_at": now, "begun_at": None, "worker_id": worker_id}
            again = move_task(
                and_(tasks.c.id == task_id, tasks.c.ticket.is_(None)),
                WITHOUT_TICKET,
                TaskState.RUNNING,
                **values,
                error_message=None,
                finished_at=None,
            )
            row = (await connection.execute(again.returning(tasks))).mappings().first()
            opened = await moved(connection, _opened(job, worker_id)) if row else None
            return (opened, as_task(row)) if opened and row else None


def _opened(job: Job, worker_id: int) -> Update:
    """The change of a job of which one more task is under way."""
    own, values = jobs.c.id == job.id, {"worker_id": whose(worker_id), "finished_at": None}
    if job.state in AS_IT_IS:
        return update(jobs).where(own).values(values)
    if job.state is JobState.CANCELLED:
        return move_job(own, (JobState.CANCELLED,), JobState.KEEPING, **values)
    return move_job(own, (job.state,), JobState.WORKING, error_message=None, **values)


def _others(provider: str, ticket: str) -> Select[Any]:
    return select(tasks.c.id).where(tasks.c.provider == provider, tasks.c.ticket == ticket).limit(1)
