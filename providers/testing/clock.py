"""Time for tests: it passes only in `sleep`."""

import asyncio


class FastClock:
    """A clock to call, whose `sleep` returns at once and adds its seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The seconds passed so far."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Return at once (after letting others run), that many seconds later."""
        self.seconds += max(0.0, seconds)
        await asyncio.sleep(0)
