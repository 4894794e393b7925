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
from tests.support.room import Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


async def learned(room: Room) -> list[float]:
    """What a process that starts now would know."""
    return [seconds for seconds, _ in await room.store.tasks.durations("fake")]


def known(room: Room) -> float | None:
    return room.parts.progress.durations["fake"].of().typical


async def test_a_task_that_was_followed_to_its_end_is_learned(room: Room) -> None:
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert await learned(room) == [known(room)]


async def test_the_time_that_a_process_was_down_is_not_learned(room: Room) -> None:
    job = await room.ask()
    await room.running()
    await room.crash()
    await room.run("UPDATE tasks SET submitted_at = submitted_at - 3600")
    room.provider.finish("t1")
    await room.start()
    await room.finished(job, JobState.DELIVERED)
    assert known(room) is None
    assert await learned(room) == []


async def test_nor_is_the_time_that_it_stood_still(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await room.ask()
    await room.running()
    run = next(iter(room.parts.progress.runs.values()))
    monkeypatch.setattr(progress_loop, "STANDSTILL", -2.0)
    await room.stage.until(lambda: run.stood_still)
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert await learned(room) == []


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
