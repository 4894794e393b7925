"""The processes that share the database: who lives, and who takes over what a dead one has left."""

from sqlalchemy import ColumnElement, RowMapping, Table, and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.backend import DatabaseInUseError
from storage.database import Database, Transaction, UnusableStoreError
from storage.job_states import IS_OPEN, TaskState, move_task
from storage.records import ErrorMessage, Job, Task, Worker
from storage.rows import as_job
from storage.schema import jobs, tasks, workers
from storage.tasks import as_task


class Workers:
    """The workers of one database. Times are handed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def join(self, now: float) -> int:
        """One more worker; returns its id. Raises `UnusableStoreError` where there can be only one."""
        async with self._db.write() as connection:
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

    async def heartbeat(self, worker_id: int) -> list[Worker] | None:
        """A sign of life; returns the other workers. None: the others took this one for dead and have its work."""
        async with self._db.write(urgent=True) as connection:
            alive = update(workers).where(workers.c.id == worker_id).values(heartbeat=workers.c.heartbeat + 1)
            if not (await connection.execute(alive)).rowcount:
                return None
            present = await self._db.backend.present(connection)
            others = select(workers.c.id, workers.c.heartbeat, workers.c.session).where(workers.c.id != worker_id)
            rows = await connection.execute(others.order_by(workers.c.id))
            return [Worker(row.id, row.heartbeat, row.id in present, row.session) for row in rows]

    async def evict(self, worker: Worker) -> bool:
        """Its sessions are ended, and its work is to be adopted.

        False: it has shown a sign of life meanwhile, or is buried already.
        """
        still = (workers.c.id == worker.id, workers.c.heartbeat == worker.heartbeat)
        # First of all: it may have stopped within a transaction that holds its own row, or what all others need.
        async with self._db.write(urgent=True) as connection:
            if (await connection.execute(select(workers.c.id).where(*still))).first() is None:
                return False
            await self._db.backend.end_sessions(connection, worker.id, worker.session)
        async with self._db.write(urgent=True) as connection:
            if not (await connection.execute(delete(workers).where(*still))).rowcount:
                return False
            connection.notify(notifications.ORPHANS)
            return True

    async def leave(self, worker_id: int) -> None:
        """This worker ends; what it leaves is to be adopted."""
        async with self._db.write() as connection:
            await connection.execute(delete(workers).where(workers.c.id == worker_id))
            connection.notify(notifications.ORPHANS)

    async def recover_jobs(self, worker_id: int, lost: ErrorMessage, now: float, most: int = 100) -> list[Job]:
        """Take over unfinished jobs whose workers are gone.

        Before that, tasks whose submit was cut off with their worker are interrupted (`lost` is the person's sentence):
        they may have been paid, and nobody knows their tickets.
        """
        async with self._db.write() as connection:
            await self._interrupt_lost(connection, lost, now)
            return [as_job(row) for row in await self._adopted(connection, jobs, IS_OPEN, worker_id, most)]

    async def recover_tasks(self, worker_id: int, most: int = 100) -> list[Task]:
        """Take over the watch of tasks that the services work on and whose workers are gone."""
        async with self._db.write() as connection:
            running = tasks.c.state == TaskState.RUNNING
            return [as_task(row) for row in await self._adopted(connection, tasks, running, worker_id, most)]

    async def jobs_of(self, worker_id: int) -> list[Job]:
        """All jobs that this worker has something left to do for, oldest first."""
        own = (jobs.c.worker_id == worker_id, IS_OPEN)
        async with self._db.read() as connection:
            query = select(jobs).where(*own).order_by(jobs.c.id)
            return [as_job(row) for row in (await connection.execute(query)).mappings()]

    async def _interrupt_lost(self, connection: Transaction, lost: ErrorMessage, now: float) -> None:
        cut_off = and_(tasks.c.ticket.is_(None), ownerless(tasks))
        values = {"error_message": dict(lost), "finished_at": now}
        change = move_task(cut_off, (TaskState.SUBMITTING,), TaskState.INTERRUPTED, **values)
        found = (await connection.execute(change.returning(tasks.c.job_id))).scalars().all()
        owners = select(jobs.c.id, jobs.c.worker_id).where(jobs.c.id.in_(found))
        for row in await connection.execute(owners) if found else ():
            connection.notify(notifications.job(row.id, row.worker_id))

    async def _adopted(
        self, connection: AsyncConnection, table: Table, which: ColumnElement[bool], worker_id: int, most: int
    ) -> list[RowMapping]:
        found = select(table.c.id).where(which, ownerless(table)).order_by(table.c.id).limit(most)
        ids = (await connection.execute(found.with_for_update(skip_locked=True, of=table))).scalars().all()
        if not ids:
            return []
        taken = update(table).where(table.c.id.in_(ids)).values(worker_id=worker_id).returning(table)
        return sorted((await connection.execute(taken)).mappings().all(), key=lambda row: int(row["id"]))


def ownerless(table: Table) -> ColumnElement[bool]:
    """Rows whose workers are gone."""
    return ~exists(select(workers.c.id).where(workers.c.id == table.c.worker_id))
