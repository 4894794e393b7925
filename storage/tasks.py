"""Tasks are queued, given their turns (`storage.task_order`), and followed to their end."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications, task_order
from storage.clock import LONGEST_HOLD
from storage.database import Database, Transaction
from storage.job_states import ACTIVE, CANCELLED_STATES, UNFINISHED, JobState, TaskState, move_job, move_task
from storage.records import Cost, ErrorMessage, Limits, NewPicture, Task, Turns, WaitingTask
from storage.rows import locked
from storage.schema import jobs, pictures, references, tasks, users
from storage.tickets import Tickets

# Turns given together are so many seconds apart, so that they have an order.
INSTANT = 1e-6


class Tasks:
    """The tasks of one database. Times are handed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._tickets = Tickets(database)

    async def queue(
        self,
        job_id: int,
        provider: str,
        parts: Sequence[Mapping[str, Any]],
        prepared: Sequence[int],
        since: float,
        *,
        said: str | None = None,
    ) -> JobState | None:
        """Put the tasks of a job that was prepared for this provider (the options of each) into the queue.

        `prepared`: the ids of the references that were looked at; `since`: when their wait began; `said`: the words
        that it was prepared of. Returns the job's state: `WORKING` when it is done; `PREPARING` when nothing is done
        because another reference has joined, another provider has taken over, or the words were changed.
        """
        async with self._db.write() as connection:
            job = await locked(connection, job_id)
            known = select(references.c.id).where(references.c.job_id == job_id)
            ids = set((await connection.execute(known)).scalars())
            if job is None or job.state is not JobState.PREPARING:
                return job.state if job else None
            if ids != set(prepared) or job.provider != provider or job.said != said:
                return JobState.PREPARING
            common = {"job_id": job_id, "user_id": job.user_id, "provider": job.provider, "queued_at": since}
            values = [{**common, "options": dict(options)} for options in parts]
            await connection.execute(insert(tasks).values(state=TaskState.QUEUED), values)
            await connection.execute(move_job(jobs.c.id == job_id, (JobState.PREPARING,), JobState.WORKING))
            connection.notify(notifications.QUEUE)
            return JobState.WORKING

    async def awaited(self) -> set[str]:
        """The providers that tasks wait for: turns need not be given at any others."""
        async with self._db.read() as connection:
            query = select(tasks.c.provider).where(tasks.c.state == TaskState.QUEUED).distinct()
            return set((await connection.execute(query)).scalars())

    async def claim(self, provider: str, limits: Limits, now: float, *, worker_id: int = 0, most: int = 1) -> Turns:
        """Give the next tasks (`most` at a time) their turns, as far as the provider's limits and its state allow.

        They are `submitting` from here on, and this worker's. (Those that were put back with a ticket are `running`:
        they are not submitted again.) For the order see `storage.task_order`. The limits hold over all workers.
        """
        async with self._db.write() as connection:
            await self._db.lock(connection, f"provider {provider}")
            free_slots = await task_order.free_slots(connection, provider, limits, now)
            if not free_slots.count:
                # Whoever makes room wakes those who wait, but time wakes nobody.
                return Turns((), free_slots.due if await task_order.is_awaited(connection, provider) else None)
            query = task_order.next_tasks(provider, now, min(most, free_slots.count))
            begun = [
                await self._begin(connection, row.id, row.ticket, worker_id, now + place * INSTANT)
                for place, row in enumerate(list(await connection.execute(query)))
            ]
            return Turns(tuple(begun), now if begun else await task_order.next_due(connection, provider, after=now))

    async def accepted(self, task_id: int, ticket: str, now: float, *, worker_id: int = 0) -> bool:
        """The service has the task; from here on it can be taken up again. False: its job was cancelled meanwhile.

        A task that was interrupted meanwhile, because its worker was taken for dead, lives on, and its job with it.
        """
        return await self._tickets.keep(task_id, ticket, now, worker_id)

    async def put_back(self, task_id: int, not_before: float) -> None:
        """The service took nothing: the task waits again, unless its job was cancelled meanwhile.

        It waits for `LONGEST_HOLD` at most.
        """
        not_before = min(not_before, self._db.backend.clock() + LONGEST_HOLD)
        async with self._db.write() as connection:
            row = (await connection.execute(select(tasks).where(tasks.c.id == task_id))).mappings().one()
            job = await locked(connection, row["job_id"])
            own, values = tasks.c.id == task_id, {"not_before": not_before, "begun_at": None}
            if (job is None or job.state in CANCELLED_STATES) and row["ticket"] is None:
                back = move_task(own, (TaskState.SUBMITTING,), TaskState.CANCELLED, **values)
            else:
                back = move_task(own, ACTIVE, TaskState.QUEUED, **values)
            await connection.execute(back)
            connection.notify(notifications.QUEUE)

    async def finish_task(
        self,
        task_id: int,
        results: Sequence[NewPicture],
        now: float,
        cost: Cost | None = None,
        seconds: float | None = None,
    ) -> None:
        """The task is done: its pictures are stored with it, in one step, what they cost, and how many `seconds` the
        service took, where that is known."""
        async with self._db.write() as connection:
            values = {"finished_at": now, "pictures": len(results), "seconds": seconds, **_paid(cost)}
            done = move_task(tasks.c.id == task_id, ACTIVE, TaskState.DONE, **values)
            row = (await connection.execute(done.returning(tasks.c.job_id))).first()
            if row is None:
                return
            job = (await connection.execute(select(jobs).where(jobs.c.id == row.job_id))).mappings().one()
            common = {"job_id": job["id"], "task_id": task_id, "user_id": job["user_id"], "chat_id": job["chat_id"]}
            made = [
                {**common, "url": one.url, "data": one.data, "seed": _fitting(one.seed), "created_at": now}
                for one in results
            ]
            await connection.execute(insert(pictures), made)
            _ring_end(connection, job["id"], job["worker_id"])

    async def end_task(
        self, task_id: int, state: TaskState, error_message: ErrorMessage, now: float, cost: Cost | None = None
    ) -> None:
        """The task ended without pictures, which may have cost something all the same."""
        async with self._db.write() as connection:
            values = {"error_message": dict(error_message), "finished_at": now, **_paid(cost)}
            ended = move_task(tasks.c.id == task_id, ACTIVE, state, **values)
            row = (await connection.execute(ended.returning(tasks.c.job_id))).first()
            if row:
                owner = select(jobs.c.worker_id).where(jobs.c.id == row.job_id)
                _ring_end(connection, row.job_id, (await connection.execute(owner)).scalar())

    async def unknown_tasks(self, worker_id: int, known: Collection[int]) -> list[Task]:
        """Tasks that this worker was given without hearing of it: not those of the `known` ids.

        Those without a ticket were never submitted and wait again; those with one are returned, to be watched.
        """
        async with self._db.write() as connection:
            own = select(tasks).where(tasks.c.worker_id == worker_id, tasks.c.state.in_(ACTIVE)).order_by(tasks.c.id)
            found = [as_task(row) for row in (await connection.execute(own)).mappings() if row["id"] not in known]
            unsubmitted = [task.id for task in found if task.ticket is None]
            if unsubmitted:
                back = move_task(tasks.c.id.in_(unsubmitted), ACTIVE, TaskState.QUEUED, begun_at=None)
                await connection.execute(back)
                connection.notify(notifications.QUEUE)
            return [task for task in found if task.ticket is not None]

    async def watch_again(self, job_id: int, worker_id: int = 0) -> list[Task]:
        """Take up the overdue tasks of a job; returns those."""
        # Without its ticket it would be submitted, and paid, once more.
        lost = and_(tasks.c.job_id == job_id, tasks.c.ticket.is_not(None))
        values = {"error_message": None, "finished_at": None, "worker_id": worker_id}
        again = move_task(lost, (TaskState.OVERDUE,), TaskState.RUNNING, **values)
        async with self._db.write() as connection:
            rows = await connection.execute(again.returning(tasks))
            return sorted((as_task(row) for row in rows.mappings()), key=lambda task: task.id)

    async def announce(self, task_id: int) -> None:
        """Let whoever watches the task know that the service has announced its end."""
        async with self._db.write() as connection:
            connection.notify(notifications.call(task_id))

    async def get(self, task_id: int) -> Task | None:
        """The task, or None."""
        async with self._db.read() as connection:
            row = (await connection.execute(select(tasks).where(tasks.c.id == task_id))).mappings().first()
            return as_task(row) if row else None

    async def of_job(self, job_id: int) -> list[Task]:
        """The tasks of a job, in order."""
        async with self._db.read() as connection:
            query = select(tasks).where(tasks.c.job_id == job_id).order_by(tasks.c.id)
            return [as_task(row) for row in (await connection.execute(query)).mappings()]

    async def running(self) -> list[Task]:
        """All tasks that the services work on."""
        async with self._db.read() as connection:
            query = select(tasks).where(tasks.c.state == TaskState.RUNNING).order_by(tasks.c.id)
            return [as_task(row) for row in (await connection.execute(query)).mappings()]

    async def line(self, provider: str) -> list[WaitingTask]:
        """All tasks of a provider that wait or are under way, whoever watches them, in no particular order."""
        columns = (
            tasks.c.id,
            tasks.c.job_id,
            tasks.c.user_id,
            tasks.c.state,
            tasks.c.queued_at,
            tasks.c.submitted_at,
            task_order.last_turn(),
            tasks.c.begun_at,
        )
        async with self._db.read() as connection:
            query = (
                select(*columns)
                .outerjoin(users, users.c.id == tasks.c.user_id)
                .where(tasks.c.provider == provider, tasks.c.state.in_(UNFINISHED))
            )
            rows = list(await connection.execute(query))
        # As in `storage.task_order`: nobody waits since later than now.
        now = self._db.backend.clock()
        return [
            WaitingTask(*row[:3], TaskState(row[3]), min(row[4], now), row[5], min(row[6], now), *row[7:])
            for row in rows
        ]

    async def durations(self, provider: str, most: int = 200) -> list[tuple[float, dict[str, Any]]]:
        """How many seconds the service took for those of the `most` latest tasks of which it is known, oldest first,
        and their options."""
        async with self._db.read() as connection:
            latest = (
                select(tasks.c.seconds, tasks.c.options, tasks.c.finished_at)
                .where(tasks.c.provider == provider, tasks.c.finished_at.is_not(None), tasks.c.state == TaskState.DONE)
                .order_by(tasks.c.finished_at.desc())
                .limit(most)
                .subquery()
            )
            known = select(latest).where(latest.c.seconds.is_not(None)).order_by(latest.c.finished_at)
            return [(row.seconds, row.options) for row in await connection.execute(known)]

    async def _begin(
        self, connection: AsyncConnection, task_id: int, ticket: str | None, worker_id: int, now: float
    ) -> Task:
        # One that was put back with a ticket is not submitted again.
        state = TaskState.RUNNING if ticket is not None else TaskState.SUBMITTING
        own = tasks.c.id == task_id
        begun = move_task(own, (TaskState.QUEUED,), state, begun_at=now, worker_id=worker_id)
        task = as_task((await connection.execute(begun.returning(tasks))).mappings().one())
        turn = self._db.insert(users).values(id=task.user_id, last_turn=now)
        await connection.execute(turn.on_conflict_do_update(index_elements=["id"], set_={"last_turn": now}))
        return task


def as_task(row: RowMapping) -> Task:
    """A row of the table."""
    return Task(**{**row, "state": TaskState(row["state"])})


def _fitting(seed: int | None) -> int | None:
    """A seed where there is room for it; a paid picture is not lost for one that is too large (some have 64 bits)."""
    return seed if seed is not None and -(2**63) <= seed < 2**63 else None


def _paid(cost: Cost | None) -> dict[str, Any]:
    return {"cost": cost.amount, "currency": cost.currency} if cost else {}


def _ring_end(connection: Transaction, job_id: int, worker_id: int | None) -> None:
    connection.notify(notifications.job(job_id, worker_id))
    connection.notify(notifications.QUEUE)
