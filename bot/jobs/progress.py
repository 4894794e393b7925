"""How far every open job is: places in the queues, bars, and the time left."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.jobs.eta import Durations, Paces, ends
from bot.jobs.ports import Phase, Progress, sentence
from bot.jobs.queue_forecast import order
from providers.base import Callback, Event, Working
from providers.errors import Sentence
from providers.options import Options
from storage.job_states import UNFINISHED, TaskState
from storage.provider_health import ProviderHealth
from storage.records import Job, Task, WaitingTask

PAUSED_BY_ADMIN = Sentence("Whoever runs this bot has paused this image service for a while.")
STEADY = 1.0
"""Seconds that the clocks may drift apart while a task runs: beyond, one was set, or the machine slept."""


def _offset() -> float:
    return time.time() - time.monotonic()


@dataclass(slots=True)
class TaskRun:
    """A task that this process submits and polls. `since`: when its ticket was stored; `worker_id`: of this process
    when the run began; `reported`: 0–1 as the service says; `preview`: the latest unfinished picture it shows;
    `options`: as the provider got them, once it has; `most`: how many pictures they may give; `callback`: where it
    announces the end, if it does; `stood_still`: this process did, so that it may notice the end late; `is_cancelled`:
    the service was told that nobody wants it; `offset`: between the clocks when it began; `job`: as the end of the task
    has left it, if it has moved on.

    `safe` is set once leaving it costs nothing: its ticket is stored, or it has ended.
    """

    task: Task
    since: float
    ticket: str | None = None
    worker_id: int = 0
    reported: float | None = None
    preview: bytes | None = field(default=None, repr=False)
    options: Options | None = None
    most: int = 1
    callback: Callback | None = None
    stood_still: bool = False
    is_cancelled: bool = False
    offset: float = field(default_factory=_offset)
    safe: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None
    job: Job | None = None

    def note(self, event: Event) -> None:
        """Take in what the service says of its progress."""
        if isinstance(event, Working):
            self.reported = self.reported if event.progress is None else event.progress
            self.preview = event.preview or self.preview

    def seconds(self, now: float) -> float | None:
        """How long the task has taken at the service when it ends `now`. None where it is not known: it was taken up
        from before, its end was noticed late, or the time that passed is not what the clocks say."""
        is_late = self.stood_still or (self.callback is not None and self.callback.is_missed)
        is_known = self.task.ticket is None and not is_late and abs(_offset() - self.offset) < STEADY
        return max(0.0, now - self.since) if is_known else None


@dataclass(slots=True)
class OpenJob:
    """A job that has not ended. `ended`: how many of its `total` tasks have; `told`: what was shown of it last, at the
    tick `told_at`; `shown`: the fullest its bar has been;
    `left`: the least time that was left since another one of its tasks has begun or ended (`counts`)."""

    job: Job
    phase: Phase = Phase.PREPARING
    total: int = 1
    ended: int = 0
    told: tuple[Phase, bool] | None = None
    told_at: int = 0
    shown: float = 0.0
    left: float = math.inf
    counts: tuple[int, int] = (0, 0)

    def soonest(self, left: float | None, running: int) -> float | None:
        """`left`, or what it was before: while the same tasks run, it doesn't grow."""
        if self.counts != (self.ended, running):
            self.counts, self.left = (self.ended, running), math.inf
        if left is None:
            return None
        self.left = min(self.left, left)
        return self.left

    @property
    def is_clear(self) -> bool:
        """Whether there is something to say of it when none of its tasks waits or runs."""
        return self.phase is not Phase.WORKING or self.ended > 0


@dataclass(slots=True)
class ProgressTracker:
    """The open jobs and running tasks of one process, and what was learned of each provider's pace.

    `any_open` is set while there are open jobs.
    """

    jobs: dict[int, OpenJob] = field(default_factory=dict)
    runs: dict[int, TaskRun] = field(default_factory=dict)
    durations: dict[str, Paces] = field(default_factory=dict)
    any_open: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, job: Job) -> OpenJob:
        """From now on the progress of this job is shown."""
        known = self.jobs.get(job.id)
        # One that another provider has taken over begins anew, and one with other words.
        if known is None or (known.job.provider, known.job.said) != (job.provider, job.said):
            known = self.jobs[job.id] = OpenJob(job)
            self.any_open.set()
        known.job = job
        return known

    def count(self, job: Job, tasks: Sequence[Task]) -> None:
        """This job has these tasks, and nothing of it is being prepared any more."""
        opened = self.open(job)
        opened.phase, opened.total = Phase.WORKING, max(1, len(tasks))
        opened.ended = sum(task.state not in UNFINISHED for task in tasks)

    def close(self, job_id: int) -> None:
        """From now on no progress of this job is shown."""
        self.jobs.pop(job_id, None)

    def stood_still(self) -> None:
        """This process, or the machine, has done nothing for a while: ends are noticed late."""
        for run in self.runs.values():
            run.stood_still = True

    def of_job(self, job_id: int) -> list[TaskRun]:
        """The tasks of a job that are under way."""
        return [run for run in self.runs.values() if run.task.job_id == job_id]

    def progress(
        self, provider: str, line: Iterable[WaitingTask], at_once: int, now: float, health: ProviderHealth | None = None
    ) -> dict[int, Progress]:
        """The progress of this process's open jobs of this provider: see `progress_of`."""
        own = [opened for opened in self.jobs.values() if opened.job.provider == provider]
        return self.progress_of(own, provider, line, at_once, now, health)

    def progress_of(
        self,
        jobs: Iterable[OpenJob],
        provider: str,
        line: Iterable[WaitingTask],
        at_once: int,
        now: float,
        health: ProviderHealth | None = None,
    ) -> dict[int, Progress]:
        """The progress of these jobs of this provider by job id. `line`: all that waits or is under way, anywhere;
        `health`: says whether it is paused.

        A job is left out at the moments when its tasks neither wait nor run: they are being queued or counted.
        """
        view = self._view(provider, line, at_once, now)
        view.paused, view.is_tried = _pause(health) if health else (None, False)
        return {
            opened.job.id: self._one(opened, view)
            for opened in jobs
            if opened.is_clear or opened.job.id in view.running or opened.job.id in view.places
        }

    def _view(self, provider: str, line: Iterable[WaitingTask], at_once: int, now: float) -> "_View":
        paces = self.durations[provider]
        view = _View()
        waiting, active, lefts = [], Counter[int](), []
        for task in line:
            if task.state is TaskState.QUEUED:
                waiting.append(task)
                continue
            active[task.user_id] += 1
            run = self._run(task, paces, now)
            view.running.setdefault(task.job_id, []).append(run)
            lefts.append(run.left or 0.0)
        known = paces.of().typical
        finished = [] if known is None else ends(lefts, len(waiting), at_once, known)
        for number, task in enumerate(order(waiting, active)):
            # Requests are counted: of how many tasks each consists nobody knows who waits.
            view.places.setdefault(task.job_id, len(view.places) + 1)
            if finished:
                view.ends[task.job_id] = finished[number]
        return view

    def _run(self, task: WaitingTask, paces: Paces, now: float) -> "_Run":
        # Where there are no tickets, a task runs from its turn on.
        since = task.submitted_at if task.submitted_at is not None else task.begun_at
        elapsed = max(0.0, now - since) if since is not None else 0.0
        run = self.runs.get(task.task_id)
        durations: Durations = paces.of(run.task.options if run else None)
        reported = run.reported if run else None
        fraction = durations.share(elapsed) if reported is None else reported
        preview = run.preview if run else None
        is_late, is_submitted = durations.is_late(elapsed), task.submitted_at is not None
        return _Run(elapsed, durations.left(elapsed), fraction, is_late, is_submitted, preview)

    def _one(self, opened: OpenJob, view: "_View") -> Progress:
        if opened.phase is not Phase.WORKING:
            return Progress(opened.phase, total=opened.total)
        runs = view.running.get(opened.job.id, [])
        # A task that only tries whether a paused service works again is not more than that.
        begun = any(run.is_submitted for run in runs) if view.is_tried else bool(runs)
        if view.paused and not begun and not opened.ended:
            return Progress(Phase.PAUSED, total=opened.total, why=view.paused)
        end = view.ends.get(opened.job.id)
        if not runs and not opened.ended:
            return Progress(Phase.WAITING, place=view.places.get(opened.job.id, 1), left=end, total=opened.total)
        is_late = any(run.is_late for run in runs)
        lefts = [run.left for run in runs] if end is None else [*(run.left for run in runs), end]
        known = [left for left in lefts if left is not None]
        left = opened.soonest(None if is_late or len(known) < len(lefts) else max(known, default=None), len(runs))
        fraction = self._fraction(opened, runs)
        elapsed = max((run.elapsed for run in runs), default=0.0)
        preview = next((run.preview for run in runs if run.preview), None)
        return Progress(
            Phase.WORKING, None, left, fraction, elapsed, opened.ended, opened.total, is_late=is_late, preview=preview
        )

    def _fraction(self, opened: OpenJob, runs: "Sequence[_Run]") -> float | None:
        known = [run.fraction for run in runs if run.fraction is not None]
        if len(known) < len(runs):
            return None
        # A bar that falls back because more was learned would look like a fault.
        opened.shown = max(opened.shown, (opened.ended + sum(known)) / opened.total)
        return opened.shown


@dataclass(frozen=True, slots=True)
class _Run:
    """A task under way: seconds gone, seconds left, and the share that is done, as far as they are known; `is_late`:
    it takes longer than usual."""

    elapsed: float
    left: float | None
    fraction: float | None
    is_late: bool
    is_submitted: bool
    preview: bytes | None = field(repr=False)


@dataclass(slots=True)
class _View:
    """One look at a provider's line. By job id: its tasks under way, its first place, when its last one ends.

    `paused`: why nothing is submitted; `is_tried`: except one task at a time.
    """

    running: dict[int, list[_Run]] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    paused: Sentence | None = None
    is_tried: bool = False


def _pause(health: ProviderHealth) -> tuple[Sentence | None, bool]:
    if health.paused_by is not None:
        return PAUSED_BY_ADMIN, False
    return (sentence(health.error_message), True) if health.error_message else (None, False)


def by_provider(known: Mapping[str, Iterable[tuple[float, Mapping[str, Any]]]]) -> dict[str, Paces]:
    """The pace of each provider by what the store knows, ready to learn more."""
    return {name: Paces(durations) for name, durations in known.items()}
