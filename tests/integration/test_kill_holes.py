"""Holes through which a paid job could be lost or left without a word: a store that fails, a crash between two steps.

The store is real; a trigger that refuses changes stands for a full disk.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.jobs.engine import CANCELLED
from bot.jobs.ports import Undelivered, Unfit, trouble
from bot.jobs.worker import LEASE_SECONDS
from providers.errors import OutcomeUnknown, Refused, Sentence
from storage.database import StoreError
from storage.job_states import JobState, TaskState
from storage.pictures import Sent
from storage.records import Job, Limits, NewSource, Turns
from tests.support.room import Room, logged, open_room, until


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


async def test_who_may_have_been_taken_for_dead_shows_nothing(room: Room) -> None:
    """A process that hung would paint its progress over the last words of whoever has its work by now."""
    room.store.database.backend.alone = False
    await room.parts.heartbeat.look()
    job = await room.ask()
    await room.running()
    room.clock.now += LEASE_SECONDS
    room.stage.shown.clear()
    await room.parts.progress_loop.show_all()
    assert room.stage.shown == {}
    await room.parts.heartbeat.look()
    await room.parts.progress_loop.show_all()
    assert job.id in room.stage.shown


# the store fails


@pytest.mark.parametrize(
    ("event", "when"),
    [
        ("UPDATE ON jobs", "NEW.state = 'working'"),
        ("UPDATE ON tasks", "NEW.state = 'submitting'"),
        ("UPDATE ON tasks", "NEW.ticket IS NOT NULL AND OLD.ticket IS NULL"),
    ],
)
async def test_a_store_that_fails_for_a_while_costs_time_only(
    room: Room, event: str, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with room.refusing(event, when):
        job = await room.ask()
        await logged(caplog, "disk is full")
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1


async def test_a_seed_that_the_store_has_no_room_for_costs_no_picture(room: Room) -> None:
    job = await room.ask()
    await room.running()
    room.provider.seed = 2**64 - 1
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert [one.seed for one in await room.store.pictures.of_job(job.id)] == [None]


@pytest.mark.parametrize("event", ["INSERT ON pictures", "UPDATE ON jobs"])
async def test_a_result_is_not_lost_when_the_store_fails_at_that_moment(
    room: Room, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = await room.ask()
    await room.running()
    async with room.refusing(event):
        room.provider.finish("t1")
        await logged(caplog, "disk is full")
    await room.finished(job, JobState.DELIVERED)
    assert room.stage.delivered == [job.id]


async def test_an_interrupted_task_does_not_block_the_service_when_the_store_fails(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.provider.refuse = [OutcomeUnknown()]
    async with room.refusing("UPDATE ON tasks", "NEW.state = 'interrupted'"):
        first = await room.ask()
        await logged(caplog, "disk is full")
    await room.finished(first, JobState.INTERRUPTED)
    await room.ask()
    await room.running()


async def test_an_album_is_confirmed_whole_or_not_at_all(room: Room) -> None:
    job = await room.ask(n=2)
    for number in (1, 2):
        await room.running()
        room.stage.trouble = [Undelivered("for ever")] * 100
        room.provider.finish(f"t{number}")
    await until(lambda: _has_pictures(room, job, 2))
    one, two = await room.store.pictures.of_job(job.id)
    async with room.refusing("UPDATE ON pictures", f"NEW.id = {two.id}"):
        with pytest.raises(StoreError):
            await room.store.pictures.all_sent({each.id: Sent("f", each.id, 1, 1, 1) for each in (one, two)})
    assert [each.message_id for each in await room.store.pictures.of_job(job.id)] == [None, None]


async def _has_pictures(room: Room, job: Job, count: int) -> bool:
    return len(await room.store.pictures.of_job(job.id)) == count


# ends that must be told


async def test_an_end_is_told_after_a_crash_just_before_it_was(room: Room) -> None:
    room.provider.refuse = [OutcomeUnknown()]
    room.stage.deaf = [Undelivered("no network")] * 100
    job = await room.ask()

    async def interrupted() -> bool:
        return await room.state(job) is JobState.INTERRUPTING

    await until(interrupted)
    await room.crash()
    room.stage.deaf = []
    await room.start()
    await room.finished(job, JobState.INTERRUPTED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(OutcomeUnknown.default)]
    await room.crash()
    await room.start()
    assert len(room.stage.endings) == 1, "it is told once"


async def test_an_end_is_told_when_telegram_is_within_reach_again(room: Room) -> None:
    room.provider.refuse = [Refused("prompt")]
    room.stage.deaf = [Undelivered("no network")] * 3
    job = await room.ask()
    await room.finished(job, JobState.FAILED)
    assert len(room.stage.endings) == 1


async def test_a_failure_that_comes_after_the_cancelling_is_not_told(room: Room) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def fetch(file_id: str, limits: object, person: int) -> None:
        reached.set()
        await go_on.wait()
        raise Unfit(Sentence("Too wide."))

    room.stage.fetch = fetch  # type: ignore[assignment,method-assign]
    job = await room.ask(sources=(NewSource("f", 1),))
    await reached.wait()
    assert await room.engine.cancel(job.id)
    go_on.set()
    await until(lambda: _nobody_prepares(job))
    await room.finished(job, JobState.CANCELLED)
    assert [ended.trouble for ended in room.stage.endings] == [trouble(CANCELLED)]


async def test_that_it_is_cancelled_is_told_once_also_after_a_crash(room: Room) -> None:
    job = await room.ask()
    await room.running()
    assert await room.engine.cancel(job.id)

    async def told() -> bool:
        return await room.state(job) is JobState.KEEPING

    await until(told)
    await room.crash()
    await room.start()
    room.provider.finish("t1")
    await room.finished(job, JobState.CANCELLED)
    assert (len(room.stage.endings), set(room.stage.kept)) == (1, {job.id})


async def test_what_a_cancelled_job_made_is_kept_before_that_is_told(room: Room) -> None:
    job = await room.ask()
    await room.running()
    room.stage.deaf = [Undelivered("no network")] * 100_000
    assert await room.engine.cancel(job.id)
    room.provider.finish("t1")
    await room.stage.until(lambda: room.stage.kept)
    assert await room.state(job) is JobState.CANCELLING
    room.stage.deaf = []
    await room.finished(job, JobState.CANCELLED)
    assert len(room.stage.endings) == 1


async def _nobody_prepares(job: Job) -> bool:
    return not any(task.get_name() == f"prepare job {job.id}" for task in asyncio.all_tasks())


# stopping


async def test_a_turn_that_is_being_given_at_the_stop_is_not_lost(room: Room) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()
    claim = room.store.tasks.claim

    async def slow(provider: str, limits: Limits, now: float, **how: Any) -> Turns:
        turns = await claim(provider, limits, now, **how)
        if turns.tasks:
            claimed.set()
            await go_on.wait()
        return turns

    room.store.tasks.claim = slow  # type: ignore[method-assign]
    job = await room.ask()
    await claimed.wait()
    stopping = asyncio.create_task(room.engine.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert await room.tasks(job) == [TaskState.RUNNING]
    await room.start()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert room.provider.submits == 1


# the store does it, and the answer is lost


@pytest.mark.parametrize(
    ("part", "operation"),
    [
        ("jobs", "add"),
        ("tasks", "queue"),
        ("tasks", "claim"),
        ("tasks", "accepted"),
        ("tasks", "finish_task"),
        ("jobs", "settle"),
        ("jobs", "end"),
    ],
)
async def test_what_the_store_did_without_saying_so_is_not_lost(room: Room, part: str, operation: str) -> None:
    real = getattr(getattr(room.store, part), operation)
    answers_lost = 0

    async def unheard(*arguments: Any, **how: Any) -> Any:
        nonlocal answers_lost
        result = await real(*arguments, **how)
        # A claim that finds nothing changes nothing.
        if result != Turns((), None) and not answers_lost and (operation != "settle" or result):
            answers_lost += 1
            raise OperationalError(operation, {}, Exception("the connection broke after the commit"))
        return result

    setattr(getattr(room.store, part), operation, unheard)
    try:
        job = await room.ask()
    except StoreError:
        # As the inbox does: the same update once more.
        assert await room.engine.submit(room.wish) is None
        found = await room.store.jobs.made_by(room.wish.idempotency_key)
        assert found
        job = found
    await room.running()
    room.provider.finish("t1")
    await room.finished(job, JobState.DELIVERED)
    assert (room.provider.submits, room.stage.delivered, answers_lost) == (1, [job.id], 1)
