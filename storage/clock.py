"""The time that all processes of one database have in common, and bounds for times that some wrong clock has stored."""

import time
from collections.abc import Callable

LONGEST_HOLD = 900.0
"""Seconds that a provider, or a task, may be held for at most: then one task tries it again."""
LEEWAY = 60.0
"""Seconds that a stored time may be further ahead than its rule allows, and count all the same."""


class SharedClock:
    """Seconds since 1970 by the database server's clock, as far as it was seen; until then by this machine's.

    In between it runs with `monotonic`: nobody can set it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self.monotonic = monotonic
        self._wall = wall
        self._offset: float | None = None

    def __call__(self) -> float:
        """The time now."""
        return self._wall() if self._offset is None else self.monotonic() + self._offset

    def seen(self, said: float, asked: float) -> None:
        """The server has just said its time, having been asked at `asked` (monotonic)."""
        # It said so at some moment since then: what agrees with that is left as it is.
        latest, earliest = said - asked, said - self.monotonic()
        if self._offset is None:
            self._offset = (latest + earliest) / 2
        self._offset = min(latest, max(earliest, self._offset))
