"""The engine: takes jobs in and sees to it that each comes to its end, on this process or on another.

The store is its queue. A job belongs to one worker, which shows, delivers and closes it; its tasks belong to whoever
gave them their turns. What a worker changes of another's job that one hears of, and looks at the job's state.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from bot.background import Background
from bot.jobs.announcements import Announcements
from bot.jobs.calls import Calls
from bot.jobs.crew import Crew
from bot.jobs.endings import Endings
from bot.jobs.fallback import Fallback
from bot.jobs.flights import Flights
from bot.jobs.fresh_addresses import FreshAddresses
from bot.jobs.lost_tickets import LostTickets
from bot.jobs.outlook import OpenJob, Outlook, by_provider
from bot.jobs.prepare import Preparation
from bot.jobs.report import Report
from bot.jobs.requests import NOWHERE, Addresses, Requests
from bot.jobs.retry import START_DELAYS, T, until_stored
from bot.jobs.stage import Phase, Progress, Stage, error_message
from bot.jobs.watch import Watcher
from providers.base import Provider
from providers.errors import OutcomeUnknownError, Sentence
from storage import notifications
from storage.backend import EVERYTHING
from storage.database import StoreError
from storage.job_states import CANCELLED_STATES, ENDING, NOT_READY, UNFINISHED, JobState, TaskState
from storage.jobs import ANYTHING
from storage.records import Job, NewJob, NewReference, Quota, Task
from storage.store import Store

log = logging.getLogger(__name__)

LOST = OutcomeUnknownError.default
RESTORED = Sentence(
    "The bot was restored from a backup, so I can't tell what became of this. Trying again makes a new "
    "picture and charges for it."
)
CANCELLED = Sentence("Cancelled. Nothing was charged.")
CANCELLED_PAID = Sentence(
    "Cancelled. What was already being drawn is charged anyway; you'll find it in /history when it's ready."
)
STOP_SECONDS = 10.0
ANSWER_SECONDS = 60.0
"""How long a stop waits for services that give no tickets: what is under way there is lost with the process."""


class Engine:
    """Runs the jobs of one process. `addresses`: where services reach it.

    `share`: whether jobs that are asked for here may be given to any worker, or stay here; `clock`: the store's.
    """

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        stage: Stage,
        addresses: Addresses = NOWHERE,
        *,
        share: bool = False,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._stage = stage
        self._share = share
        self._clock = clock = clock or store.clock
        self._sleep = sleep
        self._outlook = Outlook(durations=by_provider({name: [] for name in providers}))
        self._background = Background()
        self._finishing = Background()
        self._calls = Calls(store, addresses.callback)
        self._requests = Requests(store, stage, addresses.references, self._calls, sleep)
        self.crew = Crew(store, self._adopt, self._buried, wall=clock, clock=time.monotonic, sleep=sleep)
        self._fallback = Fallback(store, providers, self._changed, clock=clock, sleep=sleep)
        self._fresh_addresses = FreshAddresses(store, providers, self._requests)
        self._watcher = Watcher(
            store,
            providers,
            self._requests,
            self._calls,
            self._outlook,
            fallback=self._fallback,
            worker=self._worker,
            clock=clock,
            sleep=sleep,
        )
        self._endings = Endings(
            store, stage, addresses.references, background=self._finishing, clock=clock, sleep=sleep
        )
        self._report = Report(
            store, providers, self._outlook, stage, is_alive=lambda: self.crew.is_alive, clock=clock, sleep=sleep
        )
        self._preparation = Preparation(
            store, providers, self._requests, self._queued, self._fail, background=self._background, sleep=sleep
        )
        self._flights = Flights(
            store,
            providers,
            self._outlook,
            self._watcher,
            self._after,
            worker=self._worker,
            background=self._background,
            clock=clock,
            sleep=sleep,
        )

        self._lost = LostTickets(
            store,
            providers,
            self._requests,
            self._goes_on,
            worker=self._worker,
            background=self._background,
            clock=clock,
            sleep=sleep,
        )
        self._announcements = Announcements(store, providers, self._outlook, self._calls, self._lost, clock=clock)

    async def enter(self) -> None:
        """Become a worker, so that jobs can be asked for. Raises `UnusableStoreError`."""
        self._store.database.backend.listen(self._on_notification)
        await until_stored(
            lambda: self._calls.load(self._providers), "reading which providers call back", self._sleep, START_DELAYS
        )
        await until_stored(self.crew.join, "registering this worker", self._sleep, START_DELAYS)

    async def start(self) -> None:
        """Take up what is left of workers that are gone, then give turns."""
        known = await until_stored(self._durations, "reading how long tasks take", self._sleep, START_DELAYS)
        self._outlook.durations = by_provider(known)
        for name, provider in self._providers.items():
            provider.learn([seconds for seconds, _ in known[name]])
        await until_stored(self.crew.look, "looking for the work of dead workers", self._sleep, START_DELAYS)
        self._flights.start()
        self._background.spawn(self.crew.run(), "crew")
        self._background.spawn(self._report.run(), "progress")

    async def stop(self) -> None:
        """Begin nothing more; let submits and deliveries under way end (for 10 s, or for 60 s where a service gives no
        tickets), leave the rest to the next start."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS if self._flights.await_answers() else STOP_SECONDS):
                await self._flights.land()
                await self._finishing.drain()
        except TimeoutError:
            log.warning("stopped with work under way; the next start takes it up")
        await self._background.aclose()
        await self._finishing.aclose()
        await self.crew.leave()

    async def _durations(self) -> dict[str, list[tuple[float, dict[str, Any]]]]:
        return {name: await self._store.tasks.durations(name) for name in self._providers}

    async def ask(self, new: NewJob, quota: Quota = ANYTHING) -> Job | None:
        """Take a job in. None when this update has made its job already. Raises `QuotaExceededError`."""
        worker_id = self.crew.pick() if self._share else self.crew.id
        job = await self._store.jobs.add(new, self._clock(), worker_id=worker_id, quota=quota)
        if job and await self._fallback.at_entry(job):
            return job
        # One that was stored before may have been so without this process's hearing of it.
        if found := job or await self._store.jobs.made_by(new.idempotency_key):
            self._changed(found)
        return job

    async def join(self, job: Job, reference: NewReference) -> bool:
        """A reference that arrived late joins its job while that waits. False: it is too late."""
        joined = await self._store.references.join(job.id, reference)
        if joined:
            self._changed(joined)
        return joined is not None

    async def reword(self, job_id: int, new: NewJob, edited_at: float) -> bool:
        """Give a job that waits other words; nothing is paid for the old ones. False: it has begun, or ended.

        `edited_at`: when they were written, in seconds since 1970; of two edits the later one counts.
        """
        job = await self._store.edits.reword(job_id, new, edited_at)
        if job and not await self._fallback.at_entry(job):
            self._changed(job)
        return job is not None

    async def cancel(self, job_id: int, why: Sentence = CANCELLED, *, only_unstarted: bool = False) -> bool:
        """Drop what waits of a job; what is paid already goes into the history. False: it had ended before.

        `why` is said where nothing was paid. `only_unstarted`: only if nothing of it has been begun; False else.
        """
        words = error_message(why), error_message(CANCELLED_PAID)
        job = await self._store.jobs.cancel(job_id, self._clock(), *words, only_unstarted=only_unstarted)
        if job is None:
            return False
        self._changed(job)
        await self._flights.cancel(job_id)
        self._flights.wake()
        return True

    async def clear(self, chat_id: int, why: Sentence) -> int:
        """Cancel the jobs of a chat of which nothing has been begun; returns how many."""
        waiting = [one.job_id for one in await self._store.chats.open_jobs(chat_id) if not one.begun]
        # One after the other: each ends with words of its own.
        return sum([await self.cancel(job_id, why, only_unstarted=True) for job_id in waiting])

    async def called_back(self, task_id: int, body: bytes) -> None:
        """A service has called, at the address of this task: who watches it asks the service.

        Raises `ValueError` when that is not how the service calls, and `StoreError`.
        """
        await self._announcements.take(task_id, body)

    def is_mine(self, job: Job) -> bool:
        """Whether this worker shows a job, as far as it knows; it hears late of having been taken for dead."""
        return self.crew.is_alive and job.worker_id == self.crew.id

    async def fresh_addresses(self, job_id: int) -> bool:
        """Ask the service anew where the pictures of a job are, for at most 15 s. False: there are no new addresses."""
        return await self._fresh_addresses.of_job(job_id)

    async def tell_again(self, job: Job, message_id: int) -> None:
        """Say once more how a job has ended, if this message still says that it goes on. Raises `Undelivered`."""
        if await self._endings.tell_again(job, message_id):
            reopened = await self._store.jobs.reopen(job.id, JobState.DELIVERING, worker_id=self._worker())
            if reopened:
                self._changed(reopened)

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
        pictures = await self._store.pictures.of_job(job_id)
        # An album whose last missing picture was deleted still waits for its buttons.
        if all(picture.message_id for picture in pictures) or all(picture.hidden_at for picture in pictures):
            return False
        # Of two presses at once only one gets the job.
        reopened = await self._store.jobs.reopen(job_id, JobState.DELIVERING, worker_id=self._worker())
        if reopened:
            # Who presses wants it even where it may have arrived.
            await self._store.pictures.send_again(job_id)
            self._changed(reopened)
        return reopened is not None

    async def _watch_again(self, job_id: int) -> bool:
        job = await self._store.jobs.reopen(job_id, JobState.WORKING, worker_id=self._worker())
        if job is None:
            return False
        tasks = await self._store.tasks.watch_again(job_id, self._worker())
        self._goes_on(job, tasks)
        return True

    # whose job it is

    def _worker(self) -> int:
        return self.crew.id

    def _changed(self, job: Job) -> None:
        """See to a job if it is this worker's; otherwise its own one hears of it (of one that is gone, another)."""
        if job.worker_id == self.crew.id:
            self._tend(job)
        elif job.worker_id is None:
            self._background.spawn(self._adopt(), "adopt")

    def _goes_on(self, job: Job, tasks: Iterable[Task]) -> None:
        """Tasks of a job are to be watched here again."""
        self._changed(job)
        self._flights.follow(tasks)

    def _tend(self, job: Job) -> None:
        """Do what the state of this worker's job asks for, unless that is being done."""
        if job.provider not in self._providers and job.state in NOT_READY:
            return
        if job.state is JobState.PREPARING:
            self._open(job)
            self._stage.show(job, Progress(Phase.PREPARING))
            self._preparation.start(job)
        elif job.state is JobState.WORKING:
            self._background.spawn(self._go_on(job), f"go on with job {job.id}")
        elif job.state is JobState.DELIVERING:
            self._outlook.jobs.pop(job.id, None)
            self._endings.deliver(job)
        elif job.state in ENDING:
            self._outlook.jobs.pop(job.id, None)
            self._endings.close(job)

    async def _go_on(self, job: Job) -> None:
        await self._count(self._open(job))
        await self._settle(job.id)

    async def _adopt(self) -> None:
        """Take over what is left of workers that are gone."""
        if not self.crew.id:
            return
        try:
            await self._take_over()
        except StoreError:
            # It may have been done all the same.
            self._flights.doubt()
            self._background.spawn(self._look_at_all(), "look at all jobs")
            raise

    async def _take_over(self) -> None:
        while found := await self._store.workers.recover_jobs(self.crew.id, error_message(LOST), self._clock()):
            for job in found:
                self._tend(job)
        while tasks := await self._store.workers.recover_tasks(self.crew.id):
            self._flights.follow(tasks)
        await self._lost.resume()

    async def _buried(self) -> None:
        """The others have this worker's work: nothing of it is gone on with here."""
        self._outlook.jobs.clear()
        self._flights.drop()
        await self._finishing.aclose()

    def _on_notification(self, topic: str) -> None:
        heard = notifications.parse(topic)
        if heard.kind == notifications.QUEUE:
            self._flights.wake()
        elif heard.kind == notifications.ORPHANS:
            self._background.spawn(self._adopt(), "adopt")
        elif heard.kind == notifications.JOB and (
            heard.worker_id == self.crew.id or self._outlook.of_job(heard.subject)
        ):
            self._background.spawn(self._look_at(heard.subject), f"look at job {heard.subject}")
        elif heard.kind == notifications.CALL:
            self._announcements.heard(heard.subject)
        elif heard.kind == EVERYTHING:
            self._flights.doubt()
            self._background.spawn(self._look_at_all(), "look at all jobs")

    async def _look_at(self, job_id: int) -> None:
        job = await self._until_stored(lambda: self._store.jobs.get(job_id), job_id)
        if job is None:
            return
        if job.state in CANCELLED_STATES:
            await self._flights.cancel(job_id)
        if job.worker_id == self.crew.id:
            self._tend(job)

    async def _look_at_all(self) -> None:
        for job in await until_stored(
            lambda: self._store.workers.jobs_of(self.crew.id), "reading all jobs", self._sleep
        ):
            self._tend(job)

    # a job's way

    def _open(self, job: Job) -> OpenJob:
        known = self._outlook.jobs.get(job.id)
        # One that another provider has taken over begins anew, and one with other words.
        is_same = known is not None and (known.job.provider, known.job.said) == (job.provider, job.said)
        return known if known and is_same else self._report.open(job)

    def _queued(self, job: Job, tasks: int) -> None:
        if opened := self._outlook.jobs.get(job.id):
            opened.phase, opened.total = Phase.WORKING, tasks
        self._flights.wake()

    async def _fail(self, job: Job, words: Sentence) -> None:
        self._outlook.jobs.pop(job.id, None)
        await self._endings.fail(job, words)

    async def _count(self, opened: OpenJob) -> None:
        tasks = await self._until_stored(lambda: self._store.tasks.of_job(opened.job.id), opened.job.id)
        opened.phase, opened.total = Phase.WORKING, max(1, len(tasks))
        opened.ended = sum(task.state not in UNFINISHED for task in tasks)

    async def _after(self, job_id: int) -> None:
        """A task of this job has ended, or waits again."""
        if opened := self._outlook.jobs.get(job_id):
            await self._count(opened)
        await self._settle(job_id)

    async def _settle(self, job_id: int) -> None:
        job = await self._until_stored(lambda: self._store.jobs.settle(job_id), job_id)
        if job is None:
            # It has ended otherwise, or was moved on without this process's hearing of it.
            job = await self._until_stored(lambda: self._store.jobs.get(job_id), job_id)
        if job and job.state not in NOT_READY:
            self._changed(job)

    async def _until_stored(self, step: Callable[[], Awaitable[T]], job_id: int) -> T:
        return await until_stored(step, f"a step of job {job_id}", self._sleep)
