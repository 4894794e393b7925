"""What the engine learns of a service's pace, and who is shown in a tick when there are very many."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.jobs import progress_loop
from bot.jobs.ports import Phase, Progress
from bot.jobs.progress import OpenJob
from bot.jobs.progress_loop import MOST, chosen, gist
from storage.job_states import JobState
from storage.records import Job
from tests.support.engine_harness import EngineHarness, open_engine_harness


@pytest.fixture
async def engine_harness(tmp_path: Path) -> AsyncIterator[EngineHarness]:
    async with open_engine_harness(tmp_path) as engine_harness:
        yield engine_harness


async def learned(engine_harness: EngineHarness) -> list[float]:
    """What a process that starts now would know."""
    return [seconds for seconds, _ in await engine_harness.store.tasks.durations("fake")]


def known(engine_harness: EngineHarness) -> float | None:
    return engine_harness.parts.progress.durations["fake"].of().typical


async def test_a_task_that_was_followed_to_its_end_is_learned(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert await learned(engine_harness) == [known(engine_harness)]


async def test_the_time_that_a_process_was_down_is_not_learned(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    await engine_harness.crash()
    await engine_harness.run("UPDATE tasks SET submitted_at = submitted_at - 3600")
    engine_harness.provider.finish("t1")
    await engine_harness.start()
    await engine_harness.finished(job, JobState.DELIVERED)
    assert known(engine_harness) is None
    assert await learned(engine_harness) == []


async def test_nor_is_the_time_that_it_stood_still(
    engine_harness: EngineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    run = next(iter(engine_harness.parts.progress.runs.values()))
    monkeypatch.setattr(progress_loop, "STANDSTILL", -2.0)
    await engine_harness.stage.until(lambda: run.stood_still)
    engine_harness.provider.finish("t1")
    await engine_harness.finished(job, JobState.DELIVERED)
    assert await learned(engine_harness) == []


# very many open jobs


def waiting(chats: Mapping[int, int]) -> tuple[dict[int, OpenJob], dict[int, Progress]]:
    """Open jobs by id, all of which wait. `chats`: where each is."""
    jobs = {}
    for job_id, chat in chats.items():
        job = Job(job_id, JobState.WORKING, chat, None, "", 1, None, 7, "en", "fake", "", {}, None, 0.0, None, 1)
        jobs[job_id] = OpenJob(job, Phase.WORKING)
    return jobs, {job_id: Progress(Phase.WAITING, place=9) for job_id in jobs}


def tick(number: int, jobs: Mapping[int, OpenJob], shown: Mapping[int, Progress]) -> list[int]:
    found = chosen(jobs, shown)
    for job_id, progress in found:
        jobs[job_id].told, jobs[job_id].told_at = gist(progress), number
    return [job_id for job_id, _ in found]


def test_the_many_jobs_of_one_chat_stand_behind_the_first_ones_of_others() -> None:
    others = range(5 * MOST, 5 * MOST + 100)
    jobs, shown = waiting({**dict.fromkeys(range(5 * MOST), 1), **{number: number for number in others}})
    for number in range(3):
        found = tick(number, jobs, shown)
        assert set(others) <= set(found)
        assert len(found) == MOST


def test_news_are_shown_first_and_everybody_in_turn() -> None:
    jobs, shown = waiting({number: number for number in range(1, 2 * MOST + 1)})
    assert sorted(tick(1, jobs, shown) + tick(2, jobs, shown)) == list(shown)
    shown[MOST] = shown[2 * MOST] = Progress(Phase.WORKING)
    assert {MOST, 2 * MOST} <= set(tick(3, jobs, shown))
