"""Signs of life at a steady pace, and claiming the jobs that nobody owns."""

import asyncio
import logging
import signal

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.lost_tickets import LostTickets
from bot.jobs.ports import error_message
from bot.jobs.retry import START_DELAYS
from bot.jobs.worker import QUICK_SECONDS
from providers.errors import OutcomeUnknownError
from storage import notifications
from storage.backend import EVERYTHING
from storage.database import StoreError, UnusableStoreError
from storage.outage_log import Outage

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
LOST = OutcomeUnknownError.default
"""The sentence about a submit that was cut off with its worker."""


class Heartbeat(Component):
    """Keeps this worker alive among the others. After an eviction it claims what the dead one owned."""

    def __init__(self, context: JobContext, lost: LostTickets) -> None:
        self._context = context
        self._worker = context.worker
        self._lost = lost
        self._background = Background()
        self._looking = asyncio.Lock()
        self._draining = False

    async def open(self) -> None:
        """Become a worker, so that jobs can be submitted."""
        await self._context.until_stored(self._worker.join, "registering this worker", START_DELAYS)

    async def start(self) -> None:
        """Claim what others have left, then live on."""
        await self._context.until_stored(self.look, "looking for the work of dead workers", START_DELAYS)
        self._background.spawn(self._run(), "heartbeat")

    def on_notification(self, topic: notifications.Topic) -> None:
        """Claim what has lost its worker."""
        if topic.kind == notifications.ORPHANS and self._worker.id and not self._draining:
            # With a sign of life: it may be this worker itself that was evicted, and hears of it late.
            self._background.spawn(self.look(), "claim orphans")
        elif topic.kind == EVERYTHING:
            self._context.woken.add_all()

    async def drain(self) -> None:
        """Claim nothing more; what nobody has begun here goes to others at once."""
        self._draining = True
        try:
            await self._hand_over()
        except StoreError as error:
            log.warning("waiting jobs could not be handed over (%s); others claim them when this worker is gone", error)

    async def aclose(self) -> None:
        """Give no more signs of life."""
        await self._background.aclose()

    async def look(self) -> None:
        """Give a sign of life, evict the dead, and claim what nobody owns. Raises `StoreError`."""
        async with self._looking:
            if not await self._worker.heartbeat():
                # The jobs under way here belong to others.
                self._context.woken.add_all()
            await (self._hand_over() if self._draining else self._claim_orphans())

    async def _run(self) -> None:
        outage = Outage(log, "no sign of life could be given")
        # Where there can be no other process there is nothing to do.
        while not self._context.store.database.backend.alone:
            await self._context.sleep(QUICK_SECONDS if self._worker.suspects_others else HEARTBEAT_SECONDS)
            try:
                await self.look()
            except StoreError as error:
                outage.lasts(error)
            except UnusableStoreError as error:
                # It hung while the database was moved: others go on with its work elsewhere.
                log.critical("%s The bot ends.", error)
                signal.raise_signal(signal.SIGTERM)
                return
            else:
                outage.ends()

    async def _claim_orphans(self) -> None:
        context, workers = self._context, self._context.store.workers
        try:
            while found := await workers.recover_jobs(self._worker.id, error_message(LOST), context.clock()):
                for job in found:
                    context.wake(job.id)
        except StoreError:
            # The store may have done it all the same.
            context.woken.add_all()
            raise
        await self._lost.resume()

    async def _hand_over(self) -> None:
        if not self._context.store.database.backend.alone:
            for job_id in await self._context.store.workers.release_waiting(self._worker.id):
                self._context.wake(job_id)
