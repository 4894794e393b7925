"""Erasing a person's data; the operator's sums of pictures and costs stay right."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Float, bindparam, delete, func, insert, select, update

from storage import ledger
from storage.connection import Connection, Transaction
from storage.duel_records import DuelState
from storage.erased_suggestions import ERASE_SUGGESTIONS, FORGET_ERASED_PEOPLE, IS_ASKING
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
from storage.new_jobs import DAY
from storage.operations import Operations, reads, writes
from storage.records import ERASED_USER_ID
from storage.references import UNFETCHED
from storage.schema import (
    announced,
    captions,
    confirmations,
    consents,
    depicted,
    drafts,
    duels,
    edits,
    erased,
    inline_offers,
    invitations,
    jobs,
    likeness_questions,
    likenesses,
    menus,
    pictures,
    posted,
    provider_health,
    references,
    styles,
    suggestions,
    tasks,
    users,
    votes,
)

_OF_PERSON, _TASKS_OF_PERSON = jobs.c.user_id == bindparam("person"), tasks.c.user_id == bindparam("person")
_OWN_JOBS = select(jobs.c.id).where(_OF_PERSON)
_OWN_TASKS = select(tasks.c.id).where(_TASKS_OF_PERSON)
_COUNT = select(func.count()).select_from(pictures).join(jobs, jobs.c.id == pictures.c.job_id).where(_OF_PERSON)
_ASKING = select(suggestions.c.id).where(IS_ASKING).limit(1)
_UNFINISHED_TASK = _OWN_TASKS.where(is_in(tasks.c.state, UNFINISHED)).limit(1)
_OPEN_JOB, _NOT_CLOSED_JOB = (
    _OWN_JOBS.where(is_in(jobs.c.state, states)).limit(1) for states in (OPEN, (*OPEN, *ENDING))
)
_TABLES_OF_JOBS = (pictures, references, captions, edits, depicted)
_DUEL_OF_PERSON = duels.c.user_id == bindparam("person")
_TOLD_AT = func.coalesce(duels.c.told_at, bindparam("now", type_=Float))
# The rows that belong to the person alone. A private chat has its person's id.
_DELETE_ROWS: Sequence[Executable] = (
    delete(drafts).where(drafts.c.user_id == bindparam("person")),
    delete(confirmations).where(confirmations.c.user_id == bindparam("person")),
    delete(inline_offers).where(inline_offers.c.user_id == bindparam("person")),
    *(
        delete(table).where(table.c.job_id.in_(_OWN_JOBS))
        for table in (pictures, references, captions, edits, depicted)
    ),
    delete(menus).where(menus.c.user_id == bindparam("person")),
    # Its bytes, as the waiting jobs of others have them: those fail, unless they were cancelled before.
    update(references)
    .where(references.c.likeness_id.in_(select(likenesses.c.id).where(likenesses.c.user_id == bindparam("person"))))
    .values(dict(UNFETCHED)),
    delete(likenesses).where(likenesses.c.user_id == bindparam("person")),
    delete(likeness_questions).where(likeness_questions.c.user_id == bindparam("person")),
    delete(posted).where(posted.c.chat_id == bindparam("person")),
    # A duel that others voted on is kept without its person, and so are its results.
    delete(votes).where(votes.c.user_id == bindparam("person")),
    delete(duels).where(_DUEL_OF_PERSON, duels.c.state == DuelState.ASKED),
    delete(votes).where(votes.c.duel_id.in_(select(duels.c.id).where(_DUEL_OF_PERSON))),
    # Without its pictures nobody can vote any more.
    update(duels).where(_DUEL_OF_PERSON, duels.c.state != DuelState.CLOSED).values(state=DuelState.VOID),
    update(duels)
    .where(_DUEL_OF_PERSON)
    .values(user_id=ERASED_USER_ID, idempotency_key=None, question_id=None, told_at=_TOLD_AT),
    delete(styles).where(styles.c.user_id == bindparam("person")),
    delete(consents).where(consents.c.user_id == bindparam("person")),
    *ERASE_SUGGESTIONS,
    delete(users).where(users.c.id == bindparam("person")),
    # The pause stays.
    update(provider_health).where(provider_health.c.paused_by == bindparam("person")).values(paused_by=ERASED_USER_ID),
)
# The times of requests: erasing does not reset the daily quota.
_KEEP_TIMES = insert(erased).from_select(
    ["user_id", "asked_at"],
    select(jobs.c.user_id, jobs.c.created_at).where(
        _OF_PERSON, jobs.c.created_at > bindparam("since"), counts_for_quota()
    ),
)
_EMPTY_TASKS: Sequence[Executable] = (
    # Without its ticket an overdue task can't be looked for again.
    move_task(_TASKS_OF_PERSON, (TaskState.OVERDUE,), TaskState.FAILED),
    delete(announced).where(announced.c.task_id.in_(_OWN_TASKS)),
    update(invitations).where(invitations.c.made_by == bindparam("person")).values(made_by=ERASED_USER_ID),
    update(tasks)
    .where(_TASKS_OF_PERSON, ~is_in(tasks.c.state, UNFINISHED))
    .values(user_id=ERASED_USER_ID, ticket=None, prompt=None, options={}, error_message=None),
)
_EMPTY: Mapping[str, Any] = {
    "prompt": "",
    "choices": None,
    "options": {},
    "style": None,
    "error_message": None,
    "language": "",
    "user_name": None,
    "said": None,
    "edited_at": None,
}
_NO_CHAT: Mapping[str, Any] = {
    "chat_id": 0,
    **dict.fromkeys(
        ("thread_id", "message_id", "asked_message_id", "status_id", "idempotency_key", "button", "duel_id")
    ),
    "inline_message_id": None,
}
_CLOSED_AT = func.coalesce(jobs.c.finished_at, bindparam("now", type_=Float))
_EMPTY_JOBS: Sequence[Executable] = (
    # A ticket that arrives late, from a worker that was evicted, is cancelled and not polled.
    move_job(_OF_PERSON, (*INTERRUPTED_STATES, JobState.CANCELLING, JobState.KEEPING), JobState.CANCELLED),
    # The person is not told how it ended.
    move_job(_OF_PERSON, (JobState.FAILING,), JobState.FAILED),
    update(jobs)
    .where(_OF_PERSON, is_in(jobs.c.state, CLOSED))
    .values(user_id=ERASED_USER_ID, worker_id=None, finished_at=_CLOSED_AT, **_EMPTY, **_NO_CHAT),
)
_FORGET = delete(erased).where(erased.c.asked_at <= bindparam("before"))


class JobsUnderWayError(Exception):
    """A job of this person is under way: nothing was erased."""


class Erasure(Operations):
    """Erases people from one database. Times are passed in, in seconds since 1970."""

    async def count(self, user_id: int) -> int:
        """How many pictures of this person are kept, those that they deleted from their history included."""
        return int((await self._db.fetch(_COUNT, {"person": user_id})).scalar_one())

    @reads
    async def is_under_way(self, connection: Connection, user_id: int) -> bool:
        """Whether something is being made for this person, or was cancelled and the service still works on it."""
        return await _is_under_way(connection, user_id)

    @writes
    async def erase(self, connection: Transaction, user_id: int, now: float) -> None:
        """Erase this person, in one step. Raises `JobsUnderWayError`.

        Preferences, styles, pictures, references, drafts and the likeness are deleted. Jobs and tasks keep their times,
        provider and cost, but not their person; the times of this person's requests are kept for a day, what they have
        spent until the month ends, and a budget that an admin has given them until another one is chosen.
        """
        # A request of this person at this moment comes before, and prevents the erasure, or after it.
        await connection.lock(f"person {user_id}")
        if await _is_under_way(connection, user_id):
            raise JobsUnderWayError
        which = {"person": user_id, "now": now, "since": now - DAY}
        for statement in (*_DELETE_ROWS, _KEEP_TIMES, *_EMPTY_TASKS, *_EMPTY_JOBS):
            await connection.execute(statement, which)
        # This month's sums stay until the month ends: erasing does not give a budget back.
        await ledger.forget(connection, now, ledger.person(user_id))
        # Jobs that another process has reopened meanwhile were left alone above.
        if await _is_under_way(connection, user_id, _NOT_CLOSED_JOB):
            raise JobsUnderWayError

    @writes
    async def forget(self, connection: Transaction, before: float) -> None:
        """Delete the times before this one at which erased people had asked."""
        await connection.execute(_FORGET, {"before": before})
        await connection.execute(FORGET_ERASED_PEOPLE, {"before": before})


async def _is_under_way(connection: Connection, user_id: int, open_job: Executable = _OPEN_JOB) -> bool:
    looking = (_UNFINISHED_TASK, open_job, _ASKING)
    found = [(await connection.execute(one, {"person": user_id})).first() for one in looking]
    return any(found)
