"""What waits and runs, over all workers: counts by provider, and the open jobs, for the admins."""

from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select

from storage.connection import Connection
from storage.job_states import ACTIVE, IS_OPEN, NOT_READY, UNFINISHED, JobState, TaskState, is_in
from storage.operations import Operations, reads
from storage.schema import jobs, tasks, users


@dataclass(slots=True)
class ProviderQueue:
    """The queue of one provider: how many jobs are `preparing`, how many are `waiting`, and of how many a task runs.
    `oldest`: since when the first task waits, in seconds since 1970."""

    preparing: int = 0
    waiting: int = 0
    running: int = 0
    oldest: float | None = None


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that waits or runs. `begun_at`: since when its first task runs, None while all wait; `tasks`: how many it
    has, of which `done` have ended; `name`: of its person. Not its prompt: people's words are their own."""

    id: int
    user_id: int
    name: str | None
    chat_id: int
    provider: str
    created_at: float
    begun_at: float | None
    tasks: int
    done: int


_RUNS, _WAITS = is_in(tasks.c.state, ACTIVE), is_in(tasks.c.state, (TaskState.QUEUED,))
# Requests are counted, not pictures: one of several pictures runs as soon as the first of them does.
_UNFINISHED = (
    select(
        tasks.c.provider,
        func.max(case((_RUNS, 1), else_=0)).label("runs"),
        func.min(case((_WAITS, tasks.c.queued_at))).label("since"),
    )
    .where(is_in(tasks.c.state, UNFINISHED))
    .group_by(tasks.c.provider, tasks.c.job_id)
    .subquery()
)
_TASKS = select(_UNFINISHED.c.provider, _UNFINISHED.c.runs, func.count(), func.min(_UNFINISHED.c.since)).group_by(
    _UNFINISHED.c.provider, _UNFINISHED.c.runs
)
_PREPARING = (
    select(jobs.c.provider, func.count())
    .where(IS_OPEN, is_in(jobs.c.state, (JobState.PREPARING,)))
    .group_by(jobs.c.provider)
)
_OF_JOB = tasks.c.job_id == jobs.c.id
_BEGUN_AT = select(func.min(tasks.c.begun_at)).where(_OF_JOB, is_in(tasks.c.state, ACTIVE)).scalar_subquery()
_COUNT = select(func.count()).where(_OF_JOB)
_JOBS = (
    select(
        jobs.c.id,
        jobs.c.user_id,
        users.c.name,
        jobs.c.chat_id,
        jobs.c.provider,
        jobs.c.created_at,
        _BEGUN_AT.label("begun_at"),
        _COUNT.scalar_subquery().label("tasks"),
        _COUNT.where(~is_in(tasks.c.state, UNFINISHED)).scalar_subquery().label("done"),
    )
    .outerjoin(users, users.c.id == jobs.c.user_id)
    .where(IS_OPEN, is_in(jobs.c.state, NOT_READY))
)
_ONE = _JOBS.where(jobs.c.id == bindparam("job_id"))
_OPEN = select(func.count()).select_from(jobs).where(IS_OPEN, is_in(jobs.c.state, NOT_READY))
_LISTED = _JOBS.order_by(_BEGUN_AT.is_(None), _BEGUN_AT, jobs.c.id).limit(bindparam("most")).offset(bindparam("offset"))


class QueueOverview(Operations):
    """Looks at the queue of one database."""

    @reads
    async def counts(self, connection: Connection) -> dict[str, ProviderQueue]:
        """The queues by provider, where anything waits or runs; also of former providers."""
        found: dict[str, ProviderQueue] = {}
        for provider, count in await connection.execute(_PREPARING):
            found.setdefault(provider, ProviderQueue()).preparing = count
        for provider, runs, count, oldest in await connection.execute(_TASKS):
            queue = found.setdefault(provider, ProviderQueue())
            if runs:
                queue.running = count
            else:
                queue.waiting = count
            queue.oldest = min((since for since in (queue.oldest, oldest) if since is not None), default=None)
        return found

    @reads
    async def jobs(self, connection: Connection, most: int, offset: int = 0) -> tuple[list[QueuedJob], int]:
        """A page of the jobs that wait or run, and how many there are; first those that have run longest."""
        rows = await connection.execute(_LISTED, {"most": most, "offset": offset})
        found = [QueuedJob(**row) for row in rows.mappings()]
        return found, int((await connection.execute(_OPEN)).scalar_one())

    async def job(self, job_id: int) -> QueuedJob | None:
        """One of these jobs; None where it has ended."""
        row = (await self._db.fetch(_ONE, {"job_id": job_id})).mappings().first()
        return QueuedJob(**row) if row else None
