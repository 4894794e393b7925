"""Flood control: deliveries go first, progress is dropped rather than queued, Telegram's `retry_after` is obeyed.

Telegram allows about one send or edit a second in a private chat, twenty a minute in a group (the items of an
album count one by one) and thirty a second over all; too many edits earn minutes of silence that swallow results.
"""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    Response,
    SendChatAction,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType

from bot.telegram.chat_limiter import ALONE, GROUP, PRIVATE, ChatLimiter, Limit, Permit, ProgressShare

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
IN_PASSING = (AnswerCallbackQuery, SendChatAction, SetMessageReaction)
"""Calls that are worth nothing later."""
LANES_KEPT = 1000
ANSWERS = "answers"
"""In whose turn goes what is not sent for a certain person."""
LONGEST_WAIT = 24 * 3600.0
LONGEST_PATIENCE = 60.0
"""Seconds that a call which no limit counts is held back at most; then its caller hears of the refusal."""
_DEMANDED = re.compile(r"retry after (\d+)", re.IGNORECASE)


OVER_ALL_PART = 2 / 3
"""Over all chats progress leaves more room than within one."""

_progress: ContextVar[ProgressShare | None] = ContextVar("progress", default=None)


class DroppedError(Exception):
    """A progress edit found no room; the next one says more anyway."""


@asynccontextmanager
async def as_progress(courtesy: ProgressShare = ALONE) -> AsyncIterator[None]:
    """What is sent inside is progress: it goes at once or raises `DroppedError`."""
    token = _progress.set(courtesy)
    try:
        yield
    finally:
        _progress.reset(token)


def is_progress() -> bool:
    """Whether what is sent here is progress."""
    return _progress.get() is not None


OVER_ALL = Limit(25, 1.1)

_permit: ContextVar[Permit | None] = ContextVar("permit", default=None)


@contextmanager
def permitted(permit: Permit) -> Iterator[None]:
    """The message that is sent inside has its chat's permission already."""
    token = _permit.set(permit)
    try:
        yield
    finally:
        _permit.reset(token)


def is_permitted() -> bool:
    """Whether what is sent here has its permission already, for one call."""
    return _permit.get() is not None


class RateLimiter(BaseRequestMiddleware):
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
        self.clock = clock
        self.sleep = sleep
        self.limiters: dict[int | str, ChatLimiter] = {}
        self._among = among
        self._everything = ChatLimiter(OVER_ALL)

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Wait for room (or drop progress), send, and wait out what Telegram demands.

        With a permit of `permitted` nothing is waited for: a demanded wait is raised, and others know of it.
        """
        chat = getattr(method, "chat_id", None)
        counted = isinstance(method, COUNTED)
        if not counted or chat is None:
            return await self._uncounted(make_request, bot, method, chat)
        limiter = self.limiter(chat)
        permit = _permit.get()
        if permit and permit.covers(limiter):
            return await self._ask(make_request, bot, method, limiter)
        while True:
            courtesy = _progress.get()
            if courtesy:
                self._take_or_drop(limiter, courtesy)
            elif not await self.begin(await self._permit(limiter, _cost(limiter, method), ANSWERS)):
                continue
            try:
                return await self._ask(make_request, bot, method, limiter)
            except TelegramRetryAfter as error:
                # A refusal is certain: nothing was sent, so sending again is safe.
                if courtesy:
                    raise DroppedError from error

    async def permit(self, method: TelegramMethod[TelegramType], key: Hashable) -> Permit:
        """Wait until the chat of a method that sends takes it, in the turn of `key`. Nothing shared is held meanwhile.

        Next comes `begin`, then the send within `permitted`; or it is given back.
        """
        chat = getattr(method, "chat_id", None)
        limiter = self.limiter(chat if isinstance(chat, int | str) else 0)
        return await self._permit(limiter, _cost(limiter, method), key)

    async def begin(self, permit: Permit) -> bool:
        """Wait for room over all chats, which is short, and count what goes now. False: the chat takes nothing now."""
        try:
            while (wait := self._all.wait(self.clock(), 1)) > 0:
                await self.sleep(wait)
        except BaseException:
            permit.give_back()
            raise
        now = self.clock()
        if not permit.is_good(now):
            permit.give_back()
            return False
        permit.use(now)
        self._all.take(now, 1)
        return True

    def is_muted(self, chat: int) -> bool:
        """Whether Telegram demands a wait of this chat."""
        return self.clock() < self.limiter(chat).muted_until

    async def unmuted(self, chat: int) -> None:
        """Wait until Telegram demands no wait of this chat."""
        while (wait := self.limiter(chat).muted_until - self.clock()) > 0:
            await self.sleep(wait)

    async def _uncounted(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int | str | None,
    ) -> Response[TelegramType]:
        """A call that no limit counts; a wait that is demanded for it counts all the same."""
        limiter = self.limiter(f"{type(method).__name__}" if chat is None else chat)
        if isinstance(method, IN_PASSING):
            return await self._ask(make_request, bot, method, limiter)
        while True:
            # The same demand may have been made to others, for a method without a chat.
            if chat is None and (wait := limiter.muted_until - self.clock()) > 0:
                if wait > LONGEST_PATIENCE:
                    raise TelegramRetryAfter(method, "Too Many Requests", math.ceil(wait))
                await self.sleep(wait)
            try:
                return await self._ask(make_request, bot, method, limiter)
            except TelegramRetryAfter as error:
                if error.retry_after > LONGEST_PATIENCE:
                    raise
                await self.sleep(error.retry_after)

    async def _ask(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        limiter: ChatLimiter,
    ) -> Response[TelegramType]:
        """Raises `TelegramRetryAfter` wherever Telegram says so: it also stands within refusals of another kind."""
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as error:
            limiter.mute(self.clock() + min(error.retry_after, LONGEST_WAIT))
            raise
        except TelegramBadRequest as error:
            if (demanded := _DEMANDED.search(error.message)) is None:
                raise
            seconds = int(demanded[1])
            limiter.mute(self.clock() + min(seconds, LONGEST_WAIT))
            raise TelegramRetryAfter(method, error.message, seconds) from error

    @property
    def _all(self) -> ChatLimiter:
        limiter, most = self._everything, max(1, OVER_ALL.most // self._among())
        if limiter.limit.most != most:
            limiter.limit = replace(OVER_ALL, most=most)
        return limiter

    def has_room_for_progress(self, chat: int, courtesy: ProgressShare = ALONE) -> bool:
        """Whether a progress edit would go now."""
        return self._has_room(self.limiter(chat), courtesy)

    def _has_room(self, limiter: ChatLimiter, courtesy: ProgressShare) -> bool:
        now, over_all = self.clock(), replace(courtesy, share=courtesy.share * OVER_ALL_PART)
        return limiter.has_room_for_progress(now, courtesy) and self._all.has_room_for_progress(now, over_all)

    def _take_or_drop(self, limiter: ChatLimiter, courtesy: ProgressShare) -> None:
        if not self._has_room(limiter, courtesy):
            raise DroppedError
        now = self.clock()
        limiter.progress_at = now
        limiter.take(now, 1)
        self._all.take(now, 1)

    async def _permit(self, limiter: ChatLimiter, cost: int, key: Hashable) -> Permit:
        now = self.clock()
        if key == ANSWERS and limiter.wait(now, cost) == 0 and limiter.lets_answers_pass(now):
            return Permit(limiter, cost, is_answer=True)
        async with limiter.line.slot(key):
            while (wait := limiter.wait(self.clock(), cost)) > 0:
                if math.isfinite(wait):
                    await self.sleep(wait)
                else:
                    limiter.freed.clear()
                    await limiter.freed.wait()
            return Permit(limiter, cost)

    def limiter(self, chat: int | str) -> ChatLimiter:
        """What is known of a chat."""
        if (limiter := self.limiters.get(chat)) is None:
            if len(self.limiters) >= LANES_KEPT:
                self._forget_quiet(self.clock())
            limiter = self.limiters[chat] = ChatLimiter(GROUP if isinstance(chat, int) and chat < 0 else PRIVATE)
        return limiter

    def _forget_quiet(self, now: float) -> None:
        for chat, limiter in list(self.limiters.items()):
            if limiter.is_quiet(now):
                del self.limiters[chat]


def _cost(limiter: ChatLimiter, method: TelegramMethod[TelegramType]) -> int:
    """In groups the items of an album count one by one."""
    return len(method.media) if isinstance(method, SendMediaGroup) and limiter.limit is GROUP else 1
