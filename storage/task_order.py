"""The fair order of claims: the person with the fewest tasks under way is next, then the one with the longest wait.

The wait is counted since the task was queued or since a task of the person was last claimed, whichever is later.

`bot.jobs.queue_forecast` forecasts by the same rule (a test compares the two).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.clock import CLOCK_LEEWAY_SECONDS, LONGEST_HOLD_SECONDS
from storage.job_states import ACTIVE, TaskState
from storage.provider_health import provider_state
from storage.records import Limits
from storage.rows import is_orphaned, owned_by
from storage.schema import jobs, tasks, users

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class FreeSlots:
    """How many more tasks may be claimed now. `due`: when time alone frees a slot, where it does."""

    count: int
    due: float | None = None


async def free_slots(connection: AsyncConnection, provider: str, limits: Limits, now: float) -> FreeSlots:
    """The free slots of a provider, over all workers. `now`: seconds since 1970."""
    state = await provider_state(connection, provider)
    if state.is_held(now):
        return FreeSlots(0, state.not_before)
    active = select(func.count()).where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
    count = limits.at_once - (await connection.execute(active)).scalar_one()
    if state.error_message is not None:
        # A paused provider is tried by one task at a time, however many older ones still run.
        trying = active.where(tasks.c.begun_at >= state.trial_since(now))
        count = min(count, 1 - (await connection.execute(trying)).scalar_one())
    if count <= 0 or limits.per_minute is None:
        return FreeSlots(max(0, count))
    # A start far ahead was stored by a wrong clock.
    recent = (tasks.c.provider == provider, tasks.c.begun_at > now - MINUTE, tasks.c.begun_at <= now + MINUTE)
    started, first = (await connection.execute(select(func.count(), func.min(tasks.c.begun_at)).where(*recent))).one()
    left = limits.per_minute - started
    return FreeSlots(min(count, left)) if left > 0 else FreeSlots(0, first + MINUTE)


def next_tasks(provider: str, now: float, most: int, worker_id: int | None) -> Select[Any]:
    """The query for the ids, tickets and workers of the next tasks, in order, locked; each counts as under way for
    those behind it.

    Tasks whose worker is gone are left out until another one owns them, unless that worker is `worker_id`: living
    workers do not wait for dead ones.
    """
    active = (
        select(tasks.c.user_id, func.count().label("count"))
        .where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
        .group_by(tasks.c.user_id)
        .subquery()
    )
    later = case((tasks.c.queued_at > last_turn(), tasks.c.queued_at), else_=last_turn())
    # A wait that starts after now was stored by a wrong clock.
    since = case((later > now, now), else_=later)
    own = (since, tasks.c.id)
    under_way = func.coalesce(active.c.count, 0)
    # A second task of one person stands behind the first of another who then has as many under way.
    waiting = (
        select(
            tasks.c.id,
            jobs.c.worker_id,
            (under_way + func.row_number().over(partition_by=tasks.c.user_id, order_by=own)).label("number"),
            under_way.label("under_way"),
            func.first_value(since).over(partition_by=tasks.c.user_id, order_by=own).label("since"),
            func.first_value(tasks.c.id).over(partition_by=tasks.c.user_id, order_by=own).label("first"),
        )
        .join(jobs, jobs.c.id == tasks.c.job_id)
        .outerjoin(users, users.c.id == tasks.c.user_id)
        .outerjoin(active, active.c.user_id == tasks.c.user_id)
        .where(or_(~is_orphaned(jobs), owned_by(worker_id)))
        .where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED)
        .where(or_(tasks.c.not_before <= now, tasks.c.not_before > now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS))
        .subquery()
    )
    chosen = select(waiting).order_by(*_order(waiting.c)).limit(most).subquery()
    return (
        select(tasks.c.id, tasks.c.ticket, chosen.c.worker_id)
        .join(chosen, chosen.c.id == tasks.c.id)
        # A task that is being cancelled at this moment is skipped.
        .where(tasks.c.state == TaskState.QUEUED)
        .order_by(*_order(chosen.c))
        .with_for_update(skip_locked=True, of=tasks)
    )


def _order(waiting: Any) -> tuple[Any, ...]:
    return waiting.number, waiting.under_way.desc(), waiting.since, waiting.first


async def next_due(connection: AsyncConnection, provider: str, after: float) -> float | None:
    """The earliest `not_before` later than `after` of the waiting tasks; None when there is none."""
    held = (tasks.c.not_before > after, tasks.c.not_before <= after + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS)
    query = select(func.min(tasks.c.not_before)).where(
        tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED, *held
    )
    due: float | None = (await connection.execute(query)).scalar()
    return due


async def has_waiting_task(connection: AsyncConnection, provider: str) -> bool:
    """Whether any task waits for this provider."""
    query = select(tasks.c.id).where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED)
    return (await connection.execute(query.limit(1))).first() is not None


def last_turn() -> Any:
    """SQL expression: when a task of the person (outer-joined with `users`) was last claimed."""
    return func.coalesce(users.c.last_turn, 0.0)
