"""The time left, learned from how long a provider's latest tasks took."""

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median

MEMORY = 200


class Durations:
    """The latest durations of a provider's tasks, in seconds."""

    def __init__(self, known: Iterable[float] = ()) -> None:
        self._latest: deque[float] = deque(known, maxlen=MEMORY)

    def add(self, seconds: float) -> None:
        """One more task has ended."""
        self._latest.append(seconds)

    @property
    def typical(self) -> float | None:
        """The median; None while nothing is known."""
        return median(self._latest) if self._latest else None

    def left(self, elapsed: float) -> float | None:
        """How long a task that has run for `elapsed` still takes: the median of those that took longer.

        Past all that is known it is a tenth of what has passed, so that the bar creeps instead of standing at its end.
        """
        if not self._latest:
            return None
        ordered = sorted(self._latest)
        longer = ordered[bisect_right(ordered, elapsed) :]
        return median(longer) - elapsed if longer else max(1.0, elapsed / 10)


def time_left(running: Sequence[float], places: Sequence[int], at_once: int, typical: float) -> float:
    """Seconds until the tasks at `places` of the queue (1 is next) have ended.

    `running`: what the tasks under way still take. Each of the `at_once` slots takes the next task when it is free.
    """
    slots = [*running, *[0.0] * max(0, at_once - len(running))]
    heapq.heapify(slots)
    wanted, end = set(places), 0.0
    for place in range(1, max(places, default=0) + 1):
        free = heapq.heappop(slots)
        heapq.heappush(slots, free + typical)
        if place in wanted:
            end = max(end, free + typical)
    return end
