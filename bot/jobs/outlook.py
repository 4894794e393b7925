"""How far every open job is: places in the queues, bars, and the time left."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.jobs.estimate import Durations, ends
from bot.jobs.stage import Phase, Progress, sentence
from bot.jobs.turns import order
from providers.base import Callback, Event, Working
from providers.errors import Sentence
from storage.records import InLine, Job, Task, TaskState, Trouble


@dataclass(slots=True)
class Flight:
    """A task that this process watches. `since`: when its ticket was stored; `reported`: 0–1 as the service says;
    `preview`: the latest unfinished picture it shows; `callback`: where it announces the end, if it does.

    `safe` is set once leaving it costs nothing: its ticket is stored, or it has ended.
    """

    task: Task
    since: float
    ticket: str | None = None
    reported: float | None = None
    preview: bytes | None = field(default=None, repr=False)
    callback: Callback | None = None
    safe: asyncio.Event = field(default_factory=asyncio.Event)
    watch: asyncio.Task[None] | None = None

    def note(self, event: Event) -> None:
        """Take in what the service says of its progress."""
        if isinstance(event, Working):
            self.reported = self.reported if event.progress is None else event.progress
            self.preview = event.preview or self.preview


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

    def progress(
        self, provider: str, line: Iterable[InLine], at_once: int, now: float, paused: Trouble | None = None
    ) -> dict[int, Progress]:
        """The progress of this provider's open jobs by job id. `line`: all that waits or is under way, anywhere;
        `paused`: why nothing is submitted.

        A job is left out at the moments when its tasks neither wait nor run: they are being queued or counted.
        """
        view = self._view(provider, line, at_once, now)
        view.paused = sentence(paused) if paused else None
        return {
            job_id: self._one(opened, view)
            for job_id, opened in self.jobs.items()
            if opened.job.provider == provider and (opened.is_clear or job_id in view.running or job_id in view.places)
        }

    def _view(self, provider: str, line: Iterable[InLine], at_once: int, now: float) -> "_View":
        durations = self.durations[provider]
        view = _View()
        waiting, active, lefts = [], Counter[int](), []
        for task in line:
            if task.state is TaskState.QUEUED:
                waiting.append(task)
                continue
            active[task.user_id] += 1
            run = self._run(task, durations, now)
            view.running.setdefault(task.job_id, []).append(run)
            lefts.append(run.left or 0.0)
        known = durations.typical
        finished = [] if known is None else ends(lefts, len(waiting), at_once, known)
        for place, task in enumerate(order(waiting, active), 1):
            view.places.setdefault(task.job_id, place)
            if finished:
                view.ends[task.job_id] = finished[place - 1]
        return view

    def _run(self, task: InLine, durations: Durations, now: float) -> "_Run":
        # Where there are no tickets, a task runs from its turn on.
        since = task.submitted_at if task.submitted_at is not None else task.begun_at
        elapsed = max(0.0, now - since) if since is not None else 0.0
        left = durations.left(elapsed)
        flight = self.flights.get(task.task_id)
        reported = flight.reported if flight else None
        if reported is None and left is not None:
            reported = elapsed / (elapsed + left) if elapsed + left > 0 else 0.0
        return _Run(elapsed, left, reported, task.submitted_at is not None)

    def _one(self, opened: OpenJob, view: "_View") -> Progress:
        if opened.phase is not Phase.WORKING:
            return Progress(opened.phase, total=opened.total)
        runs = view.running.get(opened.job.id, [])
        left = None
        if self.durations[opened.job.provider].typical is not None:
            left = max([*(run.left or 0.0 for run in runs), view.ends.get(opened.job.id, 0.0)])
        # A task that only tries whether a paused service works again is not more than that.
        begun = any(run.is_submitted for run in runs) if view.paused else bool(runs)
        if view.paused and not begun and not opened.ended:
            return Progress(Phase.PAUSED, total=opened.total, why=view.paused)
        if not runs and not opened.ended:
            return Progress(Phase.WAITING, place=view.places.get(opened.job.id, 1), left=left, total=opened.total)
        known = [run.fraction for run in runs if run.fraction is not None]
        fraction = None
        if len(known) == len(runs):
            # A bar that falls back because more was learned would look like a fault.
            fraction = opened.shown = max(opened.shown, (opened.ended + sum(known)) / opened.total)
        elapsed = max((run.elapsed for run in runs), default=0.0)
        previews = [flight.preview for flight in self.of_job(opened.job.id) if flight.preview]
        preview = previews[0] if previews else None
        return Progress(Phase.WORKING, None, left, fraction, elapsed, opened.ended, opened.total, preview=preview)


@dataclass(frozen=True, slots=True)
class _Run:
    """A task under way: seconds gone, seconds left, and the share that is done, as far as they are known."""

    elapsed: float
    left: float | None
    fraction: float | None
    is_submitted: bool


@dataclass(slots=True)
class _View:
    """One look at a provider's line. By job id: its tasks under way, its first place, when its last one ends.

    `paused`: why nothing is submitted.
    """

    running: dict[int, list[_Run]] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    paused: Sentence | None = None


def by_provider(durations: Mapping[str, list[float]]) -> dict[str, Durations]:
    """What the store knows of each provider's pace, ready to learn more."""
    return {name: Durations(known) for name, known in durations.items()}
