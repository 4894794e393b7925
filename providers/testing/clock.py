"""Time for tests: it passes when somebody sleeps, and only then."""

import asyncio


class FastClock:
    """A clock to call, whose `sleep` lets the seconds go by at once."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The seconds gone by."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Return at once (after letting others run), that many seconds later."""
        self.seconds += max(0.0, seconds)
        await asyncio.sleep(0)
