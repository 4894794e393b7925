"""One owner: a job and its tasks belong to one worker, on each database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from storage.connection import Transaction
from storage.job_states import JobState, TaskState
from storage.notifications import queue
from storage.records import Job, Limits, NewJob, NewPicture
from storage.store import Store

LOST = {"template": "Lost.", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


@pytest.fixture
async def workers(store: Store) -> tuple[int, int]:
    """Two living workers."""
    return await _join(store), await _join(store)


async def _join(store: Store) -> int:
    # On SQLite only one process may join; both workers are of this one.
    return await store.workers.join(0.0)


async def waiting(store: Store, number: int, worker: int, parts: int = 1, user: int | None = None) -> Job:
    """A job of this worker that waits since `number`."""
    new = NewJob(f"m:{number}", 5, number, user or number, "en", "fake", "a fox", {})
    job = await store.jobs.add(new, number, worker_id=worker)
    assert job
    assert job.worker_id == worker
    await store.tasks.queue(job.id, "fake", [{}] * parts, [], float(number))
    return job


async def claimed(store: Store, worker: int, slots: int = 1, most: int = 10) -> list[int]:
    """The jobs of the tasks that this worker claims."""
    found = await store.tasks.claim("fake", Limits(slots), 100.0, worker_id=worker, most=most)
    return [task.job_id for task in found.tasks]


async def test_the_order_is_over_all_workers_and_each_claims_its_own(store: Store, workers: tuple[int, int]) -> None:
    one, two = workers
    jobs = [await waiting(store, number, worker) for number, worker in enumerate((two, one, two, one), start=1)]
    assert await claimed(store, one) == [], "the first slot is the other's"
    assert await claimed(store, two) == [jobs[0].id]
    assert await claimed(store, two, slots=3) == [jobs[2].id], "the second slot is the other's"
    assert await claimed(store, one, slots=3) == [jobs[1].id]
    assert await claimed(store, one, slots=3) == []


async def test_the_owner_of_the_first_task_is_notified(
    store: Store, workers: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = workers
    await waiting(store, 1, two)
    to_notify: list[str] = []

    def notify(_transaction: Transaction, topic: str) -> None:
        to_notify.append(topic)

    monkeypatch.setattr(Transaction, "notify", notify)
    assert await claimed(store, one) == []
    assert to_notify == [queue(two)]


async def test_living_workers_do_not_wait_for_dead_ones(store: Store, workers: tuple[int, int]) -> None:
    one, two = workers
    dead = await waiting(store, 1, two)
    alive = await waiting(store, 2, one)
    await store.workers.leave(two)
    assert await claimed(store, one) == [alive.id]
    (recovered,) = await store.workers.recover_jobs(one, LOST, 3.0)
    assert (recovered.id, recovered.worker_id) == (dead.id, one)
    assert await claimed(store, one, slots=2) == [dead.id]


async def test_eviction_releases_all_at_once_and_recovery_is_being_claimed_again(
    store: Store, workers: tuple[int, int]
) -> None:
    # `two` gets no session name, so that its eviction does not end this process's sessions.
    two, one = workers
    submitting, running = await waiting(store, 1, two), await waiting(store, 2, two)
    mine = await waiting(store, 3, one)
    assert await claimed(store, two, slots=2) == [submitting.id, running.id]
    (task,) = await store.tasks.of_job(running.id)
    await store.tasks.accepted(task.id, "t", 4.0, worker_id=two)
    assert await claimed(store, one, slots=3) == [mine.id]
    (dead,) = [replace(worker, session=None) for worker in await store.workers.heartbeat(one) or ()]
    assert dead.id == two
    assert await store.workers.evict(dead)
    assert not await store.workers.evict(dead), "once"
    recovered = await store.workers.recover_jobs(one, LOST, 5.0)
    assert [job.id for job in recovered] == [submitting.id, running.id]
    states = [(await store.tasks.of_job(job.id))[0].state for job in (submitting, running, mine)]
    assert states == [TaskState.INTERRUPTED, TaskState.RUNNING, TaskState.SUBMITTING]
    assert await store.workers.heartbeat(two) is None


async def test_who_stops_leaves_to_the_others_what_has_not_begun(store: Store, workers: tuple[int, int]) -> None:
    one, two = workers
    begun = await waiting(store, 1, two, parts=2)
    untouched = await waiting(store, 2, two)
    assert await claimed(store, two) == [begun.id]
    assert await store.workers.release_waiting(two) == [untouched.id]
    assert [job.id for job in await store.workers.recover_jobs(one, LOST, 3.0)] == [untouched.id]
    assert [task.state for task in await store.tasks.of_job(begun.id)] == [TaskState.SUBMITTING, TaskState.QUEUED]


async def test_only_what_was_claimed_unanswered_waits_again(store: Store, workers: tuple[int, int]) -> None:
    one, two = workers
    known, unanswered, theirs = [
        await waiting(store, number, worker) for number, worker in ((1, one), (2, one), (3, two))
    ]
    assert await claimed(store, one, slots=2) == [known.id, unanswered.id]
    assert await claimed(store, two, slots=3) == [theirs.id]
    (task,) = await store.tasks.of_job(known.id)
    await store.tasks.requeue_unsubmitted(one, {task.id})
    states = [(await store.tasks.of_job(job.id))[0].state for job in (known, unanswered, theirs)]
    assert states == [TaskState.SUBMITTING, TaskState.QUEUED, TaskState.SUBMITTING]


async def test_a_ticket_that_comes_after_the_eviction_is_the_new_owners(store: Store, workers: tuple[int, int]) -> None:
    one, two = workers
    job = await waiting(store, 1, two)
    await claimed(store, two)
    (task,) = await store.tasks.of_job(job.id)
    await store.workers.leave(two)
    await store.workers.recover_jobs(one, LOST, 3.0)
    assert await store.jobs.conclude(job.id)
    kept = await store.tasks.accepted(task.id, "t", 4.0, worker_id=two)
    assert (kept.is_wanted, kept.worker_id) == (True, one)
    again = await store.jobs.get(job.id)
    assert again
    assert (again.state, again.worker_id) == (JobState.WORKING, one)


async def test_a_ticket_of_a_job_whose_owner_is_gone_brings_the_job_along(
    store: Store, workers: tuple[int, int]
) -> None:
    one, two = workers
    job = await waiting(store, 1, two)
    await claimed(store, two)
    (task,) = await store.tasks.of_job(job.id)
    await store.workers.leave(two)
    await store.workers.recover_jobs(one, LOST, 3.0)
    await store.workers.leave(one)
    third = await _join(store)
    kept = await store.tasks.accepted(task.id, "t", 4.0, worker_id=third)
    assert (kept.is_wanted, kept.worker_id) == (True, third)


async def test_steps_on_one_job_at_once_never_wait_for_each_other(store: Store, workers: tuple[int, int]) -> None:
    """All of them lock the job before its tasks."""
    worker, _other = workers
    for number in range(1, 31):
        job = await waiting(store, number, worker, parts=2)
        first, second = (await store.tasks.claim("fake", Limits(100), 1.0, worker_id=worker, most=2)).tasks
        # Its ticket comes when the task is thought to be lost, so it is stored alone.
        await store.tasks.end_task(first.id, TaskState.INTERRUPTED, LOST, 2.0)
        results = await asyncio.gather(
            store.tasks.accepted(first.id, f"late {number}", 3.0, worker_id=worker),
            store.jobs.hand_over(job.id, "other", {}, second.id),
            store.tasks.finish_task(second.id, [NewPicture("https://pictures/1")], 3.0),
            store.jobs.cancel(job.id, 3.0, LOST, LOST, only_unstarted=bool(number % 2)),
            store.jobs.conclude(job.id),
            return_exceptions=True,
        )
        assert [one for one in results if isinstance(one, Exception)] == []


async def test_a_task_that_is_gone_ends_no_more(store: Store) -> None:
    assert await store.tasks.finish_task(4711, [NewPicture("https://pictures/1")], 1.0) is None
    assert await store.tasks.end_task(4711, TaskState.FAILED, LOST, 1.0) is None
