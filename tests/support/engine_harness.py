"""`EngineHarness`: the engine with a real store that can refuse changes, a failing provider and notifier, crashes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from sqlalchemy import text

from bot.engine_wiring import EngineParts
from bot.jobs.engine import JobEngine
from providers.base import Accepted, Event, ImageRequest, ProviderSettings
from storage.job_states import CLOSED, JobState, TaskState
from storage.records import Job, NewJob, NewReference
from storage.store import Store
from tests.support.blank_database import put_blank_database
from tests.support.clock import Clock
from tests.support.fakes import FakeOptions, FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts


class Stage(RecordingNotifier):
    """A notifier that can fail: the next calls raise the errors in `deaf`."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.deaf: list[Exception] = []

    async def ended(self, job: Job, *, only_here: bool = False) -> None:
        if self.deaf:
            raise self.deaf.pop(0)
        await super().ended(job)


class Provider(FakeProvider):
    """A provider that fails once it has a ticket, as `after` says."""

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


class EngineHarness:
    """An engine on a database, with its provider and notifier. `wish`: the latest request."""

    wish: NewJob

    def __init__(self, store: Store) -> None:
        self.store = store
        self.provider = Provider()
        self.stage = Stage(store)
        self.clock = Clock()
        self.parts = self._new_parts()
        self._number = 0

    def _new_parts(self) -> EngineParts:
        # Nobody's lease expires unless a test moves the clock.
        return engine_parts(self.store, {"fake": self.provider}, self.stage, sleep=_soon, monotonic=self.clock)

    @property
    def engine(self) -> JobEngine:
        return self.parts.engine

    async def ask(self, n: int = 1, references: tuple[NewReference, ...] = ()) -> Job:
        self._number += 1
        key = f"message:{self._number}"
        self.wish = NewJob(key, 5, self._number, 1, "en", "fake", "a fox", {"n": n}, references=references)
        job = await self.engine.submit(self.wish)
        assert job
        return job

    async def state(self, job: Job) -> JobState:
        found = await self.store.jobs.get(job.id)
        assert found
        return found.state

    async def finished(self, job: Job, state: JobState) -> None:
        """Wait until a job has ended in this state."""

        async def closed() -> bool:
            found = await self.store.jobs.get(job.id)
            return found is not None and found.state in CLOSED

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
        """Stop as a killed process does: nothing is finished or cleaned up."""
        await self.engine.abandon()

    async def start(self) -> None:
        """Start an engine as another process would."""
        self.parts = self._new_parts()
        await self.engine.open()
        await self.engine.start()

    async def run(self, statement: str) -> None:
        """Change the tables directly, past the engine."""
        await self.store.database.execute(text(statement))


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


class HasEngine(Protocol):
    """A harness around an engine, which a test may replace."""

    @property
    def engine(self) -> JobEngine: ...


HarnessT = TypeVar("HarnessT", bound=HasEngine)


@asynccontextmanager
async def running(folder: Path, make: Callable[[Store], HarnessT]) -> AsyncIterator[HarnessT]:
    """A harness whose engine runs on an empty database in `folder`."""
    await asyncio.to_thread(put_blank_database, folder / "bot.db")
    store = await Store.open(f"sqlite:///{folder}/bot.db")
    harness = make(store)
    await harness.engine.open()
    await harness.engine.start()
    yield harness
    await harness.engine.stop()
    await store.aclose()


def open_engine_harness(folder: Path) -> AbstractAsyncContextManager[EngineHarness]:
    """An `EngineHarness` whose engine runs."""
    return running(folder, EngineHarness)


async def in_states(engine_harness: EngineHarness, job: Job, states: list[TaskState]) -> bool:
    """Whether the tasks of a job are in these states."""
    return await engine_harness.tasks(job) == states
