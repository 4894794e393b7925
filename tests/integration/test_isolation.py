"""A problem of one chat, host or person delays nobody else. It lasts until the others have their pictures."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Delay, Flood, Refusal
from bot.telegram.message_sender import READY_AT_ONCE
from bot.telegram.rate_limiter import RateLimiter
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.fast_time import SPEED
from tests.support.gates import Gate

JOBS = 8
"""More than there are slots of any kind."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, concurrency=20) as harness:
        yield harness


class LongWait:
    """The bot's waits of more than `seconds` last until `end`; the pause of the progress display is none of them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ended = asyncio.Event()
        self.waiting = 0

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        if seconds > self._seconds and task and task.get_name() != "progress":
            self.waiting += 1
            await self._ended.wait()
        await asyncio.sleep(min(seconds, 100) / SPEED)

    def end(self) -> None:
        self._ended.set()


def flood_of(harness: AppHarness) -> RateLimiter:
    return next(one for one in harness.app.bot.session.middleware if isinstance(one, RateLimiter))


async def ready(harness: AppHarness, flags: str = "") -> None:
    """Ann's jobs in the group, until all of them are being delivered."""
    harness.hold()
    for number in range(JOBS):
        await harness.say(f"/imagine foxes {number} {flags}", chat=harness.group)
    await harness.all_submitted(JOBS)
    await until(lambda: len(harness.answers(harness.group)) == JOBS)
    harness.release()
    await drawn(harness)


async def drawn(harness: AppHarness) -> None:
    """All pictures are made: they are being delivered or have arrived."""
    await harness.taken_in()
    await until(lambda: not harness.app.parts.progress.jobs)


async def others(harness: AppHarness) -> ChatMessage:
    """小明 asks in private and gets a picture."""
    await harness.say("a fox", who=harness.ming)
    return await harness.shown("🔁", harness.ming.chat)


def gate(harness: AppHarness) -> Gate:
    """Calls to the simulators that are delayed by its seconds wait for it."""
    return harness.gates.new()


async def test_a_muted_chat(harness: AppHarness) -> None:
    # Longer than the test takes on any machine.
    wait, flood, seconds = LongWait(200), flood_of(harness), 3000
    flood.sleep, clock = wait.sleep, flood.clock
    harness.telegram.play(Flood(method="sendPhoto", chat=harness.group.id, retry_after=seconds))
    harness.telegram.play(Flood(method="editMessageMedia", chat=harness.group.id, retry_after=seconds))
    await ready(harness)
    await until(lambda: wait.waiting > 0)
    assert (await others(harness)).photo
    assert len(harness.album(harness.group)) < JOBS
    harness.telegram.faults.clear()
    flood.clock = lambda: clock() + seconds
    wait.end()
    await harness.quiet()
    assert len(harness.album(harness.group)) == JOBS


async def test_a_group_that_orders_more_than_telegram_lets_through(harness: AppHarness) -> None:
    wait, flood = LongWait(20), flood_of(harness)
    flood.sleep, clock = wait.sleep, flood.clock
    now = clock()
    flood.clock = lambda: now
    for number in range(JOBS):
        await harness.say(f"/imagine foxes {number} --n 4", chat=harness.group)
    await until(lambda: wait.waiting > 0)
    assert (await others(harness)).photo
    assert len(harness.album(harness.group)) < 4 * JOBS
    flood.clock = clock
    wait.end()
    await harness.quiet(60)
    assert len(harness.album(harness.group)) == 4 * JOBS


async def test_a_picture_host_that_takes_its_time(harness: AppHarness) -> None:
    held = gate(harness)
    slow = READY_AT_ONCE - 1
    harness.jimeng.faults.append(Fault(kind="delay", action="picture", seconds=held.seconds, times=slow))
    await ready(harness)
    await until(lambda: not harness.jimeng.faults)
    assert (await others(harness)).photo
    assert len(harness.album(harness.group)) <= JOBS - slow
    held.open()
    await harness.quiet()
    assert len(harness.album(harness.group)) == JOBS


async def test_a_telegram_that_answers_one_chat_late(harness: AppHarness) -> None:
    held = gate(harness)
    harness.telegram.play(Delay(method="sendMediaGroup", seconds=held.seconds, times=JOBS))
    await ready(harness, "--n 2")
    await held.reached()
    assert (await others(harness)).photo
    assert harness.album(harness.group) == []
    held.open()
    await harness.quiet()
    assert len(harness.album(harness.group)) == 2 * JOBS


async def test_answers_that_come_late_leave_connections_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.session.CONNECTIONS", JOBS + 2)
    async with open_app_harness(tmp_path, concurrency=20) as harness:
        held = gate(harness)
        await harness.app.store.users.show_drafts(harness.ann.id, True)
        harness.telegram.play(Delay(method="sendPhoto", chat=harness.ann.chat.id, seconds=held.seconds, times=1000))
        for number in range(JOBS + 2):
            await harness.say(f"a fox {number}")
        await drawn(harness)
        await held.reached()
        assert (await others(harness)).photo
        assert harness.album() == []
        held.open()
        await harness.quiet()
        assert len(harness.album()) == JOBS + 2


async def test_what_waits_for_a_muted_chat_does_not_lie_ready(harness: AppHarness) -> None:
    wait, flood, chat = LongWait(20), flood_of(harness), harness.ann.chat.id
    flood.sleep = wait.sleep
    await harness.app.store.users.show_drafts(harness.ann.id, True)
    flood.limiter(chat).mute(flood.clock() + 13_938)
    for number in range(JOBS):
        await harness.say(f"foxes {number} --n 2")
    await drawn(harness)
    await until(lambda: wait.waiting == READY_AT_ONCE - 1)
    assert (await others(harness)).photo
    # 小明's picture, and none of hers.
    assert len([call for call in harness.telegram.calls if call.name == "picture"]) == 1
    flood.limiter(chat).muted_until = 0
    wait.end()
    await harness.quiet()
    assert len(harness.album()) == 2 * JOBS


async def test_references_that_telegram_does_not_hand_over(harness: AppHarness) -> None:
    wait = LongWait(0.5)
    harness.app.engine.context.sleep = wait.sleep
    words = "Bad Request: wrong file_id or the file is temporarily unavailable"
    harness.telegram.play(Refusal(method="getFile", code=400, description=words, times=JOBS))
    for number in range(JOBS):
        await harness.say(f"a fox {number}", picture())
    await until(lambda: wait.waiting == JOBS)
    await harness.say("a hare", picture(), who=harness.ming)
    assert (await harness.shown("🔁", harness.ming.chat)).photo
    assert len(harness.tasks) == 1
    wait.end()
    await harness.quiet()
    assert len(harness.tasks) == JOBS + 1


async def until(happens: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not happens():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
