"""The engine after a crash or a stop at each step: nothing is submitted twice, nothing paid is lost."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from providers.base import Accepted, Event, Finished, ImageRequest, Picture
from providers.errors import (
    TaskExpiredError,
)
from storage.job_states import JobState, TaskState
from storage.records import CheckedReference, NewReference
from tests.support.bare_engine import BareEngine, open_bare_engine
from tests.support.fakes import FakeOptions

PNG = CheckedReference(b"png", "image/png", 10, 10, [])


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BareEngine]:
    async with open_bare_engine(tmp_path) as bare:
        yield bare


async def test_after_a_crash_while_running_the_ticket_is_taken_up(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    async with harness.crashed():
        pass
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.provider.resumed) == (1, ["t1"])


async def test_after_a_crash_in_the_queue_the_job_runs(harness: BareEngine) -> None:
    await harness.ask()
    await harness.until_submitted(1)
    second = await harness.ask()
    await harness.until_state(second, JobState.WORKING)
    async with harness.crashed():
        harness.provider.finish("t1")
    await harness.until_submitted(1)
    harness.provider.finish("t2")
    await harness.until_state(second, JobState.DELIVERED)


async def test_after_a_crash_while_submitting_the_person_decides(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    async with harness.crashed():
        await harness.store.database.execute(text("UPDATE tasks SET state = 'submitting', ticket = NULL"))
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, JobState.INTERRUPTED)
    assert harness.provider.submits == 1


async def test_after_a_crash_while_delivering_the_rest_arrives(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    async with harness.crashed():
        await harness.store.jobs.reopen(job.id, JobState.DELIVERING)
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.delivered == [job.id, job.id]
    assert harness.provider.submits == 1


async def test_after_a_crash_while_preparing_the_references_are_fetched_again(harness: BareEngine) -> None:
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


async def test_stopping_leaves_running_tasks_to_the_next_start(harness: BareEngine) -> None:
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


async def test_a_task_the_service_forgot_is_told(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1", TaskExpiredError())
    await harness.stage.until(lambda: harness.stage.endings)
    (task,) = await harness.store.tasks.of_job(job.id)
    assert task.state is TaskState.FAILED


async def test_a_stop_waits_for_a_submit_that_answers_with_the_picture(
    harness: BareEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("component", "task_runner"):
        monkeypatch.setattr(f"bot.jobs.{module}.STOP_SECONDS", 0.001)
    begun, answered = asyncio.Event(), asyncio.Event()

    async def imagine(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        begun.set()
        await answered.wait()
        yield Accepted("https://pictures/1")
        yield Finished((Picture(url="https://pictures/1"),))

    monkeypatch.setattr(harness.provider, "imagine", imagine)
    job = await harness.ask()
    await begun.wait()
    stopped = asyncio.create_task(harness.engine.stop())
    done, _pending = await asyncio.wait({stopped}, timeout=0.1)
    assert not done
    answered.set()
    await stopped
    (task,) = await harness.store.tasks.of_job(job.id)
    assert (task.ticket, task.state in {TaskState.RUNNING, TaskState.DONE}) == ("https://pictures/1", True)
