"""Tasks in the store, on each database: claimed in fair order, put back, cancelled, and ended."""

from collections.abc import AsyncIterator

import pytest

from storage.job_states import JobState, TaskState
from storage.records import ErrorMessage, Job, NewPicture
from storage.store import Store
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, MING, claim, nothing_due, queued, run


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_a_life_from_prompt_to_album(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 5.0)
    assert task.state is TaskState.SUBMITTING
    await store.tasks.accepted(task.id, "7392", 6.0)
    (running,) = await store.tasks.running()
    assert (running.ticket, running.submitted_at) == ("7392", 6.0)
    assert await store.jobs.conclude(job.id) is None
    made = [NewPicture(url="u1", seed=2**64 - 1), NewPicture(data=b"2", seed=2)]
    end = await store.tasks.finish_task(task.id, made, 16.0, seconds=9.5)
    assert end
    assert end.job
    assert end.job.state is JobState.DELIVERING
    assert await store.tasks.finish_task(task.id, made, 16.5) is None, "a task ends once"
    assert await store.jobs.conclude(job.id) is None, "a job is handed on once"
    one, two = await store.pictures.of_job(job.id)
    assert (one.url, await store.pictures.data(two.id)) == ("u1", b"2")
    assert (one.seed, two.seed) == (None, 2), "one that is too large is left out"
    ended = await store.jobs.end(job.id, JobState.DELIVERED, 17.0)
    assert ended
    assert (ended.state, ended.finished_at) == (JobState.DELIVERED, 17.0)
    assert await store.tasks.durations("jimeng") == [(9.5, task.options)]


async def test_a_note_on_missing_pictures_is_the_jobs_unless_something_failed(store: Store) -> None:
    note: ErrorMessage = {"template": "{count} are missing.", "values": {"count": 2}}
    failure: ErrorMessage = {"template": "It failed.", "values": {}}
    for number, is_failing in enumerate((False, True), 1):
        job = await queued(store, number, parts=2)
        task = await claim(store, 1.0, at_once=2)
        await store.tasks.finish_task(task.id, [NewPicture(url="u")], 2.0, note=note)
        other = await claim(store, 1.0, at_once=2)
        if is_failing:
            await store.tasks.end_task(other.id, TaskState.FAILED, failure, 3.0)
        else:
            await store.tasks.finish_task(other.id, [NewPicture(url="u")], 3.0)
        ended = await store.jobs.get(job.id)
        assert ended
        assert (ended.state, ended.error_message) == (JobState.DELIVERING, failure if is_failing else note)


async def test_only_durations_that_are_known_are_learned_from(store: Store) -> None:
    await queued(store, 1, parts=4)
    for number, seconds in enumerate((3.0, None, 4.0, 5.0)):
        task = await claim(store, float(number), at_once=4)
        await store.tasks.finish_task(task.id, [NewPicture(url="u")], 10.0 + number, seconds=seconds)
    known = await store.tasks.durations("jimeng", most=3)
    assert [seconds for seconds, _ in known] == [4.0, 5.0]


async def test_the_limit_of_a_provider_counts_submitting_and_running(store: Store) -> None:
    await queued(store, 1, parts=3)
    first = await claim(store, 1.0, at_once=2)
    await store.tasks.accepted(first.id, "t", 1.0)
    await claim(store, 1.0, at_once=2)
    assert await nothing_due(store, 1.0, at_once=2) is None
    assert await nothing_due(store, 1.0, at_once=2, provider="another") is None
    await store.tasks.finish_task(first.id, [NewPicture(url="u")], 2.0)
    await claim(store, 2.0, at_once=2)


async def test_claims_are_fair_with_one_slot(store: Store) -> None:
    await queued(store, 1, ANN, parts=4, now=1.0)
    await queued(store, 2, MING, parts=2, now=2.0)
    order = []
    for now in range(10, 16):
        task = await run(store, float(now))
        await store.tasks.finish_task(task.id, [NewPicture(url="u")], now + 0.5)
        order.append(task.user_id)
    assert order == [ANN, MING, ANN, MING, ANN, ANN]


async def test_fewest_under_way_goes_first(store: Store) -> None:
    await queued(store, 1, ANN, parts=3, now=1.0)
    await run(store, 2.0)
    await queued(store, 2, MING, now=3.0)
    assert (await claim(store, 4.0)).user_id == MING


async def test_a_busy_service_lets_the_task_wait(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 1.0)
    await store.tasks.put_back(task.id, not_before=9.0)
    assert await nothing_due(store, 8.9) == 9.0
    await store.jobs.cancel(job.id, 8.0, ERROR_MESSAGE, ERROR_MESSAGE)
    assert await nothing_due(store, 9.0) is None


async def test_a_cancelled_job_is_not_put_back(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 1.0)
    assert await store.jobs.cancel(job.id, 2.0, ERROR_MESSAGE, ERROR_MESSAGE)
    await store.tasks.put_back(task.id, 3.0)
    assert await nothing_due(store, 1.0) is None


async def test_cancelling_keeps_what_was_paid(store: Store) -> None:
    job = await queued(store, 1, parts=2)
    task = await run(store, 1.0)
    cancelled = await store.jobs.cancel(job.id, 2.0, ERROR_MESSAGE, ERROR_MESSAGE)
    assert cancelled
    assert cancelled.state is JobState.CANCELLING
    assert await store.jobs.cancel(job.id, 2.0, ERROR_MESSAGE, ERROR_MESSAGE) is None
    end = await store.tasks.finish_task(task.id, [NewPicture(url="late")], 3.0)
    assert end
    assert end.job is None
    assert await store.jobs.conclude(job.id) is None
    assert [picture.url for picture in await store.pictures.of_job(job.id)] == ["late"]
    assert [one.state for one in await store.tasks.of_job(job.id)] == [TaskState.DONE, TaskState.CANCELLED]


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([TaskState.FAILED, TaskState.FAILED], JobState.FAILING),
        ([TaskState.FAILED, TaskState.INTERRUPTED], JobState.INTERRUPTING),
        ([TaskState.FAILED, None], JobState.DELIVERING),
    ],
)
async def test_how_a_job_ends_follows_its_tasks(store: Store, ends: list[TaskState | None], state: JobState) -> None:
    job, settled = await queued(store, 1, parts=2), list[Job | None]()
    for one in ends:
        task = await run(store, 1.0)
        if one:
            end = await store.tasks.end_task(task.id, one, ERROR_MESSAGE, 2.0)
        else:
            end = await store.tasks.finish_task(task.id, [NewPicture(url="u")], 2.0)
        assert end
        settled.append(end.job)
    first, last = settled
    assert first is None, "the other task has not ended yet"
    assert last
    assert (last.id, last.state, last.error_message) == (job.id, state, ERROR_MESSAGE)
    assert await store.jobs.get(job.id) == last


async def test_a_cut_off_submit_is_interrupted_and_never_runs_again(store: Store) -> None:
    job = await queued(store, 1)
    await claim(store, 1.0)
    (recovered,) = await store.workers.recover_jobs(await store.workers.join(2.0), ERROR_MESSAGE, 2.0)
    assert recovered.id == job.id
    assert await nothing_due(store, 3.0) is None
    settled = await store.jobs.conclude(job.id)
    assert settled
    assert settled.state is JobState.INTERRUPTING


async def test_a_task_that_took_too_long_can_be_looked_at_again(store: Store) -> None:
    job = await queued(store, 1)
    task = await run(store, 1.0)
    end = await store.tasks.end_task(task.id, TaskState.OVERDUE, ERROR_MESSAGE, 900.0)
    assert end
    assert end.job
    assert await store.jobs.reopen(job.id, JobState.WORKING)
    (again,) = await store.tasks.running()
    assert again.ticket == f"ticket {task.id}"
    assert await store.jobs.reopen(job.id, JobState.WORKING) is None
