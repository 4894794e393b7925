"""Workers: their heartbeats, eviction of dead ones, and recovery of their jobs and tasks."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from storage import notifications
from storage.backend import DatabaseInUseError
from storage.connection import Connection, Transaction
from storage.database import UnusableStoreError
from storage.job_states import ACTIVE, IS_OPEN, NOT_READY, TaskState, is_in, move_task
from storage.operations import Operations, reads, urgently, writes
from storage.records import ErrorMessage, Job, Worker
from storage.rows import as_job, is_orphaned, owned_by
from storage.schema import jobs, tasks, workers


class Workers(Operations):
    """The workers of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def join(self, connection: Transaction, now: float) -> int:
        """Add a worker; returns its id. Raises `UnusableStoreError` where there can be only one."""
        values = {"started_at": now, "session": self._db.backend.session}
        row = insert(workers).values(values).returning(workers.c.id)
        worker_id = int((await connection.execute(row)).scalar_one())
        try:
            await self._db.backend.enter(worker_id)
        except DatabaseInUseError:
            await self.leave(worker_id)
            raise UnusableStoreError(
                "storage.url: another process of the bot works with this file; stop that one first, or use PostgreSQL, "
                "which several can share."
            ) from None
        return worker_id

    @urgently
    async def heartbeat(self, connection: Transaction, worker_id: int) -> list[Worker] | None:
        """A sign of life; returns the other workers. None: this one was evicted, and the others have its work."""
        alive = update(workers).where(workers.c.id == worker_id).values(heartbeat=workers.c.heartbeat + 1)
        if not (await connection.execute(alive)).rowcount:
            return None
        present = await self._db.backend.present(connection)
        others = select(workers.c.id, workers.c.heartbeat, workers.c.session).where(workers.c.id != worker_id)
        rows = await connection.execute(others.order_by(workers.c.id))
        return [Worker(row.id, row.heartbeat, row.id in present, row.session) for row in rows]

    async def evict(self, worker: Worker) -> bool:
        """End the sessions of a dead worker, and release all that it owned at once, for recovery: a job, its tasks and
        an update belong to their worker only while its row exists.

        False: its heartbeat has changed meanwhile, or it is evicted already.
        """
        # Before its row is deleted: it may hang within a transaction that locks this row, or one that the others need.
        return await self._end_sessions(worker) and await self._delete_dead(worker)

    @urgently
    async def _end_sessions(self, connection: Transaction, worker: Worker) -> bool:
        if (await connection.execute(select(workers.c.id).where(_unchanged(worker)))).first() is None:
            return False
        await self._db.backend.end_sessions(connection, worker.id, worker.session)
        return True

    @urgently
    async def _delete_dead(self, connection: Transaction, worker: Worker) -> bool:
        if not (await connection.execute(delete(workers).where(_unchanged(worker)))).rowcount:
            return False
        connection.notify(notifications.ORPHANS)
        return True

    @writes
    async def leave(self, connection: Transaction, worker_id: int) -> None:
        """This worker ends; its work is released for recovery."""
        await connection.execute(delete(workers).where(workers.c.id == worker_id))
        connection.notify(notifications.ORPHANS)

    @writes
    async def recover_jobs(
        self, connection: Transaction, worker_id: int, lost: ErrorMessage, now: float, most: int = 100
    ) -> list[Job]:
        """Take over unfinished jobs whose workers are gone, and their tasks with them, at most `most`.

        Tasks whose worker died during the submit are interrupted (`lost` is the message for the person): they may be
        paid, and their tickets are not known.
        """
        found = select(jobs.c.id).where(IS_OPEN, is_orphaned(jobs)).order_by(jobs.c.id).limit(most)
        ids = (await connection.execute(found.with_for_update(skip_locked=True, of=jobs))).scalars().all()
        if not ids:
            return []
        await _interrupt_cut_off(connection, ids, lost, now)
        taken = update(jobs).where(jobs.c.id.in_(ids)).values(worker_id=worker_id).returning(jobs)
        return sorted((as_job(row) for row in (await connection.execute(taken)).mappings()), key=lambda job: job.id)

    @writes
    async def release_waiting(self, connection: Transaction, worker_id: int) -> list[int]:
        """Before this worker ends: release its jobs of which no task is under way, so that others recover them at once.

        Returns their ids.
        """
        under_way = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, is_in(tasks.c.state, ACTIVE)).exists()
        waiting = (owned_by(worker_id), IS_OPEN, is_in(jobs.c.state, NOT_READY), ~under_way)
        released = update(jobs).where(*waiting).values(worker_id=None).returning(jobs.c.id)
        ids = list((await connection.execute(released)).scalars())
        if ids:
            connection.notify(notifications.ORPHANS)
        return ids

    @reads
    async def jobs_of(self, connection: Connection, worker_id: int) -> list[Job]:
        """All jobs of this worker with something left to do, oldest first."""
        own = (owned_by(worker_id), IS_OPEN)
        query = select(jobs).where(*own).order_by(jobs.c.id)
        return [as_job(row) for row in (await connection.execute(query)).mappings()]


def _unchanged(worker: Worker) -> ColumnElement[bool]:
    """SQL condition on `workers`: it has given no sign of life since `worker` was read."""
    return and_(workers.c.id == worker.id, workers.c.heartbeat == worker.heartbeat)


async def _interrupt_cut_off(connection: Transaction, job_ids: Collection[int], lost: ErrorMessage, now: float) -> None:
    cut_off = and_(tasks.c.ticket.is_(None), tasks.c.job_id.in_(job_ids))
    values = {"error_message": dict(lost), "finished_at": now}
    interrupt = move_task(cut_off, (TaskState.SUBMITTING,), TaskState.INTERRUPTED, **values)
    if (await connection.execute(interrupt)).rowcount:
        # The interrupted tasks free their slots.
        connection.notify(notifications.QUEUE)
