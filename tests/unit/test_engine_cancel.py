"""The engine: jobs that are cancelled while they wait, run or are read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import engine as engine_module
from storage.job_states import JobState
from storage.records import Job, Task
from tests.support.bare_engine import BareEngine, open_bare_engine


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BareEngine]:
    async with open_bare_engine(tmp_path) as bare:
        yield bare


async def test_cancelling_in_the_queue_costs_nothing(harness: BareEngine) -> None:
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


async def test_cancelling_what_runs_keeps_the_picture_for_the_history(harness: BareEngine) -> None:
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


async def test_a_cancelled_task_that_ends_while_it_is_read_is_told_once(
    harness: BareEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    assert await harness.engine.cancel(job.id)
    await harness.stage.until(lambda: harness.stage.endings)
    read, held, ended = harness.store.jobs.with_tasks, asyncio.Event(), asyncio.Event()

    async def read_slowly(job_id: int) -> tuple[Job, list[Task]] | None:
        found = await read(job_id)
        held.set()
        await ended.wait()
        return found

    monkeypatch.setattr(harness.store.jobs, "with_tasks", read_slowly)
    harness.engine.context.wake(job.id)
    await held.wait()
    harness.provider.finish("t1")
    await harness.until(harness.nothing_runs)
    ended.set()
    await harness.stage.until(lambda: harness.stage.kept)
    assert harness.provider.cancelled == ["t1"]
