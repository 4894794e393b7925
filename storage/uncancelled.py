"""Work that is done to its end, also for a caller that is cancelled meanwhile.

A task that is cancelled cancels what it waits for. Where that refuses, the task goes on waiting; the cancellation is
raised when the wait is over. It takes no task or callback more, as `asyncio.shield` and a second wait would.
"""

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")


class UncancelledFuture(asyncio.Future[T]):
    """A future that refuses to be cancelled."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse."""
        return False


class UncancelledTask(asyncio.Task[T]):
    """A task that refuses to be cancelled."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse."""
        return False
