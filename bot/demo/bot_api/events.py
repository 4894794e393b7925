"""`Events`: the numbered events of the simulated world, for the page's stream and for tests that wait."""

from collections import deque
from typing import Any

from bot.demo.bot_api.change_signal import Signal
from bot.demo.bot_api.model import JSON


class Events:
    """A bounded buffer of events. `changed` is notified after each one."""

    def __init__(self, keep: int = 2000) -> None:
        self._events: deque[tuple[int, JSON]] = deque(maxlen=keep)
        self.last = 0
        self.changed = Signal()

    def publish(self, kind: str, **fields: Any) -> None:
        """Add an event of the people's API."""
        self.last += 1
        self._events.append((self.last, {"kind": kind, **fields}))
        self.changed.notify()

    def since(self, n: int) -> list[tuple[int, JSON]]:
        """The events after number `n` that are still remembered, each with its number."""
        return [(number, event) for number, event in self._events if number > n]
