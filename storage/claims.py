"""Claiming waiting tasks: their prices are reserved, and they are submitting, or running if they have tickets."""

from collections.abc import Sequence
from typing import Any

from storage.connection import Transaction
from storage.job_states import TaskState
from storage.money import RefusedTask
from storage.records import Task
from storage.reservations import Reservations
from storage.rows import as_task
from storage.task_statements import CLAIM_TASK, TAKE_TURN

CLAIM_INTERVAL_SECONDS = 1e-6
"""Tasks that are claimed together are so many seconds apart, so that they have an order."""


async def claim_all(
    connection: Transaction, rows: Sequence[Any], reservations: Reservations, now: float
) -> tuple[list[Task], list[RefusedTask]]:
    """Claim these waiting tasks, which are locked (see `storage.task_order.next_tasks`), at the time `now`, in order.

    Returns the claimed ones, and those for which a budget has no room.
    """
    await reservations.prepare(rows)
    # All are decided on before any is claimed: that takes locks, too.
    decided = [(row, await reservations.take(row)) for row in rows]
    refused = [RefusedTask(_waiting(row), short) for row, short in decided if short]
    free = [row for row, short in decided if not short]
    claimed = [
        await _claim_one(connection, row.id, row.ticket, now + number * CLAIM_INTERVAL_SECONDS)
        for number, row in enumerate(free)
    ]
    await reservations.store()
    return claimed, refused


async def _claim_one(connection: Transaction, task_id: int, ticket: str | None, now: float) -> Task:
    # A task that was put back with a ticket is not submitted again.
    state = TaskState.RUNNING if ticket is not None else TaskState.SUBMITTING
    task = as_task((await connection.execute(CLAIM_TASK[state], {"task_id": task_id, "now": now})).mappings().one())
    await connection.execute(TAKE_TURN, {"user_id": task.user_id, "now": now})
    return task


def _waiting(row: Any) -> Task:
    return as_task({name: getattr(row, name) for name in Task.__slots__})
