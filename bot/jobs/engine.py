"""The engine's public API: jobs are submitted, changed, cancelled and taken up again; it is started and stopped.

The store is the queue. Each call stores a step of a job and wakes it; its worker's reconciler does the rest.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.failover import Failover
from bot.jobs.finisher import JobFinisher
from bot.jobs.ports import error_message
from bot.log_subject import note_job
from providers.errors import Sentence
from storage import notifications
from storage.duel_records import AskedDuel
from storage.job_states import JobState, TaskState
from storage.money import BudgetExceededError, BudgetRules, Charge
from storage.quota import UNLIMITED, Quota, QuotaExceededError
from storage.records import Cost, Job, NewJob, NewReference

log = logging.getLogger(__name__)

RESTORED = Sentence(
    "The bot was restored from a backup, so I can't tell what became of this. Trying again makes a new "
    "picture and charges for it."
)
CANCELLED = Sentence("Cancelled. Nothing was charged.")
CANCELLED_PAID = Sentence(
    "Cancelled. What was already being drawn is charged anyway; you'll find it in /history when it's ready."
)


class JobEngine:
    """Runs the jobs of one process. `parts` are started, drained and closed in their order."""

    def __init__(
        self, context: JobContext, finisher: JobFinisher, failover: Failover, parts: Sequence[Component]
    ) -> None:
        self.context = context
        self._store = context.store
        self._finisher = finisher
        self._failover = failover
        self._parts = parts
        self._closed = False

    # running

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way here."""
        return all(part.is_idle for part in self._parts)

    async def open(self) -> None:
        """Become a worker, so that jobs can be submitted. Raises `UnusableStoreError`."""
        self._store.database.backend.listen(self._on_notification)
        for part in self._parts:
            await part.open()

    async def start(self) -> None:
        """Claim what is left of workers that are gone, and begin to work."""
        for part in self._parts:
            await part.start()

    async def stop(self) -> None:
        """Begin nothing more; let submits and deliveries under way end (for 10 s, or for 60 s where a task has no
        ticket yet), leave the rest to the other workers or the next start."""
        try:
            async with asyncio.timeout(max(part.drain_seconds for part in self._parts)):
                # Twice: a task that ends in the first round is delivered in the second.
                for part in (*self._parts, *self._parts):
                    await part.drain()
        except TimeoutError:
            log.warning("stopped with work under way; the next start takes it up")
        await self.abandon()
        await self.context.worker.leave()

    async def abandon(self) -> None:
        """Leave everything as it is, at once, as if the process had died."""
        self._closed = True
        for part in self._parts:
            await part.aclose()

    # jobs

    async def submit(self, new: NewJob, quota: Quota = UNLIMITED, price: Cost | None = None) -> Job | None:
        """Take a job in. None when this update has made its job already. Raises `QuotaExceededError`.

        `price`: the most that it can cost. A job for which a budget has no room now is refused (`BudgetExceededError`).
        """
        worker_id, add = self.context.worker.pick(), self._store.jobs.add
        budgets = self._budgets_at_entry(new.provider)
        try:
            job = await add(new, self.context.clock(), worker_id=worker_id, quota=quota, price=price, budgets=budgets)
        except QuotaExceededError as error:
            self.context.metrics.refused(new.provider, _limit(error))
            raise
        if job:
            note_job(job.id)
            log.debug("job %d is taken in, for %s", job.id, job.provider)
        if job and await self._failover.at_entry(job):
            return job
        # One that was stored before may have been so without this process's hearing of it.
        if found := job or await self._store.jobs.made_by(new.idempotency_key):
            self.context.wake(found.id, job)
        return job

    async def check_budgets(self, new: NewJob, price: Cost) -> None:
        """Refuse early what `submit` is going to refuse. Raises `BudgetExceededError`."""
        charge = Charge(new.provider, new.user_id, new.chat_id, price)
        budgets = self._budgets_at_entry(new.provider)
        if short := await self._store.budgets.shortage(budgets, charge, self.context.clock()):
            raise BudgetExceededError(short, price)

    def _budgets_at_entry(self, provider: str) -> BudgetRules:
        """The budgets that a request must have room in. Where another service may take over, that is seen later."""
        budgets = self.context.budgets
        return budgets if self._failover.second(provider) is None else replace(budgets, services={})

    async def attach_reference(self, job: Job, reference: NewReference) -> bool:
        """A reference that arrived late joins its job while that waits. False: it is too late."""
        joined = await self._store.references.join(job.id, reference)
        if joined:
            self.context.wake(joined.id, joined)
        return joined is not None

    async def reword(self, job_id: int, new: NewJob, edited_at: float) -> bool:
        """Give a job that waits other words; nothing is paid for the old ones. False: it has begun, or ended.

        `edited_at`: when they were written, in seconds since 1970; of two edits the later one counts.
        """
        note_job(job_id)
        job = await self._store.edits.reword(job_id, new, edited_at)
        if job and not await self._failover.at_entry(job):
            self.context.wake(job_id, job)
        return job is not None

    async def cancel(self, job_id: int, why: Sentence = CANCELLED, *, only_unstarted: bool = False) -> bool:
        """Drop what waits of a job; what is paid already goes into the history. False: it had ended before.

        `why` is said where nothing was paid. `only_unstarted`: only if nothing of it has been begun; False else.
        """
        words = error_message(why), error_message(CANCELLED_PAID)
        job = await self._store.jobs.cancel(job_id, self.context.clock(), *words, only_unstarted=only_unstarted)
        if job is None:
            return False
        self.context.wake(job_id)
        self.context.queue_changed.set()
        return True

    async def begin_duel(self, asked: AskedDuel, quota: Quota) -> list[Job]:
        """Make the jobs of a duel whose person agrees to its prices; empty: it has begun before. Raises
        `QuotaExceededError`."""
        begin, worker_id = self._store.duels.begin, self.context.worker.pick()
        budgets = self.context.budgets
        made = await begin(asked, self.context.clock(), worker_id=worker_id, quota=quota, budgets=budgets)
        for job in made:
            self.context.wake(job.id, job)
        return made

    async def cancel_request(self, job: Job) -> bool:
        """Cancel what a person asked for with this job: in a duel the jobs of all services. False: it had ended."""
        return await (self.cancel(job.id) if job.duel_id is None else self.cancel_duel(job.duel_id))

    async def cancel_duel(self, duel_id: int) -> bool:
        """Drop what waits of all jobs of a duel; pictures that are ready are shown. False: all had ended before."""
        words = error_message(CANCELLED), error_message(CANCELLED_PAID)
        cancelled = await self._store.duels.cancel(duel_id, self.context.clock(), *words)
        for job in cancelled:
            self.context.wake(job.id)
        self.context.queue_changed.set()
        return bool(cancelled)

    async def cancel_waiting(self, chat_id: int, why: Sentence) -> int:
        """Cancel the jobs of a chat of which nothing has been begun; returns how many."""
        waiting = [one.job_id for one in await self._store.chats.open_jobs(chat_id) if not one.begun]
        # One after the other: each ends with words of its own.
        return sum([await self.cancel(job_id, why, only_unstarted=True) for job_id in waiting])

    async def tell_again(self, job: Job, message_id: int | None) -> None:
        """Say once more how a job has ended, if this message still says that it goes on. Raises `Undelivered`."""
        if await self._finisher.tell_again(job, message_id):
            await self._reopen(job.id, JobState.DELIVERING)

    async def retry(self, job_id: int) -> bool:
        """Take up the tasks of a job that took too long, or deliver again what did not arrive. False: nothing to do."""
        note_job(job_id)
        job = await self._store.jobs.get(job_id)
        if job is None or self._finisher.is_delivering(job_id) or job.provider not in self.context.providers:
            return False
        tasks = await self._store.tasks.of_job(job_id)
        if any(task.state is TaskState.OVERDUE for task in tasks):
            return await self._reopen(job_id, JobState.WORKING)
        pictures = await self._store.pictures.of_job(job_id)
        # An album whose last missing picture was deleted still waits for its buttons.
        if all(picture.message_id for picture in pictures) or all(picture.hidden_at for picture in pictures):
            return False
        # Of two taps at once only one gets the job. A person who taps wants it even where it may have arrived.
        return await self._reopen(job_id, JobState.DELIVERING, send_again=True)

    async def _reopen(self, job_id: int, state: JobState, *, send_again: bool = False) -> bool:
        job = await self._store.jobs.reopen(job_id, state, worker_id=self.context.worker.id)
        if job is None:
            return False
        if send_again:
            await self._store.pictures.send_again(job_id)
        self.context.wake(job_id)
        return True

    def _on_notification(self, topic: str) -> None:
        heard = notifications.parse(topic)
        for part in () if self._closed else self._parts:
            part.on_notification(heard)


def _limit(error: QuotaExceededError) -> str:
    """The limit that was reached, for the metrics."""
    if isinstance(error, BudgetExceededError):
        return "budget"
    return "waiting_limit" if error.waiting else "daily_limit"
