"""Jobs: each operation is one transaction that moves a job one step."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Database
from storage.drafts import drop_drafts
from storage.job_states import (
    CLOSED,
    CLOSED_AS,
    ENDING,
    IS_OPEN,
    MAY_BE_PAID,
    NOT_READY,
    OPEN,
    UNFINISHED,
    WITHOUT_RESULT,
    JobState,
    TaskState,
    move_job,
    move_task,
)
from storage.quota import UNLIMITED, Quota, QuotaExceededError
from storage.records import ERASED_USER_ID, ErrorMessage, Job, NewJob
from storage.references import UNFETCHED, add_references
from storage.rows import IS_STARTED, as_job, change_job, current_chat_id, living_worker_or, lock_job, notify
from storage.schema import erased, jobs, references, tasks, workers

DAY = 24 * 3600.0


class Jobs:
    """The jobs of one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(
        self,
        new: NewJob,
        now: float,
        *,
        worker_id: int | None = None,
        quota: Quota = UNLIMITED,
    ) -> Job | None:
        """Store a request as a job of the worker `worker_id`. The drafts that the same update brought or took become
        this job: they are deleted in the same step.

        None when this update has made its job already, or the person pressed the same button within `quota.apart`
        seconds. Raises `QuotaExceededError`.
        """
        async with self._db.write() as connection:
            # Two requests at once, in two processes, are checked one after the other.
            await self._db.lock(connection, f"person {new.user_id}")
            if quota.apart and new.button and await _is_double_press(connection, new, now, quota.apart):
                return None
            new = _in_chat(await current_chat_id(self._db, connection, new.chat_id), new)
            values = {name: getattr(new, name) for name in NewJob.__slots__ if name != "references"}
            preparing = {**values, "created_at": now, "worker_id": _if_alive(worker_id)}
            row = self._db.insert(jobs).values(**preparing, state=JobState.PREPARING)
            once = row.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(jobs)
            added = (await connection.execute(once)).mappings().first()
            if added is None:
                return None
            await _check_quota(connection, new.user_id, now, quota)
            await drop_drafts(connection, new.idempotency_key)
            job = as_job(added)
            await add_references(connection, job.id, new.references)
            notify(connection, job)
            return job

    async def get(self, job_id: int) -> Job | None:
        """The job, or None when there is none or it was erased."""
        return await self._one(jobs.c.id == job_id, jobs.c.user_id != ERASED_USER_ID)

    async def made_by(self, key: str) -> Job | None:
        """The job that the update of this key has made, or None."""
        return await self._one(jobs.c.idempotency_key == key)

    async def asked_in(self, chat_id: int, message_id: int) -> Job | None:
        """The job that the text of this message has made, or None."""
        return await self._one(jobs.c.chat_id == chat_id, jobs.c.asked_message_id == message_id)

    async def shown_at(self, job_id: int, status_id: int) -> None:
        """Store the id of the status message."""
        await self._update_job(job_id, status_id=status_id)

    async def with_status(self, chat_id: int, status_id: int) -> Job | None:
        """The job with this status message, or None."""
        return await self._one(jobs.c.chat_id == chat_id, jobs.c.status_id == status_id)

    async def settle(self, job_id: int) -> Job | None:
        """If all tasks of a working job have ended, move the job on and return it; else None."""
        async with self._db.write() as connection:
            # When two tasks end at once, in two processes, the second sees both.
            await lock_job(connection, job_id)
            query = select(tasks.c.state, tasks.c.error_message).where(tasks.c.job_id == job_id).order_by(tasks.c.id)
            rows = (await connection.execute(query)).all()
            states = {row.state for row in rows}
            if not states or states & set(UNFINISHED):
                return None
            error_message = next((row.error_message for row in rows if row.error_message), None)
            own = jobs.c.id == job_id
            move = move_job(own, (JobState.WORKING,), _next_state(states), error_message=error_message)
            return await change_job(connection, move)

    async def fail(self, job_id: int, error_message: ErrorMessage) -> Job | None:
        """An open job has failed. None: it had ended before. The person is told next, then it is closed."""
        async with self._db.write() as connection:
            move = move_job(jobs.c.id == job_id, OPEN, JobState.FAILING, error_message=dict(error_message))
            return await change_job(connection, move)

    async def told(self, job_id: int) -> None:
        """The person is told that this job is cancelled."""
        async with self._db.write() as connection:
            await connection.execute(move_job(jobs.c.id == job_id, (JobState.CANCELLING,), JobState.KEEPING))

    async def end(self, job_id: int, state: JobState, now: float) -> Job | None:
        """Close a job as `state`: nothing is left to do. The bytes of its references are deleted.

        None: its last step is not done, or it has been reopened meanwhile.
        """
        before = [one for one, closed in CLOSED_AS.items() if closed is state]
        async with self._db.write() as connection:
            job = await change_job(connection, move_job(jobs.c.id == job_id, before, state, finished_at=now))
            if job:
                await connection.execute(update(references).where(references.c.job_id == job_id).values(data=None))
            return job

    async def reopen(self, job_id: int, state: JobState, *, worker_id: int | None = None) -> Job | None:
        """Reopen an ended job: to deliver its pictures, or (`WORKING`) to poll its overdue tasks. None: it is open
        already, or there is no such task.

        If its worker is gone, `worker_id` owns it from here on: recovery leaves out jobs that have ended.
        """
        async with self._db.write() as connection:
            own = and_(jobs.c.id == job_id, jobs.c.user_id != ERASED_USER_ID)
            again = move_job(own, (*ENDING, *CLOSED), state, finished_at=None, error_message=None)
            if worker_id is not None:
                again = again.values(worker_id=living_worker_or(worker_id))
            job = await change_job(connection, again)
            if job and state is JobState.WORKING and not await _resume_overdue(connection, job_id):
                await connection.rollback()
                return None
            return job

    async def hand_over(self, job_id: int, provider: str, options: Mapping[str, Any], trying: int | None) -> Job | None:
        """Give this job to another provider, with these options: it is prepared anew.

        None: it has ended, was handed over before, or one of its tasks may be paid. `trying`: its task that the service
        has just refused, so that it is known not to be paid; all others must be waiting.
        """
        async with self._db.write() as connection:
            job = await lock_job(connection, job_id)
            if job is None or job.state not in NOT_READY or job.first_provider is not None:
                return None
            own = select(tasks.c.id, tasks.c.state, tasks.c.ticket).where(tasks.c.job_id == job_id).with_for_update()
            rows = (await connection.execute(own)).all()
            if any(row.ticket or (row.state != TaskState.QUEUED and row.id != trying) for row in rows):
                return None
            await connection.execute(delete(tasks).where(tasks.c.job_id == job_id))
            connection.notify(notifications.QUEUE)
            # The other provider has other limits.
            await connection.execute(update(references).where(references.c.job_id == job_id).values(dict(UNFETCHED)))
            new = {"provider": provider, "options": dict(options), "first_provider": job.provider}
            return await change_job(connection, move_job(jobs.c.id == job_id, NOT_READY, JobState.PREPARING, **new))

    async def waiting_for(self, provider: str) -> list[Job]:
        """The jobs of a provider of which no task was claimed."""
        async with self._db.read() as connection:
            waiting = (IS_OPEN, jobs.c.state.in_(NOT_READY), jobs.c.provider == provider)
            rows = await connection.execute(select(jobs).where(*waiting, ~IS_STARTED).order_by(jobs.c.id))
            return [as_job(row) for row in rows.mappings()]

    async def cancel(
        self, job_id: int, now: float, free: ErrorMessage, paid: ErrorMessage, *, only_unstarted: bool = False
    ) -> Job | None:
        """Cancel a job: waiting tasks are dropped, running ones are polled on. None: it had ended before.

        `free` or `paid` is the message, by whether any of its tasks may be paid. `only_unstarted`: cancel only if no
        task was claimed; None else.
        """
        async with self._db.write() as connection:
            job = await lock_job(connection, job_id)
            if job is None or job.state not in NOT_READY:
                return None
            if only_unstarted:
                own = select(tasks.c.state).where(tasks.c.job_id == job_id).with_for_update()
                if any(state != TaskState.QUEUED for state in (await connection.execute(own)).scalars()):
                    return None
            waiting = tasks.c.job_id == job_id
            drop = move_task(waiting, (TaskState.QUEUED,), TaskState.CANCELLED, finished_at=now)
            await connection.execute(drop)
            # Read after the move: a task that was claimed at this very moment is seen.
            begun = select(tasks.c.id).where(tasks.c.job_id == job_id, tasks.c.state.in_(MAY_BE_PAID))
            error_message = paid if (await connection.execute(begun)).first() else free
            connection.notify(notifications.QUEUE)
            move = move_job(jobs.c.id == job_id, NOT_READY, JobState.CANCELLING, error_message=dict(error_message))
            return await change_job(connection, move)

    async def _one(self, *which: ColumnElement[bool]) -> Job | None:
        async with self._db.read() as connection:
            row = (await connection.execute(select(jobs).where(*which))).mappings().first()
            return as_job(row) if row else None

    async def _update_job(self, job_id: int, **values: object) -> None:
        async with self._db.write() as connection:
            await connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))


def _in_chat(chat_id: int, new: NewJob) -> NewJob:
    """The request as one of this chat, if its group has become a supergroup meanwhile: see `Chats.migrate`."""
    if chat_id == new.chat_id:
        return new
    return replace(new, chat_id=chat_id, message_id=None, asked_message_id=None, thread_id=None)


def counts_for_quota() -> ColumnElement[bool]:
    """SQL condition: whether a job counts for the daily quota. One without a result does not, unless it may be paid."""
    begun = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, tasks.c.state.in_(MAY_BE_PAID))
    return or_(jobs.c.state.not_in(WITHOUT_RESULT), begun.exists())


def _next_state(states: set[str]) -> JobState:
    if TaskState.DONE in states:
        return JobState.DELIVERING
    if TaskState.INTERRUPTED in states:
        return JobState.INTERRUPTING
    return JobState.FAILING if states & {TaskState.FAILED, TaskState.OVERDUE} else JobState.CANCELLING


def _if_alive(worker_id: int | None) -> Any:
    """The worker's id, or NULL if it is gone: then another one recovers the job."""
    return select(workers.c.id).where(workers.c.id == worker_id).scalar_subquery()


async def _resume_overdue(connection: AsyncConnection, job_id: int) -> bool:
    # Without its ticket it would be submitted, and paid, once more.
    own = and_(tasks.c.job_id == job_id, tasks.c.ticket.is_not(None))
    again = move_task(own, (TaskState.OVERDUE,), TaskState.RUNNING, error_message=None, finished_at=None)
    return bool((await connection.execute(again)).rowcount)


async def _is_double_press(connection: AsyncConnection, new: NewJob, now: float, apart: float) -> bool:
    """Whether the person has just pressed the same button: a double tap is one request, and each job would be paid."""
    same = select(jobs.c.id).where(
        jobs.c.user_id == new.user_id,
        jobs.c.created_at > now - apart,
        jobs.c.created_at <= now + apart,
        jobs.c.chat_id == new.chat_id,
        jobs.c.button == new.button,
    )
    return (await connection.execute(same)).first() is not None


def _within_a_day(column: Column[float], now: float) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions. A time far ahead was stored by a wrong clock; it counts for a day more at most."""
    return column > now - DAY, column <= now + DAY


async def _check_quota(connection: AsyncConnection, user_id: int, now: float, quota: Quota) -> None:
    """Raise `QuotaExceededError` when the job just added is one too many; the transaction is then rolled back."""
    own = jobs.c.user_id == user_id
    waiting = select(func.count()).where(own, IS_OPEN, jobs.c.state.in_(NOT_READY))
    todays = select(func.count()).where(own, *_within_a_day(jobs.c.created_at, now), counts_for_quota())
    erased_today = select(func.count()).where(erased.c.user_id == user_id, *_within_a_day(erased.c.asked_at, now))
    if quota.waiting is not None and (await connection.execute(waiting)).scalar_one() > quota.waiting:
        raise QuotaExceededError(quota.waiting, waiting=True)
    if quota.daily is not None:
        asked = [(await connection.execute(query)).scalar_one() for query in (todays, erased_today)]
        if sum(asked) > quota.daily:
            raise QuotaExceededError(quota.daily, waiting=False)
