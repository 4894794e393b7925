"""Jobs that are cancelled, asked for twice, not deliverable, or given to providers that break their contract."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from pydantic import field_validator

from bot.jobs.engine import CANCELLED_PAID
from bot.jobs.finisher import UNSENT
from bot.jobs.ports import Undelivered, Unreachable, error_message
from bot.jobs.retry import DELIVERY_DELAYS
from bot.jobs.task_runner import OURS_PAID
from providers.base import Accepted, Event, Finished, ImageRequest
from providers.errors import OutcomeUnknownError, ProviderBusyError
from storage.job_states import JobState, TaskState
from storage.pictures import Picture
from storage.records import Job
from tests.support.engine_harness import EngineHarness, in_states, open_engine_harness, until
from tests.support.fakes import FakeOptions


@pytest.fixture
async def engine_harness(tmp_path: Path) -> AsyncIterator[EngineHarness]:
    async with open_engine_harness(tmp_path) as engine_harness:
        yield engine_harness


# cancelling


async def test_pictures_that_were_ready_when_their_job_was_cancelled_are_kept(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask(n=2)
    await engine_harness.running()
    engine_harness.provider.refuse = [ProviderBusyError(retry_after=1000)]
    engine_harness.provider.finish("t1")
    await until(lambda: in_states(engine_harness, job, [TaskState.DONE, TaskState.QUEUED]))
    await until(lambda: _none_in_flight(engine_harness))
    assert await engine_harness.engine.cancel(job.id)
    await engine_harness.finished(job, JobState.CANCELLED)
    assert job.id in engine_harness.stage.kept
    assert [ended.error_message for ended in engine_harness.stage.endings] == [error_message(CANCELLED_PAID)]


async def _none_in_flight(engine_harness: EngineHarness) -> bool:
    return not engine_harness.parts.progress.runs


async def test_a_cancelled_task_that_the_service_was_too_busy_for_is_not_submitted_later(
    engine_harness: EngineHarness,
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    imagine = engine_harness.provider.imagine

    async def slow(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        reached.set()
        await go_on.wait()
        async for event in imagine(request, ticket):
            yield event

    engine_harness.provider.refuse = [ProviderBusyError(retry_after=0.001)]
    engine_harness.provider.imagine = slow  # type: ignore[method-assign]
    job = await engine_harness.ask()
    await reached.wait()
    assert await engine_harness.engine.cancel(job.id)
    go_on.set()
    await engine_harness.finished(job, JobState.CANCELLED)
    assert (await engine_harness.tasks(job), engine_harness.provider.submits) == ([TaskState.CANCELLED], 0)


async def test_what_a_cancelled_job_had_running_is_kept_after_a_crash(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    assert await engine_harness.engine.cancel(job.id)
    await engine_harness.crash()
    engine_harness.provider.finish("t1")
    await engine_harness.start()
    await engine_harness.finished(job, JobState.CANCELLED)
    assert job.id in engine_harness.stage.kept


# delivering


async def test_a_task_that_is_ready_at_the_start_is_delivered_once(engine_harness: EngineHarness) -> None:
    lost = await engine_harness.ask()
    await engine_harness.running()
    ready = await engine_harness.ask()
    await until(lambda: in_states(engine_harness, ready, [TaskState.QUEUED]))
    await engine_harness.crash()
    await engine_harness.run(f"UPDATE tasks SET state = 'submitting', ticket = NULL WHERE job_id = {lost.id}")
    await engine_harness.run(
        f"UPDATE tasks SET state = 'running', ticket = 't2', submitted_at = 1 WHERE job_id = {ready.id}"
    )
    engine_harness.provider.finish("t2")
    ended = engine_harness.stage.ended

    async def slow(job: Job, *, only_here: bool = False) -> None:
        await engine_harness.stage.until(lambda: engine_harness.stage.delivered)
        await ended(job)

    engine_harness.stage.ended = slow  # type: ignore[method-assign]
    await engine_harness.start()
    await engine_harness.finished(ready, JobState.DELIVERED)
    await engine_harness.finished(lost, JobState.INTERRUPTED)
    assert (engine_harness.stage.delivered, engine_harness.parts.progress.jobs) == ([ready.id], {})


async def test_two_presses_at_once_deliver_once(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [Undelivered("network")] * (len(DELIVERY_DELAYS) + 1)
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.FAILED)
    of_job, looked, all_looked = engine_harness.store.pictures.of_job, 0, asyncio.Event()

    async def together(job_id: int) -> list[Picture]:
        nonlocal looked
        looked += 1
        if looked == 3:
            all_looked.set()
        await all_looked.wait()
        return await of_job(job_id)

    engine_harness.store.pictures.of_job = together  # type: ignore[method-assign]
    found = await asyncio.gather(*(engine_harness.engine.retry(job.id) for _ in range(3)))
    assert sorted(found) == [False, False, True]
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.stage.delivered == [job.id]


async def test_an_error_that_nobody_thought_of_does_not_end_a_delivery(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [KeyError("a bug")]
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.stage.delivered == [job.id]


async def test_what_telegram_never_took_is_told_and_kept(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [KeyError("a bug")] * (len(DELIVERY_DELAYS) + 1)
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.FAILED)
    assert [ended.error_message for ended in engine_harness.stage.endings] == [error_message(UNSENT)]
    assert job.id in engine_harness.stage.kept


async def test_what_a_closed_chat_does_not_take_is_kept(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [Unreachable("blocked")]
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert (engine_harness.stage.kept, engine_harness.stage.not_sent, engine_harness.stage.endings) == (
        [job.id],
        [job.id],
        [],
    )


# providers that break the contract


@pytest.mark.parametrize("fault", [KeyError("a bug"), OutcomeUnknownError()])
async def test_a_fault_after_the_ticket_leaves_the_picture_within_reach(
    engine_harness: EngineHarness, fault: Exception
) -> None:
    engine_harness.provider.after = [fault]
    job = await engine_harness.ask()
    await engine_harness.finished(job, JobState.FAILED)
    assert await engine_harness.tasks(job) == [TaskState.OVERDUE]
    assert [ended.error_message for ended in engine_harness.stage.endings] == [error_message(OURS_PAID)]
    engine_harness.provider.finish("t1")
    assert await engine_harness.engine.retry(job.id)
    await engine_harness.finished(job, JobState.DELIVERED)
    assert (engine_harness.provider.submits, engine_harness.provider.resumed) == (1, ["t1"])


async def test_being_busy_after_the_ticket_submits_nothing_again(engine_harness: EngineHarness) -> None:
    engine_harness.provider.after = [ProviderBusyError(retry_after=0.001)]
    job = await engine_harness.ask()

    async def resumed() -> bool:
        return engine_harness.provider.resumed == ["t1"]

    await until(resumed)
    assert await engine_harness.tasks(job) == [TaskState.RUNNING]
    await engine_harness.crash()
    await engine_harness.start()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.provider.submits == 1


async def test_a_result_without_pictures_does_not_end_as_delivered(engine_harness: EngineHarness) -> None:
    async def empty(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        yield Accepted("t1")
        yield Finished(())

    engine_harness.provider.imagine = empty  # type: ignore[method-assign]
    job = await engine_harness.ask()
    await engine_harness.finished(job, JobState.FAILED)
    assert await engine_harness.tasks(job) == [TaskState.OVERDUE]


class Choosy(FakeOptions):
    """Options as a newer version of a provider would have them."""

    @field_validator("n")
    @classmethod
    def _never(cls, value: object) -> object:
        raise TypeError(value)


@pytest.mark.parametrize(("taken", "state"), [(False, TaskState.FAILED), (True, TaskState.OVERDUE)])
async def test_options_that_nobody_understands_any_more(
    engine_harness: EngineHarness, taken: bool, state: TaskState
) -> None:
    first = await engine_harness.ask()
    await engine_harness.running()
    second = await engine_harness.ask()
    await until(lambda: in_states(engine_harness, second, [TaskState.QUEUED]))
    await engine_harness.crash()
    engine_harness.provider.Options = Choosy
    await engine_harness.start()
    job = first if taken else second
    await engine_harness.finished(job, JobState.FAILED)
    assert (await engine_harness.tasks(job), engine_harness.provider.submits) == ([state], 1)


async def test_what_took_too_long_is_fetched_after_a_restart(engine_harness: EngineHarness) -> None:
    engine_harness.provider.after = [KeyError("a bug")]
    job = await engine_harness.ask()
    await engine_harness.finished(job, JobState.FAILED)
    await engine_harness.crash()
    await engine_harness.start()
    engine_harness.provider.finish("t1")
    assert await engine_harness.engine.retry(job.id)
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.stage.delivered == [job.id]


async def test_what_was_not_sent_is_sent_after_a_restart(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [Undelivered("network")] * (len(DELIVERY_DELAYS) + 1)
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.FAILED)
    await engine_harness.crash()
    await engine_harness.start()
    assert await engine_harness.engine.retry(job.id)
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.stage.delivered == [job.id]
