"""How jobs end: albums are delivered, other ends are told, what was paid is kept. Each until it has succeeded."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.ports import Phase, Progress, TakenOver, Undelivered, Unpublished, Unreachable, error_message
from bot.jobs.progress import ProgressTracker
from bot.jobs.retry import T, until_delivered
from bot.jobs.steps import JobSteps
from bot.log_subject import Subject
from providers.errors import Sentence
from storage.job_states import CLOSED, CLOSED_AS, JobState
from storage.records import Job

log = logging.getLogger(__name__)

UNSENT = Sentence("The pictures are ready, but sending them failed. Tap “Look again” and I'll send them.")
OURS = Sentence("Something went wrong on my side.")


class JobFinisher(Component):
    """The last steps of jobs."""

    def __init__(self, context: JobContext, progress: ProgressTracker) -> None:
        self._context = context
        self._store = context.store
        self._notifier = context.notifier
        self._progress = progress
        self._deliveries = JobSteps(context, "deliver")
        self._closings = JobSteps(context, "close")
        self._keepings = JobSteps(context, "keep")
        self._all = (self._deliveries, self._closings, self._keepings)
        self._withdrawals = Background()
        # Jobs that were taken up again while their end was told: they may end, and that is to be told, once more.
        self._reopened: set[int] = set()
        # Cancelled jobs whose pictures are kept, and whose end is still to be told.
        self._kept: set[int] = set()

    @property
    def job_ids(self) -> set[int]:
        """The jobs that are delivered, or whose ends are told, at this moment."""
        return {*self._deliveries.job_ids, *self._closings.job_ids, *self._keepings.job_ids}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being delivered or told."""
        return not self.job_ids

    def is_delivering(self, job_id: int) -> bool:
        """Whether this process is delivering the job."""
        return job_id in self._deliveries.job_ids

    def deliver(self, job: Job) -> None:
        """Deliver the pictures of a job that was just read, unless they are being delivered."""
        self._progress.close(job.id)
        self.reopened(job.id)
        self._deliveries.start(job.id, lambda: self._deliver(job))

    def close(self, job: Job) -> None:
        """Say once how a job that was just read has ended without an album, and keep what was paid for it.

        What was paid for a job that was cancelled is kept by `keep`, as some of it may still run.
        """
        self._progress.close(job.id)
        if job.state is not JobState.KEEPING:
            self._closings.start(job.id, lambda: self._close(job))

    def keep(self, job: Job) -> None:
        """Keep what was paid for a cancelled job of which nothing runs any more.

        Telegram may be out of reach for long, and the service does not keep the pictures for ever: so they are kept
        before it is told, too.
        """
        if job.id not in self._kept or job.state is JobState.KEEPING:
            self._keepings.start(job.id, lambda: self._keep(job))

    def reopened(self, job_id: int) -> None:
        """The job goes on. It may have been taken up again while its end was being told."""
        if job_id in self._closings.job_ids:
            self._reopened.add(job_id)

    def leave(self, job_id: int) -> None:
        """The job is another worker's."""
        self._kept.discard(job_id)
        for steps in self._all:
            steps.leave(job_id)

    async def drain(self) -> None:
        """Wait until all that was begun has arrived."""
        while not self.is_idle:
            for steps in self._all:
                await steps.drain()
        await self._withdrawals.drain()

    async def aclose(self) -> None:
        """Leave what has not arrived to the next start."""
        for steps in self._all:
            await steps.aclose()
        await self._withdrawals.aclose()

    async def tell_again(self, job: Job, message_id: int | None) -> bool:
        """Say once more how a job has ended: where nothing could be changed, its chat still says that it goes on.

        Returns whether all has arrived but the words with the buttons below it, which are to be sent. Raises
        `Undelivered`.
        """
        # Since it was read it may have been taken up again.
        latest = await self._store.jobs.get(job.id)
        if latest is None or latest.state not in CLOSED or latest.status_id != message_id:
            return False
        if latest.state is not JobState.DELIVERED:
            await self._notifier.ended(latest, only_here=True)
            return False
        if await self._is_missing(latest):
            await self._notifier.unsent(latest, only_here=True)
            return False
        return True

    async def _deliver(self, job: Job) -> Job | None:
        self._notifier.show(job, Progress(Phase.DELIVERING))
        try:
            while failure := await self._tried(self._deliver_or_keep, job):
                if await self._is_missing(job):
                    return await self._fail(job, failure.at_last or UNSENT)
                # All has arrived but the words below it: they come when Telegram is back.
        except TakenOver:
            log.warning("job %d is delivered by another process", job.id)
            return None
        return await self._end(job, JobState.DELIVERED)

    async def _fail(self, job: Job, words: Sentence) -> Job | None:
        return await self._until_stored(lambda: self._store.jobs.fail(job.id, error_message(words)), job)

    async def _deliver_or_keep(self, job: Job) -> None:
        try:
            await self._notifier.deliver(job)
            if await self._is_missing(job):
                with suppress(Undelivered):
                    await self._notifier.keep(job)
        except Unreachable as error:
            log.info("job %d stays in the history: %s", job.id, error)
            await self._notifier.keep(job)
            if await self._is_missing(job):
                await self._notifier.unsent(job)

    async def _is_missing(self, job: Job) -> bool:
        return any(picture.is_missing for picture in await self._store.pictures.of_job(job.id))

    async def _close(self, job: Job) -> Job | None:
        try:
            # However long Telegram is out of reach: people hear of it then.
            while await self._tried(self._notifier.ended, job):
                continue
            if job.state is JobState.CANCELLING:
                await self._until_stored(lambda: self._store.jobs.told(job.id), job)
                return None
            await self._tried(self._notifier.keep, job)
            # One that has failed once more meanwhile has not been told of.
            if job.id not in self._reopened:
                return await self._end(job, CLOSED_AS[job.state])
            return None
        finally:
            self._reopened.discard(job.id)

    async def _keep(self, job: Job) -> Job | None:
        await self._tried(self._notifier.keep, job)
        if job.state is JobState.KEEPING:
            self._kept.discard(job.id)
            return await self._end(job, JobState.CANCELLED)
        # It ends when the person is told.
        self._kept.add(job.id)
        return None

    async def _tried(self, step: Callable[[Job], Awaitable[None]], job: Job) -> Undelivered | None:
        """Do it again until it has succeeded. Returns why it never did: the store knows what is needed for later."""
        say = partial(self._say_what_is_waited_for, job)
        try:
            await until_delivered(partial(self._try_once, step, job), self._context.sleep, say)
        except Undelivered as failure:
            log.warning("delivering job %d failed (%s); not retried for now", job.id, failure)
            return failure
        return None

    async def _try_once(self, step: Callable[[Job], Awaitable[None]], job: Job) -> None:
        """Raises `TakenOver`, or `Undelivered` for all else that goes wrong."""
        try:
            await step(job)
        except (TakenOver, Undelivered):
            raise
        except Exception as error:
            # Nobody thought of this one; it may pass all the same, and the pictures are paid.
            log.exception("delivering job %d failed", job.id)
            raise Undelivered(repr(error), OURS) from error

    async def _say_what_is_waited_for(self, job: Job, failure: Undelivered, seconds: float) -> None:
        log.warning("delivering job %d failed (%s); retrying in %g s", job.id, failure, seconds)
        # The message that is to say so is newer than what is known of the job here.
        latest = await self._until_stored(lambda: self._store.jobs.get(job.id), job)
        if latest and latest.state is JobState.DELIVERING:
            self._notifier.show(latest, Progress(Phase.DELIVERING, why=failure.why, retry_in=seconds))

    async def _end(self, job: Job, state: JobState) -> Job | None:
        publisher = self._context.addresses.references
        is_published = not isinstance(publisher, Unpublished) and await self._has_references(job)
        now = self._context.clock()
        ended = await self._until_stored(lambda: self._store.jobs.end(job.id, state, now), job)
        if ended:
            log.debug("job %d is %s", job.id, state.value)
            self._context.metrics.job_ended(job.provider, state, now - job.created_at)
        if is_published:
            # The storage may take its time: nobody waits for it.
            name = f"withdraw references of job {job.id}"
            self._withdrawals.spawn(publisher.withdraw(job.id), name, Subject(job.id))
        return ended

    async def _has_references(self, job: Job) -> bool:
        return bool(await self._until_stored(lambda: self._store.references.of_job(job.id), job))

    async def _until_stored(self, step: Callable[[], Awaitable[T]], job: Job) -> T:
        return await self._context.until_stored(step, f"ending job {job.id}")
