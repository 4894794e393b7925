"""Jobs cancelled, pressed for twice, delivered to nobody, given to providers that break their contract."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from pydantic import field_validator

from bot.jobs.engine import CANCELLED_PAID
from bot.jobs.finisher import UNSENT
from bot.jobs.ports import Undelivered, Unreachable, trouble
from bot.jobs.retry import DELIVERY_DELAYS
from bot.jobs.task_runner import OURS_PAID
from providers.base import Accepted, Event, Finished, ImageRequest
from providers.errors import Busy, OutcomeUnknown
from storage.job_states import JobState, TaskState
from storage.pictures import Picture
from storage.records import Job
from tests.support.fakes import FakeOptions
from tests.support.room import Room, in_states, open_room, until


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


# cancelling


async def test_pictures_that_were_ready_when_their_job_was_cancelled_are_kept(room: Room) -> None:
    job = await room.ask(n=2)
    await room.running()
    room.provider.refuse = [Busy(retry_after=1000)]
    room.provider.finish("t1")
    await until(lambda: in_states(room, job, [TaskState.DONE, TaskState.QUEUED]))
    await until(lambda: _nobody_flies(room))
    assert await room.engine.cancel(job.id)
    await room.finished(job, JobState.CANCELLED)
    assert job.id in room.stage.kept
    assert [ended.trouble for ended in room.stage.endings] == [trouble(CANCELLED_PAID)]


async def _nobody_flies(room: Room) -> bool:
    return not room.parts.progress.runs


async def test_a_cancelled_task_that_the_service_was_too_busy_for_is_not_submitted_later(room: Room) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    imagine = room.provider.imagine

    async def slow(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        reached.set()
        await go_on.wait()
        async for event in imagine(request, ticket):
            yield event

    room.provider.refuse = [Busy(retry_after=0.001)]
    room.provider.imagine = slow  # type: ignore[method-assign]
    job = await room.ask()
    await reached.wait()
    assert await room.engine.cancel(job.id)
    go_on.set()
    await room.finished(job, JobState.CANCELLED)
    assert (await room.tasks(job), room.provider.submits) == ([TaskState.CANCELLED], 0)


async def test_what_a_cancelled_job_had_running_is_kept_after_a_crash(room: Room) -> None:
    job = await room.ask()
    await room.running()
    assert await room.engine.cancel(job.id)
    await room.crash()
    room.provider.finish("t1")
    await room.start()
    await room.finished(job, JobState.CANCELLED)
    assert job.id in room.stage.kept


# delivering


async def test_a_task_that_is_ready_at_the_start_is_delivered_once(room: Room) -> None:
    lost = await room.ask()
    await room.running()
    ready = await room.ask()
    await until(lambda: in_states(room, ready, [TaskState.QUEUED]))
    await room.crash()
    await room.run(f"UPDATE tasks SET state = 'submitting', ticket = NULL WHERE job_id = {lost.id}")
    await room.run(f"UPDATE tasks SET state = 'running', ticket = 't2', submitted_at = 1 WHERE job_id = {ready.id}")
    room.provider.finish("t2")
    ended = room.stage.ended

    async def slow(job: Job, *, only_here: bool = False) -> None:
        await room.stage.until(lambda: room.stage.delivered)
        await ended(job)

    room.stage.ended = slow  # type: ignore[method-assign]
    await room.start()
    await room.finished(ready, JobState.DELIVERED)
    await room.finished(lost, JobState.INTERRUPTED)
    assert (room.stage.delivered, room.parts.progress.jobs) == ([ready.id], {})


async def test_two_presses_at_once_deliver_once(room: Room) -> None:
    room.stage.trouble = [Undelivered("network")] * (len(DELIVERY_DELAYS) + 1)
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.FAILED)
    of_job, looked, all_looked = room.store.pictures.of_job, 0, asyncio.Event()

    async def together(job_id: int) -> list[Picture]:
        nonlocal looked
        looked += 1
        if looked == 3:
            all_looked.set()
        await all_looked.wait()
        return await of_job(job_id)

    room.store.pictures.of_job = together  # type: ignore[method-assign]
    found = await asyncio.gather(*(room.engine.retry(job.id) for _ in range(3)))
    assert sorted(found) == [False, False, True]
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_an_error_that_nobody_thought_of_does_not_end_a_delivery(room: Room) -> None:
    room.stage.trouble = [KeyError("a bug")]
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_what_telegram_never_took_is_told_and_kept(room: Room) -> None:
    room.stage.trouble = [KeyError("a bug")] * (len(DELIVERY_DELAYS) + 1)
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.FAILED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(UNSENT)]
    assert job.id in room.stage.kept


async def test_what_a_closed_chat_does_not_take_is_kept(room: Room) -> None:
    room.stage.trouble = [Unreachable("blocked")]
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert (room.stage.kept, room.stage.not_sent, room.stage.endings) == ([job.id], [job.id], [])


# providers that break the contract


@pytest.mark.parametrize("fault", [KeyError("a bug"), OutcomeUnknown()])
async def test_a_fault_after_the_ticket_leaves_the_picture_within_reach(room: Room, fault: Exception) -> None:
    room.provider.after = [fault]
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert await room.tasks(job) == [TaskState.OVERDUE]
    assert [ended.trouble for ended in room.stage.endings] == [trouble(OURS_PAID)]
    room.provider.finish("t1")
    assert await room.engine.retry(job.id)
    await room.finished(job, JobState.DELIVERED)
    assert (room.provider.submits, room.provider.resumed) == (1, ["t1"])


async def test_being_busy_after_the_ticket_submits_nothing_again(room: Room) -> None:
    room.provider.after = [Busy(retry_after=0.001)]
    job = await room.ask()

    async def resumed() -> bool:
        return room.provider.resumed == ["t1"]

    await until(resumed)
    assert await room.tasks(job) == [TaskState.RUNNING]
    await room.crash()
    await room.start()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1


async def test_a_result_without_pictures_does_not_end_as_delivered(room: Room) -> None:
    async def empty(request: ImageRequest[FakeOptions], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        yield Accepted("t1")
        yield Finished(())

    room.provider.imagine = empty  # type: ignore[method-assign]
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert await room.tasks(job) == [TaskState.OVERDUE]


class Choosy(FakeOptions):
    """Options as a newer version of a provider would have them."""

    @field_validator("n")
    @classmethod
    def _never(cls, value: object) -> object:
        raise TypeError(value)


@pytest.mark.parametrize(("taken", "state"), [(False, TaskState.FAILED), (True, TaskState.OVERDUE)])
async def test_options_that_nobody_understands_any_more(room: Room, taken: bool, state: TaskState) -> None:
    first = await room.ask()
    await room.running()
    second = await room.ask()
    await until(lambda: in_states(room, second, [TaskState.QUEUED]))
    await room.crash()
    room.provider.Options = Choosy
    await room.start()
    job = first if taken else second
    await room.finished(job, JobState.FAILED)
    assert (await room.tasks(job), room.provider.submits) == ([state], 1)


async def test_what_took_too_long_is_fetched_after_a_restart(room: Room) -> None:
    room.provider.after = [KeyError("a bug")]
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    await room.crash()
    await room.start()
    room.provider.finish("t1")
    assert await room.engine.retry(job.id)
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_what_was_not_sent_is_sent_after_a_restart(room: Room) -> None:
    room.stage.trouble = [Undelivered("network")] * (len(DELIVERY_DELAYS) + 1)
    job = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.FAILED)
    await room.crash()
    await room.start()
    assert await room.engine.retry(job.id)
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]
