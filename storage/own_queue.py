"""A person's own open jobs, and which of them goes first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, func, select, update

from storage import notifications
from storage.connection import Connection, Transaction
from storage.job_states import IS_OPEN, MAY_BE_PAID, NOT_READY, UNFINISHED, JobState, TaskState, is_in
from storage.operations import Operations, reads, writes
from storage.records import Job
from storage.rows import as_job
from storage.schema import chats, jobs, tasks


@dataclass(frozen=True, slots=True)
class OwnJob:
    """An open job as its person sees it. `title`: of its group, where that is known; `tasks`: how many it has, of which
    `waiting` wait and `ended` have ended; `is_begun`: something of it may be paid."""

    job: Job
    title: str | None
    tasks: int
    waiting: int
    ended: int
    is_begun: bool

    @property
    def can_move(self) -> bool:
        """Whether something of it still waits for its turn."""
        return self.job.state is JobState.PREPARING or self.waiting > 0

    @property
    def precedence(self) -> int:
        """Where it stands among those of its person; the highest goes first."""
        return self.job.precedence or 0


_TASKS = select(func.count()).where(tasks.c.job_id == jobs.c.id)
_QUEUED = _TASKS.where(is_in(tasks.c.state, (TaskState.QUEUED,))).scalar_subquery()
_IS_BEGUN = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, is_in(tasks.c.state, MAY_BE_PAID)).exists()
_OF_PERSON = and_(jobs.c.user_id == bindparam("user_id"), IS_OPEN, is_in(jobs.c.state, NOT_READY))
_JOBS = (
    select(
        jobs,
        chats.c.title,
        _TASKS.scalar_subquery().label("parts"),
        _QUEUED.label("waiting"),
        _TASKS.where(~is_in(tasks.c.state, UNFINISHED)).scalar_subquery().label("ended"),
        _IS_BEGUN.label("is_begun"),
    )
    .outerjoin(chats, chats.c.id == jobs.c.chat_id)
    .where(_OF_PERSON)
    .order_by(jobs.c.id)
)
_PUT_FIRST = (
    update(jobs).where(_OF_PERSON, jobs.c.id == bindparam("job_id")).values(precedence=bindparam("new")).returning(jobs)
)


class OwnQueues(Operations):
    """The open jobs of each person of one database."""

    @reads
    async def of(self, connection: Connection, user_id: int) -> list[OwnJob]:
        """The open jobs of a person that are not ready yet, oldest first."""
        return await _open(connection, user_id)

    @writes
    async def put_first(self, connection: Transaction, user_id: int, job_id: int) -> bool:
        """Let this job go before the person's other waiting ones, over all workers. False: nothing of it waits.

        It stays so until another one is put first; a second call changes nothing. Other people's turns stay the same.
        """
        # Two presses at once, in two processes.
        await connection.lock(f"person {user_id}")
        movable = [one for one in await _open(connection, user_id) if one.can_move]
        if not any(one.job.id == job_id for one in movable):
            return False
        highest = max((one.precedence for one in movable if one.job.id != job_id), default=-1)
        if next(one.precedence for one in movable if one.job.id == job_id) <= highest:
            which = {"user_id": user_id, "job_id": job_id, "new": highest + 1}
            await connection.execute(_PUT_FIRST, which)
            connection.notify(notifications.QUEUE)
        return True


async def _open(connection: Connection, user_id: int) -> list[OwnJob]:
    rows = (await connection.execute(_JOBS, {"user_id": user_id})).mappings()
    return [_as_own_job(row) for row in rows]


def _as_own_job(row: Mapping[str, Any]) -> OwnJob:
    job = as_job({name: row[name] for name in Job.__slots__})
    return OwnJob(job, row["title"], row["parts"], row["waiting"], row["ended"], bool(row["is_begun"]))
