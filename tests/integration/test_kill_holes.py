"""Faults that could lose a paid job, or end one silently: a store that fails, a crash between two steps.

The store is real; a trigger that refuses changes stands for a full disk.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.engine import CANCELLED
from bot.jobs.ports import InvalidReferenceError, Undelivered, error_message
from bot.jobs.worker import LEASE_SECONDS
from providers.errors import ContentRefusedError, OutcomeUnknownError, Sentence
from storage.database import StoreError
from storage.job_states import JobState, TaskState
from storage.pictures import Sent
from storage.records import ClaimedTasks, Job, Limits, NewReference
from tests.support.engine_harness import EngineHarness, logged, open_engine_harness, until


@pytest.fixture
async def engine_harness(tmp_path: Path) -> AsyncIterator[EngineHarness]:
    async with open_engine_harness(tmp_path) as engine_harness:
        yield engine_harness


async def test_who_may_have_been_taken_for_dead_shows_nothing(engine_harness: EngineHarness) -> None:
    """A process that hung would overwrite the last messages of the worker that has its work by now."""
    engine_harness.store.database.backend.alone = False
    await engine_harness.parts.heartbeat.look()
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.clock.now += LEASE_SECONDS
    engine_harness.stage.shown.clear()
    await engine_harness.parts.progress_loop.show_all()
    assert engine_harness.stage.shown == {}
    await engine_harness.parts.heartbeat.look()
    await engine_harness.parts.progress_loop.show_all()
    assert job.id in engine_harness.stage.shown


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
    engine_harness: EngineHarness, event: str, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_harness.refusing(event, when):
        job = await engine_harness.ask()
        await logged(caplog, "disk is full")
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.provider.submits == 1


async def test_a_seed_that_the_store_has_no_room_for_costs_no_picture(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.seed = 2**64 - 1
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert [one.seed for one in await engine_harness.store.pictures.of_job(job.id)] == [None]


@pytest.mark.parametrize("event", ["INSERT ON pictures", "UPDATE ON jobs"])
async def test_a_result_is_not_lost_when_the_store_fails_at_that_moment(
    engine_harness: EngineHarness, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    async with engine_harness.refusing(event):
        engine_harness.provider.finish("t1")
        await logged(caplog, "disk is full")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.stage.delivered == [job.id]


async def test_an_interrupted_task_does_not_block_the_service_when_the_store_fails(
    engine_harness: EngineHarness, caplog: pytest.LogCaptureFixture
) -> None:
    engine_harness.provider.refuse = [OutcomeUnknownError()]
    async with engine_harness.refusing("UPDATE ON tasks", "NEW.state = 'interrupted'"):
        first = await engine_harness.ask()
        await logged(caplog, "disk is full")
    await engine_harness.finished(first, JobState.INTERRUPTED)
    await engine_harness.ask()
    await engine_harness.running()


async def test_an_album_is_confirmed_whole_or_not_at_all(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask(n=2)
    for number in (1, 2):
        await engine_harness.running()
        engine_harness.stage.error_message = [Undelivered("for ever")] * 100
        engine_harness.provider.finish(f"t{number}")
    await until(lambda: _has_pictures(engine_harness, job, 2))
    one, two = await engine_harness.store.pictures.of_job(job.id)
    async with engine_harness.refusing("UPDATE ON pictures", f"NEW.id = {two.id}"):
        with pytest.raises(StoreError):
            await engine_harness.store.pictures.all_sent({each.id: Sent("f", each.id, 1, 1, 1) for each in (one, two)})
    assert [each.message_id for each in await engine_harness.store.pictures.of_job(job.id)] == [None, None]


async def _has_pictures(engine_harness: EngineHarness, job: Job, count: int) -> bool:
    return len(await engine_harness.store.pictures.of_job(job.id)) == count


# ends of which the person must be told


async def test_an_end_is_told_after_a_crash_just_before_it_was(engine_harness: EngineHarness) -> None:
    engine_harness.provider.refuse = [OutcomeUnknownError()]
    engine_harness.stage.deaf = [Undelivered("no network")] * 100
    job = await engine_harness.ask()

    async def interrupted() -> bool:
        return await engine_harness.state(job) is JobState.INTERRUPTING

    await until(interrupted)
    await engine_harness.crash()
    engine_harness.stage.deaf = []
    await engine_harness.start()
    await engine_harness.finished(job, JobState.INTERRUPTED)
    assert [ended.error_message for ended in engine_harness.stage.endings] == [
        error_message(OutcomeUnknownError.default)
    ]
    await engine_harness.crash()
    await engine_harness.start()
    assert len(engine_harness.stage.endings) == 1, "it is told once"


async def test_an_end_is_told_when_telegram_is_within_reach_again(engine_harness: EngineHarness) -> None:
    engine_harness.provider.refuse = [ContentRefusedError("prompt")]
    engine_harness.stage.deaf = [Undelivered("no network")] * 3
    job = await engine_harness.ask()
    await engine_harness.finished(job, JobState.FAILED)
    assert len(engine_harness.stage.endings) == 1


async def test_a_failure_that_comes_after_the_cancelling_is_not_told(engine_harness: EngineHarness) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def fetch(file_id: str, limits: object, person: int) -> None:
        reached.set()
        await go_on.wait()
        raise InvalidReferenceError(Sentence("Too wide."))

    engine_harness.stage.fetch = fetch  # type: ignore[assignment,method-assign]
    job = await engine_harness.ask(references=(NewReference("f", 1),))
    await reached.wait()
    assert await engine_harness.engine.cancel(job.id)
    go_on.set()
    await until(lambda: _nobody_prepares(job))
    await engine_harness.finished(job, JobState.CANCELLED)
    assert [ended.error_message for ended in engine_harness.stage.endings] == [error_message(CANCELLED)]


async def test_that_it_is_cancelled_is_told_once_also_after_a_crash(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    assert await engine_harness.engine.cancel(job.id)

    async def told() -> bool:
        return await engine_harness.state(job) is JobState.KEEPING

    await until(told)
    await engine_harness.crash()
    await engine_harness.start()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.CANCELLED)
    assert (len(engine_harness.stage.endings), set(engine_harness.stage.kept)) == (1, {job.id})


async def test_what_a_cancelled_job_made_is_kept_before_that_is_told(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.stage.deaf = [Undelivered("no network")] * 100_000
    assert await engine_harness.engine.cancel(job.id)
    engine_harness.provider.finish("t1")
    await engine_harness.stage.until(lambda: engine_harness.stage.kept)
    assert await engine_harness.state(job) is JobState.CANCELLING
    engine_harness.stage.deaf = []
    await engine_harness.finished(job, JobState.CANCELLED)
    assert len(engine_harness.stage.endings) == 1


async def _nobody_prepares(job: Job) -> bool:
    return not any(task.get_name() == f"prepare job {job.id}" for task in asyncio.all_tasks())


# stopping


async def test_a_turn_that_is_being_given_at_the_stop_is_not_lost(engine_harness: EngineHarness) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()
    claim = engine_harness.store.tasks.claim

    async def slow(provider: str, limits: Limits, now: float, **how: Any) -> ClaimedTasks:
        turns = await claim(provider, limits, now, **how)
        if turns.tasks:
            claimed.set()
            await go_on.wait()
        return turns

    engine_harness.store.tasks.claim = slow  # type: ignore[method-assign]
    job = await engine_harness.ask()
    await claimed.wait()
    stopping = asyncio.create_task(engine_harness.engine.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert await engine_harness.tasks(job) == [TaskState.RUNNING]
    await engine_harness.start()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert engine_harness.provider.submits == 1


# the store succeeds, and its answer is lost


@pytest.mark.parametrize(
    ("part", "operation"),
    [
        ("jobs", "add"),
        ("tasks", "queue"),
        ("tasks", "claim"),
        ("tasks", "accepted"),
        ("tasks", "finish_task"),
        ("jobs", "end"),
    ],
)
async def test_what_the_store_did_without_saying_so_is_not_lost(
    engine_harness: EngineHarness, part: str, operation: str
) -> None:
    real = getattr(getattr(engine_harness.store, part), operation)
    answers_lost = 0

    async def unheard(*arguments: Any, **how: Any) -> Any:
        nonlocal answers_lost
        result = await real(*arguments, **how)
        # A claim that finds nothing changes nothing.
        if result != ClaimedTasks((), None) and not answers_lost:
            answers_lost += 1
            raise StoreError("the connection broke after the commit")
        return result

    setattr(getattr(engine_harness.store, part), operation, unheard)
    try:
        job = await engine_harness.ask()
    except StoreError:
        # As the inbox does: the same update again.
        assert await engine_harness.engine.submit(engine_harness.wish) is None
        found = await engine_harness.store.jobs.made_by(engine_harness.wish.idempotency_key)
        assert found
        job = found
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert (engine_harness.provider.submits, engine_harness.stage.delivered, answers_lost) == (1, [job.id], 1)


async def test_a_conclusion_that_the_store_made_without_saying_so_is_not_lost(engine_harness: EngineHarness) -> None:
    """A recovered job is concluded in a step of its own, as its task was interrupted with its worker."""
    conclude, answers_lost = engine_harness.store.jobs.conclude, 0

    async def unheard(job_id: int) -> Any:
        nonlocal answers_lost
        concluded = await conclude(job_id)
        if concluded and not answers_lost:
            answers_lost += 1
            raise StoreError("the connection broke after the commit")
        return concluded

    job = await engine_harness.ask()
    await engine_harness.running()
    await engine_harness.crash()
    # As if it had died during the submit.
    await engine_harness.run("UPDATE tasks SET state = 'submitting', ticket = NULL")
    engine_harness.store.jobs.conclude = unheard  # type: ignore[method-assign]
    await engine_harness.start()
    await engine_harness.finished(job, JobState.INTERRUPTED)
    assert answers_lost == 1
