"""How far every open job is: places in the queues, bars, and the time left."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.jobs.estimate import Durations, time_left
from bot.jobs.stage import Phase, Progress
from bot.jobs.turns import order
from providers.base import Event, Working
from storage.records import Job, Task, Waiting


@dataclass(slots=True)
class Flight:
    """A task under way. `since`: when its ticket was stored; `reported`: 0–1 as the service says.

    `safe` is set once leaving it costs nothing: its ticket is stored, or it has ended.
    """

    task: Task
    since: float
    ticket: str | None = None
    reported: float | None = None
    safe: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, event: Event) -> None:
        """Take in what the service says of its progress."""
        if isinstance(event, Working) and event.progress is not None:
            self.reported = event.progress


@dataclass(slots=True)
class OpenJob:
    """A job that has not ended. `ended`: how many of its `total` tasks have; `shown`: the fullest its bar has been."""

    job: Job
    phase: Phase = Phase.PREPARING
    total: int = 1
    ended: int = 0
    shown: float = 0.0

    @property
    def is_clear(self) -> bool:
        """Whether there is something to say of it when none of its tasks waits or runs."""
        return self.phase is not Phase.WORKING or self.ended > 0


@dataclass(slots=True)
class Outlook:
    """The open jobs and flights of one process, and what was learned of each provider's pace."""

    jobs: dict[int, OpenJob] = field(default_factory=dict)
    flights: dict[int, Flight] = field(default_factory=dict)
    durations: dict[str, Durations] = field(default_factory=dict)

    def of_job(self, job_id: int) -> list[Flight]:
        """The tasks of a job that are under way."""
        return [flight for flight in self.flights.values() if flight.task.job_id == job_id]

    def progress(self, provider: str, waiting: list[Waiting], at_once: int, now: float) -> dict[int, Progress]:
        """The progress of this provider's open jobs by job id.

        A job is left out at the moments when its tasks neither wait nor run: they are being queued or counted.
        """
        flights = [flight for flight in self.flights.values() if flight.task.provider == provider]
        active = Counter(flight.task.user_id for flight in flights)
        places: dict[int, list[int]] = {}
        for place, task in enumerate(order(waiting, active), 1):
            places.setdefault(task.job_id, []).append(place)
        own: dict[int, list[Flight]] = {}
        for flight in flights:
            own.setdefault(flight.task.job_id, []).append(flight)
        running = [self._left(flight, now) or 0.0 for flight in flights]
        return {
            job_id: self._one(opened, own.get(job_id, []), places.get(job_id, []), _Line(running, at_once, now))
            for job_id, opened in self.jobs.items()
            if opened.job.provider == provider and (opened.is_clear or job_id in own or job_id in places)
        }

    def _one(self, opened: OpenJob, flights: list[Flight], places: list[int], line: "_Line") -> Progress:
        if opened.phase is not Phase.WORKING:
            return Progress(opened.phase, total=opened.total)
        typical = self.durations[opened.job.provider].typical
        left = None
        if typical is not None:
            own = [self._left(flight, line.now) or 0.0 for flight in flights]
            left = max([*own, time_left(line.running, places, line.at_once, typical)])
        if not flights and not opened.ended:
            return Progress(Phase.WAITING, place=min(places, default=1), left=left, total=opened.total)
        parts = [self._fraction(flight, line.now) for flight in flights]
        known = [part for part in parts if part is not None]
        fraction = None
        if len(known) == len(parts):
            # A bar that falls back because more was learned would look like a fault.
            fraction = opened.shown = max(opened.shown, (opened.ended + sum(known)) / opened.total)
        elapsed = max((line.now - flight.since for flight in flights), default=0.0)
        return Progress(Phase.WORKING, None, left, fraction, elapsed, opened.ended, opened.total)

    def _left(self, flight: Flight, now: float) -> float | None:
        return self.durations[flight.task.provider].left(now - flight.since)

    def _fraction(self, flight: Flight, now: float) -> float | None:
        if flight.reported is not None:
            return flight.reported
        elapsed, left = now - flight.since, self._left(flight, now)
        return None if left is None else elapsed / (elapsed + left) if elapsed + left > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Line:
    running: list[float]
    at_once: int
    now: float


def by_provider(durations: Mapping[str, list[float]]) -> dict[str, Durations]:
    """What the store knows of each provider's pace, ready to learn more."""
    return {name: Durations(known) for name, known in durations.items()}
