"""Duels: the jobs of one wait for each other, and end together; a vote that is over is told.

A job of a duel that has ended stays in its state until none of the others is being made any more. Then the worker of
the lowest one that is left delivers it, or tells its end, for all; then the next one does, which finds nothing left to
send.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.finisher import JobFinisher
from bot.jobs.ports import error_message
from bot.jobs.progress import ProgressTracker
from providers.errors import Sentence
from storage.database import StoreError
from storage.duel_records import Duel, DuelStanding
from storage.job_states import JobState
from storage.records import Job

log = logging.getLogger(__name__)

LOOK_SECONDS = 20.0
"""How often a worker looks for votes that are over, and for services that keep a duel waiting."""
WAIT_SECONDS = 600.0
"""How long a picture of a duel waits for services that have not begun: then it goes on without them."""
TELL_SECONDS = 60.0
"""How long a worker has for telling a result before another one does."""
LEFT_OUT = Sentence("It didn't start in time, so the duel went on without it. Nothing was charged.")

TAKEN_OUT = Sentence("This bot doesn't offer this service any more. What it has begun is charged anyway.")


class Duels(Component):
    """Looks at the duels of this worker's jobs."""

    def __init__(self, context: JobContext, finisher: JobFinisher, progress: ProgressTracker) -> None:
        self._context = context
        self._store = context.store
        self._finisher = finisher
        self._progress = progress
        self._looks = Background()
        self._tells = Background()
        self._loop = Background()
        # The duels that are being read; True: one of their jobs has changed meanwhile.
        self._reading: dict[int, bool] = {}
        # The duels whose results are being told here: a chat that Telegram has muted may take minutes.
        self._telling: set[int] = set()
        self._soon = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no duel is being read."""
        return not self._reading

    async def start(self) -> None:
        """Look for votes that are over from now on."""
        self._loop.spawn(self._run(), "duels")

    async def drain(self) -> None:
        """Wait until what has changed is read."""
        await self._loop.aclose()
        await self._tells.aclose()
        await self._looks.drain()

    async def aclose(self) -> None:
        """Look at nothing more."""
        await self._loop.aclose()
        await self._tells.aclose()
        await self._looks.aclose()

    def changed(self, job: Job) -> None:
        """A job of this worker was read, which is one of a duel: start what the duel asks for."""
        duel_id = job.duel_id
        if duel_id is None:
            return
        if duel_id in self._reading:
            self._reading[duel_id] = True
            return
        self._reading[duel_id] = False
        self._looks.spawn(self._look(duel_id), f"the next step of duel {duel_id}")

    async def tell(self, duel_id: int) -> bool:
        """Close a duel whose vote is over, and tell its result, unless another worker does. Raises `Undelivered`."""
        now = self._context.clock()
        taken = await self._store.duel_votes.take(duel_id, now, now + TELL_SECONDS, self._context.worker.id)
        if taken is None or taken.id in self._telling:
            return False
        await self._tell(taken)
        return True

    async def _tell(self, taken: Duel) -> None:
        self._telling.add(taken.id)
        try:
            await self._context.notifier.tell_result(taken)
            await self._store.duel_votes.told(taken.id, self._context.clock())
        finally:
            self._telling.discard(taken.id)

    async def _tell_due(self, taken: Duel) -> None:
        try:
            await self._tell(taken)
        except Exception as error:
            # It is due again after `TELL_SECONDS`.
            log.warning("telling the result of duel %d failed (%r); it is tried again", taken.id, error)

    async def _look(self, duel_id: int) -> None:
        try:
            while True:
                self._reading[duel_id] = False
                read = partial(self._store.duels.standing, duel_id)
                found = await self._context.until_stored(read, f"reading duel {duel_id}")
                if found:
                    self._step(found)
                if not self._reading[duel_id]:
                    return
        finally:
            self._reading.pop(duel_id, None)

    def _step(self, found: DuelStanding) -> None:
        mine = [job for job in found.jobs if self._context.is_mine(job) and job not in found.waiting]
        for job in mine:
            self._progress.close(job.id)
        self._context.notifier.show_duel(found)
        leader = found.leader
        if leader is None and not found.waiting:
            # A vote has begun: it may be the next one that ends.
            self._soon.set()
        if leader is None or leader not in mine:
            return
        if leader.state is JobState.DELIVERING:
            self._finisher.deliver(leader)
        else:
            self._finisher.close(leader)

    async def _run(self) -> None:
        while True:
            self._soon.clear()
            pause = LOOK_SECONDS
            try:
                await self._leave_out()
                while await self._tell_next():
                    pass
                pause = await self._pause()
            except StoreError as error:
                log.warning("votes that are over can't be looked for (%s); retrying in %g s", error, LOOK_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._soon.wait()

    async def _pause(self) -> float:
        """Seconds until the next look. Raises `StoreError`."""
        due = await self._store.duel_votes.next_closing()
        return LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.1, due - self._context.clock()))

    async def _tell_next(self) -> bool:
        now = self._context.clock()
        taken = await self._store.duel_votes.take_due(now, now + TELL_SECONDS, self._context.worker.id)
        if taken is None:
            return False
        if taken.id not in self._telling:
            # Beside each other: the trouble of one chat keeps no other one waiting.
            self._tells.spawn(self._tell_due(taken), f"the result of duel {taken.id}")
        return True

    async def _leave_out(self) -> None:
        """Cancel what nobody has begun in a duel that has had a picture for long, and what nobody goes on with, as the
        operator has taken its service out: the others' pictures are paid."""
        before, context = self._context.clock() - WAIT_SECONDS, self._context
        for job_id in await self._store.duels.stuck(before):
            await self._cancel(job_id, LEFT_OUT, only_unstarted=True)
        for job in await self._store.duels.unready(before):
            if job.provider not in context.providers and context.is_mine(job):
                await self._cancel(job.id, TAKEN_OUT)

    async def _cancel(self, job_id: int, why: Sentence, *, only_unstarted: bool = False) -> None:
        words, now = (error_message(LEFT_OUT), error_message(why)), self._context.clock()
        if await self._store.jobs.cancel(job_id, now, *words, only_unstarted=only_unstarted):
            log.info("job %d is left out of its duel: %s", job_id, why)
            self._context.wake(job_id)
            self._context.queue_changed.set()
