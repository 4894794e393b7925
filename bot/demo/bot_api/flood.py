"""Flood control: about one message a second in a private chat, 20 a minute in a group, 30 a second over all.

Telegram publishes no more than that (core.telegram.org/bots/faq#my-bot-is-hitting-limits); bot authors report that
calls during a mute lengthen it.
"""

import math
from collections import deque
from dataclasses import dataclass

from bot.demo.bot_api.errors import too_many_requests
from bot.demo.bot_api.model import Chat, Clock

MAX_MUTE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits: so many messages within so many seconds. Edits count like messages."""

    private: tuple[int, float] = (5, 5.0)
    """A small burst, then about one a second. An album counts once."""
    group: tuple[int, float] = (20, 60.0)
    """The items of an album count one by one."""
    overall: tuple[int, float] = (30, 1.0)


class Meter:
    """Counts messages within a sliding window, and mutes the bot beyond the limit."""

    def __init__(self, rate: tuple[int, float]) -> None:
        self.most, self.window = rate
        self._spent: deque[float] = deque()
        self._muted_until = 0.0
        self._strikes = 0

    def wait(self, now: float, cost: int) -> float:
        """Seconds until `cost` more is allowed; 0: now. A call during a mute lengthens it."""
        if now < self._muted_until:
            self._strikes += 1
            longest = max(MAX_MUTE_SECONDS, self._muted_until - now)
            self._muted_until = min(self._muted_until + 5.0 * self._strikes, now + longest)
            return self._muted_until - now
        while self._spent and self._spent[0] <= now - self.window:
            self._spent.popleft()
        beyond = len(self._spent) + min(cost, self.most) - self.most
        if beyond <= 0:
            self._strikes = 0
            return 0.0
        self._muted_until = self._spent[beyond - 1] + self.window
        return self._muted_until - now

    def spend(self, now: float, cost: int) -> None:
        """Count `cost` messages that were allowed."""
        self._spent.extend([now] * cost)


class FloodControl:
    """Counts the bot's sends and edits. `rates` None: nothing is refused."""

    def __init__(self, clock: Clock, rates: Rates | None) -> None:
        self.rates = rates
        self._clock = clock
        self._meters: dict[int, Meter] = {}

    def spend(self, chat: Chat, items: int) -> None:
        """Count a call that sends or edits `items` messages. Raises `ApiError` 429 with the seconds to wait."""
        if self.rates is None:
            return
        private = chat.type == "private"
        cost = 1 if private else items
        now = self._clock()
        here = self._meters.setdefault(chat.id, Meter(self.rates.private if private else self.rates.group))
        overall = self._meters.setdefault(0, Meter(self.rates.overall))
        wait = here.wait(now, cost) or overall.wait(now, items)
        if wait:
            raise too_many_requests(math.ceil(wait))
        here.spend(now, cost)
        overall.spend(now, items)
