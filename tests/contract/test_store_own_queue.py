"""A person's own queue, on each database: what is in it, and which of it goes first."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.job_states import JobState
from storage.records import Limits
from storage.store import Store
from tests.support.stored_jobs import ANN, MING, claim, new_job, queued

FREE, PAID = {"template": "free", "values": {}}, {"template": "paid", "values": {}}


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[list[Store]]:
    """Two processes on one database."""
    stores = [await Store.open(database_url) for _ in range(2)]
    yield stores
    for store in stores:
        await store.aclose()


async def claimed(store: Store) -> list[int]:
    """Claim all that waits, one after the other; returns their jobs."""
    return [(await claim(store, float(now))).job_id for now in range(100, 100 + sum((await waiting(store)).values()))]


async def waiting(store: Store) -> dict[int, int]:
    return {one.job.id: one.waiting for user in (ANN, MING) for one in await store.own_queues.of(user)}


async def test_what_is_in_ones_queue(stores: list[Store]) -> None:
    store = stores[0]
    begun, waits = await queued(store, 1, parts=2), await queued(store, 2)
    fresh = await store.jobs.add(new_job(3), 1.0)
    await queued(store, 4, user=MING)
    await store.members.name_group(-5, "Foxes")
    await store.tasks.claim("jimeng", Limits(1), 2.0)
    assert fresh
    found = await store.own_queues.of(ANN)
    assert [one.job.id for one in found] == [begun.id, waits.id, fresh.id]
    assert [(one.tasks, one.waiting, one.ended, one.is_begun) for one in found] == [
        (2, 1, 0, True),
        (1, 1, 0, False),
        (0, 0, 0, False),
    ]
    assert {one.title for one in found} == {"Foxes"}
    assert await store.jobs.cancel(waits.id, 3.0, FREE, PAID)
    assert [one.job.id for one in await store.own_queues.of(ANN)] == [begun.id, fresh.id]


async def test_what_is_put_first_is_claimed_first_by_all_processes(stores: list[Store]) -> None:
    here, there = stores
    first, second, third = [(await queued(here, number)).id for number in (1, 2, 3)]
    for _ in range(2):
        assert await here.own_queues.put_first(ANN, third)
    assert await there.own_queues.put_first(ANN, second)
    assert await claimed(there) == [second, third, first]


async def test_turns_of_others_stay_where_they_are(stores: list[Store]) -> None:
    store = stores[0]
    old = await queued(store, 1, parts=2, now=1.0)
    other = await queued(store, 2, user=MING, now=2.0)
    young = await queued(store, 3, now=3.0)
    assert await store.own_queues.put_first(ANN, young.id)
    assert await claimed(store) == [young.id, other.id, old.id, old.id]


async def test_only_ones_own_requests_that_wait_are_moved(stores: list[Store]) -> None:
    store = stores[0]
    begun = await queued(store, 1)
    await claim(store, 1.0)
    waits, fresh = await queued(store, 2), await store.jobs.add(new_job(3), 1.0)
    assert fresh
    assert not await store.own_queues.put_first(ANN, begun.id)
    assert not await store.own_queues.put_first(MING, waits.id)
    assert not await store.own_queues.put_first(ANN, 10**9)
    # One that is still being prepared stands first when its tasks are queued.
    assert await store.own_queues.put_first(ANN, fresh.id)
    assert await store.tasks.queue(fresh.id, "jimeng", [{}], [], 5.0) is JobState.WORKING
    assert await claimed(store) == [fresh.id, waits.id]


async def test_of_two_put_first_at_once_one_is_first(stores: list[Store]) -> None:
    jobs = [(await queued(stores[0], number)).id for number in (1, 2, 3)]
    await asyncio.gather(*(store.own_queues.put_first(ANN, job) for store, job in zip(stores, jobs[1:], strict=True)))
    assert set((await claimed(stores[0]))[:2]) == set(jobs[1:])


async def test_the_admins_count_requests_not_pictures(stores: list[Store]) -> None:
    store = stores[0]
    await queued(store, 1, parts=4, now=5.0)
    await queued(store, 2, parts=3, now=6.0)
    await claim(store, 7.0)
    found = (await store.queue.counts())["jimeng"]
    assert (found.running, found.waiting, found.oldest) == (1, 1, 5.0)
