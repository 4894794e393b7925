"""Measures a person's waits on the simulators: for the first reaction, and for the end of a task."""

import asyncio
import math
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from functools import partial

from aiohttp import ClientSession

from bot.demo.bot_api.model import Chat
from bot.demo.launcher import running
from bot.demo.telegram import TelegramSimulator
from providers.base import Accepted, Callback, Finished, ImageRequest
from providers.jimeng import Jimeng
from providers.jimeng.simulator import JimengSimulator
from providers.schedule import FIXED_POLL_SECONDS, Pace
from tests.bench.figures import percentile
from tests.support.jimeng import open_bench

TASKS, AT_ONCE = 150, 50
UNCALLED = 40
PROMPTS = 60


class FixedPace(Pace):
    """The baseline schedule: every two seconds."""

    def after(self, asked: float) -> float:
        """Two seconds later."""
        return asked + FIXED_POLL_SECONDS


class FixedPolling(Jimeng):
    """Jimeng, polled every two seconds."""

    def learn(self, durations: object) -> None:
        """It learns nothing."""
        self._pace = FixedPace()


@dataclass
class Detection:
    """The results of a schedule: seconds from "ready at the service" to "known here", and polls."""

    name: str
    delays: list[float] = field(default_factory=list)
    polls: int = 0


async def detect(name: str, kind: type[Jimeng], seed: int) -> Detection:
    """Run `TASKS` tasks of the usual durations through one schedule."""
    simulator = JimengSimulator(concurrency=AT_ONCE, qps=10_000, seed=seed)
    await simulator.start()
    source = random.Random(seed + 1)
    found = Detection(name)
    async with ClientSession() as session:
        keys = {"access_key": simulator.keys.access, "secret_key": simulator.keys.secret}
        provider = kind(kind.Settings.model_validate({**keys, "endpoint": simulator.url}), session)
        # A bot that has run for a while has seen forty tasks.
        provider.learn([source.lognormvariate(math.log(12), 0.4) for _ in range(40)])
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with turn:
                ticket = ""
                request = ImageRequest(f"a red fox, number {number}", provider.Options())
                async for event in provider.imagine(request):
                    if isinstance(event, Accepted):
                        ticket = event.ticket
                    elif isinstance(event, Finished):
                        found.delays.append(time.monotonic() - simulator.finished_at[ticket])

        await asyncio.gather(*(one(number) for number in range(TASKS)))
        found.polls = sum(simulator.polls.values())
    await simulator.aclose()
    return found


async def uncalled(*, waits: bool) -> list[float]:
    """The delay until the ends of 6-s tasks are known, in simulated seconds, where the service never calls back.

    `waits`: the bot relies on callbacks because it has an address, as it once did; else it polls until one has come.

    """
    source, late = random.Random(6), list[float]()
    async with open_bench(durations=lambda _: source.lognormvariate(math.log(6), 0.2)) as bench:
        provider = bench.provider()
        for number in range(UNCALLED):
            callback, ticket = Callback("http://127.0.0.1:9/", lambda: waits), ""
            asked = ImageRequest(f"a red fox, number {number}", provider.Options(), callback=callback)
            async for event in provider.imagine(asked):
                if isinstance(event, Accepted):
                    ticket = event.ticket
                elif isinstance(event, Finished):
                    late.append(bench.clock() - bench.service.finished_at[ticket])
    return late


async def react() -> list[float]:
    """Seconds from a prompt to the first message that answers it, for people who write one after another."""
    telegram = TelegramSimulator()
    jimeng = JimengSimulator(durations=lambda _: 3600.0, concurrency=2)
    waits: list[float] = []
    async with running(telegram, jimeng):
        await telegram.until(lambda: telegram.world.updates.polls, timeout=30)
        for number in range(PROMPTS):
            person = telegram.world.add_person(9000 + number, f"Person {number}", f"person_{number}", "en")
            started = time.perf_counter()
            await telegram.send(person, text="a red fox in the snow")
            await telegram.until(partial(_answered, telegram, person.chat), timeout=30)
            waits.append(time.perf_counter() - started)
    return waits


def _answered(telegram: TelegramSimulator, chat: Chat) -> bool:
    return any(message.by_bot for message in telegram.messages(chat))


async def main() -> None:
    """Measure and print."""
    waits = await react()
    learned, fixed = await asyncio.gather(detect("learned schedule", Jimeng, 7), detect("every 2 s", FixedPolling, 7))
    never = {words: await uncalled(waits=waits) for words, waits in (("waiting", True), ("asking", False))}
    say = sys.stdout.write
    say(f"prompt to first reaction, {PROMPTS} people: ")
    say(f"p50 {percentile(waits, 0.5) * 1000:.0f} ms, p95 {percentile(waits, 0.95) * 1000:.0f} ms\n")
    say(f"ready at the service to known here, {TASKS} tasks (lognormal, median 12 s, sigma 0.4):\n")
    base = statistics.mean(fixed.delays)
    for one in (fixed, learned):
        mean, late = statistics.mean(one.delays), percentile(one.delays, 0.95)
        say(f"  {one.name:<17} mean {mean:.2f} s ({mean / base:.0%}), p95 {late:.2f} s, ")
        say(f"{one.polls / TASKS:.2f} polls a task ({one.polls / fixed.polls:.0%})\n")
    say(f"the same where the service never calls, {UNCALLED} tasks of 6 s (simulated time):\n")
    for words, late_by in never.items():
        say(f"  {words} for calls  " if words == "waiting" else f"  {words} all the same ")
        say(f"mean {statistics.mean(late_by):.2f} s, at most {max(late_by):.2f} s\n")
