"""Tasks: queued, claimed in fair order (`storage.task_order`), and ended."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications, task_order
from storage.clock import LONGEST_HOLD_SECONDS
from storage.database import Database, Transaction
from storage.job_states import ACTIVE, CANCELLED_STATES, UNFINISHED, JobState, TaskState, move_job, move_task
from storage.records import ClaimedTasks, Cost, ErrorMessage, Limits, NewPicture, Task, TicketKept, WaitingTask
from storage.rows import lock_job, owned_by
from storage.schema import jobs, pictures, references, tasks, users
from storage.tickets import Tickets

# ClaimedTasks given together are so many seconds apart, so that they have an order.
CLAIM_INTERVAL_SECONDS = 1e-6


class Tasks:
    """The tasks of one database. Times are passed in, in seconds since 1970."""

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
        """Queue the tasks of a job that was prepared for this provider.

        `parts`: the options of each task; `prepared`: the ids of the references that were checked; `since`: when the
        wait began; `said`: the digest of the message that it was prepared from. Returns the job's state: `WORKING` when
        the tasks are queued; `PREPARING` when not, because another reference was added, another provider has taken
        over, or the message was edited.
        """
        async with self._db.write() as connection:
            job = await lock_job(connection, job_id)
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
        """The providers for which tasks wait."""
        async with self._db.read() as connection:
            query = select(tasks.c.provider).where(tasks.c.state == TaskState.QUEUED).distinct()
            return set((await connection.execute(query)).scalars())

    async def claim(
        self, provider: str, limits: Limits, now: float, *, worker_id: int | None = None, most: int = 1
    ) -> ClaimedTasks:
        """Claim this worker's tasks that are among the first for the free slots, at most `most`.

        The order is over all workers (see `storage.task_order`), and so are the limits. Other workers whose tasks are
        among the first are notified: this worker does not take their slots. Claimed tasks become `submitting`; those
        that were put back with a ticket become `running`, and are not submitted again. `worker_id` None: tasks of jobs
        without an owner.
        """
        async with self._db.write() as connection:
            await self._db.lock(connection, f"provider {provider}")
            free_slots = await task_order.free_slots(connection, provider, limits, now)
            if not free_slots.count:
                # A freed slot sends a notification; an expired rate limit does not.
                is_waited_for = await task_order.has_waiting_task(connection, provider)
                return ClaimedTasks((), free_slots.due if is_waited_for else None)
            first = (await connection.execute(task_order.next_tasks(provider, now, free_slots.count, worker_id))).all()
            for owner in {row.worker_id for row in first} - {worker_id, None}:
                connection.notify(notifications.queue(owner))
            own = [row for row in first if row.worker_id == worker_id][:most]
            claimed = [
                await self._claim_one(connection, row.id, row.ticket, now + number * CLAIM_INTERVAL_SECONDS)
                for number, row in enumerate(own)
            ]
            due = now if claimed else await task_order.next_due(connection, provider, after=now)
            return ClaimedTasks(tuple(claimed), due)

    async def accepted(self, task_id: int, ticket: str, now: float, *, worker_id: int = 0) -> TicketKept:
        """Store the ticket of a submitted task; returns its job's state and owner.

        A task that was interrupted meanwhile, because its worker was evicted, runs again, and its job is open again:
        the owner is notified. This worker becomes the owner if the former one is gone.
        """
        return await self._tickets.keep(task_id, ticket, now, worker_id)

    async def put_back(self, task_id: int, not_before: float) -> None:
        """The service did not accept the task: it waits again, unless its job was cancelled meanwhile.

        It is held until `not_before`, at most for `LONGEST_HOLD_SECONDS`.
        """
        not_before = min(not_before, self._db.backend.clock() + LONGEST_HOLD_SECONDS)
        async with self._db.write() as connection:
            row = (await connection.execute(select(tasks).where(tasks.c.id == task_id))).mappings().one()
            job = await lock_job(connection, row["job_id"])
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
        """The task is done: stores its pictures, its cost, and the `seconds` that the service took (None: not known),
        in one step."""
        async with self._db.write() as connection:
            values = {"finished_at": now, "pictures": len(results), "seconds": seconds, **_cost_columns(cost)}
            done = move_task(tasks.c.id == task_id, ACTIVE, TaskState.DONE, **values)
            row = (await connection.execute(done.returning(tasks.c.job_id))).first()
            if row is None:
                return
            job = (await connection.execute(select(jobs).where(jobs.c.id == row.job_id))).mappings().one()
            common = {"job_id": job["id"], "task_id": task_id, "user_id": job["user_id"], "chat_id": job["chat_id"]}
            rows = [
                {**common, "url": one.url, "data": one.data, "seed": _storable_seed(one.seed), "created_at": now}
                for one in results
            ]
            await connection.execute(insert(pictures), rows)
            _notify_end(connection, job["id"], job["worker_id"])

    async def end_task(
        self, task_id: int, state: TaskState, error_message: ErrorMessage, now: float, cost: Cost | None = None
    ) -> None:
        """The task ended in `state` without pictures; it may have a cost all the same."""
        async with self._db.write() as connection:
            values = {"error_message": dict(error_message), "finished_at": now, **_cost_columns(cost)}
            ended = move_task(tasks.c.id == task_id, ACTIVE, state, **values)
            row = (await connection.execute(ended.returning(tasks.c.job_id))).first()
            if row:
                owner = select(jobs.c.worker_id).where(jobs.c.id == row.job_id)
                _notify_end(connection, row.job_id, (await connection.execute(owner)).scalar())

    async def requeue_unsubmitted(self, worker_id: int, known: Collection[int]) -> None:
        """Tasks that this worker has claimed without getting the answer wait again: they were never submitted.

        `known`: the ids of all claimed tasks of which the answer has arrived.
        """
        own = select(jobs.c.id).where(owned_by(worker_id))
        unsubmitted = and_(tasks.c.ticket.is_(None), tasks.c.job_id.in_(own))
        async with self._db.write() as connection:
            query = select(tasks.c.id).where(unsubmitted, tasks.c.state == TaskState.SUBMITTING)
            if ids := set((await connection.execute(query)).scalars()) - set(known):
                which = and_(unsubmitted, tasks.c.id.in_(ids))
                await connection.execute(move_task(which, (TaskState.SUBMITTING,), TaskState.QUEUED, begun_at=None))
                connection.notify(notifications.QUEUE)

    async def announce(self, task_id: int) -> None:
        """Notify the worker that polls the task that the service has announced its end."""
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
        """All running tasks."""
        async with self._db.read() as connection:
            query = select(tasks).where(tasks.c.state == TaskState.RUNNING).order_by(tasks.c.id)
            return [as_task(row) for row in (await connection.execute(query)).mappings()]

    async def line(self, provider: str) -> list[WaitingTask]:
        """All tasks of a provider that wait or are under way, over all workers, in no particular order."""
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
        # As in `storage.task_order`: no wait starts after now.
        now = self._db.backend.clock()
        return [
            WaitingTask(*row[:3], TaskState(row[3]), min(row[4], now), row[5], min(row[6], now), *row[7:])
            for row in rows
        ]

    async def durations(self, provider: str, most: int = 200) -> list[tuple[float, dict[str, Any]]]:
        """The seconds that the service took, and the options, of the `most` latest tasks, oldest first; those without
        known seconds are left out."""
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

    async def _claim_one(self, connection: AsyncConnection, task_id: int, ticket: str | None, now: float) -> Task:
        # A task that was put back with a ticket is not submitted again.
        state = TaskState.RUNNING if ticket is not None else TaskState.SUBMITTING
        own = tasks.c.id == task_id
        claim = move_task(own, (TaskState.QUEUED,), state, begun_at=now)
        task = as_task((await connection.execute(claim.returning(tasks))).mappings().one())
        turn = self._db.insert(users).values(id=task.user_id, last_turn=now)
        await connection.execute(turn.on_conflict_do_update(index_elements=["id"], set_={"last_turn": now}))
        return task


def as_task(row: RowMapping) -> Task:
    """A row of the table as a record."""
    return Task(**{**row, "state": TaskState(row["state"])})


def _storable_seed(seed: int | None) -> int | None:
    """The seed if the column can hold it, else None: some have 64 bits, and the paid picture must not be lost."""
    return seed if seed is not None and -(2**63) <= seed < 2**63 else None


def _cost_columns(cost: Cost | None) -> dict[str, Any]:
    return {"cost": cost.amount, "currency": cost.currency} if cost else {}


def _notify_end(connection: Transaction, job_id: int, worker_id: int | None) -> None:
    connection.notify(notifications.job(job_id, worker_id))
    connection.notify(notifications.QUEUE)
