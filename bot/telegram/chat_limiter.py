"""What Telegram allows: for each chat a lane of what was sent lately, and permissions to send more."""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field

from bot.fair_slots import FairSlots


@dataclass(frozen=True, slots=True)
class ProgressShare:
    """How much of a limit may be used up when progress goes. `spaced`: it keeps its distance from the one before."""

    share: float
    spaced: bool = True


NEWS, SOME_NEWS = ProgressShare(3 / 4, spaced=False), ProgressShare(5 / 12, spaced=False)
"""Somebody is next, or it begins: this goes before all other progress. What is new and matters less comes after it."""
ALONE, AMONG_OTHERS = ProgressShare(1 / 2), ProgressShare(1 / 5)
"""How far a job is: of the only one in its chat, and of one of several, whose news need room, too."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` messages in any `seconds`; progress edits at least `progress_every` seconds apart."""

    most: int
    seconds: float
    progress_every: float = 0.0


# A little below what Telegram allows: messages that leave evenly may arrive in a bunch.
PRIVATE = Limit(5, 5.5, 1.5)
GROUP = Limit(19, 60.5, 4.5)


@dataclass(slots=True)
class _Sent:
    """Messages that count `cost`, sent at a time. `is_answer`: they went before those that stood in line."""

    at: float
    cost: int
    is_answer: bool = False


@dataclass(slots=True)
class ChatLimiter:
    """What was sent lately within one limit, oldest first; `reserved`: what may be sent and has not been yet."""

    limit: Limit
    sent: deque[_Sent] = field(default_factory=deque)
    reserved: int = 0
    muted_until: float = 0.0
    progress_at: float = float("-inf")
    line: FairSlots = field(default_factory=lambda: FairSlots(1))
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def used(self, now: float) -> int:
        """How much of the limit is used up at this moment."""
        while self.sent and self.sent[0].at <= now - self.limit.seconds:
            self.sent.popleft()
        return sum(one.cost for one in self.sent) + self.reserved

    def wait(self, now: float, cost: int) -> float:
        """Seconds until messages that count `cost` may go; infinite while others may go first that have not gone."""
        over = self.used(now) + min(cost, self.limit.most) - self.limit.most
        until = self.muted_until
        for one in self.sent:
            if over <= 0:
                break
            over -= one.cost
            until = max(until, one.at + self.limit.seconds)
        return math.inf if over > 0 else max(0.0, until - now)

    def take(self, now: float, cost: int, *, is_answer: bool = False) -> None:
        """Messages that count `cost` go now."""
        self.sent.append(_Sent(now, cost, is_answer))

    def mute(self, until: float) -> None:
        """Nothing goes before this time."""
        self.muted_until = max(self.muted_until, until)

    def lets_answers_pass(self, now: float) -> bool:
        """Whether an answer may go before those that stand in line: such answers get half of the limit at most."""
        return self.used(now) < self.limit.most and sum(one.cost for one in self.sent if one.is_answer) < (
            self.limit.most / 2
        )

    def has_room_for_progress(self, now: float, courtesy: ProgressShare) -> bool:
        """Progress leaves a part of the limit to answers and deliveries, and never goes before one that waits."""
        return (
            now >= self.muted_until
            and self.used(now) < self.limit.most * courtesy.share
            and (not courtesy.spaced or now - self.progress_at >= self.limit.progress_every)
            and self.line.is_idle
        )

    def is_quiet(self, now: float) -> bool:
        """Whether nothing needs to be known of this lane."""
        return self.used(now) == 0 and now >= self.muted_until and self.line.is_idle


class Permit:
    """A chat's permission to send messages that count `cost`: the room is kept until they go or it is given back."""

    def __init__(self, limiter: ChatLimiter, cost: int, *, is_answer: bool = False) -> None:
        self._limiter = limiter
        self._cost = cost
        self._is_answer = is_answer
        self._is_kept = True
        self._is_used = False
        limiter.reserved += cost

    def is_good(self, now: float) -> bool:
        """Whether the chat takes messages now: meanwhile Telegram may have demanded a wait."""
        return self._is_kept and now >= self._limiter.muted_until

    def use(self, now: float) -> None:
        """The messages go now."""
        self.give_back()
        self._is_used = True
        self._limiter.take(now, self._cost, is_answer=self._is_answer)

    def covers(self, limiter: ChatLimiter) -> bool:
        """Whether what goes to this lane has been counted by it. It is so once."""
        covers = self._is_used and self._limiter is limiter
        self._is_used = False
        return covers

    def give_back(self) -> None:
        """Others may have the room; once is enough."""
        if self._is_kept:
            self._is_kept = False
            self._limiter.reserved -= self._cost
            self._limiter.freed.set()
