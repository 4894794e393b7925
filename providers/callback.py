"""A service's call that announces the end of a task, and waiting for it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Callback:
    """How a service can announce the end of one task: it calls `url`, which the bot answers, and `call` is called.

    `is_expected` tells whether the calls of this service have been arriving: only then is one waited for. A provider
    sets `is_missed` when it did so in vain.
    """

    def __init__(self, url: str, is_expected: Callable[[], bool] = lambda: False) -> None:
        self.url = url
        self.is_expected = is_expected
        self.is_missed = False
        self._called = False
        self._nap: asyncio.Future[None] | None = None

    def call(self) -> None:
        """The service has called. Nothing is believed of it but that now is a good time to ask."""
        self._called = True
        self.wake()

    def wake(self) -> None:
        """Now is a good time to ask, though nobody has called."""
        if self._nap:
            self._nap.cancel()

    async def during(self, nap: Coroutine[Any, Any, None]) -> bool:
        """Wait until `nap` is over or the service calls. True: it has called since the last time."""
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
