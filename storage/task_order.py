"""The fair order of claims: the person with the fewest tasks under way is next, then the one with the longest wait.

The wait is counted since the task was queued or since a task of the person was last claimed, whichever is later.
Which of their own tasks a person puts first (see `storage.own_queue`) changes nothing for others: the turns of a person
stay where they are, and only their tasks change places.

`bot.jobs.queue_forecast` forecasts by the same rule (a test compares the two).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, bindparam, case, func, or_, select

from storage.clock import CLOCK_LEEWAY_SECONDS, LONGEST_HOLD_SECONDS
from storage.connection import Connection
from storage.job_states import ACTIVE, TaskState, is_in
from storage.provider_health import ProviderHealth, provider_state
from storage.records import Limits
from storage.rows import is_orphaned, owned_by
from storage.schema import jobs, tasks, users

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class FreeSlots:
    """How many more tasks may be claimed now. `due`: when time alone frees a slot, where it does; `only_tickets`: they
    are for tasks with a ticket, which are paid, because an admin has paused the provider."""

    count: int
    due: float | None = None
    only_tickets: bool = False


def last_turn() -> Any:
    """SQL expression: when a task of the person (outer-joined with `users`) was last claimed."""
    return func.coalesce(users.c.last_turn, 0.0)


def precedence() -> Any:
    """SQL expression: which of a person's own tasks go first; those with a higher one do."""
    return func.coalesce(jobs.c.precedence, 0)


def _waiting_tasks(latest: ColumnElement[float]) -> ColumnElement[bool]:
    """SQL condition: the tasks that wait and are not held. A time after `latest` was stored by a wrong clock."""
    is_free = or_(tasks.c.not_before <= bindparam("now"), tasks.c.not_before > latest)
    return and_(tasks.c.provider == bindparam("provider"), is_in(tasks.c.state, (TaskState.QUEUED,)), is_free)


def _order(waiting: Any) -> tuple[Any, ...]:
    return waiting.number, waiting.under_way.desc(), waiting.since, waiting.first


def _next_tasks(*which: ColumnElement[bool]) -> Select[Any]:
    active = (
        select(tasks.c.user_id, func.count().label("count"))
        .where(tasks.c.provider == bindparam("provider"), is_in(tasks.c.state, ACTIVE))
        .group_by(tasks.c.user_id)
        .subquery()
    )
    now = bindparam("now", type_=Float)
    later = case((tasks.c.queued_at > last_turn(), tasks.c.queued_at), else_=last_turn())
    # A wait that starts after now was stored by a wrong clock.
    since = case((later > now, now), else_=later)
    own = (since, tasks.c.id)
    chosen_order = (precedence().desc(), *own)
    under_way = func.coalesce(active.c.count, 0)
    # A second task of one person stands behind the first of another who then has as many under way.
    waiting = (
        select(
            tasks.c.id,
            jobs.c.worker_id,
            jobs.c.chat_id,
            (under_way + func.row_number().over(partition_by=tasks.c.user_id, order_by=chosen_order)).label("number"),
            under_way.label("under_way"),
            func.first_value(since).over(partition_by=tasks.c.user_id, order_by=own).label("since"),
            func.first_value(tasks.c.id).over(partition_by=tasks.c.user_id, order_by=own).label("first"),
        )
        .join(jobs, jobs.c.id == tasks.c.job_id)
        .outerjoin(users, users.c.id == tasks.c.user_id)
        .outerjoin(active, active.c.user_id == tasks.c.user_id)
        .where(or_(~is_orphaned(jobs), owned_by(bindparam("worker_id"))))
        .where(_waiting_tasks(bindparam("latest", type_=Float)), *which)
        .subquery()
    )
    chosen = select(waiting).order_by(*_order(waiting.c)).limit(bindparam("most")).subquery()
    return (
        select(tasks, chosen.c.worker_id, chosen.c.chat_id)
        .join(chosen, chosen.c.id == tasks.c.id)
        # A task that is being cancelled at this moment is skipped.
        .where(tasks.c.state == TaskState.QUEUED)
        .order_by(*_order(chosen.c))
        .with_for_update(skip_locked=True, of=tasks)
    )


_OF_PROVIDER = tasks.c.provider == bindparam("provider")
_COUNT_ACTIVE = select(func.count()).where(_OF_PROVIDER, is_in(tasks.c.state, ACTIVE))
_COUNT_TRYING = _COUNT_ACTIVE.where(tasks.c.begun_at >= bindparam("since"))
_STARTS = select(func.count().label("count"), func.min(tasks.c.begun_at).label("first")).where(
    _OF_PROVIDER, tasks.c.begun_at > bindparam("since"), tasks.c.begun_at <= bindparam("until")
)
_NEXT_TASKS, _NEXT_WITH_TICKET = _next_tasks(), _next_tasks(tasks.c.ticket.is_not(None))
_NEXT_DUE = select(func.min(tasks.c.not_before)).where(
    _OF_PROVIDER,
    is_in(tasks.c.state, (TaskState.QUEUED,)),
    tasks.c.not_before > bindparam("after"),
    tasks.c.not_before <= bindparam("latest"),
)
_ANY_WAITING = select(tasks.c.id).where(_OF_PROVIDER, is_in(tasks.c.state, (TaskState.QUEUED,))).limit(1)


async def free_slots(connection: Connection, provider: str, limits: Limits, now: float) -> FreeSlots:
    """The free slots of a provider, over all workers. `now`: seconds since 1970."""
    state = await provider_state(connection, provider)
    free = await _free_slots(connection, state, limits, now)
    return free if state.paused_by is None else replace(free, only_tickets=True)


async def _free_slots(connection: Connection, state: ProviderHealth, limits: Limits, now: float) -> FreeSlots:
    provider = state.name
    if state.is_held(now):
        return FreeSlots(0, state.not_before)
    own: dict[str, Any] = {"provider": provider}
    count = limits.at_once - (await connection.execute(_COUNT_ACTIVE, own)).scalar_one()
    if state.error_message is not None:
        # A paused provider is tried by one task at a time, however many older ones still run.
        trying = await connection.execute(_COUNT_TRYING, {**own, "since": state.trial_since(now)})
        count = min(count, 1 - trying.scalar_one())
    if count <= 0 or limits.per_minute is None:
        return FreeSlots(max(0, count))
    # A start far ahead was stored by a wrong clock.
    starts = (await connection.execute(_STARTS, {**own, "since": now - MINUTE, "until": now + MINUTE})).one()
    left = limits.per_minute - starts.count
    return FreeSlots(min(count, left)) if left > 0 else FreeSlots(0, starts.first + MINUTE)


async def next_tasks(
    connection: Connection, provider: str, now: float, free: FreeSlots, worker_id: int | None
) -> Sequence[Any]:
    """The next tasks for the free slots, with their workers and chats, in order, locked; each counts as under way for
    those behind it.

    Tasks whose worker is gone are left out until another one owns them, unless that worker is `worker_id`: living
    workers do not wait for dead ones.
    """
    where = {"provider": provider, "now": now, "latest": _latest(now), "most": free.count, "worker_id": worker_id}
    return (await connection.execute(_NEXT_WITH_TICKET if free.only_tickets else _NEXT_TASKS, where)).all()


async def next_due(connection: Connection, provider: str, after: float) -> float | None:
    """The earliest `not_before` later than `after` of the waiting tasks; None when there is none."""
    where = {"provider": provider, "after": after, "latest": _latest(after)}
    due: float | None = (await connection.execute(_NEXT_DUE, where)).scalar()
    return due


async def has_waiting_task(connection: Connection, provider: str) -> bool:
    """Whether any task waits for this provider."""
    return (await connection.execute(_ANY_WAITING, {"provider": provider})).first() is not None


def _latest(now: float) -> float:
    """The latest time until which a task can be held."""
    return now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS
