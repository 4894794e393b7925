"""Measures how late others' ready pictures arrive while one chat, person or host is slow.

`BEFORE` has the results of the same measurement when a delivery held a shared slot while it waited, on a busy machine
with two cores; 200 s stand for "not within 200 s".
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.demo.launcher import running
from bot.demo.telegram import Delay, Flood, Person, TelegramSimulator
from providers.jimeng.simulator import Fault, JimengSimulator
from tests.support.sample_pictures import draw_plain

PROBES = 6
PROBE_INTERVAL_SECONDS = 1.5
AT_ONCE = 60
TIMEOUT_SECONDS = 200.0
"""After this a picture counts as never delivered."""

BEFORE = {
    "nobody has trouble": "0.2 s, at most 0.5 s",
    "a chat is muted for 60 s, with four albums": "56.8 s, at most 59.8 s",
    "a group orders four albums of ten": "176.7 s, at most 177.0 s",
    "one person orders 100 pictures and 20 albums": "200.0 s, at most 200.0 s",
    "four pictures on a host that sends nothing for 60 s": "54.6 s, at most 57.3 s",
    "Telegram answers four albums after 60 s": "58.8 s, at most 61.8 s",
}


class BenchHarness:
    """The bot at work between both simulators, with the flood limits of the real Telegram. Ann disturbs."""

    def __init__(self, telegram: TelegramSimulator, jimeng: JimengSimulator) -> None:
        self.telegram = telegram
        self.jimeng = jimeng

    async def order(self, text: str, count: int, *, in_group: bool = False) -> None:
        """Ann sends so many prompts at once."""
        chat = self.telegram.group if in_group else self.telegram.ann.chat
        for number in range(count):
            await self.telegram.send(self.telegram.ann, chat, text=text.format(number=number))

    async def submitted(self, count: int) -> None:
        """Wait until the service has accepted so many tasks."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self.jimeng.tasks) < count:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.02)

    async def probe(self, number: int) -> float:
        """Somebody asks for a picture in private; returns the seconds from its readiness to its arrival."""
        person = self.telegram.world.add_person(9000 + number, f"P {number}", f"p_{number}", "en")
        prompt = f"a fox, number {number}"
        await self.telegram.send(person, text=prompt)
        try:
            await self.telegram.until(lambda: self._has_picture(person), timeout=TIMEOUT_SECONDS)
        except TimeoutError:
            return TIMEOUT_SECONDS
        arrived = time.monotonic()
        (task,) = (task for task in self.jimeng.tasks.values() if task.prompt == prompt)
        return arrived - task.finished

    def _has_picture(self, person: Person) -> bool:
        return any(message.photo for message in self.telegram.messages(person.chat))


async def nothing(harness: BenchHarness) -> None:
    """The baseline."""


async def muted(harness: BenchHarness) -> None:
    for method in ("sendMediaGroup", "sendPhoto"):
        harness.telegram.play(Flood(method=method, chat=harness.telegram.ann.chat.id, retry_after=60))
    await harness.order("foxes {number} --n 2", 4)
    await harness.submitted(8)


async def group(harness: BenchHarness) -> None:
    await harness.order("/imagine foxes {number} --n 10", 4, in_group=True)
    await harness.submitted(40)


async def many(harness: BenchHarness) -> None:
    await harness.order("a fox {number}", 100)
    await harness.order("foxes {number} --n 4", 20)
    await harness.submitted(100)


async def slow_host(harness: BenchHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="delay", action="picture", seconds=60, times=4))
    await harness.order("an owl {number}", 4)
    await harness.submitted(4)


async def late_answers(harness: BenchHarness) -> None:
    chat = harness.telegram.ann.chat.id
    harness.telegram.play(Delay(method="sendMediaGroup", chat=chat, seconds=60, times=4))
    await harness.order("foxes {number} --n 2", 4)
    await harness.submitted(8)


CASES: dict[str, Callable[[BenchHarness], Awaitable[None]]] = dict(
    zip(BEFORE, (nothing, muted, group, many, slow_host, late_answers), strict=True)
)


@asynccontextmanager
async def running_bench() -> AsyncIterator[BenchHarness]:
    """A bench on a fresh database."""
    telegram = TelegramSimulator(strict=True)
    jimeng = JimengSimulator(durations=lambda _: 1.0, concurrency=AT_ONCE, qps=100_000, draw=draw_plain, draw_scale=0.1)
    async with running(telegram, jimeng):
        await telegram.until(lambda: telegram.world.updates.polls, timeout=60)
        yield BenchHarness(telegram, jimeng)


async def delays(disturb: Callable[[BenchHarness], Awaitable[None]]) -> list[float]:
    """The delays of others' pictures, in seconds."""
    async with running_bench() as harness:
        await disturb(harness)
        # By then the disturbance has reached the deliveries.
        await asyncio.sleep(2.0)
        probes = []
        for number in range(PROBES):
            probes.append(asyncio.create_task(harness.probe(number)))
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        return sorted(await asyncio.gather(*probes))


async def main() -> None:
    """Measure all cases and print the table."""
    sys.stdout.write(f"  {'others’ pictures are in their chats after':<56}{'median':>9}{'at most':>9}   before\n")
    for name, disturb in CASES.items():
        found = await delays(disturb)
        sys.stdout.write(f"  {name:<56}{found[len(found) // 2]:>7.1f} s{found[-1]:>7.1f} s   {BEFORE[name]}\n")
        sys.stdout.flush()
