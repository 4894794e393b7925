"""The rate limit of one chat: the messages sent lately, and permits to send more."""

import asyncio
import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from bot.fair_slots import FairSlots


@dataclass(frozen=True, slots=True)
class ProgressShare:
    """The share of a limit that may be used up when progress is sent. `spaced`: it keeps the limit's `progress_every`
    seconds from the progress before it."""

    share: float
    spaced: bool = True


IMPORTANT_PROGRESS, CHANGED_PROGRESS = ProgressShare(3 / 4, spaced=False), ProgressShare(5 / 12, spaced=False)
"""The shares of a job that is next or begins, which goes before all other progress, and of changes that matter less."""
ONLY_JOB, ONE_OF_SEVERAL_JOBS = ProgressShare(1 / 2), ProgressShare(1 / 5)
"""The shares of how far a job is: the only open one in its chat, or one of several, whose changes need room, too."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` messages in any `seconds`; progress edits at least `progress_every` seconds apart."""

    most: int
    seconds: float
    progress_every: float = 0.0


# A little below what Telegram allows: messages that leave evenly may arrive in a bunch.
PRIVATE = Limit(5, 5.5, 1.5)
GROUP = Limit(19, 60.5, 4.5)
# Of one message of inline mode. Telegram publishes no limit for these; the chat may be a group, whose twenty a minute
# other messages need, too. Half of it is for progress.
INLINE = Limit(8, 60.5, 3.0)
INLINE_KEY = "inline message "


def inline_key(inline_message_id: str | None) -> str | None:
    """The key of the limiter of a message of inline mode. Its chat is not known, so each has its own."""
    return f"{INLINE_KEY}{inline_message_id}" if inline_message_id else None


def limit_of(chat: int | str) -> Limit:
    """The limit of a chat, or of a message of inline mode by its key."""
    if isinstance(chat, str):
        return INLINE if chat.startswith(INLINE_KEY) else PRIVATE
    return GROUP if chat < 0 else PRIVATE


@dataclass(slots=True)
class _Sent:
    """Messages that count `cost`, sent at the time `at`. `is_answer`: they overtook the queue."""

    at: float
    cost: int
    is_answer: bool = False


@dataclass(slots=True)
class ChatLimiter:
    """The messages sent lately within one limit, oldest first; `reserved`: the cost of unused permits."""

    limit: Limit
    sent: deque[_Sent] = field(default_factory=deque)
    reserved: int = 0
    muted_until: float = 0.0
    progress_at: float = float("-inf")
    queue: FairSlots = field(default_factory=lambda: FairSlots(1))
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def counts_items(self) -> bool:
        """Whether the items of an album count one by one: not in a private chat."""
        return self.limit is GROUP

    def used(self, now: float) -> int:
        """How much of the limit is used up now, permits included."""
        while self.sent and self.sent[0].at <= now - self.limit.seconds:
            self.sent.popleft()
        return sum(one.cost for one in self.sent) + self.reserved

    def wait(self, now: float, cost: int) -> float:
        """Seconds until messages that count `cost` may go; infinite while that depends on unused permits."""
        over = self.used(now) + min(cost, self.limit.most) - self.limit.most
        until = self.muted_until
        for one in self.sent:
            if over <= 0:
                break
            over -= one.cost
            until = max(until, one.at + self.limit.seconds)
        return math.inf if over > 0 else max(0.0, until - now)

    def take(self, now: float, cost: int, *, is_answer: bool = False) -> None:
        """Count messages of this cost as sent now."""
        self.sent.append(_Sent(now, cost, is_answer))

    def mute(self, until: float) -> None:
        """Send nothing before this time."""
        self.muted_until = max(self.muted_until, until)

    def lets_answers_pass(self, now: float) -> bool:
        """Whether an answer may overtake the queue: such answers get half of the limit at most."""
        return self.used(now) < self.limit.most and sum(one.cost for one in self.sent if one.is_answer) < (
            self.limit.most / 2
        )

    def has_room_for_progress(self, now: float, progress: ProgressShare) -> bool:
        """Whether progress may go: it leaves a part of the limit to answers and deliveries, and never overtakes the
        queue."""
        return (
            now >= self.muted_until
            and self.used(now) < self.limit.most * progress.share
            and (not progress.spaced or now - self.progress_at >= self.limit.progress_every)
            and self.queue.is_idle
        )

    def is_quiet(self, now: float) -> bool:
        """Whether this limiter can be forgotten."""
        return self.used(now) == 0 and now >= self.muted_until and self.queue.is_idle


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that asks for room for so many `messages`. Calls with different keys take turns in a chat; in the limit of
    all chats the call that is `due` first goes first."""

    messages: int
    key: Hashable
    due: float


class Permit:
    """A chat's permission for the call `ask`, which counts `cost` there: the room is reserved until the call leaves or
    the permit is given back."""

    def __init__(self, limiter: ChatLimiter, cost: int, ask: Ask, *, is_answer: bool = False) -> None:
        self.ask = ask
        self.is_begun = False
        self._chat = limiter
        self._is_answer = is_answer
        self._reserved: list[tuple[ChatLimiter, int]] = []
        self.reserve(limiter, cost)

    def reserve(self, limiter: ChatLimiter, cost: int) -> None:
        """Reserve room in this limit, too."""
        limiter.reserved += cost
        self._reserved.append((limiter, cost))

    def is_good(self, now: float) -> bool:
        """Whether the permit still holds: meanwhile Telegram may have demanded a wait."""
        return bool(self._reserved) and now >= self._chat.muted_until

    def use(self, limiter: ChatLimiter, now: float) -> bool:
        """Count a call of this chat as sent now. False: the permit is not for it. True only once."""
        if limiter is not self._chat or not self.is_begun or not self._reserved:
            return False
        for each, cost in self._free():
            each.take(now, cost, is_answer=self._is_answer)
        return True

    def give_back(self) -> None:
        """Free the reserved room. A second call does nothing."""
        self._free()

    def _free(self) -> list[tuple[ChatLimiter, int]]:
        freed, self._reserved = self._reserved, []
        for limiter, cost in freed:
            limiter.reserved -= cost
            limiter.freed.set()
        return freed
