"""The time left, learned from how long a provider's latest tasks took."""

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

MEMORY = 200
OUTLIER = 5.0
"""A task that took so many times as long as usual tells nothing of the next."""
LATE, LATE_SECONDS = 1.25, 1.0
"""A task is late when it has run for so many times as long as nine of ten others, and a second more."""
PACE = ("model", "quality", "size", "n", "set")
"""The options that make tasks of one provider quick or slow."""
ENOUGH = 3
"""So many tasks tell what is usual."""


class Durations:
    """How long tasks took, in seconds."""

    def __init__(self, known: Iterable[float] = ()) -> None:
        ordered = sorted(known)
        self.typical = median(ordered) if ordered else None
        """The median; None while nothing is known."""
        self._ordered = [seconds for seconds in ordered if seconds <= OUTLIER * (self.typical or 0.0)]

    def is_late(self, elapsed: float) -> bool:
        """Whether a task that has run for `elapsed` takes longer than tasks usually do."""
        if len(self._ordered) < ENOUGH:
            return False
        most = self._ordered[int(0.9 * len(self._ordered))]
        return elapsed > LATE * most + LATE_SECONDS

    def left(self, elapsed: float) -> float | None:
        """How long a task that has run for `elapsed` still takes: the median of those that took longer. None where none
        did, and for a task that is late."""
        first, count = bisect_right(self._ordered, elapsed), len(self._ordered)
        if first == count or self.is_late(elapsed):
            return None
        low, high = self._ordered[(first + count - 1) // 2], self._ordered[(first + count) // 2]
        return (low + high) / 2 - elapsed

    def share(self, elapsed: float) -> float | None:
        """How much of a task is done, 0–1; past all that is known it creeps, in place of standing at its end."""
        if not self._ordered:
            return None
        left = self.left(elapsed)
        whole = elapsed + (max(1.0, elapsed / 10) if left is None else left)
        return elapsed / whole if whole > 0 else 0.0


class Paces:
    """The latest durations of a provider's tasks, by what was asked for. `known`: seconds, and options."""

    def __init__(self, known: Iterable[tuple[float, Mapping[str, Any]]] = ()) -> None:
        self._latest = deque(((seconds, _pace(options)) for seconds, options in known), maxlen=MEMORY)
        self._found: dict[tuple[str, ...] | None, Durations] = {}

    def add(self, seconds: float, options: Mapping[str, Any]) -> None:
        """One more task has ended."""
        self._latest.append((seconds, _pace(options)))
        self._found.clear()

    def of(self, options: Mapping[str, Any] | None = None) -> Durations:
        """The durations of tasks with such options, or of all tasks while too few such are known."""
        pace = None if options is None else _pace(options)
        if (found := self._found.get(pace)) is None:
            alike = [seconds for seconds, other in self._latest if pace in {None, other}]
            found = Durations(alike) if pace is None or len(alike) >= ENOUGH else self.of()
            self._found[pace] = found
        return found


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


def _pace(options: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(options.get(name)) for name in PACE)
