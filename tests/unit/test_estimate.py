"""The time left, as learned."""

import pytest

from bot.jobs.estimate import MEMORY, Durations, ends
from bot.jobs.outlook import Flight, OpenJob, Outlook
from bot.jobs.stage import Phase
from providers.base import Working
from storage.records import InLine, Job, JobState, Task, TaskState


def test_nothing_is_known_at_first() -> None:
    assert Durations().typical is None
    assert Durations().left(3.0) is None


def test_the_time_left_is_that_of_tasks_that_took_longer() -> None:
    known = Durations([5.0, 10.0, 20.0, 30.0])
    assert known.left(0.0) == 15.0
    assert known.left(12.0) == 13.0


def test_past_everything_known_the_bar_still_creeps() -> None:
    known = Durations([5.0])
    assert known.left(50.0) == 5.0
    assert known.left(6.0) == 1.0


def test_old_durations_are_forgotten() -> None:
    known = Durations([1000.0] * MEMORY)
    for _ in range(MEMORY):
        known.add(2.0)
    assert known.typical == 2.0


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


RUNNING = InLine(11, 1, 7, TaskState.RUNNING, 0.0, 100.0, 0.0)


def _job(number: int) -> Job:
    return Job(number, JobState.WORKING, 1, None, "", 1, None, 7, "en", "fake", "", {}, None, 0.0, None, 1)


def _task(number: int, job: int) -> Task:
    return Task(number, job, 7, "fake", TaskState.RUNNING, "t", {}, None, 0.0, 0.0, 0.0, 0.0, None, 1)


def test_the_progress_of_a_job_of_several_tasks() -> None:
    outlook = Outlook(durations={"fake": Durations([10.0])})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING, total=4, ended=1)
    waiting = [InLine(number, 1, 7, TaskState.QUEUED, 0.0, None, 0.0) for number in (12, 13)]
    progress = outlook.progress("fake", [RUNNING, *waiting], at_once=1, now=105.0)[1]
    assert (progress.phase, progress.done, progress.total) == (Phase.WORKING, 1, 4)
    assert progress.fraction == pytest.approx((1 + 0.5) / 4)
    assert progress.left == pytest.approx(5.0 + 10.0 + 10.0)


def test_what_the_service_reports_goes_before_what_was_learned() -> None:
    outlook = Outlook(durations={"fake": Durations()})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING)
    outlook.flights[11] = flight = Flight(_task(11, 1), since=100.0, ticket="t")
    assert outlook.progress("fake", [RUNNING], at_once=1, now=105.0)[1].fraction is None
    flight.note(Working(progress=0.25))
    assert outlook.progress("fake", [RUNNING], at_once=1, now=105.0)[1].fraction == 0.25


def test_nothing_is_said_of_a_job_whose_tasks_are_just_being_counted() -> None:
    outlook = Outlook(durations={"fake": Durations([10.0])})
    outlook.jobs[1] = OpenJob(_job(1), Phase.WORKING)
    assert outlook.progress("fake", [], at_once=1, now=105.0) == {}
    outlook.jobs[1].ended = 1
    assert outlook.progress("fake", [], at_once=1, now=105.0)[1].fraction == 1
