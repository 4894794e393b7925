"""A bell for everybody who waits for a change."""

import asyncio


class Signal:
    """Wakes all who wait, each time it rings. Look at the state first, then `wait`, without an await between."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for the next ring, at most `timeout` seconds; returns either way."""
        try:
            async with asyncio.timeout(timeout):
                await self._next.wait()
        except TimeoutError:
            return
