"""`Signal`: wakes all coroutines that wait for a change."""

import asyncio


class Signal:
    """Each `notify` wakes all that wait. Read the state first, then `wait`, without an await between."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wake all that wait now."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for the next `notify`, at most `timeout` seconds; returns either way."""
        try:
            async with asyncio.timeout(timeout):
                await self._next.wait()
        except TimeoutError:
            return
