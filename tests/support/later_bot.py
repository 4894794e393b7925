"""The present bot on a database with the rows of `old_rows`: each open job goes on as its stored state says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.handlers.request_context import key_of
from providers.base import ProviderSettings
from storage.job_states import JobState, TaskState
from storage.records import CheckedReference, Draft, Job, NewJob
from storage.store import Store
from tests.support.engine_harness import until
from tests.support.fakes import FakeProvider, RecordingNotifier
from tests.support.old_rows import ANN
from tests.support.parts import engine_parts

LIMITS = {"media_type": "image/png", "width": 3, "height": 4}


class Later:
    """The present bot on an old database. Its service ends each task at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.provider = FakeProvider(ProviderSettings())
        self.stage = RecordingNotifier(store)
        self.engine = engine_parts(store, {"fake": self.provider}, self.stage, sleep=_soon).engine
        for ticket in ("ticket-4", "announced", *(f"t{number}" for number in range(1, 20))):
            self.provider.finish(ticket)
        picture = CheckedReference(b"fetched now", changes=[], **LIMITS)  # type: ignore[arg-type]
        self.fetched = list[str]()
        self.stage.files = {f"file {number}": picture for number in (32, 34, 35, 36, 37)}
        self.stage.fetched = self._fetched

    async def _fetched(self, file_id: str) -> None:
        self.fetched.append(file_id)

    async def start(self) -> None:
        await self.engine.open()
        await self.engine.start()

    async def closed(self, job_id: int) -> JobState:
        """The state of a job once the person is told."""
        await self._until(job_id, lambda job: job.finished_at is not None)
        job = await self.store.jobs.get(job_id)
        assert job
        return job.state

    async def delivered(self, job_id: int) -> None:
        """Wait for it. (A job of which a lost task was found had ended in another state before.)"""
        await self._until(job_id, lambda job: job.state is JobState.DELIVERED)

    async def _until(self, job_id: int, true: Callable[[Job], bool]) -> None:
        async def is_so() -> bool:
            job = await self.store.jobs.get(job_id)
            return job is not None and true(job)

        await until(is_so)

    async def draft(self, words: int, *, chat_id: int = ANN, since: float = 0, question_id: int | None = None) -> Draft:
        """The drafts that wait for the prompt of a message."""
        key = key_of(chat_id, "message", words)
        return await self.store.drafts.take(chat_id, ANN, key, since=since, question_id=question_id)

    async def ask(self, words: int, draft: Draft, chat_id: int = ANN) -> int:
        key = key_of(chat_id, "message", words)
        new = NewJob(key, chat_id, words, ANN, "en", "fake", "a fox", {"n": 1}, references=draft.references)
        job = await self.engine.submit(new)
        assert job
        return job.id


async def _soon(seconds: float) -> None:
    # Not at once: workers would do little but send heartbeats.
    await asyncio.sleep(min(seconds, 0.05))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Later]:
    store = await Store.open(url)
    later = Later(store)
    try:
        yield later
    finally:
        await later.engine.stop()
        await store.aclose()


async def open_jobs_go_on(later: Later, of_the_group: list[int], found_again: list[int]) -> None:
    waiting = [1, 2, 3, *of_the_group]
    delivered = sorted([*waiting, 4, 6, *found_again])
    for number in delivered:
        await later.delivered(number)
    told = {5: JobState.INTERRUPTED, 7: JobState.FAILED, 8: JobState.CANCELLED, 9: JobState.INTERRUPTED}
    assert {number: await later.closed(number) for number in told} == told
    assert sorted(later.stage.delivered) == delivered
    assert sorted({job.id for job in later.stage.endings}) == sorted(told)
    # Only tasks that had not been submitted are submitted; no reference that had been fetched is fetched again.
    assert later.provider.submits == len(waiting)
    assert "ticket-4" in later.provider.resumed
    assert later.fetched == ["file 32"]
    (cut_off,) = await later.store.tasks.of_job(5)
    assert (cut_off.state, cut_off.ticket) == (TaskState.INTERRUPTED, None)
