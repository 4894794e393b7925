"""The time left, as learned."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs import progress as outlook_module
from bot.jobs.eta import ENOUGH, MEMORY, Durations, Paces, ends
from bot.jobs.ports import Phase
from bot.jobs.progress import OpenJob, ProgressTracker, TaskRun
from providers.base import Callback, Working
from storage.job_states import JobState, TaskState
from storage.records import Job, Task, WaitingTask


def test_nothing_is_known_at_first() -> None:
    assert Durations().typical is None
    assert Durations().left(3.0) is None


def test_the_time_left_is_that_of_tasks_that_took_longer() -> None:
    known = Durations([5.0, 10.0, 20.0, 30.0])
    assert known.left(0.0) == 15.0
    assert known.left(12.0) == 13.0


def test_past_everything_known_the_bar_still_creeps_and_no_time_is_said() -> None:
    known = Durations([5.0] * ENOUGH)
    assert known.left(6.0) is None
    assert known.share(6.0) == pytest.approx(6 / 7)
    assert known.share(50.0) == pytest.approx(50 / 55)


def test_a_task_is_late_when_it_takes_longer_than_nine_of_ten() -> None:
    known = Durations([3.0] * 18 + [12.0, 13.0])
    assert not known.is_late(4.0)
    assert known.is_late(17.5)
    assert known.left(17.5) is None
    assert not Durations([3.0]).is_late(60.0), "one task is not what is usual"


def test_an_hour_is_no_duration_of_a_quick_task() -> None:
    known = Durations([3.0] * 4 + [3600.0])
    assert known.left(3.1) is None
    assert known.is_late(60.0)


def test_old_durations_are_forgotten() -> None:
    known = Paces([(1000.0, {})] * MEMORY)
    for _ in range(MEMORY):
        known.add(2.0, {})
    assert known.of().typical == 2.0


def test_each_pace_is_learned_by_itself_once_enough_is_known() -> None:
    low, high = {"quality": "low", "ar": "1:1"}, {"quality": "high"}
    known = Paces([(3.0, low)] * 9)
    known.add(60.0, high)
    assert known.of(high).typical == 3.0
    for _ in range(ENOUGH - 1):
        known.add(60.0, high)
    assert known.of(high).typical == 60.0
    assert known.of({"quality": "low", "ar": "16:9"}).typical == 3.0


@pytest.mark.parametrize(
    ("running", "waiting", "at_once", "seconds"),
    [
        ([], 1, 1, [10.0]),
        ([4.0], 1, 1, [14.0]),
        ([4.0], 2, 1, [14.0, 24.0]),
        ([4.0], 1, 2, [10.0]),
        ([4.0, 6.0], 3, 2, [14.0, 16.0, 24.0]),
        ([4.0], 0, 1, []),
    ],
)
def test_the_queue_moves_as_places_become_free(
    running: list[float], waiting: int, at_once: int, seconds: list[float]
) -> None:
    assert ends(running, waiting, at_once, typical=10.0) == seconds


RUNNING = WaitingTask(11, 1, 7, TaskState.RUNNING, 0.0, 100.0, 0.0)


def _job(number: int) -> Job:
    return Job(number, JobState.WORKING, 1, None, "", 1, None, 7, "en", "fake", "", {}, None, 0.0, None, 1)


def _task(number: int, job: int) -> Task:
    return Task(number, job, 7, "fake", TaskState.RUNNING, "t", {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)


def test_the_progress_of_a_job_of_several_tasks() -> None:
    outlook = ProgressTracker(durations={"fake": Paces([(10.0, {})])})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING, total=4, ended=1)
    waiting = [WaitingTask(number, 1, 7, TaskState.QUEUED, 0.0, None, 0.0) for number in (12, 13)]
    progress = outlook.progress("fake", [RUNNING, *waiting], at_once=1, now=105.0)[1]
    assert (progress.phase, progress.done, progress.total) == (Phase.WORKING, 1, 4)
    assert progress.fraction == pytest.approx((1 + 0.5) / 4)
    assert progress.left == pytest.approx(5.0 + 10.0 + 10.0)


def test_what_the_service_reports_goes_before_what_was_learned() -> None:
    outlook = ProgressTracker(durations={"fake": Paces()})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING)
    outlook.runs[11] = run = TaskRun(_task(11, 1), since=100.0, ticket="t")
    assert outlook.progress("fake", [RUNNING], at_once=1, now=105.0)[1].fraction is None
    run.note(Working(progress=0.25))
    assert outlook.progress("fake", [RUNNING], at_once=1, now=105.0)[1].fraction == 0.25


def test_nothing_is_said_of_a_job_whose_tasks_are_just_being_counted() -> None:
    outlook = ProgressTracker(durations={"fake": Paces([(10.0, {})])})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING)
    assert outlook.progress("fake", [], at_once=1, now=105.0) == {}
    outlook.jobs[1].ended = 1
    assert outlook.progress("fake", [], at_once=1, now=105.0)[1].fraction == 1


def shown(known: list[float], ages: list[float]) -> list[Any]:
    """The progress of a job with one task at these ages."""
    outlook = ProgressTracker(durations={"fake": Paces((seconds, {}) for seconds in known)})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING)
    return [outlook.progress("fake", [RUNNING], at_once=1, now=100.0 + age)[1] for age in ages]


@settings(max_examples=40)
@given(st.lists(st.floats(0.5, 600.0), max_size=20))
def test_the_time_left_of_a_task_never_grows(known: list[float]) -> None:
    lefts = [one.left for one in shown(known, [float(age) for age in range(0, 900, 7)]) if one.left is not None]
    assert lefts == sorted(lefts, reverse=True)


def test_of_a_late_task_it_is_said_how_long_it_has_taken() -> None:
    early, late = shown([3.0] * 5, [2.0, 60.0])
    assert (early.left, early.is_late) == (1.0, False)
    assert (late.left, late.is_late, late.elapsed) == (None, True, 60.0)


def test_those_who_wait_behind_a_late_task_do_not_wait_longer_and_longer() -> None:
    outlook = ProgressTracker(durations={"fake": Paces([(3.0, {})] * 5)})
    outlook.jobs[2] = OpenJob(_job(2), Phase.WORKING)
    line = [RUNNING, WaitingTask(12, 2, 8, TaskState.QUEUED, 0.0, None, 0.0)]
    assert {outlook.progress("fake", line, at_once=1, now=100.0 + age)[2].left for age in (30, 60, 300)} == {3.0}


def test_places_count_requests_and_not_their_tasks() -> None:
    outlook = ProgressTracker(durations={"fake": Paces()})
    line = [WaitingTask(number, 1, 7, TaskState.QUEUED, 1.0, None, 0.0) for number in (11, 12, 13, 14)]
    line += [WaitingTask(15, 2, 7, TaskState.QUEUED, 2.0, None, 0.0)]
    for number in (1, 2):
        outlook.jobs[number] = OpenJob(_job(number), Phase.WORKING)
    shown = outlook.progress("fake", line, at_once=1, now=105.0)
    assert [shown[number].place for number in (1, 2)] == [1, 2]


# what is learned


def test_a_task_that_was_followed_from_its_submit_on_says_how_long_it_took() -> None:
    fresh = Task(1, 1, 7, "fake", TaskState.RUNNING, None, {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)
    assert TaskRun(fresh, since=100.0).seconds(now=112.0) == 12.0


def test_one_that_was_taken_up_again_does_not() -> None:
    assert TaskRun(_task(1, 1), since=100.0, ticket="t").seconds(now=140.0) is None


def test_nor_does_one_during_which_the_process_stood_still() -> None:
    fresh = Task(1, 1, 7, "fake", TaskState.RUNNING, None, {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)
    outlook = ProgressTracker(runs={1: TaskRun(fresh, since=100.0)})
    outlook.stood_still()
    assert outlook.runs[1].seconds(now=140.0) is None


def test_nor_one_whose_end_the_service_did_not_announce() -> None:
    fresh = Task(1, 1, 7, "fake", TaskState.RUNNING, None, {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)
    run = TaskRun(fresh, since=100.0, callback=Callback("https://bot/1"))
    assert run.seconds(now=103.0) == 3.0
    assert run.callback
    run.callback.is_missed = True
    assert run.seconds(now=145.0) is None


def test_nor_one_during_which_a_clock_was_set_or_the_machine_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Task(1, 1, 7, "fake", TaskState.RUNNING, None, {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)
    run = TaskRun(fresh, since=100.0)
    monkeypatch.setattr(outlook_module, "_offset", lambda: run.offset + 3600)
    assert run.seconds(now=3703.0) is None
