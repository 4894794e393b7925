"""Jobs: each operation is one transaction that moves a job one step."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable

from storage import notifications
from storage.cancelling import cancel_job
from storage.connection import Connection, Transaction
from storage.drafts import drop_drafts
from storage.job_statements import (
    ASKED_IN,
    CONCLUDE_JOB,
    DELETE_REFERENCE_BYTES,
    END_JOB,
    FAIL_JOB,
    HAND_OVER,
    KNOWN_JOB,
    MADE_BY,
    NOTE_TOLD,
    REOPEN,
    REOPEN_AND_OWN,
    RESUME_OVERDUE,
    SHOW_STATUS,
    TASK_ENDS,
    WAITING_FOR,
    WITH_STATUS,
)
from storage.job_states import NOT_READY, UNFINISHED, JobState, TaskState
from storage.ledger import settle
from storage.money import NO_BUDGETS, BudgetRules, Charge
from storage.new_jobs import check_quota, complete_job, insert_job, is_double_press
from storage.operations import Operations, reads, writes
from storage.quota import UNLIMITED, Quota
from storage.records import Cost, ErrorMessage, Job, NewJob, StoredReference, Task
from storage.references import FORGET_FETCHED, references_of
from storage.rows import DELETE_TASKS, LOCK_TASKS, as_job, change_job, lock_job, tasks_of
from storage.standings import refuse_unaffordable


class Jobs(Operations):
    """The jobs of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def add(
        self,
        connection: Transaction,
        new: NewJob,
        now: float,
        *,
        worker_id: int | None = None,
        quota: Quota = UNLIMITED,
        price: Cost | None = None,
        budgets: BudgetRules = NO_BUDGETS,
    ) -> Job | None:
        """Store a request as a job of the worker `worker_id`. The drafts that the same update brought or took become
        this job: they are deleted in the same step.

        None when this update has made its job already, or the person pressed the same button within `quota.apart`
        seconds. Raises `QuotaExceededError`, and `BudgetExceededError` where a budget has no room for its `price`.
        """
        # Two requests at once, in two processes, are checked one after the other.
        await connection.lock(f"person {new.user_id}")
        if quota.apart and new.button and await is_double_press(connection, new, now, quota.apart):
            return None
        job = await insert_job(connection, new, now, worker_id)
        if job is None:
            return None
        await check_quota(connection, new.user_id, now, quota)
        if price:
            await refuse_unaffordable(connection, budgets, Charge(new.provider, new.user_id, job.chat_id, price), now)
        await drop_drafts(connection, new.idempotency_key)
        return await complete_job(connection, job, new)

    async def get(self, job_id: int) -> Job | None:
        """The job, or None when there is none or it was erased."""
        return await self._one(KNOWN_JOB, job_id=job_id)

    @reads
    async def with_tasks(self, connection: Connection, job_id: int) -> tuple[Job, list[Task]] | None:
        """The job and its tasks, in order; None when there is none or it was erased."""
        row = (await connection.execute(KNOWN_JOB, {"job_id": job_id})).mappings().first()
        return (as_job(row), await tasks_of(connection, job_id)) if row else None

    @reads
    async def with_references(self, connection: Connection, job_id: int) -> tuple[Job | None, list[StoredReference]]:
        """The job and its references, in order; the job is None when there is none or it was erased."""
        row = (await connection.execute(KNOWN_JOB, {"job_id": job_id})).mappings().first()
        return as_job(row) if row else None, await references_of(connection, job_id)

    async def made_by(self, key: str) -> Job | None:
        """The job that the update of this key has made, or None."""
        return await self._one(MADE_BY, key=key)

    async def asked_in(self, chat_id: int, message_id: int) -> Job | None:
        """The job that the text of this message has made, or None."""
        return await self._one(ASKED_IN, chat_id=chat_id, message_id=message_id)

    async def shown_at(self, job_id: int, status_id: int) -> None:
        """Store the id of the status message."""
        await self._db.execute(SHOW_STATUS, {"job_id": job_id, "status_id": status_id})

    async def with_status(self, chat_id: int, status_id: int) -> Job | None:
        """The job with this status message, or None."""
        return await self._one(WITH_STATUS, chat_id=chat_id, status_id=status_id)

    @writes
    async def conclude(self, connection: Transaction, job_id: int) -> Job | None:
        """If all tasks of a working job have ended, move the job on and return it; else None."""
        # When two tasks end at once, in two processes, the second sees both.
        await lock_job(connection, job_id)
        return await conclude_job(connection, job_id)

    @writes
    async def fail(self, connection: Transaction, job_id: int, error_message: ErrorMessage) -> Job | None:
        """An open job has failed. None: it had ended before. The person is told next, then it is closed."""
        return await change_job(connection, FAIL_JOB, {"job_id": job_id, "message": dict(error_message)})

    @writes
    async def told(self, connection: Transaction, job_id: int) -> None:
        """The person is told that this job is cancelled."""
        await change_job(connection, NOTE_TOLD, {"job_id": job_id})

    @writes
    async def end(self, connection: Transaction, job_id: int, state: JobState, now: float) -> Job | None:
        """Close a job as `state`: nothing is left to do. The bytes of its references are deleted.

        None: its last step is not done, or it has been reopened meanwhile.
        """
        job = await change_job(connection, END_JOB[state], {"job_id": job_id, "now": now})
        if job:
            await connection.execute(DELETE_REFERENCE_BYTES, {"job_id": job_id})
        return job

    @writes
    async def reopen(
        self, connection: Transaction, job_id: int, state: JobState, *, worker_id: int | None = None
    ) -> Job | None:
        """Reopen an ended job: to deliver its pictures, or (`WORKING`) to poll its overdue tasks. None: it is open
        already, or there is no such task.

        If its worker is gone, `worker_id` owns it from here on: recovery leaves out jobs that have ended.
        """
        again = REOPEN[state] if worker_id is None else REOPEN_AND_OWN[state]
        job = await change_job(connection, again, {"job_id": job_id, "worker_id": worker_id})
        if job is None or state is not JobState.WORKING:
            return job
        # Without its ticket a task would be submitted, and paid, once more.
        if (await connection.execute(RESUME_OVERDUE, {"job_id": job_id})).rowcount:
            return job
        connection.roll_back()
        return None

    @writes
    async def hand_over(
        self, connection: Transaction, job_id: int, provider: str, options: Mapping[str, Any], trying: int | None
    ) -> Job | None:
        """Give this job to another provider, with these options: it is prepared anew.

        None: it has ended, was handed over before, or one of its tasks may be paid. `trying`: its task that the service
        has just refused, so that it is known not to be paid; all others must be waiting.
        """
        job = await lock_job(connection, job_id)
        if job is None or job.state not in NOT_READY or job.first_provider is not None:
            return None
        own = {"job_id": job_id}
        rows = (await connection.execute(LOCK_TASKS, own)).all()
        if any(row.ticket or (row.state != TaskState.QUEUED and row.id != trying) for row in rows):
            return None
        await connection.execute(DELETE_TASKS, own)
        await settle(connection, job, [{**row._asdict(), "counted": 0} for row in rows if row.counted])
        connection.notify(notifications.QUEUE)
        # The other provider has other limits.
        await connection.execute(FORGET_FETCHED, own)
        new = {"provider": provider, "options": dict(options), "first_provider": job.provider}
        return await change_job(connection, HAND_OVER, {**own, **new})

    async def waiting_for(self, provider: str) -> list[Job]:
        """The jobs of a provider of which no task was claimed."""
        return [as_job(row) for row in (await self._db.fetch(WAITING_FOR, {"provider": provider})).mappings()]

    @writes
    async def cancel(
        self,
        connection: Transaction,
        job_id: int,
        now: float,
        free: ErrorMessage,
        paid: ErrorMessage,
        *,
        only_unstarted: bool = False,
    ) -> Job | None:
        """Cancel a job: waiting tasks are dropped, running ones are polled on. None: it had ended before.

        `free` or `paid` is the message, by whether any of its tasks may be paid. `only_unstarted`: cancel only if no
        task was claimed; None else.
        """
        return await cancel_job(connection, job_id, now, free, paid, only_unstarted=only_unstarted)

    async def _one(self, query: Executable, **which: object) -> Job | None:
        row = (await self._db.fetch(query, which)).mappings().first()
        return as_job(row) if row else None


async def conclude_job(connection: Transaction, job_id: int) -> Job | None:
    """Within a transaction that has locked the job: if all its tasks have ended, move it on and return it."""
    rows = (await connection.execute(TASK_ENDS, {"job_id": job_id})).all()
    states = {row.state for row in rows}
    if not states or states & set(UNFINISHED):
        return None
    # The reason of a failed task goes before the note of one that is done.
    failed_first = sorted(rows, key=lambda row: bool(row.state == TaskState.DONE))
    error_message = next((row.error_message for row in failed_first if row.error_message), None)
    move = CONCLUDE_JOB[_next_state(states)]
    return await change_job(connection, move, {"job_id": job_id, "message": error_message})


async def conclude_task(connection: Transaction, job: Job) -> Job | None:
    """Within a transaction that has locked the job, of which a task has ended: move the job on if it was the last one,
    and return it. Its slot is free."""
    connection.notify(notifications.QUEUE)
    concluded = await conclude_job(connection, job.id)
    if concluded is None:
        connection.notify(notifications.job(job.id, job.worker_id))
    return concluded


def _next_state(states: set[str]) -> JobState:
    if TaskState.DONE in states:
        return JobState.DELIVERING
    if TaskState.INTERRUPTED in states:
        return JobState.INTERRUPTING
    return JobState.FAILING if states & {TaskState.FAILED, TaskState.OVERDUE} else JobState.CANCELLING
