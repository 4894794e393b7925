"""Reads the queue's counts for monitoring: one read at a time, seldom, and nobody waits for it for long."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.background import Background
from storage.database import StoreError
from storage.queue_counts import QueueCounts

CACHE_SECONDS = 3.0
"""The age to which counts are good: however often somebody scrapes, the database is asked no more often."""
ANSWER_SECONDS = 2.0
"""The time that an answer may take. Later it is used for the next one who asks."""


class StoreProbe:
    """The latest counts. `read`: reads them; raises `StoreError`. `clock`: monotonic seconds.

    `trouble`: why there are none, as a sentence.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[QueueCounts]],
        *,
        clock: Callable[[], float] = time.monotonic,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.trouble = "the database was not asked yet"
        self._read = read
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._background = Background()
        self._reading: asyncio.Task[None] | None = None
        self._counts: QueueCounts | None = None
        self._read_at = float("-inf")

    async def counts(self) -> QueueCounts | None:
        """The counts, a few seconds old at most; None: see `trouble`."""
        if self._clock() - self._read_at < CACHE_SECONDS:
            return self._counts
        if self._reading is None or self._reading.done():
            self._reading = self._background.spawn(self._ask(), "counting the queue")
        await asyncio.wait({self._reading}, timeout=self._answer_seconds)
        if self._reading.done():
            return self._counts
        self.trouble = f"the database has not answered for {self._answer_seconds:g} s"
        return None

    async def aclose(self) -> None:
        """Ask no more."""
        await self._background.aclose()

    async def _ask(self) -> None:
        try:
            self._counts, self.trouble = await self._read(), ""
        except StoreError as error:
            # Not its text, which may name hosts and users.
            self._counts, self.trouble = None, f"the database does not answer ({type(error).__name__})"
        self._read_at = self._clock()
