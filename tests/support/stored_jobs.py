"""Jobs and tasks in a store, brought to the state that a test of the store needs."""

from dataclasses import replace
from typing import Any

from storage.job_states import JobState
from storage.records import Job, Limits, NewJob, NewPicture, Task
from storage.store import Store

ANN, MING = 11, 22
ERROR_MESSAGE = {"template": "No.", "values": {}}


def new_job(number: int = 1, user: int = ANN, **changes: Any) -> NewJob:
    """A request of this person, by the message of this number."""
    job = NewJob(
        idempotency_key=f"{changes.get('chat_id', -5)}:message:{number}",
        chat_id=-5,
        message_id=number,
        user_id=user,
        language="en",
        provider="jimeng",
        prompt="a red fox",
        options={"n": 1},
    )
    return replace(job, **changes)


async def queued(store: Store, number: int, user: int = ANN, parts: int = 1, now: float = 0.0) -> Job:
    """A job whose tasks, `parts` of them, wait for jimeng since `now`."""
    job = await store.jobs.add(new_job(number, user), now)
    assert job
    assert await store.tasks.queue(job.id, "jimeng", [{"n": 1}] * parts, [], now) is JobState.WORKING
    return job


async def claim(store: Store, now: float, at_once: int = 100, worker_id: int | None = None) -> Task:
    """Claim the next task of jimeng, of which `at_once` may run."""
    (task,) = (await store.tasks.claim("jimeng", Limits(at_once), now, worker_id=worker_id)).tasks
    return task


async def nothing_due(store: Store, now: float, at_once: int = 1, provider: str = "jimeng") -> float | None:
    """No task can be claimed; returns when to claim again."""
    claimed = await store.tasks.claim(provider, Limits(at_once), now)
    assert not claimed.tasks
    return claimed.due


async def run(store: Store, now: float) -> Task:
    """Claim the next task, and store its ticket."""
    task = await claim(store, now)
    await store.tasks.accepted(task.id, f"ticket {task.id}", now)
    return task


async def finished(store: Store, number: int, prompt: str = "a red fox", **changes: Any) -> Job:
    """A job that is delivered, with one picture."""
    job = await store.jobs.add(new_job(number, prompt=prompt, **changes), number)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}], [], number)
    task = await run(store, number)
    end = await store.tasks.finish_task(task.id, [NewPicture(url=f"https://pictures/{number}")], number + 10)
    assert end
    assert end.job
    ended = await store.jobs.end(job.id, JobState.DELIVERED, number + 11)
    assert ended
    return ended
