"""Holes through which a paid job could be lost, paid twice or left without a word: each found by looking for it.

A real store whose tables refuse to be written for a while (a trigger stands for a full disk), crashes between two
steps, presses at the same moment, providers and chats that break the rules.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import field_validator

from bot.jobs.endings import DELAYS, UNSENT
from bot.jobs.engine import CANCELLED, CANCELLED_PAID, Engine
from bot.jobs.stage import Undelivered, Unfit, Unreachable, trouble
from bot.jobs.watch import OURS_PAID
from providers.base import Accepted, Event, Finished, ImageRequest, ProviderSettings
from providers.errors import Busy, OutcomeUnknown, Refused, Sentence
from storage.database import StoreError
from storage.pictures import Picture, Sent
from storage.records import Job, JobState, NewJob, NewSource, Task, TaskState
from storage.store import Store
from tests.support.fakes import FakeOptions, FakeProvider, RecordingStage


class Stage(RecordingStage):
    """A stage whose words can be lost, too: `deaf` is what the next tellings raise."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.deaf: list[Exception] = []

    async def ended(self, job: Job) -> None:
        if self.deaf:
            raise self.deaf.pop(0)
        await super().ended(job)


class Provider(FakeProvider):
    """`after`: what it does wrong once it has a ticket."""

    def __init__(self) -> None:
        super().__init__(ProviderSettings(concurrency=1))
        self.after: list[Exception] = []

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        async for event in super().imagine(request, ticket):
            yield event
            if isinstance(event, Accepted) and self.after:
                raise self.after.pop(0)


class Room:
    """An engine on a database, with what surrounds it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.provider = Provider()
        self.stage = Stage(store)
        self.engine = self._engine()
        self._number = 0

    def _engine(self) -> Engine:
        return Engine(self.store, {"fake": self.provider}, self.stage, lambda _id: None, sleep=_soon)

    async def ask(self, n: int = 1, sources: tuple[NewSource, ...] = ()) -> Job:
        self._number += 1
        new = NewJob(f"message:{self._number}", 5, self._number, 1, "en", "fake", "a fox", {"n": n}, sources=sources)
        job = await self.engine.ask(new)
        assert job
        return job

    async def state(self, job: Job) -> JobState:
        found = await self.store.jobs.get(job.id)
        assert found
        return found.state

    async def finished(self, job: Job, state: JobState) -> None:
        """Wait until a job is closed in this state."""

        async def closed() -> bool:
            found = await self.store.jobs.get(job.id)
            return found is not None and found.finished_at is not None

        await until(closed)
        assert await self.state(job) is state

    async def running(self, count: int = 1) -> None:
        """Wait until so many tasks run at the service, with their tickets stored."""

        async def run() -> bool:
            return len(await self.store.tasks.running()) == count

        await until(run)

    async def tasks(self, job: Job) -> list[TaskState]:
        return [task.state for task in await self.store.tasks.of_job(job.id)]

    @asynccontextmanager
    async def refusing(self, event: str, when: str = "true") -> AsyncIterator[None]:
        """The store takes no such change, as if the disk were full."""
        trigger = f"CREATE TRIGGER full BEFORE {event} WHEN {when} BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        await self.run(trigger)
        yield
        await self.run("DROP TRIGGER full")

    async def crash(self) -> None:
        """The process dies: nothing is finished or cleaned up."""
        await self.engine._background.aclose()
        await self.engine._finishing.aclose()

    async def start(self) -> None:
        """Another process."""
        self.engine = self._engine()
        await self.engine.start()

    async def run(self, statement: str) -> None:
        """Change the tables behind everybody's back."""
        async with self.store.database.write() as connection:
            await connection.exec_driver_sql(statement)


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.001)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 - the store has no events to wait for
            await asyncio.sleep(0.002)


async def logged(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async def there() -> bool:
        return words in caplog.text

    await until(there)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    room = Room(store)
    await room.engine.start()
    yield room
    await room.engine.stop()
    await store.aclose()


# the store fails


@pytest.mark.parametrize(
    ("event", "when"),
    [
        ("UPDATE ON jobs", "NEW.state = 'working'"),
        ("UPDATE ON tasks", "NEW.state = 'submitting'"),
        ("UPDATE ON tasks", "NEW.ticket IS NOT NULL AND OLD.ticket IS NULL"),
    ],
)
async def test_a_store_that_fails_for_a_while_costs_time_only(
    room: Room, event: str, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with room.refusing(event, when):
        job = await room.ask()
        await logged(caplog, "disk is full")
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1


@pytest.mark.parametrize("event", ["INSERT ON pictures", "UPDATE ON jobs"])
async def test_a_result_is_not_lost_when_the_store_fails_at_that_moment(
    room: Room, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = await room.ask()
    await room.running()
    async with room.refusing(event):
        room.provider.finish("t1")
        await logged(caplog, "disk is full")
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_an_interrupted_task_does_not_block_the_service_when_the_store_fails(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.provider.refuse = [OutcomeUnknown()]
    async with room.refusing("UPDATE ON tasks", "NEW.state = 'interrupted'"):
        first = await room.ask()
        await logged(caplog, "disk is full")
    await room.finished(first, JobState.INTERRUPTED)
    await room.ask()
    await room.running()


async def test_an_album_is_confirmed_whole_or_not_at_all(room: Room) -> None:
    job = await room.ask(n=2)
    for number in (1, 2):
        await room.running()
        room.stage.trouble = [Undelivered("for ever")] * 100
        room.provider.finish(f"t{number}")
    await until(lambda: _has_pictures(room, job, 2))
    one, two = await room.store.pictures.of_job(job.id)
    async with room.refusing("UPDATE ON pictures", f"NEW.id = {two.id}"):
        with pytest.raises(StoreError):
            await room.store.pictures.all_sent({each.id: Sent("f", each.id, 1, 1, 1) for each in (one, two)})
    assert [each.message_id for each in await room.store.pictures.of_job(job.id)] == [None, None]


async def _has_pictures(room: Room, job: Job, count: int) -> bool:
    return len(await room.store.pictures.of_job(job.id)) == count


# ends that must be told


async def test_an_end_is_told_after_a_crash_just_before_it_was(room: Room) -> None:
    room.provider.refuse = [OutcomeUnknown()]
    room.stage.deaf = [Undelivered("no network")] * 100
    job = await room.ask()

    async def interrupted() -> bool:
        return await room.state(job) is JobState.INTERRUPTED

    await until(interrupted)
    await room.crash()
    room.stage.deaf = []
    await room.start()
    await room.finished(job, JobState.INTERRUPTED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(OutcomeUnknown.default)]
    await room.crash()
    await room.start()
    assert len(room.stage.endings) == 1, "it is told once"


async def test_an_end_is_told_when_telegram_is_within_reach_again(room: Room) -> None:
    room.provider.refuse = [Refused("prompt")]
    room.stage.deaf = [Undelivered("no network")] * 3
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert len(room.stage.endings) == 1


async def test_a_failure_that_comes_after_the_cancelling_is_not_told(room: Room) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def fetch(file_id: str, limits: object) -> None:
        reached.set()
        await go_on.wait()
        raise Unfit(Sentence("Too wide."))

    room.stage.fetch = fetch  # type: ignore[assignment,method-assign]
    job = await room.ask(sources=(NewSource("f", 1),))
    await reached.wait()
    assert await room.engine.cancel(job.id)
    go_on.set()
    await until(lambda: _nobody_prepares(job))
    await room.finished(job, JobState.CANCELLED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(CANCELLED)]


async def _nobody_prepares(job: Job) -> bool:
    return not any(task.get_name() == f"prepare job {job.id}" for task in asyncio.all_tasks())


# cancelling


async def test_pictures_that_were_ready_when_their_job_was_cancelled_are_kept(room: Room) -> None:
    job = await room.ask(n=2)
    await room.running()
    room.provider.refuse = [Busy(retry_after=1000)]
    room.provider.finish("t1")
    await until(lambda: _is(room, job, [TaskState.DONE, TaskState.QUEUED]))
    await until(lambda: _nobody_flies(room))
    assert await room.engine.cancel(job.id)
    await room.finished(job, JobState.CANCELLED)
    assert job.id in room.stage.kept
    assert [ended.trouble for ended in room.stage.endings] == [trouble(CANCELLED_PAID)]


async def _is(room: Room, job: Job, states: list[TaskState]) -> bool:
    return await room.tasks(job) == states


async def _nobody_flies(room: Room) -> bool:
    return not room.engine._outlook.flights


async def test_a_cancelled_task_that_the_service_was_too_busy_for_is_not_submitted_later(room: Room) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    imagine = room.provider.imagine

    async def slow(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        reached.set()
        await go_on.wait()
        async for event in imagine(request, ticket):
            yield event

    room.provider.refuse = [Busy(retry_after=0.001)]
    room.provider.imagine = slow  # type: ignore[method-assign]
    job = await room.ask()
    await reached.wait()
    assert await room.engine.cancel(job.id)
    go_on.set()
    await room.finished(job, JobState.CANCELLED)
    assert (await room.tasks(job), room.provider.submits) == ([TaskState.CANCELLED], 0)


async def test_what_a_cancelled_job_had_running_is_kept_after_a_crash(room: Room) -> None:
    job = await room.ask()
    await room.running()
    assert await room.engine.cancel(job.id)
    await room.crash()
    room.provider.finish("t1")
    await room.start()
    await room.finished(job, JobState.CANCELLED)
    assert job.id in room.stage.kept


# delivering


async def test_a_task_that_is_ready_at_the_start_is_delivered_once(room: Room) -> None:
    lost = await room.ask()
    await room.running()
    ready = await room.ask()
    await until(lambda: _is(room, ready, [TaskState.QUEUED]))
    await room.crash()
    await room.run(f"UPDATE tasks SET state = 'submitting', ticket = NULL WHERE job_id = {lost.id}")
    await room.run(f"UPDATE tasks SET state = 'running', ticket = 't2', submitted_at = 1 WHERE job_id = {ready.id}")
    room.provider.finish("t2")
    ended = room.stage.ended

    async def slow(job: Job) -> None:
        await room.stage.until(lambda: room.stage.delivered)
        await ended(job)

    room.stage.ended = slow  # type: ignore[method-assign]
    await room.start()
    await room.finished(ready, JobState.DELIVERED)
    await room.finished(lost, JobState.INTERRUPTED)
    assert (room.stage.delivered, room.engine._outlook.jobs) == ([ready.id], {})


async def test_two_presses_at_once_deliver_once(room: Room) -> None:
    room.stage.trouble = [Undelivered("network")] * len(DELAYS)
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.FAILED)
    of_job, looked, all_looked = room.store.pictures.of_job, 0, asyncio.Event()

    async def together(job_id: int) -> list[Picture]:
        nonlocal looked
        looked += 1
        if looked == 3:
            all_looked.set()
        await all_looked.wait()
        return await of_job(job_id)

    room.store.pictures.of_job = together  # type: ignore[method-assign]
    found = await asyncio.gather(*(room.engine.look_again(job.id) for _ in range(3)))
    assert sorted(found) == [False, False, True]
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_an_error_that_nobody_thought_of_does_not_end_a_delivery(room: Room) -> None:
    room.stage.trouble = [KeyError("a bug")]
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_what_telegram_never_took_is_told_and_kept(room: Room) -> None:
    room.stage.trouble = [KeyError("a bug")] * len(DELAYS)
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.FAILED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(UNSENT)]
    assert job.id in room.stage.kept


async def test_what_a_closed_chat_does_not_take_is_kept(room: Room) -> None:
    room.stage.trouble = [Unreachable("blocked")]
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert (room.stage.kept, room.stage.endings) == ([job.id], [])


# providers that break the contract


@pytest.mark.parametrize("fault", [KeyError("a bug"), OutcomeUnknown()])
async def test_a_fault_after_the_ticket_leaves_the_picture_within_reach(room: Room, fault: Exception) -> None:
    room.provider.after = [fault]
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert await room.tasks(job) == [TaskState.OVERDUE]
    assert [ended.trouble for ended in room.stage.endings] == [trouble(OURS_PAID)]
    room.provider.finish("t1")
    assert await room.engine.look_again(job.id)
    await room.finished(job, JobState.DELIVERED)
    assert (room.provider.submits, room.provider.resumed) == (1, ["t1"])


async def test_being_busy_after_the_ticket_submits_nothing_again(room: Room) -> None:
    room.provider.after = [Busy(retry_after=0.001)]
    job = await room.ask()

    async def resumed() -> bool:
        return room.provider.resumed == ["t1"]

    await until(resumed)
    assert await room.tasks(job) == [TaskState.RUNNING]
    await room.crash()
    await room.start()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1


async def test_a_result_without_pictures_does_not_end_as_delivered(room: Room) -> None:
    async def empty(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        yield Accepted("t1")
        yield Finished(())

    room.provider.imagine = empty  # type: ignore[method-assign]
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert await room.tasks(job) == [TaskState.OVERDUE]


class Choosy(FakeOptions):
    """Options as a newer version of a provider would have them."""

    @field_validator("n")
    @classmethod
    def _never(cls, value: object) -> object:
        raise TypeError(value)


@pytest.mark.parametrize(("taken", "state"), [(False, TaskState.FAILED), (True, TaskState.OVERDUE)])
async def test_options_that_nobody_understands_any_more(room: Room, taken: bool, state: TaskState) -> None:
    first = await room.ask()
    await room.running()
    second = await room.ask()
    await until(lambda: _is(room, second, [TaskState.QUEUED]))
    await room.crash()
    room.provider.Options = Choosy  # type: ignore[misc]
    await room.start()
    job = first if taken else second
    await room.finished(job, JobState.FAILED)
    assert (await room.tasks(job), room.provider.submits) == ([state], 1)


# stopping


async def test_a_turn_that_is_being_given_at_the_stop_is_not_lost(room: Room) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()
    claim = room.store.tasks.claim

    async def slow(provider: str, at_once: int, now: float) -> Task | None:
        task = await claim(provider, at_once, now)
        if task:
            claimed.set()
            await go_on.wait()
        return task

    room.store.tasks.claim = slow  # type: ignore[method-assign]
    job = await room.ask()
    await claimed.wait()
    stopping = asyncio.create_task(room.engine.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert await room.tasks(job) == [TaskState.RUNNING]
    await room.start()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1
