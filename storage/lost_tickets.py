"""Lost tickets: tasks whose tickets a callback or the service brings back."""

from sqlalchemy import Executable, and_, bindparam, delete, or_, select, update

from storage.connection import Transaction
from storage.job_states import JobState, TaskState, move_job, move_task
from storage.ledger import reserve_again
from storage.operations import Operations, writes
from storage.records import Job
from storage.rows import change_job, is_orphaned, living_worker_or, lock_job
from storage.schema import announced, jobs, tasks
from storage.statements import upsert
from storage.task_statements import RESERVED_AGAIN, TASK

WITHOUT_TICKET = (TaskState.QUEUED, TaskState.INTERRUPTED, TaskState.FAILED, TaskState.CANCELLED)
"""The states of a task that a found ticket moves to `RUNNING`."""
UNCHANGED_STATES = (JobState.WORKING, JobState.CANCELLING, JobState.KEEPING)
"""The states of jobs that one more running task leaves as they are: a cancelled job keeps its pictures."""
NOT_REOPENED = (JobState.PREPARING, JobState.DELIVERING)
"""The states of jobs that get no more running task."""

_ANNOUNCE = upsert(announced, "task_id", "ticket", "worker_id").on_conflict_do_update(
    index_elements=["task_id"], set_={"ticket": bindparam("ticket"), "worker_id": bindparam("worker_id")}
)
_RECOVER = (
    update(announced)
    .where(or_(announced.c.worker_id == bindparam("owner"), is_orphaned(announced)))
    .values(worker_id=bindparam("owner"))
    .returning(announced.c.task_id, announced.c.ticket)
)
_FORGET = delete(announced).where(
    announced.c.task_id == bindparam("task_id"), announced.c.ticket == bindparam("ticket")
)
_WITH_TICKET = (
    select(tasks.c.id).where(tasks.c.provider == bindparam("provider"), tasks.c.ticket == bindparam("ticket")).limit(1)
)
# The time of the submit is not known, so its duration is not learned from.
_RUN = move_task(
    and_(tasks.c.id == bindparam("task_id"), tasks.c.ticket.is_(None)),
    WITHOUT_TICKET,
    TaskState.RUNNING,
    ticket=bindparam("ticket"),
    submitted_at=bindparam("now"),
    begun_at=None,
    error_message=None,
    finished_at=None,
    **RESERVED_AGAIN,
)


def _reopen(state: JobState) -> Executable:
    """The statement that reopens a job in this state, of which one more task is running."""
    own = jobs.c.id == bindparam("job_id")
    values = {"worker_id": living_worker_or(bindparam("owner")), "finished_at": None}
    if state in UNCHANGED_STATES:
        return update(jobs).where(own).values(values).returning(jobs)
    if state is JobState.CANCELLED:
        return move_job(own, (state,), JobState.KEEPING, **values).returning(jobs)
    return move_job(own, (state,), JobState.WORKING, error_message=None, **values).returning(jobs)


_REOPEN = {state: _reopen(state) for state in JobState if state not in NOT_REOPENED}


class LostTickets(Operations):
    """The lost tickets of one database."""

    async def announced(self, task_id: int, ticket: str, worker_id: int) -> None:
        """A callback has named this ticket; this worker asks the service about it. The latest callback counts."""
        await self._db.execute(_ANNOUNCE, {"task_id": task_id, "ticket": ticket, "worker_id": worker_id})

    async def recover(self, worker_id: int) -> list[tuple[int, str]]:
        """Take over the announced tickets of workers that are gone; returns those and this worker's own, each as (task
        id, ticket)."""
        rows = await self._db.execute(_RECOVER, {"owner": worker_id})
        return sorted((row.task_id, row.ticket) for row in rows)

    async def forget(self, task_id: int, ticket: str) -> None:
        """Delete an announced ticket: the service has been asked about it."""
        await self._db.execute(_FORGET, {"task_id": task_id, "ticket": ticket})

    async def is_taken(self, provider: str, ticket: str) -> bool:
        """Whether a task has this ticket."""
        return (await self._db.fetch(_WITH_TICKET, {"provider": provider, "ticket": ticket})).first() is not None

    @writes
    async def found(
        self, connection: Transaction, task_id: int, ticket: str, now: float, *, worker_id: int
    ) -> Job | None:
        """Store a found ticket: the task runs from here on, and its job is open again. Returns the job.

        This worker becomes the owner of the job if the former one is gone. None: the task needs no ticket, another one
        has this ticket, or the job is being delivered.
        """
        own = {"task_id": task_id, "ticket": ticket}
        known = (await connection.execute(TASK, own)).mappings().first()
        job = await lock_job(connection, known["job_id"]) if known else None
        if known is None or job is None or job.state in NOT_REOPENED:
            return None
        await connection.lock(f"provider {known['provider']}")
        if (await connection.execute(_WITH_TICKET, {**own, "provider": known["provider"]})).first():
            return None
        # It may have been claimed, or have ended, while this step waited for the locks.
        latest = (await connection.execute(TASK, own)).mappings().one()
        if not (await connection.execute(_RUN, {**own, "now": now})).rowcount:
            return None
        await reserve_again(connection, job, latest, now)
        return await change_job(connection, _REOPEN[job.state], {"job_id": job.id, "owner": worker_id})
