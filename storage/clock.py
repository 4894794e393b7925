"""The clock that all processes of one database share, and limits for times that a wrong clock has stored."""

import time
from collections.abc import Callable

LONGEST_HOLD_SECONDS = 900.0
"""The longest hold of a provider or a task; then one task tries it again."""
CLOCK_LEEWAY_SECONDS = 60.0
"""How far beyond its limit a stored time may be ahead and still be valid."""


class SharedClock:
    """Seconds since 1970 by the database server's clock; by this machine's until the first `synchronize`.

    Between two of them it follows `monotonic`, so that setting this machine's clock does not change it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self.monotonic = monotonic
        self._wall = wall
        self._offset: float | None = None

    def __call__(self) -> float:
        """The time now."""
        return self._wall() if self._offset is None else self.monotonic() + self._offset

    def synchronize(self, server_time: float, asked_at: float) -> None:
        """Adjust to `server_time`, which the server was asked for at `asked_at` (monotonic) and has just answered."""
        # The server read its clock between the question and now: an offset within these bounds stays as it is.
        latest, earliest = server_time - asked_at, server_time - self.monotonic()
        if self._offset is None:
            self._offset = (latest + earliest) / 2
        self._offset = min(latest, max(earliest, self._offset))
