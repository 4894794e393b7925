"""The engine: takes jobs in, gives turns, follows tasks to their end, hands albums over. The store is its queue."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.background import Background
from bot.jobs.outlook import Flight, OpenJob, Outlook, by_provider
from bot.jobs.requests import Requests
from bot.jobs.stage import Phase, Progress, Stage, Undelivered, Unfit, Unreachable, trouble
from bot.jobs.watch import OURS, Watcher
from providers.base import Provider
from providers.errors import OutcomeUnknown, ProviderError, Sentence
from storage.records import OPEN, Job, JobState, NewJob, NewSource, Task, TaskState
from storage.store import Store

log = logging.getLogger(__name__)

LOST = OutcomeUnknown.default
CANCELLED = Sentence("Cancelled. Nothing was paid.")
CANCELLED_PAID = Sentence(
    "Cancelled. What the service had already begun is paid, so it goes into your /history when it is ready."
)
UNSENT = Sentence("The pictures are made, but Telegram did not take them. Press the button to try again.")
TICK = 1.0
DELIVERY_DELAYS = (2.0, 10.0, 30.0, 120.0, 600.0)
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
        self._watcher = Watcher(store, providers, self._requests, self._outlook, clock)
        self._delivering: set[int] = set()
        self._stopping = False

    async def start(self) -> None:
        """Take up what an earlier process left, then give turns."""
        known = {name: await self._store.tasks.durations(name) for name in self._providers}
        self._outlook.durations = by_provider(known)
        for name, provider in self._providers.items():
            provider.learn(known[name])
        await self._store.tasks.interrupt_lost(trouble(LOST), self._clock())
        for task in await self._store.tasks.running():
            if task.provider in self._providers:
                self._follow(task)
            else:
                log.warning("job %d waits until provider %s is set up again", task.job_id, task.provider)
        for job in await self._store.jobs.in_states(*OPEN):
            if job.provider in self._providers:
                await self._take_up(job)
        self._background.spawn(self._give_turns(), "turns")
        self._background.spawn(self._report(), "progress")

    async def stop(self) -> None:
        """Begin nothing more; let submits and deliveries under way end (for 10 s), leave the rest to the next start."""
        self._stopping = True
        try:
            async with asyncio.timeout(STOP_SECONDS):
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
        paid = self._outlook.of_job(job_id)
        words = CANCELLED_PAID if paid else CANCELLED
        job = await self._store.jobs.cancel(job_id, self._clock(), trouble(words))
        if job is None:
            return False
        self._outlook.jobs.pop(job_id, None)
        for flight in paid:
            await self._cancel_at_service(flight)
        if not paid:
            await self._store.jobs.end(job_id, JobState.CANCELLED, self._clock())
        await self._stage.ended(job)
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
            or job_id in self._delivering
            or job.provider not in self._providers
        ):
            return False
        if await self._store.tasks.watch_again(job_id):
            await self._reopen(await self._store.jobs.reopen(job_id, JobState.WORKING))
            for task in await self._store.tasks.of_job(job_id):
                if task.state is TaskState.RUNNING:
                    self._follow(task)
            return True
        if all(picture.message_id for picture in await self._store.pictures.of_job(job_id)):
            return False
        self._hand_over(await self._store.jobs.reopen(job_id, JobState.DELIVERING))
        return True

    async def _take_up(self, job: Job) -> None:
        if job.state is JobState.PREPARING:
            self._open(job)
            self._background.spawn(self._prepare(job), f"prepare job {job.id}")
        elif job.state is JobState.WORKING:
            await self._reopen(job)
            await self._settle(job.id)
        else:
            self._hand_over(job)

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
            sources = await self._requests.fetch_sources(job, provider)
            request = await self._requests.build(job, job.options, provider)
            provider.validate(request)
            parts = [part.options.model_dump(mode="json") for part in provider.split(request)]
        except (Unfit, ProviderError) as error:
            log.info("job %d is refused: %s", job.id, error.sentence)
            await self._fail(job, error.sentence)
            return
        except Exception:
            log.exception("job %d can't be prepared", job.id)
            await self._fail(job, OURS)
            return
        ids = [source.id for source in sources]
        if not await self._store.tasks.queue(job.id, parts, ids, job.created_at):
            return
        if opened := self._outlook.jobs.get(job.id):
            opened.phase, opened.total = Phase.WORKING, len(parts)
        self._wake.set()

    async def _fail(self, job: Job, words: Sentence) -> None:
        self._outlook.jobs.pop(job.id, None)
        await self._stage.ended(await self._store.jobs.end(job.id, JobState.FAILED, self._clock(), trouble(words)))

    async def _give_turns(self) -> None:
        while True:
            self._wake.clear()
            due = [await self._fill(name) for name in self._providers]
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
            await self._count(opened)
        await self._settle(job_id)

    async def _settle(self, job_id: int) -> None:
        job = await self._store.jobs.settle(job_id, self._clock())
        if job is None:
            await self._keep_what_was_paid(job_id)
        elif job.state is JobState.DELIVERING:
            self._hand_over(job)
        else:
            self._outlook.jobs.pop(job_id, None)
            await self._stage.ended(await self._store.jobs.end(job_id, job.state, self._clock()))

    async def _keep_what_was_paid(self, job_id: int) -> None:
        job = await self._store.jobs.get(job_id)
        if job and job.state is JobState.CANCELLED and not self._outlook.of_job(job_id):
            self._finishing.spawn(self._stage.keep(job), f"keep job {job_id}")
            await self._store.jobs.end(job_id, JobState.CANCELLED, self._clock())

    def _hand_over(self, job: Job) -> None:
        self._outlook.jobs.pop(job.id, None)
        self._delivering.add(job.id)
        self._stage.show(job, Progress(Phase.DELIVERING))
        self._finishing.spawn(self._deliver(job), f"deliver job {job.id}")

    async def _deliver(self, job: Job) -> None:
        try:
            if await self._delivered(job):
                await self._store.jobs.end(job.id, JobState.DELIVERED, self._clock())
            else:
                await self._fail(job, UNSENT)
        finally:
            self._delivering.discard(job.id)

    async def _delivered(self, job: Job) -> bool:
        for delay in (0.0, *DELIVERY_DELAYS):
            await self._sleep(delay)
            try:
                await self._stage.deliver(job)
            except Undelivered as error:
                log.warning("job %d was not delivered: %s", job.id, error)
            except Unreachable as error:
                log.info("job %d stays in the history: %s", job.id, error)
                return True
            else:
                return True
        return False

    async def _report(self) -> None:
        while True:
            await self._opened.wait()
            for name, provider in self._providers.items():
                waiting = await self._store.tasks.waiting(name)
                shown = self._outlook.progress(name, waiting, provider.settings.concurrency, self._clock())
                # In another order each time: when there is no room for all, nobody is always the last.
                for job_id, progress in random.sample(list(shown.items()), len(shown)):
                    if opened := self._outlook.jobs.get(job_id):
                        self._stage.show(opened.job, progress)
            if not self._outlook.jobs:
                self._opened.clear()
            await self._sleep(TICK)
