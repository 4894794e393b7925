"""Erasing a person's data; the operator's sums of pictures and costs stay right."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from storage.connection import Connection, Transaction
from storage.job_statements import counts_for_quota
from storage.job_states import (
    CLOSED,
    ENDING,
    INTERRUPTED_STATES,
    OPEN,
    UNFINISHED,
    JobState,
    TaskState,
    is_in,
    move_job,
    move_task,
)
from storage.jobs import DAY
from storage.operations import Operations, reads, writes
from storage.records import ERASED_USER_ID
from storage.schema import (
    announced,
    captions,
    drafts,
    edits,
    erased,
    jobs,
    pictures,
    posted,
    references,
    styles,
    tasks,
    users,
)


class JobsUnderWayError(Exception):
    """A job of this person is under way: nothing was erased."""


class Erasure(Operations):
    """Erases people from one database. Times are passed in, in seconds since 1970."""

    @reads
    async def count(self, connection: Connection, user_id: int) -> int:
        """How many pictures of this person are kept, those that they deleted from their history included."""
        query = select(func.count()).select_from(pictures).join(jobs, jobs.c.id == pictures.c.job_id)
        return int((await connection.execute(query.where(jobs.c.user_id == user_id))).scalar_one())

    @reads
    async def is_under_way(self, connection: Connection, user_id: int) -> bool:
        """Whether something is being made for this person, or was cancelled and the service still works on it."""
        return await _is_under_way(connection, user_id)

    @writes
    async def erase(self, connection: Transaction, user_id: int, now: float) -> None:
        """Erase this person, in one step. Raises `JobsUnderWayError`.

        Preferences, styles, pictures, references and drafts are deleted. Jobs and tasks keep their times, provider and
        cost, but not their person; the times of this person's requests are kept for a day.
        """
        # A request of this person at this moment comes before, and prevents the erasure, or after it.
        await connection.lock(f"person {user_id}")
        if await _is_under_way(connection, user_id):
            raise JobsUnderWayError
        await _delete_rows(connection, user_id)
        await _keep_times(connection, user_id, now - DAY)
        await _empty_tasks(connection, user_id)
        await _empty_jobs(connection, user_id, now)
        # Jobs that another process has reopened meanwhile were left alone above.
        if await _is_under_way(connection, user_id, (*OPEN, *ENDING)):
            raise JobsUnderWayError

    @writes
    async def forget(self, connection: Transaction, before: float) -> None:
        """Delete the times before this one at which erased people had asked."""
        await connection.execute(delete(erased).where(erased.c.asked_at <= before))


async def _is_under_way(connection: Connection, user_id: int, states: Collection[JobState] = OPEN) -> bool:
    unfinished = select(tasks.c.id).where(tasks.c.user_id == user_id, is_in(tasks.c.state, UNFINISHED))
    open_jobs = select(jobs.c.id).where(jobs.c.user_id == user_id, is_in(jobs.c.state, states))
    found = [(await connection.execute(query.limit(1))).first() for query in (unfinished, open_jobs)]
    return any(found)


async def _delete_rows(connection: Transaction, user_id: int) -> None:
    """Delete the rows that belong to the person alone."""
    await connection.execute(delete(drafts).where(drafts.c.user_id == user_id))
    own = select(jobs.c.id).where(jobs.c.user_id == user_id)
    await connection.execute(delete(pictures).where(pictures.c.job_id.in_(own)))
    for table in (references, captions, edits):
        await connection.execute(delete(table).where(table.c.job_id.in_(own)))
    # A private chat has its person's id.
    await connection.execute(delete(posted).where(posted.c.chat_id == user_id))
    await connection.execute(delete(styles).where(styles.c.user_id == user_id))
    await connection.execute(delete(users).where(users.c.id == user_id))


async def _keep_times(connection: Transaction, user_id: int, since: float) -> None:
    """Keep the times of requests, so that erasing does not reset the daily quota."""
    todays = select(jobs.c.user_id, jobs.c.created_at).where(
        jobs.c.user_id == user_id, jobs.c.created_at > since, counts_for_quota()
    )
    await connection.execute(insert(erased).from_select(["user_id", "asked_at"], todays))


async def _empty_tasks(connection: Transaction, user_id: int) -> None:
    empty: dict[str, Any] = {"ticket": None, "options": {}, "error_message": None}
    ended = update(tasks).where(tasks.c.user_id == user_id, ~is_in(tasks.c.state, UNFINISHED))
    # Without its ticket an overdue task can't be looked for again.
    overdue = move_task(tasks.c.user_id == user_id, (TaskState.OVERDUE,), TaskState.FAILED)
    await connection.execute(overdue)
    own = select(tasks.c.id).where(tasks.c.user_id == user_id)
    await connection.execute(delete(announced).where(announced.c.task_id.in_(own)))
    await connection.execute(ended.values(user_id=ERASED_USER_ID, **empty))


async def _empty_jobs(connection: Transaction, user_id: int, now: float) -> None:
    empty: dict[str, Any] = {"prompt": "", "options": {}, "style": None, "error_message": None, "language": ""}
    empty |= {"user_name": None, "said": None, "edited_at": None}
    message_columns = ("thread_id", "message_id", "asked_message_id", "status_id", "idempotency_key", "button")
    no_chat: dict[str, Any] = {"chat_id": 0, **dict.fromkeys(message_columns)}
    own = jobs.c.user_id == user_id
    # A ticket that arrives late, from a worker that was evicted, is cancelled and not polled.
    given_up = (*INTERRUPTED_STATES, JobState.CANCELLING, JobState.KEEPING)
    await connection.execute(move_job(own, given_up, JobState.CANCELLED))
    # The person is not told how it ended.
    await connection.execute(move_job(own, (JobState.FAILING,), JobState.FAILED))
    ended = update(jobs).where(own, is_in(jobs.c.state, CLOSED))
    closed = {"worker_id": None, "finished_at": func.coalesce(jobs.c.finished_at, now)}
    await connection.execute(ended.values(user_id=ERASED_USER_ID, **closed, **empty, **no_chat))
