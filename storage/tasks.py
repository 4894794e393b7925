"""Tasks: queued, claimed in fair order (`storage.task_order`), and ended."""

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from storage import notifications, task_order
from storage.claims import claim_all
from storage.clock import LONGEST_HOLD_SECONDS
from storage.connection import Connection, Transaction
from storage.database import Database
from storage.job_states import CANCELLED_STATES, JobState, TaskState
from storage.jobs import conclude_task
from storage.ledger import Changes, settle, settled, write
from storage.money import NO_BUDGETS, BudgetRules
from storage.operations import Operations, reads, writes
from storage.provider_health import provider_state
from storage.records import (
    ClaimedTasks,
    Cost,
    EndedTask,
    ErrorMessage,
    Limits,
    NewPicture,
    Task,
    TicketKept,
    WaitingTask,
)
from storage.reservations import Reservations
from storage.rows import as_job, as_task, lock_job, tasks_of
from storage.task_statements import (
    ADD_PICTURE,
    AWAITED_PROVIDERS,
    DROP_TASK,
    DURATIONS,
    END_TASK,
    FINISH_TASK,
    LOCK_JOB_OF_TASK,
    PUT_BACK_TASK,
    QUEUE_TASK,
    REFERENCE_IDS,
    REQUEUE_TASK,
    RUNNING_TASKS,
    START_JOB,
    TASK,
    UNFINISHED_TASKS,
    UNSUBMITTED_TASKS,
)
from storage.tickets import Tickets


class Tasks(Operations):
    """The tasks of one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._tickets = Tickets(database)

    @writes
    async def queue(
        self,
        connection: Transaction,
        job_id: int,
        provider: str,
        parts: Sequence[Mapping[str, Any]],
        prepared: Sequence[int],
        since: float,
        *,
        said: str | None = None,
        prices: Sequence[Cost | None] = (),
        prompts: Sequence[str | None] = (),
    ) -> JobState | None:
        """Queue the tasks of a job that was prepared for this provider.

        `parts`: the options of each task; `prompts`: its own words, where it has some; `prepared`: the ids of the
        references that were checked; `since`: when the wait began; `said`: the digest of the message that it was
        prepared from; `prices`: the most that each can cost, where that is known. Returns the job's state: `WORKING`
        when the tasks are queued; `PREPARING` when not, because another reference was added, another provider has taken
        over, or the message was edited.
        """
        job = await lock_job(connection, job_id)
        ids = set((await connection.execute(REFERENCE_IDS, {"job_id": job_id})).scalars())
        if job is None or job.state is not JobState.PREPARING:
            return job.state if job else None
        if ids != set(prepared) or job.provider != provider or job.said != said:
            return JobState.PREPARING
        common = {"job_id": job_id, "user_id": job.user_id, "provider": job.provider, "queued_at": since}
        rows = [
            {**common, "options": dict(options), "prompt": prompt, **_price_columns(price)}
            for options, price, prompt in zip_longest(parts, prices, prompts)
        ]
        await connection.execute(QUEUE_TASK, rows)
        await connection.execute(START_JOB, {"job_id": job_id})
        connection.notify(notifications.QUEUE)
        return JobState.WORKING

    async def awaited(self) -> set[str]:
        """The providers for which tasks wait."""
        return set((await self._db.fetch(AWAITED_PROVIDERS)).scalars())

    @writes
    async def claim(
        self,
        connection: Transaction,
        provider: str,
        limits: Limits,
        now: float,
        *,
        worker_id: int | None = None,
        most: int = 1,
        budgets: BudgetRules = NO_BUDGETS,
    ) -> ClaimedTasks:
        """Claim this worker's tasks that are among the first for the free slots, at most `most`.

        The order is over all workers (see `storage.task_order`), and so are the limits. Other workers whose tasks are
        among the first are notified: this worker does not take their slots. Claimed tasks become `submitting`; those
        that were put back with a ticket become `running`, and are not submitted again. `worker_id` None: tasks of jobs
        without an owner. The prices of claimed tasks are reserved; those for which a budget has no room are not
        claimed: end them (see `BudgetStore.refuse`), and claim again.
        """
        await connection.lock(f"provider {provider}")
        free_slots = await task_order.free_slots(connection, provider, limits, now)
        if not free_slots.count:
            # A freed slot sends a notification; an expired rate limit does not.
            is_waited_for = await task_order.has_waiting_task(connection, provider)
            return ClaimedTasks((), free_slots.due if is_waited_for else None)
        first = await task_order.next_tasks(connection, provider, now, free_slots, worker_id)
        for owner in {row.worker_id for row in first} - {worker_id, None}:
            connection.notify(notifications.queue(owner))
        own = [row for row in first if row.worker_id == worker_id]
        reservations = Reservations(connection, budgets, provider, now)
        claimed, refused = await claim_all(connection, own[:most], reservations, now)
        # Fewer tasks than free slots: all that may begin now have been given.
        if refused or (claimed and (len(own) > most or len(first) == free_slots.count)):
            return ClaimedTasks(tuple(claimed), None, has_more=True, refused=tuple(refused))
        return ClaimedTasks(tuple(claimed), await task_order.next_due(connection, provider, after=now))

    async def accepted(self, task_id: int, ticket: str, now: float, *, worker_id: int = 0) -> TicketKept:
        """Store the ticket of a submitted task; returns its job's state and owner.

        A task that was interrupted meanwhile, because its worker was evicted, runs again, and its job is open again:
        the owner is notified. This worker becomes the owner if the former one is gone.
        """
        return await self._tickets.keep(task_id, ticket, now, worker_id)

    @writes
    async def put_back(self, connection: Transaction, task_id: int, not_before: float) -> None:
        """The service did not accept the task: it waits again, unless its job was cancelled meanwhile.

        It is held until `not_before`, at most for `LONGEST_HOLD_SECONDS`.
        """
        held = {"task_id": task_id, "held_until": min(not_before, self._db.backend.clock() + LONGEST_HOLD_SECONDS)}
        task = as_task((await connection.execute(TASK, held)).mappings().one())
        job = await lock_job(connection, task.job_id)
        is_dropped = (job is None or job.state in CANCELLED_STATES) and task.ticket is None
        moved = await connection.execute(DROP_TASK if is_dropped else PUT_BACK_TASK, held)
        if job:
            await settle(connection, job, moved.mappings())
        connection.notify(notifications.QUEUE)

    @writes
    async def finish_task(
        self,
        connection: Transaction,
        task_id: int,
        results: Sequence[NewPicture],
        now: float,
        cost: Cost | None = None,
        seconds: float | None = None,
        *,
        note: ErrorMessage | None = None,
    ) -> EndedTask | None:
        """The task is done: stores its pictures, its cost, the `seconds` that the service took (None: not known), and
        a `note` on pictures that are missing, in one step. If it was the last one of its job, the job moves on in the
        same step.

        None: it had ended before.
        """
        row = (await connection.execute(LOCK_JOB_OF_TASK, {"task_id": task_id})).mappings().first()
        if row is None:
            return None
        job, message = as_job(row), None if note is None else dict(note)
        result = {"count": len(results), "seconds": seconds, "message": message}
        done = {"task_id": task_id, "now": now, **_cost_columns(cost), **result}
        ended = (await connection.execute(FINISH_TASK, done)).mappings()
        if not ended:
            return None
        common = {"job_id": job.id, "task_id": task_id, "user_id": job.user_id, "chat_id": job.chat_id}
        rows = [
            {**common, "url": one.url, "data": one.data, "seed": _storable_seed(one.seed), "created_at": now}
            for one in results
        ]
        await connection.execute(ADD_PICTURE, rows)
        await settle(connection, job, ended)
        health = await provider_state(connection, job.provider)
        return EndedTask(await conclude_task(connection, job), health.is_failing)

    @writes
    async def end_task(
        self,
        connection: Transaction,
        task_id: int,
        state: TaskState,
        error_message: ErrorMessage,
        now: float,
        cost: Cost | None = None,
        *,
        is_free: bool = False,
    ) -> EndedTask | None:
        """The task ended in `state` without pictures; it may have a cost all the same. See `finish_task`.

        `is_free`: it is known that nothing is paid. Else, without a cost, its whole price counts against the budgets.
        """
        row = (await connection.execute(LOCK_JOB_OF_TASK, {"task_id": task_id})).mappings().first()
        end = {"task_id": task_id, "message": dict(error_message), "now": now, **_cost_columns(cost)}
        if is_free:
            end["counted"] = 0
        if row is None or not (ended := (await connection.execute(END_TASK[state], end)).mappings()):
            return None
        job = as_job(row)
        await settle(connection, job, ended)
        return EndedTask(await conclude_task(connection, job))

    @writes
    async def requeue_unsubmitted(self, connection: Transaction, worker_id: int, known: Collection[int]) -> None:
        """Tasks that this worker has claimed without getting the answer wait again: they were never submitted.

        `known`: the ids of all claimed tasks of which the answer has arrived.
        """
        claimed = (await connection.execute(UNSUBMITTED_TASKS, {"worker_id": worker_id})).scalars()
        changes = Changes()
        for task_id in sorted(set(claimed) - set(known)):
            row = (await connection.execute(LOCK_JOB_OF_TASK, {"task_id": task_id})).mappings().one()
            moved = await connection.execute(REQUEUE_TASK, {"task_id": task_id})
            changes.update(settled(as_job(row), moved.mappings()))
            connection.notify(notifications.QUEUE)
        await write(connection, changes)

    @writes
    async def announce(self, connection: Transaction, task_id: int) -> None:
        """Notify the worker that polls the task that the service has announced its end."""
        connection.notify(notifications.call(task_id))

    async def get(self, task_id: int) -> Task | None:
        """The task, or None."""
        row = (await self._db.fetch(TASK, {"task_id": task_id})).mappings().first()
        return as_task(row) if row else None

    @reads
    async def of_job(self, connection: Connection, job_id: int) -> list[Task]:
        """The tasks of a job, in order."""
        return await tasks_of(connection, job_id)

    async def running(self) -> list[Task]:
        """All running tasks."""
        return [as_task(row) for row in (await self._db.fetch(RUNNING_TASKS)).mappings()]

    async def line(self, provider: str) -> list[WaitingTask]:
        """All tasks of a provider that wait or are under way, over all workers, in no particular order."""
        rows = await self._db.fetch(UNFINISHED_TASKS, {"provider": provider})
        # As in `storage.task_order`: no wait starts after now.
        now = self._db.backend.clock()
        return [
            WaitingTask(
                row.id,
                row.job_id,
                row.user_id,
                TaskState(row.state),
                min(row.queued_at, now),
                row.submitted_at,
                min(row.last_turn, now),
                row.begun_at,
                row.precedence,
            )
            for row in rows
        ]

    async def durations(self, provider: str, most: int = 200) -> list[tuple[float, dict[str, Any]]]:
        """The seconds that the service took, and the options, of the `most` latest tasks, oldest first; those without
        known seconds are left out."""
        rows = await self._db.fetch(DURATIONS, {"provider": provider, "most": most})
        return [(row.seconds, row.options) for row in rows]


def _storable_seed(seed: int | None) -> int | None:
    """The seed if the column can hold it, else None: some have 64 bits, and the paid picture must not be lost."""
    return seed if seed is not None and -(2**63) <= seed < 2**63 else None


def _cost_columns(cost: Cost | None) -> dict[str, Any]:
    amount = cost.amount if cost else None
    return {"cost": amount, "counted": amount, "currency": cost.currency if cost else None}


def _price_columns(price: Cost | None) -> dict[str, Any]:
    return {"price": price.amount if price else None, "currency": price.currency if price else None}
