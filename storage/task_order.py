"""Whose turn it is: among waiting people the one with the fewest tasks under way is next, then the longest wait.

The wait is counted since the task was queued or since the person's last turn, whichever is later.

`bot.jobs.turns` looks ahead by the same rule (a test holds them together).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.clock import LEEWAY, LONGEST_HOLD
from storage.job_states import ACTIVE, TaskState
from storage.provider_health import service
from storage.records import Limits
from storage.schema import tasks, users

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class FreeSlots:
    """How many more tasks may begin now. `due`: when time alone makes room, where it does."""

    count: int
    due: float | None = None


async def free_slots(connection: AsyncConnection, provider: str, limits: Limits, now: float) -> FreeSlots:
    """The room that a provider has, over all workers."""
    state = await service(connection, provider)
    if state.is_held(now):
        return FreeSlots(0, state.not_before)
    active = select(func.count()).where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
    count = limits.at_once - (await connection.execute(active)).scalar_one()
    if state.error_message is not None:
        # A paused provider is tried by one task at a time, whatever else it still works on.
        trying = active.where(tasks.c.begun_at >= state.tried_since(now))
        count = min(count, 1 - (await connection.execute(trying)).scalar_one())
    if count <= 0 or limits.per_minute is None:
        return FreeSlots(max(0, count))
    # Those that seem to begin much later were begun by a wrong clock.
    lately = (tasks.c.provider == provider, tasks.c.begun_at > now - MINUTE, tasks.c.begun_at <= now + MINUTE)
    begun, first = (await connection.execute(select(func.count(), func.min(tasks.c.begun_at)).where(*lately))).one()
    left = limits.per_minute - begun
    return FreeSlots(min(count, left)) if left > 0 else FreeSlots(0, first + MINUTE)


def next_tasks(provider: str, now: float, most: int) -> Select[Any]:
    """The ids and tickets of those whose turn is next, in order, locked; each counts as under way for those behind
    it."""
    active = (
        select(tasks.c.user_id, func.count().label("count"))
        .where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
        .group_by(tasks.c.user_id)
        .subquery()
    )
    later = case((tasks.c.queued_at > last_turn(), tasks.c.queued_at), else_=last_turn())
    # Nobody waits since later than now, whatever a wrong clock has stored.
    since = case((later > now, now), else_=later)
    own = (since, tasks.c.id)
    under_way = func.coalesce(active.c.count, 0)
    # Whoever gets a second turn here stands behind those who come to the same number by their first.
    waiting = (
        select(
            tasks.c.id,
            (under_way + func.row_number().over(partition_by=tasks.c.user_id, order_by=own)).label("number"),
            under_way.label("under_way"),
            func.first_value(since).over(partition_by=tasks.c.user_id, order_by=own).label("since"),
            func.first_value(tasks.c.id).over(partition_by=tasks.c.user_id, order_by=own).label("first"),
        )
        .outerjoin(users, users.c.id == tasks.c.user_id)
        .outerjoin(active, active.c.user_id == tasks.c.user_id)
        .where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED)
        .where(or_(tasks.c.not_before <= now, tasks.c.not_before > now + LONGEST_HOLD + LEEWAY))
        .subquery()
    )
    chosen = select(waiting).order_by(*_order(waiting.c)).limit(most).subquery()
    return (
        select(tasks.c.id, tasks.c.ticket)
        .join(chosen, chosen.c.id == tasks.c.id)
        # One that is being cancelled at this moment is passed over.
        .where(tasks.c.state == TaskState.QUEUED)
        .order_by(*_order(chosen.c))
        .with_for_update(skip_locked=True, of=tasks)
    )


def _order(waiting: Any) -> tuple[Any, ...]:
    return waiting.number, waiting.under_way.desc(), waiting.since, waiting.first


async def next_due(connection: AsyncConnection, provider: str, after: float) -> float | None:
    """When the next waiting task may go that may not yet at `after`; None when there is none."""
    held = (tasks.c.not_before > after, tasks.c.not_before <= after + LONGEST_HOLD + LEEWAY)
    query = select(func.min(tasks.c.not_before)).where(
        tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED, *held
    )
    due: float | None = (await connection.execute(query)).scalar()
    return due


async def is_awaited(connection: AsyncConnection, provider: str) -> bool:
    """Whether any task waits for its turn."""
    query = select(tasks.c.id).where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED)
    return (await connection.execute(query.limit(1))).first() is not None


def last_turn() -> Any:
    """When the person of a task (outer-joined with `users`) last got a turn."""
    return func.coalesce(users.c.last_turn, 0.0)
