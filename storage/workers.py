"""Workers: their heartbeats, eviction of dead ones, and recovery of their jobs and tasks."""

from sqlalchemy import and_, bindparam, delete, select, update

from storage import notifications
from storage.backend import DatabaseInUseError
from storage.connection import Transaction
from storage.copy_marks import refusal
from storage.database import UnusableStoreError
from storage.job_states import ACTIVE, IS_OPEN, NOT_READY, TaskState, is_in, move_task
from storage.operations import Operations, urgently, writes
from storage.records import ErrorMessage, Job, Worker
from storage.rows import as_job, is_orphaned, owned_by
from storage.schema import jobs, tasks, workers
from storage.statements import upsert

_SELF = workers.c.id == bindparam("worker_id")
_UNCHANGED = and_(_SELF, workers.c.heartbeat == bindparam("heartbeat"))
_ADD = upsert(workers, "started_at", "session").returning(workers.c.id)
_BEAT = update(workers).where(_SELF).values(heartbeat=workers.c.heartbeat + 1)
_OTHERS = select(workers.c.id, workers.c.heartbeat, workers.c.session).where(~_SELF).order_by(workers.c.id)
_IS_UNCHANGED = select(workers.c.id).where(_UNCHANGED)
_DELETE_DEAD, _DELETE = delete(workers).where(_UNCHANGED), delete(workers).where(_SELF)
_ORPHANED_JOBS = (
    select(jobs.c.id)
    .where(IS_OPEN, is_orphaned(jobs))
    .order_by(jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=jobs)
)
_OWN_JOB = jobs.c.id == bindparam("job_id")
_TAKE_OVER = update(jobs).where(_OWN_JOB).values(worker_id=bindparam("owner")).returning(jobs)
_UNDER_WAY = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, is_in(tasks.c.state, ACTIVE)).exists()
_RELEASE = (
    update(jobs)
    .where(owned_by(bindparam("owner")), IS_OPEN, is_in(jobs.c.state, NOT_READY), ~_UNDER_WAY)
    .values(worker_id=None)
    .returning(jobs.c.id)
)
_JOBS_OF = select(jobs).where(owned_by(bindparam("owner")), IS_OPEN).order_by(jobs.c.id)
_INTERRUPT = move_task(
    and_(tasks.c.ticket.is_(None), tasks.c.job_id == bindparam("job_id")),
    (TaskState.SUBMITTING,),
    TaskState.INTERRUPTED,
    error_message=bindparam("message", type_=tasks.c.error_message.type),
    finished_at=bindparam("now"),
)
IN_USE = (
    "storage.url: another process of the bot works with this file; stop that one first, or use PostgreSQL, which "
    "several can share."
)
BEING_COPIED = "storage.url: this database is being copied (imagine-bot copy); start the bot when that is done."


class Workers(Operations):
    """The workers of one database. Times are passed in, in seconds since 1970."""

    async def join(self, now: float) -> int:
        """Add a worker; returns its id. Raises `UnusableStoreError` where none may work with this database now."""
        try:
            worker_id = await self._add(now)
        except DatabaseInUseError:
            raise UnusableStoreError(IN_USE if self._db.backend.alone else BEING_COPIED) from None
        await self._db.backend.enter(worker_id)
        return worker_id

    @writes
    async def _add(self, connection: Transaction, now: float) -> int:
        await self._db.backend.admit(connection)
        # It may have been moved after this process opened it.
        if why := await refusal(connection):
            raise UnusableStoreError(why)
        added = await connection.execute(_ADD, {"started_at": now, "session": self._db.backend.session})
        return int(added.scalar_one())

    @urgently
    async def heartbeat(self, connection: Transaction, worker_id: int) -> list[Worker] | None:
        """A sign of life; returns the other workers. None: this one was evicted, and the others have its work."""
        own = {"worker_id": worker_id}
        if not (await connection.execute(_BEAT, own)).rowcount:
            return None
        present = await self._db.backend.present(connection)
        others = await connection.execute(_OTHERS, own)
        return [Worker(row.id, row.heartbeat, row.id in present, row.session) for row in others]

    async def evict(self, worker: Worker) -> bool:
        """End the sessions of a dead worker, and release all that it owned at once, for recovery: a job, its tasks and
        an update belong to their worker only while its row exists.

        False: its heartbeat has changed meanwhile, or it is evicted already.
        """
        # Before its row is deleted: it may hang within a transaction that locks this row, or one that the others need.
        return await self._end_sessions(worker) and await self._delete_dead(worker)

    @urgently
    async def _end_sessions(self, connection: Transaction, worker: Worker) -> bool:
        if (await connection.execute(_IS_UNCHANGED, _which(worker))).first() is None:
            return False
        await self._db.backend.end_sessions(connection, worker.id, worker.session)
        return True

    @urgently
    async def _delete_dead(self, connection: Transaction, worker: Worker) -> bool:
        if not (await connection.execute(_DELETE_DEAD, _which(worker))).rowcount:
            return False
        connection.notify(notifications.ORPHANS)
        return True

    @writes
    async def leave(self, connection: Transaction, worker_id: int) -> None:
        """This worker ends; its work is released for recovery."""
        await connection.execute(_DELETE, {"worker_id": worker_id})
        connection.notify(notifications.ORPHANS)

    @writes
    async def recover_jobs(
        self, connection: Transaction, worker_id: int, lost: ErrorMessage, now: float, most: int = 100
    ) -> list[Job]:
        """Take over unfinished jobs whose workers are gone, and their tasks with them, at most `most`.

        Tasks whose worker died during the submit are interrupted (`lost` is the message for the person): they may be
        paid, and their tickets are not known.
        """
        recovered = []
        for job_id in (await connection.execute(_ORPHANED_JOBS, {"most": most})).scalars():
            cut_off = {"job_id": job_id, "message": dict(lost), "now": now}
            if (await connection.execute(_INTERRUPT, cut_off)).rowcount:
                # The interrupted tasks free their slots.
                connection.notify(notifications.QUEUE)
            taken = await connection.execute(_TAKE_OVER, {"job_id": job_id, "owner": worker_id})
            recovered += [as_job(row) for row in taken.mappings()]
        return recovered

    @writes
    async def release_waiting(self, connection: Transaction, worker_id: int) -> list[int]:
        """Before this worker ends: release its jobs of which no task is under way, so that others recover them at once.

        Returns their ids.
        """
        ids = list((await connection.execute(_RELEASE, {"owner": worker_id})).scalars())
        if ids:
            connection.notify(notifications.ORPHANS)
        return ids

    async def jobs_of(self, worker_id: int) -> list[Job]:
        """All jobs of this worker with something left to do, oldest first."""
        return [as_job(row) for row in (await self._db.fetch(_JOBS_OF, {"owner": worker_id})).mappings()]


def _which(worker: Worker) -> dict[str, int]:
    """A worker that has given no sign of life since it was read."""
    return {"worker_id": worker.id, "heartbeat": worker.heartbeat}
