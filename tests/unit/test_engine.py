"""The engine: what happens to a job at every step, and after a crash at every step."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.jobs import engine as engine_module
from bot.jobs.engine import JobEngine
from bot.jobs.ports import InvalidReferenceError, Phase, Undelivered, Unreachable
from providers.base import ProviderSettings
from providers.errors import (
    ContentRefusedError,
    OutcomeUnknownError,
    ProviderBusyError,
    Sentence,
    TaskExpiredError,
    TaskTimeoutError,
)
from storage.job_states import FAILED_STATES, JobState, TaskState
from storage.records import CheckedReference, Job, NewJob, NewReference
from storage.store import Store
from tests.support.blank_database import put_blank_database
from tests.support.fakes import FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts

PNG = CheckedReference(b"png", "image/png", 10, 10, [])


class AppHarness:
    """An engine with its store, its provider and its stage."""

    def __init__(self, store: Store, at_once: int = 1) -> None:
        self.store = store
        self.provider = FakeProvider(ProviderSettings(concurrency=at_once))
        self.stage = RecordingNotifier(store)
        self.sleeps: list[float] = []
        self.engine = self.new_engine()
        self._number = 0

    def new_engine(self) -> JobEngine:
        return engine_parts(self.store, {"fake": self.provider}, self.stage, sleep=self._sleep).engine

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        # The progress ticker asks for a second each time; it goes on as soon as everybody else had a turn.
        await asyncio.sleep(0.001)

    async def ask(self, n: int = 1, user: int = 1, references: tuple[NewReference, ...] = ()) -> Job:
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
                options={"n": n},
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
        async with asyncio.timeout(5):
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

    @asynccontextmanager
    async def crashed(self) -> AsyncIterator[None]:
        """The process dies (nothing is finished or cleaned up), the body changes things, another process starts."""
        await self.engine.abandon()
        yield
        self.engine = self.new_engine()
        await self.engine.open()
        await self.engine.start()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    await asyncio.to_thread(put_blank_database, tmp_path / "bot.db")
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    harness = AppHarness(store)
    await harness.engine.open()
    await harness.engine.start()
    yield harness
    await harness.engine.stop()
    await store.aclose()


async def test_from_prompt_to_album(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.stage.until(lambda: harness.stage.shown)
    assert harness.stage.shown[job.id].phase is Phase.PREPARING
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.delivered == [job.id]
    assert harness.provider.submits == 1


async def test_several_pictures_are_several_tasks_one_after_another(harness: AppHarness) -> None:
    job = await harness.ask(n=3)
    for number in (1, 2, 3):
        await harness.until_submits(number)
        harness.provider.finish(f"t{number}")
    await harness.until_state(job, JobState.DELIVERED)
    assert len(await harness.store.pictures.of_job(job.id)) == 3


async def test_one_refused_task_does_not_spoil_the_others(harness: AppHarness) -> None:
    harness.provider.refuse = [ContentRefusedError("prompt")]
    job = await harness.ask(n=2)
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    found = await harness.store.jobs.get(job.id)
    assert found
    assert found.error_message == {
        "template": ContentRefusedError.sentences["prompt"].template,
        "values": {},
        "paid": False,
    }


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ContentRefusedError("prompt"), JobState.FAILED),
        (OutcomeUnknownError(), JobState.INTERRUPTED),
        (KeyError("bug"), JobState.INTERRUPTED),
    ],
)
async def test_a_submit_that_fails_is_never_repeated(
    harness: AppHarness, error: Exception, state: JobState, caplog: pytest.LogCaptureFixture
) -> None:
    harness.provider.refuse = [error]
    job = await harness.ask()
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, state)
    assert harness.provider.submits == 0
    assert [ended.id for ended in harness.stage.endings] == [job.id]


async def test_a_busy_service_is_asked_again_and_nobody_notices(harness: AppHarness) -> None:
    harness.provider.refuse = [ProviderBusyError(retry_after=0.01) for _ in range(7)]
    job = await harness.ask()
    await harness.until_submitted(1)
    assert harness.stage.shown[job.id].phase is not Phase.PAUSED
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.stage.endings) == (1, [])


async def test_what_can_never_be_made_is_refused_before_it_costs(harness: AppHarness) -> None:
    job = await harness.ask(references=tuple(NewReference(f"f{number}", number) for number in range(3)))
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, JobState.FAILED)
    (ended,) = harness.stage.endings
    assert ended.error_message
    assert ended.error_message["values"] == {"count": 3, "most": 2}


async def test_references_reach_the_provider(harness: AppHarness) -> None:
    harness.stage.files = {"f1": PNG}
    await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png"]


async def test_an_unfit_reference_is_told(harness: AppHarness) -> None:
    harness.stage.files = {"f1": PNG, "f2": InvalidReferenceError(Sentence("Too wide."))}
    job = await harness.ask(references=(NewReference("f1", 1), NewReference("f2", 2)))
    await harness.stage.until(lambda: harness.stage.endings)
    assert harness.stage.endings[0].error_message == {"template": "Too wide.", "values": {}}
    await harness.until_state(job, JobState.FAILED)


async def test_a_late_reference_joins_a_waiting_job(harness: AppHarness) -> None:
    harness.stage.files = {"f1": PNG, "f2": PNG}
    first = await harness.ask()
    await harness.until_submitted(1)
    second = await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_state(second, JobState.WORKING)
    assert await harness.engine.attach_reference(second, NewReference("f2", 2))
    await harness.until_state(second, JobState.WORKING)
    harness.provider.finish("t1")
    await harness.until_state(first, JobState.DELIVERED)
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png", b"png"]
    assert not await harness.engine.attach_reference(second, NewReference("f3", 3))


async def test_a_reference_that_joins_while_others_are_fetched_is_fetched_too(harness: AppHarness) -> None:
    harness.stage.files = {"f1": PNG, "f2": PNG}
    job: Job

    async def joined(file_id: str) -> None:
        if file_id == "f1":
            assert await harness.engine.attach_reference(job, NewReference("f2", 2))

    harness.stage.fetched = joined
    job = await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png", b"png"]


async def test_references_that_take_their_time_hold_nobody_else_up(harness: AppHarness) -> None:
    files = {f"slow {number}": PNG for number in range(10)}
    harness.stage.files = {**files, "f": PNG}
    never = asyncio.Event()

    async def slow(file_id: str) -> None:
        if file_id in files:
            await never.wait()

    harness.stage.fetched = slow
    await harness.ask(user=1, references=tuple(NewReference(name, number) for number, name in enumerate(files)))
    await harness.ask(user=2, references=(NewReference("f", 1),))

    await harness.until_submitted(1)

    assert harness.provider.references == [b"png"]


async def test_the_queue_shows_places_and_learns_the_time(harness: AppHarness) -> None:
    first = await harness.ask(user=1)
    await harness.until_submitted(1)
    second, third = await harness.ask(user=2), await harness.ask(user=3)
    await harness.stage.until(lambda: {second.id, third.id} <= harness.stage.shown.keys())
    await harness.stage.until(lambda: [harness.stage.shown[job.id].place for job in (second, third)] == [1, 2])
    assert harness.stage.shown[third.id].left is None
    harness.provider.finish("t1")
    await harness.until_state(first, JobState.DELIVERED)
    await harness.stage.until(lambda: harness.stage.shown[third.id].place == 1)
    assert harness.stage.shown[third.id].left is not None


async def test_cancelling_in_the_queue_costs_nothing(harness: AppHarness) -> None:
    await harness.ask()
    await harness.until_submitted(1)
    second = await harness.ask()
    await harness.until_state(second, JobState.WORKING)
    assert await harness.engine.cancel(second.id)
    assert not await harness.engine.cancel(second.id)
    await harness.stage.until(lambda: harness.stage.endings)
    assert harness.stage.endings[0].error_message == {"template": engine_module.CANCELLED.template, "values": {}}
    harness.provider.finish("t1")
    await harness.stage.until(lambda: harness.stage.delivered)
    assert harness.provider.submits == 1


async def test_cancelling_what_runs_keeps_the_picture_for_the_history(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    assert await harness.engine.cancel(job.id)
    await harness.stage.until(lambda: harness.stage.endings)
    assert harness.stage.endings[0].error_message == {"template": engine_module.CANCELLED_PAID.template, "values": {}}
    harness.provider.finish("t1")
    await harness.stage.until(lambda: harness.stage.kept)
    assert harness.provider.cancelled == ["t1"]
    await harness.until_state(job, JobState.CANCELLED)
    assert harness.stage.delivered == []


async def test_a_task_that_took_too_long_is_looked_at_again_by_its_ticket(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1", TaskTimeoutError())
    await harness.stage.until(lambda: harness.stage.endings)
    assert await harness.state(job) in FAILED_STATES
    harness.provider.work_on("t1")
    assert await harness.engine.retry(job.id)
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.provider.resumed) == (1, ["t1"])


async def test_delivery_is_tried_until_it_succeeds(harness: AppHarness) -> None:
    harness.stage.error_message = [Undelivered("network"), Undelivered("network")]
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert {2.0, 10.0} <= set(harness.sleeps)


async def test_delivery_that_never_succeeds_is_told_and_can_be_asked_for(harness: AppHarness) -> None:
    harness.stage.error_message = [Undelivered("network")] * 6
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.stage.until(lambda: harness.stage.endings)
    assert await harness.state(job) in FAILED_STATES
    assert await harness.engine.retry(job.id)
    await harness.until_state(job, JobState.DELIVERED)
    assert not await harness.engine.retry(job.id)


async def test_a_chat_that_is_gone_ends_quietly(harness: AppHarness) -> None:
    harness.stage.error_message = [Unreachable("blocked")]
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.endings == []


async def test_after_a_crash_while_running_the_ticket_is_taken_up(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    async with harness.crashed():
        pass
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.provider.resumed) == (1, ["t1"])


async def test_after_a_crash_in_the_queue_the_job_runs(harness: AppHarness) -> None:
    await harness.ask()
    await harness.until_submitted(1)
    second = await harness.ask()
    await harness.until_state(second, JobState.WORKING)
    async with harness.crashed():
        harness.provider.finish("t1")
    await harness.until_submitted(1)
    harness.provider.finish("t2")
    await harness.until_state(second, JobState.DELIVERED)


async def test_after_a_crash_while_submitting_the_person_decides(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    async with harness.crashed(), harness.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE tasks SET state = 'submitting', ticket = NULL")
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, JobState.INTERRUPTED)
    assert harness.provider.submits == 1


async def test_after_a_crash_while_delivering_the_rest_arrives(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    async with harness.crashed():
        await harness.store.jobs.reopen(job.id, JobState.DELIVERING)
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.delivered == [job.id, job.id]
    assert harness.provider.submits == 1


async def test_after_a_crash_while_preparing_the_references_are_fetched_again(harness: AppHarness) -> None:
    never = asyncio.Event()

    async def hang(file_id: str, limits: object, person: int) -> CheckedReference:
        await never.wait()
        return PNG

    fetch, harness.stage.fetch = harness.stage.fetch, hang  # type: ignore[method-assign]
    job = await harness.ask(references=(NewReference("f1", 1),))
    async with harness.crashed():
        harness.stage.fetch = fetch  # type: ignore[method-assign]
        harness.stage.files = {"f1": PNG}
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png"]
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)


async def test_stopping_leaves_running_tasks_to_the_next_start(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    await harness.engine.stop()
    assert await harness.state(job) is JobState.WORKING
    harness.engine = harness.new_engine()
    await harness.engine.open()
    await harness.engine.start()
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.provider.submits == 1


async def test_a_task_the_service_forgot_is_told(harness: AppHarness) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1", TaskExpiredError())
    await harness.stage.until(lambda: harness.stage.endings)
    (task,) = await harness.store.tasks.of_job(job.id)
    assert task.state is TaskState.FAILED
