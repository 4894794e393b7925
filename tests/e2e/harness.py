"""`DemoHarness`: the demo as `make demo` starts it, on fast time, with control of Jimeng's clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache

from bot.demo.calls import CallLog
from bot.demo.chat import people_api
from bot.demo.launcher import Demo, running
from bot.demo.ports import free_port
from bot.demo.telegram import Person, TelegramSimulator
from providers.jimeng.simulator import JimengSimulator
from tests.support.blank_database import blank_stores
from tests.support.fast_time import SPEED, speed_up
from tests.support.startup_cache import cached_startup

QUICK_SECONDS = 0.02
LONG_SECONDS = 10_000.0

# The browser loads the files of the page once: all demos have the same address.
people_api.ASSETS_CACHED = "max-age=3600"
page_port = cache(free_port)


class DemoHarness:
    """Both simulators and, from `open_demo_harness` on, the bot between them."""

    demo: Demo

    def __init__(self) -> None:
        self._seconds = QUICK_SECONDS
        self._skipped = 0.0
        self._released = asyncio.Event()
        self._released.set()
        self.telegram = TelegramSimulator(port=page_port(), strict=False, calls=CallLog(), album_gap=0.01, shuffle=True)
        self.jimeng = JimengSimulator(
            durations=lambda _: self._seconds,
            clock=lambda: time.monotonic() + self._skipped,
            concurrency=2,
            qps=1000,
            draw_scale=0.1,
            seed=4,
        )

    def hold(self, *usual: float) -> None:
        """Keep tasks that are submitted from now on until `release`; teach the bot `usual` durations in seconds."""
        self._seconds = LONG_SECONDS
        self._released.clear()
        for seconds in usual:
            self.demo.app.parts.progress.durations["jimeng"].add(seconds, {})

    def release(self) -> None:
        """Finish all held tasks; new ones are quick again."""
        self._skipped += LONG_SECONDS
        self._seconds = QUICK_SECONDS
        self._released.set()

    async def until_next_poll(self, seconds: float) -> None:
        """The bot's pause between two polls. While tasks are held it is as long as in reality: each poll is a call that
        the open page shows, and thirty of them in a second would keep the browser busy."""
        if not self._released.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), seconds)
            return
        await asyncio.sleep(seconds / SPEED)

    async def made(self, *prompts: str, who: Person | None = None) -> None:
        """Make pictures of these prompts for a person (Ann) before the test begins."""
        person = who or self.telegram.ann
        for prompt in prompts:
            before = self._results(person)
            await self.telegram.send(person, text=prompt)
            await self.telegram.until(lambda before=before: self._results(person) > before)  # type: ignore[misc]

    @property
    def submits(self) -> Sequence[str]:
        """The prompts of all tasks that Jimeng accepted, which are paid."""
        return list(self.jimeng.submits.elements())

    @property
    def references(self) -> Sequence[int]:
        """The number of references of each task."""
        return [len(task.references) for task in self.jimeng.tasks.values()]

    async def fetched(self) -> None:
        """Wait until the bot has fetched a picture from Jimeng."""
        await self.telegram.until(lambda: self.telegram.calls.named("picture"))

    def _results(self, person: Person) -> int:
        return sum("🔁 Again" in message.buttons for message in self.telegram.messages(person.chat))


@asynccontextmanager
async def open_demo_harness() -> AsyncIterator[DemoHarness]:
    """The demo, running."""
    harness = DemoHarness()
    with cached_startup(), blank_stores():
        async with running(harness.telegram, harness.jimeng, speed=500, draw_scale=0.1) as harness.demo:
            speed_up(harness.demo.app, harness.telegram, harness.until_next_poll)
            await harness.telegram.until(lambda: harness.telegram.world.updates.polls)
            yield harness
