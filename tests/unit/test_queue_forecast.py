"""The look ahead into the queue gives the order in which the store then gives turns."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.queue_forecast import order
from storage.job_states import TaskState
from storage.records import Limits, NewJob, WaitingTask
from storage.store import Store
from tests.support.blank_database import put_blank_database


def waiting(task: int, user: int, queued_at: float, last_turn: float = 0.0) -> WaitingTask:
    return WaitingTask(task, task, user, TaskState.QUEUED, queued_at, None, last_turn)


def test_twenty_tasks_of_one_person_do_not_starve_another() -> None:
    queue = [waiting(number, 1, 0.0) for number in range(20)] + [waiting(99, 2, 5.0)]
    assert [task.task_id for task in order(queue, {})][:3] == [0, 99, 1]


def test_who_has_fewer_under_way_goes_first() -> None:
    queue = [waiting(1, 1, 0.0), waiting(2, 2, 9.0)]
    assert [task.user_id for task in order(queue, {1: 1})] == [2, 1]


def test_who_had_a_turn_lately_waits_longer() -> None:
    queue = [waiting(1, 1, 0.0, last_turn=8.0), waiting(2, 2, 5.0)]
    assert [task.user_id for task in order(queue, {})] == [2, 1]


def test_an_empty_queue_has_no_turns() -> None:
    assert order([], {1: 2}) == []


def test_what_a_person_puts_first_changes_places_only_among_their_own() -> None:
    queue = [waiting(1, 1, 1.0), waiting(2, 2, 2.0), waiting(3, 1, 3.0), waiting(4, 1, 4.0), waiting(5, 2, 5.0)]
    before = [task.user_id for task in order(queue, {})]
    moved = [replace(task, precedence=1) if task.task_id == 4 else task for task in queue]
    assert [task.user_id for task in order(moved, {})] == before
    assert [task.task_id for task in order(moved, {}) if task.user_id == 1] == [4, 1, 3]


async def _turns_of_the_store(
    people: list[int], most: int, put_first: list[int]
) -> tuple[list[int], list[int], list[int]]:
    """The order foreseen at the start, the order in which the store gave turns when nothing ended meanwhile, and whose
    turns these were. `put_first`: the places of the jobs that their people put first, one after the other."""
    with TemporaryDirectory() as folder:
        await asyncio.to_thread(put_blank_database, Path(folder) / "bot.db")
        store = await Store.open(f"sqlite:///{folder}/bot.db")
        jobs = []
        for number, user in enumerate(people):
            new = NewJob(f"{number}", 1, number, user, "en", "fake", "a fox", {})
            job = await store.jobs.add(new, number)
            assert job
            await store.tasks.queue(job.id, "jimeng", [{}], [], float(number))
            jobs.append(job)
        for place in put_first if jobs else ():
            job = jobs[place % len(jobs)]
            assert await store.own_queues.put_first(job.user_id, job.id)
        foreseen = [task.task_id for task in order(await store.tasks.line("fake"), {})]
        given_turns: list[int] = []
        users: list[int] = []
        while turns := (await store.tasks.claim("fake", Limits(1000), 100.0 + len(given_turns), most=most)).tasks:
            given_turns += [task.id for task in turns]
            users += [task.user_id for task in turns]
        await store.aclose()
        return foreseen, given_turns, users


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), max_size=8), st.integers(1, 5), st.lists(st.integers(0, 7), max_size=3))
async def test_the_store_gives_turns_as_foreseen(people: list[int], most: int, put_first: list[int]) -> None:
    foreseen, given_turns, users = await _turns_of_the_store(people, most, put_first)
    assert foreseen == given_turns
    if put_first:
        assert users == (await _turns_of_the_store(people, most, []))[2], "the turns of people stay as they were"
