"""Flood control: deliveries go first, progress is dropped rather than queued, Telegram's `retry_after` is obeyed.

Telegram allows about one send or edit a second in a private chat, twenty a minute in a group (the items of an
album count one by one) and thirty a second over all; too many edits earn minutes of silence that swallow results.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

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
    SendPhoto,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType

COUNTED = (
    SendMessage,
    SendPhoto,
    SendDocument,
    SendMediaGroup,
    EditMessageText,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
)
LANES_KEPT = 1000
# What floating point may lose of a message's room.
ROUNDING = 1e-6

_progress: ContextVar[bool] = ContextVar("progress", default=False)


class Dropped(Exception):
    """A progress edit found no room; the next one says more anyway."""


@asynccontextmanager
async def as_progress() -> AsyncIterator[None]:
    """What is sent inside is progress: it goes at once or raises `Dropped`."""
    token = _progress.set(True)
    try:
        yield
    finally:
        _progress.reset(token)


@dataclass(slots=True)
class _Lane:
    """The budget of one chat. `room`: how many messages may go now; it may fall below zero by one album."""

    capacity: float
    per_second: float
    progress_every: float
    room: float
    filled_at: float
    muted_until: float = 0.0
    progress_at: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def fill(self, now: float) -> None:
        self.room = min(self.capacity, self.room + (now - self.filled_at) * self.per_second)
        self.filled_at = now

    def wait(self, now: float) -> float:
        """Seconds until a message may go."""
        self.fill(now)
        missing = 1 - self.room
        empty = missing / self.per_second if missing > ROUNDING else 0.0
        return max(empty, self.muted_until - now)

    def has_room_for_progress(self, now: float) -> bool:
        """Progress leaves half of the budget to deliveries."""
        return (
            self.wait(now) <= 0
            and self.room >= self.capacity / 2
            and now - self.progress_at >= self.progress_every
            and not self.turn.locked()
        )


class FloodControl(BaseRequestMiddleware):
    """A request middleware for the bot's session; one for each bot."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[int | str, _Lane] = {}
        self._all = _Lane(30, 30, 0, 30, clock())

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
            if _progress.get():
                self._take_or_drop(lane)
            else:
                await self._take(lane, len(method.media) if isinstance(method, SendMediaGroup) else 1)
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                # A refusal is certain: nothing was sent, so sending again is safe.
                lane.muted_until = self._clock() + error.retry_after
                if _progress.get():
                    raise Dropped from error

    def has_room_for_progress(self, chat: int) -> bool:
        """Whether a progress edit would go now."""
        return self._lane(chat).has_room_for_progress(self._clock())

    def _take_or_drop(self, lane: _Lane) -> None:
        now = self._clock()
        if not lane.has_room_for_progress(now) or self._all.wait(now) > 0:
            raise Dropped
        lane.progress_at = now
        lane.room -= 1
        self._all.room -= 1

    async def _take(self, lane: _Lane, cost: int) -> None:
        async with lane.turn:
            while (wait := max(lane.wait(self._clock()), self._all.wait(self._clock()))) > 0:
                await self._sleep(wait)
            lane.room -= cost
            self._all.room -= cost

    def _lane(self, chat: int | str) -> _Lane:
        now = self._clock()
        if (lane := self._lanes.get(chat)) is None:
            if len(self._lanes) >= LANES_KEPT:
                self._forget_quiet(now)
            group = isinstance(chat, int) and chat < 0
            lane = _Lane(20, 20 / 60, 4.5, 20, now) if group else _Lane(5, 1, 1.5, 5, now)
            self._lanes[chat] = lane
        return lane

    def _forget_quiet(self, now: float) -> None:
        for chat, lane in list(self._lanes.items()):
            if lane.wait(now) <= 0 and lane.room >= lane.capacity and not lane.turn.locked():
                del self._lanes[chat]
