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
        self._ordered = sorted(self._latest)

    def add(self, seconds: float) -> None:
        """One more task has ended."""
        self._latest.append(seconds)
        self._ordered = sorted(self._latest)

    @property
    def typical(self) -> float | None:
        """The median; None while nothing is known."""
        return median(self._ordered) if self._ordered else None

    def left(self, elapsed: float) -> float | None:
        """How long a task that has run for `elapsed` still takes: the median of those that took longer.

        Past all that is known it is a tenth of what has passed, so that the bar creeps instead of standing at its end.
        """
        if not self._ordered:
            return None
        first, count = bisect_right(self._ordered, elapsed), len(self._ordered)
        if first == count:
            return max(1.0, elapsed / 10)
        low, high = self._ordered[(first + count - 1) // 2], self._ordered[(first + count) // 2]
        return (low + high) / 2 - elapsed


def ends(running: Sequence[float], waiting: int, at_once: int, typical: float) -> list[float]:
    """Seconds until each of the `waiting` tasks of the queue, in their order, has ended.

    `running`: what the tasks under way still take. Each of the `at_once` slots takes the next task when it is free.
    """
    slots = [*running, *[0.0] * max(0, at_once - len(running))]
    heapq.heapify(slots)
    found = []
    for _ in range(waiting):
        end = slots[0] + typical
        heapq.heapreplace(slots, end)
        found.append(end)
    return found
