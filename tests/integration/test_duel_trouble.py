"""Duels whose trouble must stay their own: a muted chat, and services that do not end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import duels
from storage.duel_records import Duel, DuelState, NewDuel
from storage.job_states import JobState, TaskState
from storage.quota import UNLIMITED
from storage.records import Job, NewJob
from tests.support.engine_harness import EngineHarness, open_engine_harness, until


@pytest.fixture
async def engine_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EngineHarness]:
    monkeypatch.setattr(duels, "LOOK_SECONDS", 0.05)
    async with open_engine_harness(tmp_path) as harness:
        yield harness


async def begun(harness: EngineHarness, key: str, chat_id: int) -> list[Job]:
    requests = tuple(NewJob(f"{key}:{n}", chat_id, None, 1, "en", "fake", "a fox", {}) for n in range(2))
    duel_id = await harness.store.duels.ask(NewDuel(key, chat_id, 1, requests, (None, None)), 1.0)
    asked = await harness.store.duels.asked(duel_id or 0)
    assert asked
    return await harness.engine.begin_duel(asked, UNLIMITED)


async def _are_done(harness: EngineHarness, jobs: list[Job], count: int) -> bool:
    tasks = [task for job in jobs for task in await harness.store.tasks.of_job(job.id)]
    return sum(task.state is TaskState.DONE for task in tasks) == count


async def voted_on(harness: EngineHarness, key: str, chat_id: int) -> int:
    """A duel whose vote is over."""
    jobs = await begun(harness, key, chat_id)
    for count in range(1, len(jobs) + 1):
        await harness.running()
        harness.provider.finish(f"t{harness.provider.submits}")
        # The next one may run a moment later: that none runs may not be seen.
        await until(lambda count=count: _are_done(harness, jobs, count))  # type: ignore[misc]
    duel_id = jobs[0].duel_id or 0
    assert await harness.store.duels.line_up(duel_id, 1.0)
    await harness.store.duels.shown(duel_id, 0.0)
    return duel_id


async def test_a_muted_chat_keeps_no_other_from_its_result(
    engine_harness: EngineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    muted, told = asyncio.Event(), list[int]()

    async def tell(duel: Duel) -> None:
        if duel.chat_id == -1:
            await muted.wait()
        told.append(duel.id)

    monkeypatch.setattr(engine_harness.stage, "tell_result", tell)
    first = await voted_on(engine_harness, "first", -1)
    second = await voted_on(engine_harness, "second", -2)

    async def is_told() -> bool:
        return second in told

    await until(is_told)
    found = await engine_harness.store.duels.get(first)
    assert found
    assert (found.state, found.told_at) == (DuelState.CLOSED, None)
    muted.set()
    await until(lambda: _has_told(engine_harness, first))
    assert sorted(told) == [first, second]


async def _has_told(harness: EngineHarness, duel_id: int) -> bool:
    found = await harness.store.duels.get(duel_id)
    return found is not None and found.told_at is not None


async def test_a_service_that_was_taken_out_keeps_no_picture_back(
    engine_harness: EngineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duels, "WAIT_SECONDS", -1.0)
    jobs = await begun(engine_harness, "duel", -1)
    await engine_harness.running()
    engine_harness.provider.finish("t1")

    async def is_second() -> bool:
        return [one.ticket for one in await engine_harness.store.tasks.running()] == ["t2"]

    await until(is_second)
    await engine_harness.crash()
    (task,) = await engine_harness.store.tasks.running()
    for table, column in (("jobs", "id"), ("tasks", "job_id")):
        await engine_harness.run(f"UPDATE {table} SET provider = 'gone' WHERE {column} = {task.job_id}")
    await engine_harness.start()
    first, second = sorted(jobs, key=lambda job: job.id == task.job_id)
    await engine_harness.finished(first, JobState.DELIVERED)

    async def is_left_out() -> bool:
        return await engine_harness.state(second) is JobState.KEEPING

    await until(is_left_out)
