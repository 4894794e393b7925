"""A step of the store that has begun and does not go on before it is released, on each database."""

import asyncio
import threading

from storage.connection import Connection
from storage.store import Store

LONGEST_HOLD_SECONDS = 10.0


class Hold:
    """`begun`: the step has begun."""

    def __init__(self, store: Store) -> None:
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._in_thread = store.database.backend.single_writer
        # A step on SQLite runs in a thread, and may not await it.
        self._released, self._thread_released = asyncio.Event(), threading.Event()

    async def step(self, _connection: Connection) -> None:
        """Call it within a step, or as one. Raises `TimeoutError`."""
        self._loop.call_soon_threadsafe(self.begun.set)
        if self._in_thread:
            if not self._thread_released.wait(LONGEST_HOLD_SECONDS):
                raise TimeoutError
        else:
            await asyncio.wait_for(self._released.wait(), LONGEST_HOLD_SECONDS)

    def release(self) -> None:
        """Let it go on."""
        self._released.set()
        self._thread_released.set()
