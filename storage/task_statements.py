"""The statements of `storage.tasks`, built once. Their parameters are named in `bindparam`."""

from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, case, func, select

from storage import task_order
from storage.job_states import ACTIVE, UNFINISHED, JobState, TaskState, is_in, move_job, move_task
from storage.rows import owned_by
from storage.schema import jobs, pictures, references, tasks, users
from storage.statements import upsert

_OWN = tasks.c.id == bindparam("task_id")
TASK = select(tasks).where(_OWN)
_OF_STATE = select(tasks).order_by(tasks.c.id)
RUNNING_TASKS = _OF_STATE.where(tasks.c.state == TaskState.RUNNING)
AWAITED_PROVIDERS = select(tasks.c.provider).where(is_in(tasks.c.state, (TaskState.QUEUED,))).distinct()
REFERENCE_IDS = select(references.c.id).where(references.c.job_id == bindparam("job_id"))
_PLANNED = ("provider", "queued_at", "prompt", "options", "price", "currency")
QUEUE_TASK = upsert(tasks, "job_id", "user_id", *_PLANNED, state=TaskState.QUEUED)
START_JOB = move_job(jobs.c.id == bindparam("job_id"), (JobState.PREPARING,), JobState.WORKING)
# What `storage.ledger.settle` needs to know of a task.
_MONEY = (tasks.c.provider, tasks.c.price, tasks.c.counted, tasks.c.currency, tasks.c.reserved_at)
_RESERVED: dict[str, Any] = {"counted": tasks.c.price, "reserved_at": bindparam("now")}
# The same for one that was settled already, and turns out to be under way.
RESERVED_AGAIN: dict[str, Any] = {
    "counted": tasks.c.price,
    "reserved_at": func.coalesce(tasks.c.reserved_at, bindparam("now", type_=tasks.c.reserved_at.type)),
    "cost": None,
}
# One that has its ticket was reserved when it was claimed for the first time.
CLAIM_TASK = {
    state: move_task(_OWN, (TaskState.QUEUED,), state, begun_at=bindparam("now"), **reserved).returning(tasks)
    for state, reserved in ((TaskState.SUBMITTING, _RESERVED), (TaskState.RUNNING, {}))
}
TAKE_TURN = upsert(users, id=bindparam("user_id"), last_turn=bindparam("now")).on_conflict_do_update(
    index_elements=["id"], set_={"last_turn": bindparam("now")}
)
_HELD: dict[str, Any] = {"not_before": bindparam("held_until"), "begun_at": None}
_KEPT = case((tasks.c.ticket.is_(None), 0), else_=tasks.c.counted)
PUT_BACK_TASK = move_task(_OWN, ACTIVE, TaskState.QUEUED, counted=_KEPT, **_HELD).returning(*_MONEY)
DROP_TASK = move_task(_OWN, (TaskState.SUBMITTING,), TaskState.CANCELLED, counted=_KEPT, **_HELD).returning(*_MONEY)
_JOB_OF_TASK = select(tasks.c.job_id).where(_OWN).scalar_subquery()
LOCK_JOB_OF_TASK = select(jobs).where(jobs.c.id == _JOB_OF_TASK).with_for_update(key_share=True)
_ENDING: dict[str, Any] = {
    "finished_at": bindparam("now"),
    "cost": bindparam("cost"),
    "currency": func.coalesce(tasks.c.currency, bindparam("currency", type_=tasks.c.currency.type)),
    # NULL: all that is reserved, as it may be paid.
    "counted": func.coalesce(bindparam("counted", type_=BigInteger), tasks.c.counted),
}
_RESULT: dict[str, Any] = {"pictures": bindparam("count"), "seconds": bindparam("seconds")}
_ERROR = bindparam("message", type_=tasks.c.error_message.type)
FINISH_TASK = move_task(_OWN, ACTIVE, TaskState.DONE, error_message=_ERROR, **_ENDING, **_RESULT).returning(*_MONEY)
END_TASK = {
    state: move_task(_OWN, ACTIVE, state, error_message=_ERROR, **_ENDING).returning(*_MONEY)
    for state in (TaskState.FAILED, TaskState.OVERDUE, TaskState.INTERRUPTED)
}
REFUSE_TASK = move_task(
    and_(_OWN, tasks.c.ticket.is_(None)),
    (TaskState.QUEUED,),
    TaskState.FAILED,
    error_message=_ERROR,
    finished_at=bindparam("now"),
).returning(tasks.c.id)
ADD_PICTURE = upsert(pictures, "job_id", "task_id", "user_id", "chat_id", "url", "data", "seed", "created_at")
UNSUBMITTED_TASKS = select(tasks.c.id).where(
    tasks.c.ticket.is_(None),
    tasks.c.job_id.in_(select(jobs.c.id).where(owned_by(bindparam("worker_id")))),
    is_in(tasks.c.state, (TaskState.SUBMITTING,)),
)
REQUEUE_TASK = move_task(
    and_(_OWN, tasks.c.ticket.is_(None)), (TaskState.SUBMITTING,), TaskState.QUEUED, begun_at=None, counted=0
).returning(*_MONEY)
UNFINISHED_TASKS = (
    select(
        tasks.c.id,
        tasks.c.job_id,
        tasks.c.user_id,
        tasks.c.state,
        tasks.c.queued_at,
        tasks.c.submitted_at,
        task_order.last_turn().label("last_turn"),
        tasks.c.begun_at,
        task_order.precedence().label("precedence"),
    )
    .join(jobs, jobs.c.id == tasks.c.job_id)
    .outerjoin(users, users.c.id == tasks.c.user_id)
    .where(tasks.c.provider == bindparam("provider"), is_in(tasks.c.state, UNFINISHED))
)
_LATEST = (
    select(tasks.c.seconds, tasks.c.options, tasks.c.finished_at)
    .where(
        tasks.c.provider == bindparam("provider"),
        tasks.c.finished_at.is_not(None),
        is_in(tasks.c.state, (TaskState.DONE,)),
    )
    .order_by(tasks.c.finished_at.desc())
    .limit(bindparam("most"))
    .subquery()
)
DURATIONS = select(_LATEST).where(_LATEST.c.seconds.is_not(None)).order_by(_LATEST.c.finished_at)
