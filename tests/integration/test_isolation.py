"""One chat's, host's or person's trouble keeps nobody else waiting. The trouble lasts until the others have theirs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Delay, Flood, Refusal
from bot.telegram.flood import FloodControl
from bot.telegram.sender import READY_AT_ONCE
from providers.jimeng.simulator import Fault
from tests.support.gates import Gate
from tests.support.haste import SPEED
from tests.support.house import House, open_house, picture

JOBS = 8
"""More than there are places of any kind."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, concurrency=20) as house:
        yield house


class LongWait:
    """The bot's waits of more than `seconds` last until `end`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ended = asyncio.Event()
        self.waiting = 0

    async def sleep(self, seconds: float) -> None:
        if seconds > self._seconds:
            self.waiting += 1
            await self._ended.wait()
        await asyncio.sleep(min(seconds, 100) / SPEED)

    def end(self) -> None:
        self._ended.set()


def flood_of(house: House) -> FloodControl:
    return next(one for one in house.app.bot.session.middleware if isinstance(one, FloodControl))


async def ready(house: House, flags: str = "") -> None:
    """Ann's jobs in the group, until all of them are being delivered."""
    house.hold()
    for number in range(JOBS):
        await house.say(f"/imagine foxes {number} {flags}", chat=house.group)
    await house.all_submitted(JOBS)
    await until(lambda: len(house.answers(house.group)) == JOBS)
    house.release()
    await drawn(house)


async def drawn(house: House) -> None:
    """All pictures are made: they are on their way or have arrived."""
    await house.taken_in()
    await until(lambda: not house.app.parts.progress.jobs)


async def others(house: House) -> ChatMessage:
    """小明 asks in private and gets a picture."""
    await house.say("a fox", who=house.ming)
    return await house.shown("🔁", house.ming.chat)


def gate(house: House) -> Gate:
    """Calls to the simulators that are delayed by its seconds wait for it."""
    return house.gates.new()


async def test_a_muted_chat(house: House) -> None:
    # Longer than the test takes, however busy the machine is.
    wait, flood, seconds = LongWait(200), flood_of(house), 3000
    flood.sleep, clock = wait.sleep, flood.clock
    house.telegram.play(Flood(method="sendPhoto", chat=house.group.id, retry_after=seconds))
    house.telegram.play(Flood(method="editMessageMedia", chat=house.group.id, retry_after=seconds))
    await ready(house)
    await until(lambda: wait.waiting > 0)
    assert (await others(house)).photo
    assert len(house.album(house.group)) < JOBS
    house.telegram.faults.clear()
    flood.clock = lambda: clock() + seconds
    wait.end()
    await house.quiet()
    assert len(house.album(house.group)) == JOBS


async def test_a_group_that_orders_more_than_telegram_lets_through(house: House) -> None:
    wait, flood = LongWait(20), flood_of(house)
    flood.sleep, clock = wait.sleep, flood.clock
    now = clock()
    flood.clock = lambda: now
    for number in range(JOBS):
        await house.say(f"/imagine foxes {number} --n 4", chat=house.group)
    await until(lambda: wait.waiting > 0)
    assert (await others(house)).photo
    assert len(house.album(house.group)) < 4 * JOBS
    flood.clock = clock
    wait.end()
    await house.quiet(60)
    assert len(house.album(house.group)) == 4 * JOBS


async def test_a_picture_host_that_takes_its_time(house: House) -> None:
    held = gate(house)
    slow = READY_AT_ONCE - 1
    house.jimeng.faults.append(Fault(kind="delay", action="picture", seconds=held.seconds, times=slow))
    await ready(house)
    await until(lambda: not house.jimeng.faults)
    assert (await others(house)).photo
    assert len(house.album(house.group)) <= JOBS - slow
    held.open()
    await house.quiet()
    assert len(house.album(house.group)) == JOBS


async def test_a_telegram_that_answers_one_chat_late(house: House) -> None:
    held = gate(house)
    house.telegram.play(Delay(method="sendMediaGroup", seconds=held.seconds, times=JOBS))
    await ready(house, "--n 2")
    await held.reached()
    assert (await others(house)).photo
    assert house.album(house.group) == []
    held.open()
    await house.quiet()
    assert len(house.album(house.group)) == 2 * JOBS


async def test_answers_that_come_late_leave_connections_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.session.CONNECTIONS", JOBS + 2)
    async with open_house(tmp_path, concurrency=20) as house:
        held = gate(house)
        await house.app.store.people.show_drafts(house.ann.id, True)
        house.telegram.play(Delay(method="sendPhoto", chat=house.ann.chat.id, seconds=held.seconds, times=1000))
        for number in range(JOBS + 2):
            await house.say(f"a fox {number}")
        await drawn(house)
        await held.reached()
        assert (await others(house)).photo
        assert house.album() == []
        held.open()
        await house.quiet()
        assert len(house.album()) == JOBS + 2


async def test_what_waits_for_a_muted_chat_does_not_lie_ready(house: House) -> None:
    wait, flood, chat = LongWait(20), flood_of(house), house.ann.chat.id
    flood.sleep = wait.sleep
    await house.app.store.people.show_drafts(house.ann.id, True)
    flood.lane(chat).mute(flood.clock() + 13_938)
    for number in range(JOBS):
        await house.say(f"foxes {number} --n 2")
    await drawn(house)
    await until(lambda: wait.waiting == READY_AT_ONCE - 1)
    assert (await others(house)).photo
    # 小明's picture, and none of hers.
    assert len([call for call in house.telegram.calls if call.name == "picture"]) == 1
    flood.lane(chat).muted_until = 0
    wait.end()
    await house.quiet()
    assert len(house.album()) == 2 * JOBS


async def test_references_that_telegram_does_not_hand_over(house: House) -> None:
    wait = LongWait(0.5)
    house.app.engine.context.sleep = wait.sleep
    words = "Bad Request: wrong file_id or the file is temporarily unavailable"
    house.telegram.play(Refusal(method="getFile", code=400, description=words, times=JOBS))
    for number in range(JOBS):
        await house.say(f"a fox {number}", picture())
    await until(lambda: wait.waiting == JOBS)
    await house.say("a hare", picture(), who=house.ming)
    assert (await house.shown("🔁", house.ming.chat)).photo
    assert len(house.tasks) == 1
    wait.end()
    await house.quiet()
    assert len(house.tasks) == JOBS + 1


async def until(happens: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not happens():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
