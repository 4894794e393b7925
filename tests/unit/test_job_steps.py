"""A step of a job passes on what it has stored, unless the job was to be read while it ran."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from bot.jobs.context import JobContext, WokenJobs
from bot.jobs.steps import JobSteps
from storage.job_states import JobState
from storage.records import Job

DELIVERED = Job(
    id=1,
    state=JobState.DELIVERED,
    chat_id=5,
    thread_id=None,
    idempotency_key="message:1",
    message_id=1,
    status_id=None,
    user_id=1,
    language="en",
    provider="fake",
    prompt="a fox",
    options={},
    error_message=None,
    created_at=1.0,
    finished_at=2.0,
    worker_id=1,
)


def steps_of(woken: WokenJobs) -> JobSteps:
    return JobSteps(cast("JobContext", SimpleNamespace(wake=woken.add)), "deliver")


async def delivered() -> Job | None:
    return DELIVERED


async def test_a_step_passes_on_what_it_has_stored() -> None:
    woken = WokenJobs()
    steps_of(woken).start(1, delivered)
    assert await woken.take() == ({1: DELIVERED}, False)


async def test_a_job_that_was_to_start_again_meanwhile_is_read() -> None:
    """Another process may have reopened it after the step had stored its end."""
    woken, go_on = WokenJobs(), asyncio.Event()
    steps = steps_of(woken)

    async def slow() -> Any:
        await go_on.wait()
        return DELIVERED

    steps.start(1, slow)
    steps.start(1, delivered)
    go_on.set()
    assert await woken.take() == ({1: None}, False)
    # Only that once.
    steps.start(1, delivered)
    assert await woken.take() == ({1: DELIVERED}, False)


async def test_a_job_that_is_woken_twice_is_read() -> None:
    woken = WokenJobs()
    woken.add(1)
    woken.add(1, DELIVERED)
    assert await woken.take() == ({1: None}, False)
