"""How jobs end: albums are delivered, other ends are told, what was paid is kept. Each until it has succeeded."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from bot.background import Background
from bot.jobs.requests import Publisher
from bot.jobs.retry import Sleep, T, until_delivered, until_stored
from bot.jobs.stage import Phase, Progress, Stage, TakenOver, Undelivered, Unreachable, error_message
from providers.errors import Sentence
from storage.job_states import ACTIVE, CANCELLED_STATES, CLOSED, CLOSED_AS, JobState
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

UNSENT = Sentence("The pictures are ready, but sending them failed. Tap “Look again” and I'll send them.")
OURS = Sentence("Something went wrong on my side.")


class Endings:
    """The last steps of jobs. They run in `background`; `clock` gives seconds since 1970."""

    def __init__(
        self,
        store: Store,
        stage: Stage,
        references: Publisher,
        *,
        background: Background,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._stage = stage
        self._references = references
        self._background = background
        self._clock = clock
        self._sleep = sleep
        self._delivering: set[int] = set()
        # What is being closed, and what is to be closed after it: a job may be taken up and fail again meanwhile.
        self._closing: dict[int, Job | None] = {}

    def deliver(self, job: Job) -> None:
        """Deliver the pictures of a job; one whose delivery is under way is left alone."""
        if job.id not in self._delivering:
            self._delivering.add(job.id)
            delivery = self._background.spawn(self._deliver(job), f"deliver job {job.id}")
            # Also where it is cancelled before it has begun.
            delivery.add_done_callback(lambda _: self._delivering.discard(job.id))

    def is_delivering(self, job_id: int) -> bool:
        """Whether this process is delivering the job."""
        return job_id in self._delivering

    def close(self, job: Job) -> None:
        """Say once how a job ended that has no album, and keep what was paid for it."""
        if job.state is JobState.KEEPING:
            self.keep(job)
        elif job.id not in self._closing:
            self._closing[job.id] = None
            closing = self._background.spawn(self._close_all(job), f"close job {job.id}")
            closing.add_done_callback(lambda _: self._closing.pop(job.id, None))
        else:
            self._closing[job.id] = job
            if job.state is JobState.CANCELLING:
                # Telegram may be out of reach for long, and the service does not keep the pictures for ever.
                self.keep(job)

    def keep(self, job: Job) -> None:
        """Keep what was paid for a job that was cancelled, if nothing of it is under way any more."""
        self._background.spawn(self._keep(job), f"keep job {job.id}")

    async def tell_again(self, job: Job, message_id: int) -> bool:
        """Say once more how a job has ended: where nothing could be changed, its chat still says that it goes on.

        Returns whether all has arrived but the words with the buttons below it, which are to be sent. Raises
        `Undelivered`.
        """
        # Since it was read it may have been taken up again.
        latest = await self._store.jobs.get(job.id)
        if latest is None or latest.state not in CLOSED or latest.status_id != message_id:
            return False
        if latest.state is not JobState.DELIVERED:
            await self._stage.ended(latest, only_here=True)
            return False
        if await self._is_missing(latest):
            await self._stage.unsent(latest, only_here=True)
            return False
        return True

    async def fail(self, job: Job, words: Sentence) -> None:
        """A job comes to nothing, unless it has ended by itself meanwhile."""
        failed = await self._until_stored(lambda: self._store.jobs.fail(job.id, error_message(words)), job)
        if failed:
            self.close(failed)

    async def _deliver(self, job: Job) -> None:
        try:
            if not await self._is_open(job):
                return
            self._stage.show(job, Progress(Phase.DELIVERING))
            while failure := await self._tried(self._deliver_or_keep, job):
                if await self._is_missing(job):
                    await self.fail(job, failure.at_last or UNSENT)
                    return
                # All has arrived but the words below it: they come when Telegram is back.
            await self._end(job, JobState.DELIVERED)
        except TakenOver:
            log.warning("job %d is delivered by another process", job.id)

    async def _deliver_or_keep(self, job: Job) -> None:
        try:
            await self._stage.deliver(job)
            if await self._is_missing(job):
                with suppress(Undelivered):
                    await self._stage.keep(job)
        except Unreachable as error:
            log.info("job %d stays in the history: %s", job.id, error)
            await self._stage.keep(job)
            if await self._is_missing(job):
                await self._stage.unsent(job)

    async def _is_missing(self, job: Job) -> bool:
        return any(picture.is_missing for picture in await self._store.pictures.of_job(job.id))

    async def _close_all(self, job: Job) -> None:
        following: Job | None = job
        while following:
            await self._close(following)
            following, self._closing[job.id] = self._closing[job.id], None

    async def _close(self, job: Job) -> None:
        if await self._is_open(job):
            # However long Telegram is out of reach: people hear of it then.
            while await self._tried(self._stage.ended, job):
                continue
            if job.state is JobState.CANCELLING:
                await self._until_stored(lambda: self._store.jobs.told(job.id), job)
            await self._keep(job)

    async def _keep(self, job: Job) -> None:
        tasks = await self._until_stored(lambda: self._store.tasks.of_job(job.id), job)
        # What still runs for a cancelled job ends later, and is kept then.
        if not any(task.state in ACTIVE for task in tasks):
            await self._tried(self._stage.keep, job)
            if job.state in CANCELLED_STATES:
                # The store refuses it until the person is told.
                await self._end(job, JobState.CANCELLED)
            elif not self._closing.get(job.id):
                # One that has failed once more meanwhile has not been told of.
                await self._end(job, CLOSED_AS[job.state])

    async def _is_open(self, job: Job) -> bool:
        """Whether there is still something to do for a job in this state."""
        latest = await self._until_stored(lambda: self._store.jobs.get(job.id), job)
        return latest is not None and latest.state is job.state

    async def _tried(self, step: Callable[[Job], Awaitable[None]], job: Job) -> Undelivered | None:
        """Do it again until it has succeeded. Returns why it never did: the store knows what is needed for later."""
        say = partial(self._say_what_is_waited_for, job)
        try:
            await until_delivered(partial(self._try_once, step, job), self._sleep, say)
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
            self._stage.show(latest, Progress(Phase.DELIVERING, why=failure.why, retry_in=seconds))

    async def _end(self, job: Job, state: JobState) -> None:
        await self._until_stored(lambda: self._store.jobs.end(job.id, state, self._clock()), job)
        if await self._until_stored(lambda: self._store.references.of_job(job.id), job):
            # The storage may take its time: nobody waits for it.
            self._background.spawn(self._references.withdraw(job.id), f"withdraw references of job {job.id}")

    async def _until_stored(self, step: Callable[[], Awaitable[T]], job: Job) -> T:
        return await until_stored(step, f"ending job {job.id}", self._sleep)
