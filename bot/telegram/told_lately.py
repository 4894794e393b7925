"""Remembers who was told something, so that nobody is told the same again and again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_REMEMBERED = 10_000


class ToldLately:
    """Whom this process has told within `seconds`. A flood of people makes it forget the oldest ones. `clock`:
    seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._told: OrderedDict[Hashable, float] = OrderedDict()

    def is_first(self, whom: Hashable) -> bool:
        """Whether `whom` has not been told lately; then they count as told."""
        now = self._clock()
        if now - self._told.get(whom, now - self._seconds) < self._seconds:
            return False
        self._told[whom] = now
        self._told.move_to_end(whom)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        return True
