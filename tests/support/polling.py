"""`Timed`: a polled provider in memory on virtual time; and the delays and polls of many jobs at it."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from aiohttp import ClientSession

from providers.base import (
    Callback,
    Capabilities,
    Event,
    Finished,
    ImageRequest,
    Picture,
    ProviderSettings,
    Queued,
    Working,
)
from providers.errors import ProviderError
from providers.options import Options
from providers.polling import PollingProvider
from providers.testing import FastClock

PICTURE = Picture(url="https://example.org/fox.jpg")


class Plain(Options):
    """No options at all."""


REQUEST = ImageRequest("a red fox", Plain())


class Timed(PollingProvider[ProviderSettings, Plain]):
    """A service in memory. Its next task takes `seconds`; `faults` are its first answers."""

    title = "Timed"
    Settings = ProviderSettings
    Options = Plain
    capabilities = Capabilities(prompt_length=100, pictures=1)

    def __init__(self, clock: FastClock, limit: float = 900) -> None:
        session = cast("ClientSession", None)  # this service is called without HTTP
        super().__init__(ProviderSettings(time_limit=limit), session, clock=clock, sleep=clock.sleep)
        self.clock = clock
        self.seconds = 12.0
        self.ends = 0.0
        self.submits = self.polls = 0
        self.times: list[float] = []
        self.faults: list[Exception | None] = []
        self.refusal: ProviderError | None = None
        self.callback: Callback | None = None

    async def submit(self, request: ImageRequest[Plain]) -> str:
        if self.refusal:
            raise self.refusal
        self.submits += 1
        self.ends = self.clock() + self.seconds
        return f"ticket {self.submits}"

    async def ask(self, request: ImageRequest[Plain], ticket: str) -> Queued | Working | Finished:
        self.polls += 1
        self.times.append(self.clock())
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault
        if self.clock() >= self.ends:
            return Finished((PICTURE,))
        return Working() if self.clock() >= self.ends - 0.7 * self.seconds else Queued()

    async def check(self) -> None:
        return

    async def events(self, ticket: str | None = None) -> list[Event]:
        return [event async for event in self.imagine(replace(REQUEST, callback=self.callback), ticket)]


@dataclass
class Tally:
    """The delays and polls of many jobs. `ahead`: the largest excess of their polls over fixed polling."""

    delays: list[float] = field(default_factory=list)
    polls: int = 0
    fixed: int = 0
    ahead: int = 0

    @property
    def mean(self) -> float:
        return sum(self.delays) / len(self.delays)

    def __str__(self) -> str:
        jobs = len(self.delays)
        late = sorted(self.delays)[int(0.95 * jobs)]
        return (
            f"{jobs} jobs: mean delay {self.mean:.3f} s, p95 {late:.2f} s, "
            f"{self.polls / jobs:.2f} polls a job (fixed 2 s: 1.0 s, {self.fixed / jobs:.2f})"
        )


async def many(provider: Timed, jobs: int, duration: Callable[[], float], tally: Tally | None = None) -> Tally:
    """Run jobs one after another; `tally`: an earlier one to continue."""
    before, tally = (tally.polls - tally.fixed if tally else 0), Tally()
    for _ in range(jobs):
        provider.seconds = duration()
        polls = provider.polls
        await provider.events()
        tally.polls += provider.polls - polls
        tally.fixed += math.ceil(provider.seconds / 2)
        tally.delays.append(provider.clock() - provider.ends)
        tally.ahead = max(tally.ahead, before + tally.polls - tally.fixed)
    return tally


def lognormal(median: float, sigma: float, seed: int = 0) -> Callable[[], float]:
    reference = random.Random(seed)
    return lambda: reference.lognormvariate(math.log(median), sigma)
