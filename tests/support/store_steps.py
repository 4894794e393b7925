"""Steps of the store that meet."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import bindparam, insert, select, text

from storage.connection import Transaction
from storage.database import StoreError
from storage.postgres_pool import PostgresConnection
from storage.schema import users
from storage.store import Store
from tests.support.held_steps import Hold

BEYOND = 2**63
"""The smallest number that needs more than 64 bits."""
ADD = insert(users).values(id=bindparam("id"), last_turn=0.0)
Step = Callable[[Transaction], Awaitable[Any]]


def adding(*ids: int) -> Step:
    """A step that adds people, and returns their ids."""

    async def add(connection: Transaction) -> tuple[int, ...]:
        for one in ids:
            await connection.execute(ADD, {"id": one})
        return ids

    return add


async def people(store: Store) -> list[int]:
    return list((await store.database.fetch(select(users.c.id).order_by(users.c.id))).scalars())


async def meeting(store: Store, *steps: Step, urgent: tuple[Step, ...] = ()) -> list[Any]:
    """Run steps that wait at the same moment; the urgent ones come last. Returns their results or errors."""
    hold = Hold(store)
    async with asyncio.TaskGroup() as group:
        group.create_task(store.database.write(hold.step))
        await hold.begun.wait()
        together = [asyncio.create_task(store.database.write(step)) for step in steps]
        together += [asyncio.create_task(store.database.write(step, urgent=True)) for step in urgent]
        await turns()
        hold.release()
        return await asyncio.gather(*together, return_exceptions=True)


async def turns() -> None:
    """Let the event loop run: all that can begin has begun."""
    for _ in range(10):
        await asyncio.sleep(0)


async def lose(connection: Transaction) -> None:
    """The transaction ends within the step, as a full disk or a lost connection ends it."""
    await adding(2)(connection)
    if isinstance(connection, PostgresConnection):
        await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    else:
        await connection.execute(text("ROLLBACK"))
    raise StoreError("the disk is full")
