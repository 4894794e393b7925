"""The statements of `storage.jobs`, built once. Their parameters are named in `bindparam`."""

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from storage.job_states import (
    CLOSED,
    CLOSED_AS,
    ENDING,
    IS_OPEN,
    MAY_BE_PAID,
    NOT_READY,
    OPEN,
    WITHOUT_RESULT,
    JobState,
    TaskState,
    is_in,
    move_job,
    move_task,
)
from storage.records import ERASED_USER_ID, NewJob
from storage.rows import IS_STARTED, JOB, living_worker_or
from storage.schema import erased, jobs, references, tasks, workers
from storage.statements import upsert


def counts_for_quota() -> ColumnElement[bool]:
    """SQL condition: whether a job counts for the daily quota. One without a result does not, unless it may be paid."""
    begun = select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, is_in(tasks.c.state, MAY_BE_PAID))
    return or_(~is_in(jobs.c.state, WITHOUT_RESULT), begun.exists())


NEW_JOB_COLUMNS = [name for name in NewJob.__slots__ if name != "references"]
_OWN, _OWN_TASKS = jobs.c.id == bindparam("job_id"), tasks.c.job_id == bindparam("job_id")
_PERSON, _MESSAGE = jobs.c.user_id == bindparam("user_id"), bindparam("message", type_=jobs.c.error_message.type)
# NULL if the worker is gone: then another one recovers the job.
_IF_ALIVE = select(workers.c.id).where(workers.c.id == bindparam("owner")).scalar_subquery()
ADD_JOB = (
    upsert(jobs, *NEW_JOB_COLUMNS, "created_at", worker_id=_IF_ALIVE, state=JobState.PREPARING)
    .on_conflict_do_nothing(index_elements=["idempotency_key"])
    .returning(jobs)
)
KNOWN_JOB = JOB.where(jobs.c.user_id != ERASED_USER_ID)
MADE_BY = select(jobs).where(jobs.c.idempotency_key == bindparam("key"))
_IN_CHAT = select(jobs).where(jobs.c.chat_id == bindparam("chat_id"))
ASKED_IN = _IN_CHAT.where(jobs.c.asked_message_id == bindparam("message_id"))
# Below a duel stand the pictures of several jobs.
WITH_STATUS = _IN_CHAT.where(jobs.c.status_id == bindparam("status_id"), jobs.c.duel_id.is_(None))
SHOW_STATUS = update(jobs).where(_OWN).values(status_id=bindparam("status_id"))
FAIL_JOB = move_job(_OWN, OPEN, JobState.FAILING, error_message=_MESSAGE).returning(jobs)
NOTE_TOLD = move_job(_OWN, (JobState.CANCELLING,), JobState.KEEPING).returning(jobs)
DELETE_REFERENCE_BYTES = update(references).where(references.c.job_id == bindparam("job_id")).values(data=None)
END_JOB = {
    state: move_job(
        _OWN, [before for before, closed in CLOSED_AS.items() if closed is state], state, finished_at=bindparam("now")
    ).returning(jobs)
    for state in CLOSED
}
REOPEN, REOPEN_AND_OWN = (
    {
        state: move_job(
            and_(_OWN, jobs.c.user_id != ERASED_USER_ID),
            (*ENDING, *CLOSED),
            state,
            finished_at=None,
            error_message=None,
            **owner,
        ).returning(jobs)
        for state in (JobState.WORKING, JobState.DELIVERING)
    }
    for owner in ({}, {"worker_id": living_worker_or(bindparam("worker_id"))})
)
RESUME_OVERDUE = move_task(
    and_(_OWN_TASKS, tasks.c.ticket.is_not(None)),
    (TaskState.OVERDUE,),
    TaskState.RUNNING,
    error_message=None,
    finished_at=None,
)
HAND_OVER = move_job(
    _OWN,
    NOT_READY,
    JobState.PREPARING,
    provider=bindparam("provider"),
    options=bindparam("options"),
    first_provider=bindparam("first_provider"),
).returning(jobs)
WAITING_FOR = (
    select(jobs)
    .where(IS_OPEN, is_in(jobs.c.state, NOT_READY), jobs.c.provider == bindparam("provider"), ~IS_STARTED)
    .order_by(jobs.c.id)
)
CANCEL_WAITING_TASKS = move_task(_OWN_TASKS, (TaskState.QUEUED,), TaskState.CANCELLED, finished_at=bindparam("now"))
ANY_BEGUN = select(tasks.c.id).where(_OWN_TASKS, is_in(tasks.c.state, MAY_BE_PAID)).limit(1)
CANCEL_JOB = move_job(_OWN, NOT_READY, JobState.CANCELLING, error_message=_MESSAGE).returning(jobs)
TASK_ENDS = select(tasks.c.state, tasks.c.error_message).where(_OWN_TASKS).order_by(tasks.c.id)
CONCLUDE_JOB = {
    state: move_job(_OWN, (JobState.WORKING,), state, error_message=_MESSAGE).returning(jobs)
    for state in (JobState.DELIVERING, JobState.INTERRUPTING, JobState.FAILING, JobState.CANCELLING)
}
SAME_PRESS = select(jobs.c.id).where(
    _PERSON,
    jobs.c.created_at > bindparam("since"),
    jobs.c.created_at <= bindparam("until"),
    jobs.c.chat_id == bindparam("chat_id"),
    jobs.c.button == bindparam("button"),
)
COUNT_WAITING = select(func.count()).where(_PERSON, IS_OPEN, is_in(jobs.c.state, NOT_READY))
COUNT_TODAYS = select(func.count()).where(
    _PERSON, jobs.c.created_at > bindparam("since"), jobs.c.created_at <= bindparam("until"), counts_for_quota()
)
COUNT_ERASED_TODAY = select(func.count()).where(
    erased.c.user_id == bindparam("user_id"),
    erased.c.asked_at > bindparam("since"),
    erased.c.asked_at <= bindparam("until"),
)
