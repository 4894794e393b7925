"""Tasks whose tickets were lost and are found again."""

from typing import Any

from sqlalchemy import Select, delete, or_, select, update

from storage.database import Database
from storage.records import Job, JobState, TaskState
from storage.rows import is_orphaned, locked, moved, whose
from storage.schema import announced, jobs, tasks

WITHOUT_TICKET = (TaskState.QUEUED, TaskState.INTERRUPTED, TaskState.FAILED, TaskState.CANCELLED)
"""How a task can be of which the service says that it took it."""
AS_IT_IS = (JobState.WORKING, JobState.CANCELLED)
"""Jobs that one more task under way does not change: what a cancelled one comes to is kept for the history."""


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

    async def adopt(self, worker_id: int) -> list[tuple[int, str]]:
        """Take over the announced tickets of workers that are gone; returns those and this worker's own, each with its
        task's id."""
        which = or_(announced.c.worker_id == worker_id, is_orphaned(announced))
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

    async def found(self, task_id: int, ticket: str, now: float, *, worker_id: int) -> Job | None:
        """The service has this task, which runs from here on, and its job is open again. Returns the job.

        A job whose worker is gone is this worker's. None: the task needs no ticket, another one has this ticket,
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
            change = update(tasks).where(tasks.c.id == task_id, tasks.c.ticket.is_(None))
            # When it was submitted is not known: its duration teaches nothing.
            values = {"state": TaskState.RUNNING, "ticket": ticket, "submitted_at": now, "begun_at": None}
            again = change.where(tasks.c.state.in_(WITHOUT_TICKET)).values(**values, trouble=None, finished_at=None)
            row = (await connection.execute(again.returning(tasks.c.id))).first()
            open_again = update(jobs).where(jobs.c.id == job.id)
            open_again = open_again.values(worker_id=whose(worker_id), finished_at=None)
            if job.state not in AS_IT_IS:
                open_again = open_again.values(state=JobState.WORKING, trouble=None)
            return await moved(connection, open_again) if row else None


def _others(provider: str, ticket: str) -> Select[Any]:
    return select(tasks.c.id).where(tasks.c.provider == provider, tasks.c.ticket == ticket).limit(1)
