"""The locks of a process that hangs, on PostgreSQL: nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update

from storage import postgres as backend
from storage.database import StoreError, Transaction
from storage.records import Limits, Worker
from storage.schema import workers
from storage.store import Store
from storage.store_errors import is_temporary
from tests.support.held_steps import Hold


@pytest.fixture
async def hanging(postgres_url: str) -> AsyncIterator[Store]:
    store = await Store.open(postgres_url)
    yield store
    await store.aclose()


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[Store]:
    store = await Store.open(postgres_url)
    yield store
    await store.aclose()


GoOn = Callable[[], Awaitable[None]]


@asynccontextmanager
async def in_a_transaction(store: Store, worker: int) -> AsyncIterator[GoOn]:
    """It locks its own row and the claims of a provider, and does not go on before it is told to: then it raises
    `StoreError` if its session was ended."""
    hold = Hold(store)

    async def hang(connection: Transaction) -> None:
        await connection.lock("provider jimeng")
        await connection.execute(update(workers).where(workers.c.id == worker).values(heartbeat=workers.c.heartbeat))
        await hold.step(connection)
        await connection.execute(update(workers).values(heartbeat=workers.c.heartbeat))

    async def go_on() -> None:
        hold.release()
        await work

    work = asyncio.create_task(store.database.write(hang))
    await hold.begun.wait()
    yield go_on
    hold.release()
    await asyncio.wait({work})
    if work.exception():
        assert isinstance(work.exception(), StoreError)


async def others(store: Store, worker: int) -> list[Worker]:
    """The other workers, as the heartbeat of this one returns them."""
    seen = await store.workers.heartbeat(worker)
    assert seen is not None
    return seen


async def test_evicting_ends_all_sessions_of_a_worker(hanging: Store, other: Store) -> None:
    first, second = await hanging.workers.join(0.0), await other.workers.join(0.0)
    (seen,) = await others(other, second)
    async with asyncio.timeout(backend.IDLE_SECONDS / 2), in_a_transaction(hanging, first) as go_on:
        assert await other.workers.evict(seen)
        assert not (await other.tasks.claim("jimeng", Limits(1), 1.0, worker_id=second)).tasks
        with pytest.raises(StoreError):
            await go_on()
    assert await other.workers.heartbeat(second) == []


async def test_a_worker_that_has_lost_its_connection_is_ended_too(hanging: Store, other: Store) -> None:
    first, second = await hanging.workers.join(0.0), await other.workers.join(0.0)
    assert isinstance(hanging.database.backend, backend.PostgresBackend)
    assert hanging.database.backend.is_connected
    await hanging.database.backend.disconnect()
    assert not hanging.database.backend.is_connected
    (seen,) = await others(other, second)
    async with asyncio.timeout(backend.IDLE_SECONDS / 2), in_a_transaction(hanging, first) as go_on:
        assert await other.workers.evict(seen)
        await other.tasks.claim("jimeng", Limits(1), 1.0, worker_id=second)
        with pytest.raises(StoreError):
            await go_on()


async def test_a_live_worker_keeps_its_sessions(hanging: Store, other: Store) -> None:
    first, second = await hanging.workers.join(0.0), await other.workers.join(0.0)
    (seen,) = await others(other, second)
    await hanging.workers.heartbeat(first)
    async with in_a_transaction(hanging, first) as go_on:
        assert not await other.workers.evict(seen)
        assert not await other.workers.evict(Worker(first + 100, 0, present=False, session="imagine-bot"))
        await go_on()


async def test_waiting_for_a_lock_is_a_temporary_error(
    monkeypatch: pytest.MonkeyPatch, hanging: Store, postgres_url: str
) -> None:
    monkeypatch.setitem(backend.TIME_LIMITS, "lock_timeout", "50")
    impatient = await Store.open(postgres_url)
    first = await hanging.workers.join(0.0)
    async with in_a_transaction(hanging, first):
        with pytest.raises(StoreError) as caught:
            await impatient.tasks.claim("jimeng", Limits(1), 1.0)
    assert is_temporary(caught.value)
    await impatient.tasks.claim("jimeng", Limits(1), 1.0)
    await impatient.aclose()


async def test_an_idle_transaction_is_ended(monkeypatch: pytest.MonkeyPatch, other: Store, postgres_url: str) -> None:
    monkeypatch.setitem(backend.TIME_LIMITS, "idle_in_transaction_session_timeout", "500")
    idle = await Store.open(postgres_url)
    first = await idle.workers.join(0.0)
    async with in_a_transaction(idle, first) as go_on:
        # Waits until the server has ended the other's session.
        await other.tasks.claim("jimeng", Limits(1), 1.0)
        with pytest.raises(StoreError):
            await go_on()
    assert await idle.workers.heartbeat(first) == []
    await idle.aclose()
