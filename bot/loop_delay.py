"""Measures how late the event loop is: whatever blocks it makes everybody wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY_SECONDS = 1.0


async def watch_delay(
    observe: Callable[[float], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Set a timer again and again, and tell `observe` how many seconds late each one fired. Runs until cancelled."""
    while True:
        due = clock() + EVERY_SECONDS
        await sleep(EVERY_SECONDS)
        observe(max(0.0, clock() - due))
