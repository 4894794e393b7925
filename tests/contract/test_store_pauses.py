"""Pauses of a provider on each database: by an admin, and by itself; each is told by one process only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from storage.job_states import JobState, TaskState
from storage.provider_health import NEWS_GAP_SECONDS, HealthChange, Problem
from storage.records import ERASED_USER_ID, Limits, NewJob
from storage.store import Store

ANN, BOB = 11, 12
MANY = Limits(10)
WHY = {"template": "Away.", "values": {}}
NEWS, KNOWN = HealthChange(is_new=True, is_news=True), HealthChange(is_new=False, is_news=False)


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes; of SQLite, two connections."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            opened.append(await Store.open(database_url))
            stack.push_async_callback(opened[-1].aclose)
        yield opened[0], opened[1]


@pytest.fixture
def store(stores: tuple[Store, Store]) -> Store:
    return stores[0]


async def queued(store: Store, count: int) -> list[int]:
    found = []
    for number in range(count):
        key = f"5:{number}"
        job = await store.jobs.add(NewJob(key, 5, number, ANN, "en", "fake", "a fox", {}), store.clock())
        assert job
        assert await store.tasks.queue(job.id, "fake", [{}], [], store.clock()) is JobState.WORKING
        found.append(job.id)
    return found


async def claimed(store: Store, most: int = 10) -> list[int]:
    return [task.id for task in (await store.tasks.claim("fake", MANY, store.clock(), most=most)).tasks]


async def test_nothing_is_begun_after_a_pause(stores: tuple[Store, Store]) -> None:
    """A claim in one process and a pause in another at the same moment: all that was claimed was so before."""
    one, two = stores
    await queued(one, 8)

    async def claim_all() -> list[int]:
        found = []
        while begun := await claimed(one, most=1):
            found += begun
        return found

    async def pause() -> int:
        assert await two.provider_health.pause_by_admin("fake", ANN)
        # Counted after the pause has returned.
        return sum(task.state is not TaskState.QUEUED for task in await two.tasks.line("fake"))

    found, begun = await asyncio.gather(claim_all(), pause())
    assert len(found) == begun
    assert await claimed(one) == await claimed(two) == []
    assert await two.provider_health.resume_by_admin("fake")
    assert len(await claimed(one)) == 8 - begun


async def test_a_paid_task_goes_on_while_it_is_paused(store: Store) -> None:
    await queued(store, 2)
    (task_id,) = await claimed(store, most=1)
    await store.tasks.accepted(task_id, "t1", store.clock())
    await store.tasks.put_back(task_id, 0.0)
    await store.provider_health.pause_by_admin("fake", ANN)
    # The service was too busy to say how far it is: it has its ticket, so it is not submitted again.
    assert await claimed(store) == [task_id]
    assert await claimed(store) == []


async def test_two_admins_at_once(stores: tuple[Store, Store]) -> None:
    one, two = (store.provider_health for store in stores)
    assert sorted(await asyncio.gather(one.pause_by_admin("fake", ANN), two.pause_by_admin("fake", BOB))) == [
        False,
        True,
    ]
    assert (await one.get("fake")).paused_by in {ANN, BOB}
    assert sorted(await asyncio.gather(one.resume_by_admin("fake"), two.resume_by_admin("fake"))) == [False, True]
    paused, resumed = await asyncio.gather(one.pause_by_admin("fake", ANN), two.resume_by_admin("fake"))
    assert paused
    assert (await two.get("fake")).paused_by == (None if resumed else ANN)


async def test_a_success_ends_its_own_pause_and_not_an_admins(store: Store) -> None:
    health = store.provider_health
    await health.pause_by_admin("fake", ANN)
    await health.pause("fake", WHY, 0.0, Problem.BALANCE, "pay")
    known = await health.get("fake")
    assert (known.problem, known.advice, known.paused_by) == ("balance", "pay", ANN)
    assert known.problem_since == pytest.approx(store.clock(), abs=30)
    assert await health.recovered("fake") == NEWS
    known = await health.get("fake")
    assert (known.problem, known.problem_since, known.advice, known.error_message) == (None, None, None, None)
    assert known.paused_by == ANN
    assert known.paused_at == pytest.approx(store.clock(), abs=30)


async def test_each_change_is_told_by_one_process(stores: tuple[Store, Store]) -> None:
    one, two = (store.provider_health for store in stores)

    async def both(problem: Problem) -> list[HealthChange]:
        return list(await asyncio.gather(*(health.pause("fake", WHY, 0.0, problem) for health in (one, two))))

    assert sorted(await both(Problem.KEY), key=str) == sorted([NEWS, KNOWN], key=str)
    assert await both(Problem.KEY) == [KNOWN, KNOWN]
    # The key is right now, and the account is empty.
    changes = await both(Problem.BALANCE)
    assert [change.is_new for change in changes] == [False, False]
    assert sorted(change.is_news for change in changes) == [False, True]
    assert await both(Problem.DOWN) == [KNOWN, KNOWN]
    ends = await asyncio.gather(one.recovered("fake"), two.recovered("fake"))
    assert sorted(ends, key=str) == sorted([NEWS, KNOWN], key=str)


async def test_a_service_that_comes_and_goes_makes_no_storm(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    health, now = store.provider_health, store.clock()

    async def paused(later: float, problem: Problem = Problem.DOWN) -> bool:
        monkeypatch.setattr(store.database.backend, "clock", lambda: now + later)
        return (await health.pause("fake", WHY, 0.0, problem)).is_news

    assert await paused(0)
    assert (await health.recovered("fake")).is_news
    assert not await paused(20)
    # Nobody was told that it is paused.
    assert await health.recovered("fake") == HealthChange(is_new=True, is_news=False)
    assert await paused(40, Problem.KEY)
    assert (await health.recovered("fake")).is_news
    assert not await paused(60, Problem.KEY)
    assert await paused(40 + NEWS_GAP_SECONDS, Problem.KEY), "it lasts"


async def test_a_service_that_fails_in_turns_makes_no_storm(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    health, now, told = store.provider_health, store.clock(), 0
    for number in range(20):
        monkeypatch.setattr(store.database.backend, "clock", lambda: now + 60.0 * number)  # noqa: B023
        told += (await health.pause("fake", WHY, 0.0, (Problem.DOWN, Problem.BUSY)[number % 2])).is_news
        told += (await health.recovered("fake")).is_news
    assert told == 2
    # A problem that only the operator can end is told at once.
    assert (await health.pause("fake", WHY, 0.0, Problem.KEY)).is_news


async def test_a_paused_service_is_tried_at_once(store: Store) -> None:
    await queued(store, 2)
    await store.provider_health.pause("fake", WHY, store.clock() + 600)
    assert await claimed(store) == []
    await store.provider_health.try_now("fake")
    assert len(await claimed(store)) == 1
    assert await claimed(store) == []


async def test_what_a_pause_held_back_goes_on_with_its_end(stores: tuple[Store, Store]) -> None:
    store, other = stores
    await queued(store, 3)
    now, held = store.clock(), await claimed(store)
    for task_id in held:
        await store.tasks.put_back(task_id, now + 610)
    await store.provider_health.pause("fake", WHY, now + 600)
    assert await claimed(other) == []
    # It is tried, by one of those that the pause held back: there is no other.
    await other.provider_health.try_now("fake")
    (trying,) = await claimed(store)
    await store.tasks.put_back(trying, now + 610)
    await store.provider_health.pause("fake", WHY, now + 600)
    await other.provider_health.recovered("fake")
    assert sorted(await claimed(store)) == held


async def test_a_success_of_a_busy_service_lets_none_come_early(store: Store) -> None:
    await queued(store, 1)
    now, (held,) = store.clock(), await claimed(store)
    await store.provider_health.hold("fake", now + 30, now)
    await store.tasks.put_back(held, now + 30)
    await store.provider_health.recovered("fake")
    assert await claimed(store) == []


async def test_the_pause_of_an_erased_admin_stays(store: Store) -> None:
    await store.provider_health.pause_by_admin("fake", ANN)
    await store.erasure.erase(ANN, store.clock())
    assert (await store.provider_health.get("fake")).paused_by == ERASED_USER_ID


async def test_what_waits_and_runs(store: Store) -> None:
    await store.people.seen(ANN, "Ann <b>", None, store.clock())
    ids = await queued(store, 3)
    preparing = await store.jobs.add(NewJob("5:9", -7, 9, BOB, "en", "other", "an owl", {}), store.clock())
    assert preparing
    begun = await claimed(store, most=1)
    counts = await store.queue.counts()
    assert (counts["fake"].waiting, counts["fake"].running, counts["other"].preparing) == (2, 1, 1)
    assert counts["fake"].oldest == pytest.approx(store.clock(), abs=30)
    found, total = await store.queue.jobs(2)
    assert (total, len(found)) == (4, 2)
    first = found[0]
    assert (first.name, first.provider, first.tasks, first.done, len(begun)) == ("Ann <b>", "fake", 1, 0, 1)
    assert first.begun_at
    rest, _total = await store.queue.jobs(2, 2)
    assert sorted(job.id for job in [*found, *rest]) == sorted([*ids, preparing.id])
    assert (await store.queue.job(preparing.id)) == rest[-1]
    assert (rest[-1].name, rest[-1].begun_at, rest[-1].tasks) == (None, None, 0)
    assert await store.queue.job(10**15) is None
