"""Callbacks: a service announces the end of a task, and a provider waits for it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Callback:
    """The announcement of one task's end. The service posts to `url`; the bot answers it and calls `call`.

    `is_expected` tells whether this service's callbacks have been arriving. Only then a provider waits for one, and it
    sets `is_missed` when it has waited in vain.
    """

    def __init__(self, url: str, is_expected: Callable[[], bool] = lambda: False) -> None:
        self.url = url
        self.is_expected = is_expected
        self.is_missed = False
        self._called = False
        self._nap: asyncio.Future[None] | None = None

    def call(self) -> None:
        """The callback has arrived. It only triggers a poll; its content is not trusted."""
        self._called = True
        self.wake()

    def wake(self) -> None:
        """End the current wait, so that the task is polled now. This does not count as a callback."""
        if self._nap:
            self._nap.cancel()

    async def during(self, nap: Coroutine[Any, Any, None]) -> bool:
        """Wait until `nap` ends or a callback arrives. Returns whether one has arrived since the last call."""
        if self._called:
            nap.close()
        else:
            self._nap = asyncio.ensure_future(nap)
            try:
                await asyncio.wait({self._nap})
            finally:
                self._nap.cancel()
                self._nap = None
        called, self._called = self._called, False
        return called
