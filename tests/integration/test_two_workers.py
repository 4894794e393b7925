"""Two workers on one database: fair over both, each starts its own, and none polls or delivers what is the other's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from bot.engine_wiring import EngineParts
from bot.jobs.progress import PAUSED_BY_ADMIN
from providers.base import Accepted, Event, ImageRequest, ProviderSettings
from storage.duel_records import NewDuel
from storage.job_states import JobState, TaskState
from storage.money import NO_BUDGETS
from storage.notifications import Topic
from storage.quota import UNLIMITED
from storage.records import Job, NewJob
from storage.store import Store
from tests.support.clock import Clock
from tests.support.engine_harness import until
from tests.support.fakes import FakeOptions, FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts


class Service(FakeProvider):
    """What both workers submit to. `answering`: the next submits are answered when it is set."""

    def __init__(self) -> None:
        super().__init__(ProviderSettings(concurrency=1))
        self.answering = asyncio.Event()
        self.answering.set()
        self.submitted: list[str] = []

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        async for event in super().imagine(request, ticket):
            if ticket is None and isinstance(event, Accepted):
                self.submitted.append(request.prompt)
                await self.answering.wait()
            yield event


@dataclass
class OneWorker:
    """`clock`: of its lease."""

    parts: EngineParts
    notifier: RecordingNotifier
    clock: Clock

    @property
    def id(self) -> int:
        return self.parts.context.worker.id


class Two:
    """Two workers. Their heartbeats are given by the test."""

    def __init__(self, service: Service, one: OneWorker, two: OneWorker) -> None:
        self.service, self.one, self.two = service, one, two
        # An eviction ends the sessions of the first worker.
        self.store = two.parts.context.store
        self._number = 0

    async def ask(self, worker: OneWorker, user: int | None = None) -> Job:
        self._number += 1
        new = NewJob(
            f"m:{self._number}", 5, self._number, user or self._number, "en", "fake", f"fox {self._number}", {"n": 1}
        )
        job = await worker.parts.engine.submit(new)
        assert job
        return job

    async def waits(self, job: Job) -> None:
        await until(lambda: self.is_in(job, JobState.WORKING))

    async def is_in(self, job: Job, state: JobState) -> bool:
        found = await self.store.jobs.get(job.id)
        return found is not None and found.state is state

    async def delivered(self, *jobs: Job) -> None:
        for job in jobs:
            await until(lambda job=job: self.is_in(job, JobState.DELIVERED))  # type: ignore[misc]

    async def submitted(self, count: int) -> None:
        async def so_many() -> bool:
            return len(self.service.submitted) == count and len(await self.store.tasks.running()) <= 1

        await until(so_many)

    async def paused_is_shown(self, *jobs: tuple[OneWorker, Job]) -> None:
        """Each worker says so of its job. (A job waits in the store a moment before its worker says more than that it
        is being prepared.)"""
        for worker, job in jobs:
            await until(lambda worker=worker, job=job: _says_paused(worker, job))  # type: ignore[misc]


async def _says_paused(worker: OneWorker, job: Job) -> bool:
    await worker.parts.progress_loop.show_all()
    return worker.notifier.shown[job.id].why == PAUSED_BY_ADMIN


async def _no_heartbeat(_seconds: float) -> None:
    """Waits are short, also between the retries of an ended session's steps; those of the heartbeat are endless."""
    task = asyncio.current_task()
    await asyncio.sleep(3600 if task and task.get_name() == "heartbeat" else 0.001)


@pytest.fixture
async def two(postgres_url: str) -> AsyncIterator[Two]:
    service, workers = Service(), []
    async with AsyncExitStack() as stack:
        for _ in range(2):
            store = await Store.open(postgres_url)
            stack.push_async_callback(store.aclose)
            notifier, clock = RecordingNotifier(store), Clock()
            parts = engine_parts(store, {"fake": service}, notifier, sleep=_no_heartbeat, monotonic=clock)
            await parts.engine.open()
            await parts.engine.start()
            stack.push_async_callback(parts.engine.abandon)
            workers.append(OneWorker(parts, notifier, clock))
        yield Two(service, *workers)


async def test_turns_are_fair_over_both_and_each_starts_its_own(two: Two) -> None:
    jobs = []
    for worker in (two.one, two.two, two.one, two.two):
        jobs.append(await two.ask(worker))
        await two.waits(jobs[-1])
    for number in range(1, 5):
        await two.submitted(number)
        two.service.finish(f"t{number}")
    await two.delivered(*jobs)
    assert two.service.submitted == [f"fox {number}" for number in range(1, 5)]
    assert two.service.resumed == []
    assert [two.one.notifier.delivered, two.two.notifier.delivered] == [
        [jobs[0].id, jobs[2].id],
        [jobs[1].id, jobs[3].id],
    ]


async def test_time_alone_frees_a_slot_for_another_worker(two: Two) -> None:
    """The worker that knows when is not the one whose task is first."""
    first = await two.ask(two.one)
    await two.submitted(1)
    store = two.one.parts.context.store
    await store.provider_health.hold("fake", store.clock() + 0.3, store.clock())
    second = await two.ask(two.two)
    two.service.finish("t1")
    await two.delivered(first)
    await two.submitted(2)
    two.service.finish("t2")
    await two.delivered(second)


async def test_a_pause_by_an_admin_holds_for_both_and_ends_for_both(two: Two) -> None:
    assert await two.one.parts.switch.pause("fake", 1)
    jobs = [await two.ask(two.one), await two.ask(two.two)]
    for job in jobs:
        await two.waits(job)
    await two.paused_is_shown((two.one, jobs[0]), (two.two, jobs[1]))
    assert two.service.submits == 0
    assert await two.two.parts.switch.resume("fake", 2)
    for number in (1, 2):
        await two.submitted(number)
        two.service.finish(f"t{number}")
    await two.delivered(*jobs)


async def test_who_stops_holds_nobody_up(two: Two) -> None:
    """Its waiting jobs go to the other at once, although a submit of its own is not answered yet."""
    first = await two.ask(two.one)
    await two.submitted(1)
    two.service.finish("t1")
    await two.delivered(first)
    two.service.answering.clear()
    cut = await two.ask(two.one)
    await two.submitted(2)
    theirs, mine = await two.ask(two.one), await two.ask(two.two)
    await two.waits(theirs)
    await two.waits(mine)
    stopping = asyncio.create_task(two.one.parts.engine.stop())

    async def handed_over() -> bool:
        job = await two.store.jobs.get(theirs.id)
        return job is not None and job.worker_id == two.two.id

    await until(handed_over)
    two.service.answering.set()
    await stopping
    two.service.finish("t2")
    for number in (3, 4):
        await two.submitted(number)
        two.service.finish(f"t{number}")
    await two.delivered(cut, theirs, mine)
    assert two.service.submits == 4
    assert two.one.notifier.delivered == [first.id]


async def test_the_evicted_one_lets_go_and_the_other_goes_on_by_the_ticket(two: Two) -> None:
    job = await two.ask(two.one)
    await two.submitted(1)
    await two.waits(job)
    await two.one.parts.heartbeat.look()
    await evict_the_first(two)

    async def resumed() -> bool:
        return two.service.resumed == ["t1"]

    await until(resumed)
    await two.one.parts.heartbeat.look()

    async def has_let_go() -> bool:
        return not two.one.parts.progress.runs and not two.one.parts.progress.jobs

    await until(has_let_go)
    two.service.finish("t1")
    await two.delivered(job)
    assert (two.service.submits, two.service.resumed) == (1, ["t1"])
    assert (two.one.notifier.delivered, two.two.notifier.delivered) == ([], [job.id])


async def test_a_ticket_that_comes_after_the_eviction_is_followed_by_the_owner_alone(two: Two) -> None:
    two.service.answering.clear()
    job = await two.ask(two.one)
    await two.submitted(1)
    await evict_the_first(two)
    await until(lambda: two.is_in(job, JobState.INTERRUPTED))
    assert [ended.id for ended in two.two.notifier.endings] == [job.id]
    two.service.answering.set()
    two.service.finish("t1")
    await two.delivered(job)
    assert (two.service.submits, two.service.resumed) == (1, ["t1"])
    assert (two.one.notifier.delivered, two.two.notifier.delivered) == ([], [job.id])
    assert not two.one.parts.progress.runs


async def test_who_was_evicted_before_the_submit_does_not_submit(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stood still between the claim and the submit."""
    claimed, go_on = asyncio.Event(), asyncio.Event()
    tasks = two.one.parts.context.store.tasks
    claim = tasks.claim

    async def slow(*arguments: object, **how: object) -> object:
        turns = await claim(*arguments, **how)  # type: ignore[arg-type]
        if turns.tasks:
            claimed.set()
            await go_on.wait()
        return turns

    monkeypatch.setattr(tasks, "claim", slow)
    job = await two.ask(two.one)
    await claimed.wait()
    await evict_the_first(two)
    await until(lambda: two.is_in(job, JobState.INTERRUPTED))
    go_on.set()
    other = await two.ask(two.two)
    await two.submitted(1)
    two.service.finish("t1")
    await two.delivered(other)
    assert two.service.submitted == ["fox 2"]
    assert [task.state for task in await two.store.tasks.of_job(job.id)] == [TaskState.INTERRUPTED]


async def evict_the_first(two: Two) -> None:
    """The first worker hangs for as long as the lease lasts, so it does not hear of its own eviction."""
    two.one.parts.heartbeat.on_notification = _unheard  # type: ignore[assignment, method-assign]
    await two.two.parts.heartbeat.look()
    two.two.clock.now += 11
    await two.two.parts.heartbeat.look()


def _unheard(_topic: Topic) -> None: ...


async def test_the_jobs_of_a_duel_end_together_whoever_has_them(two: Two) -> None:
    requests = tuple(NewJob(f"d:{number}", 5, 1, 1, "en", "fake", "a fox", {"n": 1}) for number in (1, 2))
    duel_id = await two.store.duels.ask(NewDuel("d", 5, 1, requests, (None, None)), 0.0)
    asked = await two.store.duels.asked(duel_id or 0)
    assert asked
    first, second = await two.store.duels.begin(
        asked, two.store.clock(), worker_id=two.one.id, quota=UNLIMITED, budgets=NO_BUDGETS
    )
    moved = text("UPDATE jobs SET worker_id = :owner WHERE id = :job").bindparams(owner=two.two.id, job=second.id)
    await two.store.database.execute(moved)
    for worker, job in ((two.one, first), (two.two, second)):
        worker.parts.context.wake(job.id)
    await two.submitted(1)
    two.service.finish("t1")
    await two.submitted(2)
    ready = await two.store.duels.standing(duel_id or 0)
    assert ready
    assert len(ready.ready) == 1
    assert two.one.notifier.delivered == two.two.notifier.delivered == []
    two.service.finish("t2")
    await two.delivered(first, second)
    assert (two.one.notifier.delivered, two.two.notifier.delivered) == ([first.id], [second.id])
