"""The engine: takes jobs in, gives turns, follows tasks to their end, hands albums over. The store is its queue."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.background import Background
from bot.jobs.endings import Endings
from bot.jobs.outlook import Flight, OpenJob, Outlook, by_provider
from bot.jobs.patience import T, surely
from bot.jobs.requests import Requests
from bot.jobs.stage import Phase, Progress, Stage, Unfit, trouble
from bot.jobs.watch import OURS, Watcher
from providers.base import Provider
from providers.errors import OutcomeUnknown, ProviderError, Sentence
from storage.database import StoreError
from storage.records import Job, JobState, NewJob, NewSource, Task, TaskState
from storage.store import Store

log = logging.getLogger(__name__)

LOST = OutcomeUnknown.default
CANCELLED = Sentence("Cancelled. Nothing was paid.")
CANCELLED_PAID = Sentence(
    "Cancelled. What the service had already begun is paid, so it goes into your /history when it is ready."
)
TICK = 1.0
# How long the store is left alone when it refused to say what is next.
STORE_PAUSE = 2.0
STOP_SECONDS = 10.0


class Engine:
    """Runs the jobs of one process. `publish` gives the public URL of a reference by its id, or None."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        stage: Stage,
        publish: Callable[[int], str | None],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._stage = stage
        self._requests = Requests(store, stage, publish, sleep)
        self._clock = clock
        self._sleep = sleep
        self._outlook = Outlook()
        self._background = Background()
        self._finishing = Background()
        self._wake = asyncio.Event()
        self._opened = asyncio.Event()
        self._watcher = Watcher(store, providers, self._requests, self._outlook, clock=clock, sleep=sleep)
        self._endings = Endings(store, stage, self._finishing, clock, sleep)
        self._turns: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Take up what an earlier process left, then give turns."""
        known = {name: await self._store.tasks.durations(name) for name in self._providers}
        self._outlook.durations = by_provider(known)
        for name, provider in self._providers.items():
            provider.learn(known[name])
        await self._store.tasks.interrupt_lost(trouble(LOST), self._clock())
        for job in await self._store.jobs.unfinished():
            if job.provider in self._providers:
                await self._take_up(job)
        # Only now: a task that is ready already would move its job on before that is taken up.
        for task in await self._store.tasks.running():
            if task.provider in self._providers:
                self._follow(task)
            else:
                log.warning("job %d waits until provider %s is set up again", task.job_id, task.provider)
        self._turns = self._background.spawn(self._give_turns(), "turns")
        self._background.spawn(self._report(), "progress")

    async def stop(self) -> None:
        """Begin nothing more; let submits and deliveries under way end (for 10 s), leave the rest to the next start."""
        self._stopping = True
        self._wake.set()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                if self._turns:
                    # A turn that is being given comes to its task.
                    await asyncio.wait({self._turns})
                for flight in list(self._outlook.flights.values()):
                    await flight.safe.wait()
                await self._finishing.drain()
        except TimeoutError:
            log.warning("stopped with work under way; the next start takes it up")
        await self._background.aclose()
        await self._finishing.aclose()

    async def ask(self, new: NewJob) -> Job | None:
        """Take a job in. None when this update has made its job already."""
        job = await self._store.jobs.add(new, self._clock())
        if job:
            self._open(job)
            self._stage.show(job, Progress(Phase.PREPARING))
            self._background.spawn(self._prepare(job), f"prepare job {job.id}")
        return job

    async def join(self, job: Job, source: NewSource) -> bool:
        """A reference that arrived late joins its job (or draft) while that waits. False: it is too late."""
        if not await self._store.jobs.add_source(job.id, source):
            return False
        if job.state is JobState.DRAFT:
            return True
        self._open(job)
        self._background.spawn(self._prepare(job), f"prepare job {job.id} again")
        return True

    async def cancel(self, job_id: int) -> bool:
        """Drop what waits of a job; what is paid already goes into the history. False: it had ended before."""
        job = await self._store.jobs.cancel(job_id, self._clock(), trouble(CANCELLED), trouble(CANCELLED_PAID))
        if job is None:
            return False
        self._outlook.jobs.pop(job_id, None)
        self._endings.close(job)
        for flight in self._outlook.of_job(job_id):
            await self._cancel_at_service(flight)
        self._wake.set()
        return True

    async def _cancel_at_service(self, flight: Flight) -> None:
        if flight.ticket is None:
            return
        try:
            await self._providers[flight.task.provider].cancel(flight.ticket)
        except ProviderError as error:
            log.info("task %d was not cancelled at the service: %s", flight.task.id, error.detail)

    async def look_again(self, job_id: int) -> bool:
        """Take up the tasks of a job that took too long, or deliver again what did not arrive. False: nothing to do."""
        job = await self._store.jobs.get(job_id)
        if (
            job is None
            or job_id in self._outlook.jobs
            or self._endings.is_delivering(job_id)
            or job.provider not in self._providers
        ):
            return False
        tasks = await self._store.tasks.of_job(job_id)
        if any(task.state is TaskState.OVERDUE for task in tasks):
            return await self._watch_again(job_id)
        if all(picture.message_id for picture in await self._store.pictures.of_job(job_id)):
            return False
        # Of two presses at once only one gets the job.
        reopened = await self._store.jobs.reopen(job_id, JobState.DELIVERING)
        if reopened:
            self._hand_over(reopened)
        return reopened is not None

    async def _watch_again(self, job_id: int) -> bool:
        job = await self._store.jobs.reopen(job_id, JobState.WORKING)
        if job is None:
            return False
        await self._store.tasks.watch_again(job_id)
        await self._reopen(job)
        for task in await self._store.tasks.of_job(job_id):
            if task.state is TaskState.RUNNING:
                self._follow(task)
        return True

    async def _take_up(self, job: Job) -> None:
        if job.state is JobState.PREPARING:
            self._open(job)
            self._background.spawn(self._prepare(job), f"prepare job {job.id}")
        elif job.state is JobState.WORKING:
            await self._reopen(job)
            await self._settle(job.id)
        elif job.state is JobState.DELIVERING:
            self._hand_over(job)
        else:
            self._endings.close(job)

    def _open(self, job: Job) -> OpenJob:
        opened = self._outlook.jobs[job.id] = OpenJob(job)
        self._opened.set()
        return opened

    async def _reopen(self, job: Job) -> None:
        await self._count(self._open(job))

    async def _count(self, opened: OpenJob) -> None:
        tasks = await self._store.tasks.of_job(opened.job.id)
        opened.phase, opened.total = Phase.WORKING, max(1, len(tasks))
        opened.ended = sum(task.finished_at is not None for task in tasks)

    async def _prepare(self, job: Job) -> None:
        provider = self._providers[job.provider]
        try:
            parts, ids = await self._surely(lambda: self._plan(job, provider), job.id)
        except (Unfit, ProviderError) as error:
            log.info("job %d is refused: %s", job.id, error.sentence)
            await self._fail(job, error.sentence)
            return
        except Exception:
            log.exception("job %d can't be prepared", job.id)
            await self._fail(job, OURS)
            return
        if not await self._surely(lambda: self._store.tasks.queue(job.id, parts, ids, job.created_at), job.id):
            return
        if opened := self._outlook.jobs.get(job.id):
            opened.phase, opened.total = Phase.WORKING, len(parts)
        self._wake.set()

    async def _plan(self, job: Job, provider: Provider[Any, Any]) -> tuple[list[dict[str, Any]], list[int]]:
        """The options of each task, and the references they are made with. Raises `Unfit` or `InvalidRequest`."""
        sources = await self._requests.fetch_sources(job, provider)
        request = await self._requests.build(job, job.options, provider)
        provider.validate(request)
        parts = [part.options.model_dump(mode="json") for part in provider.split(request)]
        return parts, [source.id for source in sources]

    async def _fail(self, job: Job, words: Sentence) -> None:
        self._outlook.jobs.pop(job.id, None)
        await self._endings.fail(job, words)

    async def _give_turns(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                due = [await self._fill(name) for name in self._providers]
            except Exception:
                # Without turns nothing would ever be made again.
                log.exception("turns can't be given")
                await self._sleep(STORE_PAUSE)
                continue
            wait = min((at for at in due if at is not None), default=None)
            try:
                async with asyncio.timeout(None if wait is None else max(0.01, wait - self._clock())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _fill(self, name: str) -> float | None:
        """Give turns while there is room; returns when to look again if time alone will make room."""
        at_once = self._providers[name].settings.concurrency
        now = self._clock()
        while self._watcher.held.get(name, 0.0) <= now and not self._stopping:
            task = await self._store.tasks.claim(name, at_once, now)
            if task is None:
                break
            self._follow(task)
            now = self._clock()
        due = await self._store.tasks.next_due(name)
        later = None if due is None else max(due, self._watcher.held.get(name, 0.0))
        # What was due at that `now` waits for a place, and the end of a task wakes the turns. The clock must not be
        # read anew: what has become due since then was not looked at.
        return later if later is not None and later > now else None

    def _follow(self, task: Task) -> None:
        since = task.submitted_at if task.submitted_at is not None else self._clock()
        flight = self._outlook.flights[task.id] = Flight(task, since, task.ticket)
        if task.ticket:
            flight.safe.set()
        self._background.spawn(self._watch(flight), f"task {task.id}")

    async def _watch(self, flight: Flight) -> None:
        await self._watcher.watch(flight)
        await self._after(flight.task.job_id)

    async def _after(self, job_id: int) -> None:
        self._wake.set()
        if opened := self._outlook.jobs.get(job_id):
            await self._surely(lambda: self._count(opened), job_id)
        await self._settle(job_id)

    async def _settle(self, job_id: int) -> None:
        job = await self._surely(lambda: self._store.jobs.settle(job_id), job_id)
        if job is None:
            job = await self._surely(lambda: self._store.jobs.get(job_id), job_id)
            if job and job.state is JobState.CANCELLED:
                self._endings.keep(job)
        elif job.state is JobState.DELIVERING:
            self._hand_over(job)
        else:
            self._outlook.jobs.pop(job_id, None)
            self._endings.close(job)

    def _hand_over(self, job: Job) -> None:
        self._outlook.jobs.pop(job.id, None)
        self._endings.deliver(job)

    async def _surely(self, step: Callable[[], Awaitable[T]], job_id: int) -> T:
        return await surely(step, f"a step of job {job_id}", self._sleep)

    async def _report(self) -> None:
        while True:
            await self._opened.wait()
            try:
                await self._show_all()
            except StoreError:
                log.exception("progress can't be shown")
            if not self._outlook.jobs:
                self._opened.clear()
            await self._sleep(TICK)

    async def _show_all(self) -> None:
        for name, provider in self._providers.items():
            waiting = await self._store.tasks.waiting(name)
            shown = self._outlook.progress(name, waiting, provider.settings.concurrency, self._clock())
            for job_id, progress in shown.items():
                if opened := self._outlook.jobs.get(job_id):
                    self._stage.show(opened.job, progress)
