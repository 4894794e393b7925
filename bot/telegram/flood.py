"""Flood control: deliveries go first, progress is dropped rather than queued, Telegram's `retry_after` is obeyed.

Telegram allows about one send or edit a second in a private chat, twenty a minute in a group (the items of an
album count one by one) and thirty a second over all; too many edits earn minutes of silence that swallow results.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import (
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    Response,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType

COUNTED = (
    SendMessage,
    SendPhoto,
    SendDocument,
    SendMediaGroup,
    SendMessageDraft,
    EditMessageText,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
)
LANES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Courtesy:
    """How much of a limit may be used up when progress goes. `spaced`: it keeps its distance from the one before."""

    share: float
    spaced: bool = True


NEWS, SOME_NEWS = Courtesy(3 / 4, spaced=False), Courtesy(5 / 12, spaced=False)
"""Somebody is next, or it begins: this goes before all other progress. What is new and matters less comes after it."""
ALONE, AMONG_OTHERS = Courtesy(1 / 2), Courtesy(1 / 5)
"""How far a job is: of the only one in its chat, and of one of several, whose news need room, too."""
OVER_ALL_PART = 2 / 3
"""Over all chats progress leaves more room than within one."""

_progress: ContextVar[Courtesy | None] = ContextVar("progress", default=None)


class Dropped(Exception):
    """A progress edit found no room; the next one says more anyway."""


@asynccontextmanager
async def as_progress(courtesy: Courtesy = ALONE) -> AsyncIterator[None]:
    """What is sent inside is progress: it goes at once or raises `Dropped`."""
    token = _progress.set(courtesy)
    try:
        yield
    finally:
        _progress.reset(token)


def is_progress() -> bool:
    """Whether what is sent here is progress."""
    return _progress.get() is not None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` messages in any `seconds`; progress edits at least `progress_every` seconds apart."""

    most: int
    seconds: float
    progress_every: float = 0.0


# A little below what Telegram allows: messages that leave evenly may arrive in a bunch.
PRIVATE = Limit(5, 5.5, 1.5)
GROUP = Limit(19, 60.5, 4.5)
OVER_ALL = Limit(25, 1.1)


@dataclass(slots=True)
class _Lane:
    """What was sent lately within one limit: (when, how many), oldest first."""

    limit: Limit
    sent: deque[tuple[float, int]] = field(default_factory=deque)
    muted_until: float = 0.0
    progress_at: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def used(self, now: float) -> int:
        """How much of the limit is used up at this moment."""
        while self.sent and self.sent[0][0] <= now - self.limit.seconds:
            self.sent.popleft()
        return sum(cost for _, cost in self.sent)

    def wait(self, now: float, cost: int) -> float:
        """Seconds until messages that count `cost` may go."""
        over = self.used(now) + cost - self.limit.most
        until = self.muted_until
        for at, freed in self.sent:
            if over <= 0:
                break
            over -= freed
            until = max(until, at + self.limit.seconds)
        return max(0.0, until - now)

    def take(self, now: float, cost: int) -> None:
        """Messages that count `cost` go now."""
        self.sent.append((now, cost))

    def has_room_for_progress(self, now: float, courtesy: Courtesy) -> bool:
        """Progress leaves a part of the limit to answers and deliveries, and never goes before one that waits."""
        return (
            now >= self.muted_until
            and self.used(now) < self.limit.most * courtesy.share
            and (not courtesy.spaced or now - self.progress_at >= self.limit.progress_every)
            and not self.turn.locked()
        )


class FloodControl(BaseRequestMiddleware):
    """A request middleware for the bot's session; one for each bot. `among`: how many processes speak for this bot
    now; they share what Telegram allows over all.
    """

    def __init__(
        self,
        *,
        among: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[int | str, _Lane] = {}
        self._among = among
        self._everything = _Lane(OVER_ALL)

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Wait for room (or drop progress), send, and wait out what Telegram demands."""
        chat = getattr(method, "chat_id", None)
        counted = isinstance(method, COUNTED)
        if not counted or chat is None:
            return await make_request(bot, method)
        lane = self._lane(chat)
        while True:
            if courtesy := _progress.get():
                self._take_or_drop(lane, courtesy)
            else:
                await self._take(lane, _cost(lane, method))
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                # A refusal is certain: nothing was sent, so sending again is safe.
                lane.muted_until = self._clock() + error.retry_after
                if courtesy:
                    raise Dropped from error

    @property
    def _all(self) -> _Lane:
        lane, most = self._everything, max(1, OVER_ALL.most // self._among())
        if lane.limit.most != most:
            lane.limit = replace(OVER_ALL, most=most)
        return lane

    def has_room_for_progress(self, chat: int, courtesy: Courtesy = ALONE) -> bool:
        """Whether a progress edit would go now."""
        return self._has_room(self._lane(chat), courtesy)

    def _has_room(self, lane: _Lane, courtesy: Courtesy) -> bool:
        now, over_all = self._clock(), replace(courtesy, share=courtesy.share * OVER_ALL_PART)
        return lane.has_room_for_progress(now, courtesy) and self._all.has_room_for_progress(now, over_all)

    def _take_or_drop(self, lane: _Lane, courtesy: Courtesy) -> None:
        if not self._has_room(lane, courtesy):
            raise Dropped
        now = self._clock()
        lane.progress_at = now
        lane.take(now, 1)
        self._all.take(now, 1)

    async def _take(self, lane: _Lane, cost: int) -> None:
        async with lane.turn:
            while (wait := max(lane.wait(self._clock(), cost), self._all.wait(self._clock(), 1))) > 0:
                await self._sleep(wait)
            now = self._clock()
            lane.take(now, cost)
            self._all.take(now, 1)

    def _lane(self, chat: int | str) -> _Lane:
        if (lane := self._lanes.get(chat)) is None:
            if len(self._lanes) >= LANES_KEPT:
                self._forget_quiet(self._clock())
            lane = self._lanes[chat] = _Lane(GROUP if isinstance(chat, int) and chat < 0 else PRIVATE)
        return lane

    def _forget_quiet(self, now: float) -> None:
        for chat, lane in list(self._lanes.items()):
            if lane.used(now) == 0 and now >= lane.muted_until and not lane.turn.locked():
                del self._lanes[chat]


def _cost(lane: _Lane, method: TelegramMethod[TelegramType]) -> int:
    """In groups the items of an album count one by one."""
    return len(method.media) if isinstance(method, SendMediaGroup) and lane.limit is GROUP else 1
