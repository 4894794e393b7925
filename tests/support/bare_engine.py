"""`BareEngine`: the engine alone in one process, with fakes around it, for tests of each step of a job."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bot.jobs.engine import JobEngine
from providers.base import ProviderSettings
from storage.job_states import JobState
from storage.records import Job, NewJob, NewReference
from storage.store import Store
from tests.support.engine_harness import running
from tests.support.fakes import FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts


class BareEngine:
    """An engine with its store, a fake provider and a recording notifier. Made by `open_bare_engine`."""

    def __init__(self, store: Store, at_once: int = 1) -> None:
        self.store = store
        self.provider = FakeProvider(ProviderSettings(concurrency=at_once))
        self.stage = RecordingNotifier(store)
        self.sleeps: list[float] = []
        self.engine = self.new_engine()
        self._number = 0

    def new_engine(self) -> JobEngine:
        self.parts = engine_parts(self.store, {"fake": self.provider}, self.stage, sleep=self._sleep)
        return self.parts.engine

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        # The progress ticker asks for a second each time; it goes on as soon as everybody else had a turn.
        await asyncio.sleep(0.001)

    async def ask(self, n: int = 1, user: int = 1, references: tuple[NewReference, ...] = (), **options: object) -> Job:
        self._number += 1
        job = await self.engine.submit(
            NewJob(
                idempotency_key=f"message:{self._number}",
                chat_id=5,
                message_id=self._number,
                user_id=user,
                language="en",
                provider="fake",
                prompt="a fox",
                options={"n": n, **options},
                references=references,
            )
        )
        assert job
        return job

    async def state(self, job: Job) -> JobState:
        found = await self.store.jobs.get(job.id)
        assert found
        return found.state

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await true():  # noqa: ASYNC110 - the store has no events to wait for
                await asyncio.sleep(0.002)

    async def until_state(self, job: Job, state: JobState) -> None:
        async def reached() -> bool:
            return await self.state(job) is state

        await self.until(reached)

    async def until_submits(self, count: int) -> None:
        async def reached() -> bool:
            return self.provider.submits == count

        await self.until(reached)

    async def until_submitted(self, count: int) -> None:
        async def reached() -> bool:
            return len(await self.store.tasks.running()) == count

        await self.until(reached)

    async def nothing_runs(self) -> bool:
        """Whether this process polls no task."""
        return not self.parts.progress.runs

    @asynccontextmanager
    async def crashed(self) -> AsyncIterator[None]:
        """The process dies (nothing is finished or cleaned up), the body changes things, another process starts."""
        await self.engine.abandon()
        yield
        self.engine = self.new_engine()
        await self.engine.open()
        await self.engine.start()


def open_bare_engine(folder: Path) -> AbstractAsyncContextManager[BareEngine]:
    """A `BareEngine` that runs."""
    return running(folder, BareEngine)
