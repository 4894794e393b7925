"""`DemoHarness`: the demo as `make demo` starts it, on fast time, with control of the services' clock and of the bot.

With the mark `bot_process` the bot is a process of its own, which a test kills and starts anew.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.demo.calls import CallLog
from bot.demo.chat import file_routes
from bot.demo.launcher import Demo, running, settings_tables, simulated
from bot.demo.ports import free_port
from bot.demo.telegram import Person, TelegramSimulator
from providers.jimeng.simulator import Fault, JimengSimulator
from providers.simulators.service import ServiceSimulator, usual
from tests.support.blank_database import blank_stores, put_blank_database
from tests.support.bot_process import BotProcess
from tests.support.fast_time import SPEED, speed_up
from tests.support.startup_cache import cached_startup

QUICK_SECONDS = 0.02
LONG_SECONDS = 10_000.0
SERVICE_SPEED = 500
TICKET_SECONDS = 30.0
DRAW_SCALE = 0.1

# The browser loads the files of the page once: all demos have the same address.
file_routes.ASSETS_CACHED = "max-age=3600"
page_port = cache(free_port)


class DemoHarness:
    """Both simulators and, from `open_demo_harness` on, the bot between them.

    `services`: the image services beside Jimeng, by name. `demo`: the bot in this process; `bot`: the bot as a process.
    """

    demo: Demo
    bot: BotProcess

    def __init__(self) -> None:
        self._seconds = QUICK_SECONDS
        self._skipped = 0.0
        self._released = asyncio.Event()
        self._released.set()
        self._config = Path()
        self.services: Mapping[str, ServiceSimulator] = {}
        self.telegram = TelegramSimulator(port=page_port(), strict=False, calls=CallLog(), album_gap=0.01, shuffle=True)
        self.jimeng = JimengSimulator(
            durations=lambda _: self._seconds,
            clock=self._clock,
            concurrency=2,
            qps=1000,
            draw_scale=DRAW_SCALE,
            seed=4,
        )

    # the services

    def hold(self, *usual_seconds: float) -> None:
        """Keep tasks of all services that are submitted from now on until `release`; teach the bot in this process the
        usual durations of Jimeng in seconds."""
        self._seconds = LONG_SECONDS
        self._released.clear()
        for seconds in usual_seconds:
            self.demo.app.parts.progress.durations["jimeng"].add(seconds, {})

    def release(self) -> None:
        """Finish all held tasks; new ones are quick again."""
        self._skipped += LONG_SECONDS
        self._seconds = QUICK_SECONDS
        self._released.set()

    def refuse(self, service: str = "jimeng", times: int = 1) -> None:
        """Let a service refuse the words of the next prompts, before anything is charged."""
        if service == "jimeng":
            self.jimeng.faults.append(Fault(kind="code", action="submit", code=50412, times=times))
        else:
            self.services[service].next_problems += ["prompt"] * times

    def fail(self, service: str = "jimeng", times: int = 1) -> None:
        """Let a service hold back the next results, after it has taken the tasks."""
        if service == "jimeng":
            self.jimeng.faults.append(Fault(kind="code", action="result", code=50511, times=times))
        else:
            self.services[service].next_problems += ["result"] * times

    def control(self, services: Mapping[str, ServiceSimulator]) -> None:
        """Let `hold` and `release` hold for these services, too."""
        self.services = services
        for service in services.values():
            service.durations = lambda source: LONG_SECONDS * SERVICE_SPEED if self._is_held else usual(source)
            service.clock, service.sleep = self._clock, self._pause

    async def until_next_poll(self, seconds: float) -> None:
        """The bot's pause between two polls. While tasks are held it is as long as in reality: each poll is a call that
        the open page shows, and thirty of them in a second would keep the browser busy."""
        await self._wait(seconds if self._is_held else seconds / SPEED)

    # the bot as a process

    async def ticket_stored(self, count: int = 1) -> None:
        """Wait until the bot's process has stored the tickets of so many tasks. Killed before, it would not know
        whether they were paid, and ask the person."""
        async with asyncio.timeout(TICKET_SECONDS):
            await self._until_stored(count)

    async def kill(self) -> None:
        """Kill the bot's process hard (SIGKILL) and wait until it is gone."""
        self.bot.kill()
        await self.bot.gone()

    async def start(self) -> None:
        """Start the bot's next process, on the same database."""
        self.bot = await BotProcess.start(self._config)

    async def restart(self) -> None:
        """Kill the bot hard and start it anew."""
        await self.kill()
        await self.start()

    @asynccontextmanager
    async def process(self, folder: Path) -> AsyncIterator[None]:
        """Run the bot as a process within, with its database in `folder`."""
        tables = settings_tables(self.telegram, self.jimeng, self.services, folder)
        self._config = folder / "config.toml"
        self._config.write_text("\n".join(toml_lines(tables)), encoding="utf-8")
        await asyncio.to_thread(put_blank_database, folder / "bot.db")
        await self.start()
        try:
            yield
        finally:
            await self.bot.aclose()

    # the people

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

    def paid(self, service: str) -> Sequence[str]:
        """The prompts of all tasks that a service beside Jimeng accepted, which are paid."""
        return list(self.services[service].submits.elements())

    @property
    def references(self) -> Sequence[int]:
        """The number of references of each task."""
        return [len(task.references) for task in self.jimeng.tasks.values()]

    async def fetched(self) -> None:
        """Wait until the bot has fetched a picture from Jimeng."""
        await self.telegram.until(lambda: self.telegram.calls.named("picture"))

    async def _pause(self, seconds: float) -> None:
        """A service's pause while it draws: of a task that was held, too, it is short once it is released."""
        await self._wait(seconds if self._is_held else min(seconds, QUICK_SECONDS))

    async def _until_stored(self, count: int) -> None:
        while await asyncio.to_thread(self._tickets) < count:  # noqa: ASYNC110 - another process stores them
            await asyncio.sleep(0.02)

    def _tickets(self) -> int:
        with closing(sqlite3.connect(self._config.parent / "bot.db")) as database:
            return int(database.execute("SELECT count(*) FROM tasks WHERE ticket IS NOT NULL").fetchone()[0])

    @property
    def _is_held(self) -> bool:
        return not self._released.is_set()

    def _clock(self) -> float:
        return time.monotonic() + self._skipped

    async def _wait(self, seconds: float) -> None:
        """Sleep, but no longer than tasks are held."""
        if not self._is_held:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), seconds)

    def _results(self, person: Person) -> int:
        return sum(any("🔁" in label for label in message.buttons) for message in self.telegram.messages(person.chat))


@asynccontextmanager
async def open_demo_harness(*, as_process: bool = False) -> AsyncIterator[DemoHarness]:
    """The demo, running. `as_process`: whether its bot is a process of its own, which can be killed."""
    harness = DemoHarness()
    async with (_with_process if as_process else _in_this_process)(harness):
        await harness.telegram.until(lambda: harness.telegram.world.updates.polls)
        yield harness


@asynccontextmanager
async def _in_this_process(harness: DemoHarness) -> AsyncIterator[None]:
    with cached_startup(), blank_stores():
        async with running(
            harness.telegram, harness.jimeng, speed=SERVICE_SPEED, draw_scale=DRAW_SCALE
        ) as harness.demo:
            harness.control(harness.demo.services)
            speed_up(harness.demo.app, harness.telegram, harness.until_next_poll)
            yield


@asynccontextmanager
async def _with_process(harness: DemoHarness) -> AsyncIterator[None]:
    async with simulated(harness.telegram, harness.jimeng, speed=SERVICE_SPEED, draw_scale=DRAW_SCALE) as services:
        harness.control(services)
        with TemporaryDirectory() as folder:
            async with harness.process(Path(folder)):
                yield


def toml_lines(tables: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Nested tables as the lines of a TOML file."""
    if name:
        yield f"[{name}]"
    for key, value in tables.items():
        if not isinstance(value, Mapping):
            # Strings, numbers and lists of JSON are those of TOML.
            yield f"{key} = {json.dumps(value)}"
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from toml_lines(value, f"{name}.{key}" if name else key)
