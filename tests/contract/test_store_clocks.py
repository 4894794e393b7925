"""Times stored by a wrong clock hold no task longer than `LONGEST_HOLD_SECONDS`, on each database.

The times here are ahead, as if the clock had been two hours wrong for a while.
"""

import time
from collections.abc import AsyncIterator

import pytest

from bot.jobs.queue_forecast import order
from providers.base import ProviderSettings
from providers.errors import ProviderBusyError, ProviderUnavailableError
from storage.clock import LONGEST_HOLD_SECONDS
from storage.job_states import JobState
from storage.provider_health import BUSY_GAP_SECONDS
from storage.quota import Quota
from storage.records import Limits, NewJob, NewPicture, Task
from storage.store import Store
from tests.support.engine_harness import until
from tests.support.fakes import FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts

NOW = 1_700_000_000.0
AHEAD = NOW + 2 * 3600
MANY = Limits(10)
WHY = {"template": "Away.", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def new_request(number: int, user: int = 1, button: str | None = None) -> NewJob:
    return NewJob(f"{user}:{number}", 5, number, user, "en", "fake", "a fox", {}, button=button)


async def queued(store: Store, number: int, now: float, user: int = 1) -> int:
    job = await store.jobs.add(new_request(number, user), now)
    assert job
    assert await store.tasks.queue(job.id, "fake", [{}], [], now) is JobState.WORKING
    return job.id


async def claimed(store: Store, now: float = NOW, limits: Limits = MANY, most: int = 1) -> list[Task]:
    return list((await store.tasks.claim("fake", limits, now, most=most)).tasks)


async def test_a_hold_ends(store: Store) -> None:
    await queued(store, 1, NOW)
    await store.provider_health.hold("fake", AHEAD, NOW)
    assert len(await claimed(store)) == 1
    # A correct time replaces it.
    await store.provider_health.hold("fake", NOW + 5, NOW)
    assert (await store.provider_health.get("fake")).not_before == NOW + 5


async def test_busy_answers_in_a_row_are_timed(store: Store) -> None:
    hold = store.provider_health.hold
    assert [(await hold("fake", at, at)).busy_seconds for at in (NOW, NOW + 60, NOW + 200)] == [0, 60, 200]
    assert not (await store.provider_health.recovered("fake")).is_new
    assert (await hold("fake", NOW, NOW + 300)).busy_seconds == 0
    # After so long a silence they are no row.
    later = NOW + 300 + BUSY_GAP_SECONDS + 1
    assert (await hold("fake", NOW, later)).busy_seconds == 0
    # A wrong clock's time ahead is replaced, too.
    assert (await hold("fake", NOW, NOW)).busy_seconds == 0


async def test_a_pause_ends_and_one_task_at_a_time_tries(store: Store) -> None:
    for number in range(3):
        await queued(store, number, NOW)
    await store.provider_health.pause("fake", WHY, AHEAD)
    assert len(await claimed(store)) == 1
    assert await claimed(store) == []
    assert (await store.provider_health.stumbled("fake", NOW)).failures == 1


async def test_nothing_is_held_for_longer_than_it_may_be(store: Store) -> None:
    await queued(store, 1, 0.0)
    now = store.clock()
    await store.provider_health.hold("fake", now + 10**9, now)
    held_until = (await store.provider_health.get("fake")).not_before
    assert now + LONGEST_HOLD_SECONDS <= held_until <= store.clock() + LONGEST_HOLD_SECONDS
    await store.provider_health.pause("fake", WHY, now + 10**9)
    assert (await store.provider_health.get("fake")).not_before <= store.clock() + LONGEST_HOLD_SECONDS
    (task,) = await claimed(store, now + LONGEST_HOLD_SECONDS + 5)
    await store.tasks.put_back(task.id, now + 10**9)
    found = await store.tasks.get(task.id)
    assert found
    assert found.not_before <= store.clock() + LONGEST_HOLD_SECONDS


async def test_a_task_that_waits_is_tried(store: Store) -> None:
    await queued(store, 1, NOW)
    (task,) = await claimed(store)
    await store.tasks.put_back(task.id, AHEAD)
    assert await claimed(store)


async def test_a_rate_is_counted_by_what_began_lately(store: Store) -> None:
    for number in range(4):
        await queued(store, number, NOW)
    assert len(await claimed(store, AHEAD, Limits(10, 2), most=2)) == 2
    assert len(await claimed(store, NOW, Limits(10, 2), most=2)) == 2
    assert await claimed(store, NOW, Limits(10, 2)) == []


async def test_who_asked_by_a_wrong_clock_is_not_behind_all_who_come_later(store: Store) -> None:
    await queued(store, 1, AHEAD, user=1)
    await queued(store, 2, NOW + 1, user=2)
    # The forecast uses the present time, which is later than all of these.
    assert [one.user_id for one in order(await store.tasks.line("fake"), {})] == [2, 1]
    assert [task.user_id for task in await claimed(store, NOW + 2)] == [2]
    await queued(store, 3, NOW + 3, user=3)
    assert [task.user_id for task in await claimed(store, NOW + 3)] == [1]


async def test_a_days_limit_and_a_double_tap_do_not_last(store: Store) -> None:
    daily = Quota(daily=1)
    assert await store.jobs.add(new_request(1), NOW + 400 * 24 * 3600, quota=daily)
    assert await store.jobs.add(new_request(2), NOW, quota=daily)
    twice = Quota(apart=2.0)
    assert await store.jobs.add(new_request(1, 2, "again"), AHEAD, quota=twice)
    assert await store.jobs.add(new_request(2, 2, "again"), NOW, quota=twice)
    assert await store.jobs.add(new_request(3, 2, "again"), NOW + 1, quota=twice) is None


async def test_a_duration_between_two_clocks_is_none(store: Store) -> None:
    await queued(store, 1, NOW)
    (task,) = await claimed(store)
    await store.tasks.accepted(task.id, "t1", AHEAD)
    await store.tasks.finish_task(task.id, [NewPicture("https://pictures/1")], NOW + 6)
    assert await store.tasks.durations("fake") == []


async def test_processes_go_by_the_databases_clock(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 7200)
    store = await Store.open(postgres_url)
    provider = FakeProvider(ProviderSettings())
    provider.refuse = [ProviderBusyError(retry_after=5), *(ProviderUnavailableError() for _ in range(3))]
    engine = engine_parts(store, {"fake": provider}, RecordingNotifier(store)).engine
    await engine.open()
    await engine.start()
    job = await engine.submit(new_request(1))
    assert job

    async def is_held() -> bool:
        return bool((await store.provider_health.get("fake")).not_before)

    await until(is_held)
    times = [job.created_at, (await store.provider_health.get("fake")).not_before]
    assert all(abs(one - real()) < 30 for one in times)
    await engine.stop()
    await store.aclose()
