"""The rate limiter: deliveries go first, progress is dropped rather than queued, Telegram's `retry_after` is obeyed.

Telegram allows about one send or edit a second in a private chat, twenty a minute in a group (the items of an album
count one by one) and thirty a second in all chats. After too many edits it refuses everything for minutes, results
included.
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

from bot.telegram.chat_limiter import GROUP, ONLY_JOB, PRIVATE, ChatLimiter, Limit, Permit, ProgressShare

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
BEST_EFFORT = (AnswerCallbackQuery, SendChatAction, SetMessageReaction)
"""Calls that are useless later: they are never repeated."""
CHATS_REMEMBERED = 1000
ANSWERS_KEY = "answers"
"""The queue key of messages that are not sent for a certain person."""
MAX_MUTE_SECONDS = 24 * 3600.0
"""The longest demanded wait that is obeyed in full."""
MAX_UNCOUNTED_WAIT_SECONDS = 60.0
"""The longest demanded wait that an uncounted call waits out; of a longer one its caller gets the error."""
_DEMANDED = re.compile(r"retry after (\d+)", re.IGNORECASE)


ALL_CHATS_FACTOR = 2 / 3
"""Progress may use a smaller share of the limit of all chats than of a chat's own."""

_progress: ContextVar[ProgressShare | None] = ContextVar("progress", default=None)


class DroppedError(Exception):
    """A progress edit found no room. The next edit replaces it."""


@asynccontextmanager
async def as_progress(progress: ProgressShare = ONLY_JOB) -> AsyncIterator[None]:
    """Calls made inside are progress: each is sent at once or raises `DroppedError`."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


def is_progress() -> bool:
    """Whether calls made here are progress."""
    return _progress.get() is not None


ALL_CHATS = Limit(25, 1.1)

_permit: ContextVar[Permit | None] = ContextVar("permit", default=None)


@contextmanager
def permitted(permit: Permit) -> Iterator[None]:
    """The call made inside already has its chat's permit."""
    token = _permit.set(permit)
    try:
        yield
    finally:
        _permit.reset(token)


def is_permitted() -> bool:
    """Whether the next call made here already has its permit."""
    return _permit.get() is not None


class RateLimiter(BaseRequestMiddleware):
    """A request middleware for the bot's session; one for each bot. `among`: how many processes send for this bot now;
    they share the limit of all chats.
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
        self._all_chats_limiter = ChatLimiter(ALL_CHATS)

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Wait for room (or drop progress), send, and wait as long as Telegram demands.

        With a permit of `permitted` it does not wait: it raises a demanded wait, and notes it for other calls.
        """
        chat = getattr(method, "chat_id", None)
        counted = isinstance(method, COUNTED)
        if not counted or chat is None:
            return await self._uncounted(make_request, bot, method, chat)
        limiter = self.limiter(chat)
        permit = _permit.get()
        if permit and permit.covers(limiter):
            return await self._request(make_request, bot, method, limiter)
        while True:
            progress = _progress.get()
            if progress:
                self._take_or_drop(limiter, progress)
            elif not await self.begin(await self._permit(limiter, _cost(limiter, method), ANSWERS_KEY)):
                continue
            try:
                return await self._request(make_request, bot, method, limiter)
            except TelegramRetryAfter as error:
                # Telegram has refused it, so nothing was sent, and sending again is safe.
                if progress:
                    raise DroppedError from error

    async def permit(self, method: TelegramMethod[TelegramType], key: Hashable) -> Permit:
        """Wait until the chat of a sending method takes it; different keys take turns. Nothing shared is held
        meanwhile.

        Then call `begin` and send within `permitted`, or give the permit back.
        """
        chat = getattr(method, "chat_id", None)
        limiter = self.limiter(chat if isinstance(chat, int | str) else 0)
        return await self._permit(limiter, _cost(limiter, method), key)

    async def begin(self, permit: Permit) -> bool:
        """Wait shortly for room in the limit of all chats, and count the messages as sent. False: the permit holds no
        longer."""
        try:
            while (wait := self._all_chats.wait(self.clock(), 1)) > 0:
                await self.sleep(wait)
        except BaseException:
            permit.give_back()
            raise
        now = self.clock()
        if not permit.is_good(now):
            permit.give_back()
            return False
        permit.use(now)
        self._all_chats.take(now, 1)
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
        """Make a call that no limit counts. A wait that Telegram demands for it is obeyed."""
        limiter = self.limiter(f"{type(method).__name__}" if chat is None else chat)
        if isinstance(method, BEST_EFFORT):
            return await self._request(make_request, bot, method, limiter)
        while True:
            # Of a method without a chat, Telegram may have demanded the wait of another call.
            if chat is None and (wait := limiter.muted_until - self.clock()) > 0:
                if wait > MAX_UNCOUNTED_WAIT_SECONDS:
                    raise TelegramRetryAfter(method, "Too Many Requests", math.ceil(wait))
                await self.sleep(wait)
            try:
                return await self._request(make_request, bot, method, limiter)
            except TelegramRetryAfter as error:
                if error.retry_after > MAX_UNCOUNTED_WAIT_SECONDS:
                    raise
                await self.sleep(error.retry_after)

    async def _request(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        limiter: ChatLimiter,
    ) -> Response[TelegramType]:
        """Raises `TelegramRetryAfter` wherever Telegram demands a wait: some other refusals contain one, too."""
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as error:
            limiter.mute(self.clock() + min(error.retry_after, MAX_MUTE_SECONDS))
            raise
        except TelegramBadRequest as error:
            if (demanded := _DEMANDED.search(error.message)) is None:
                raise
            seconds = int(demanded[1])
            limiter.mute(self.clock() + min(seconds, MAX_MUTE_SECONDS))
            raise TelegramRetryAfter(method, error.message, seconds) from error

    @property
    def _all_chats(self) -> ChatLimiter:
        limiter, most = self._all_chats_limiter, max(1, ALL_CHATS.most // self._among())
        if limiter.limit.most != most:
            limiter.limit = replace(ALL_CHATS, most=most)
        return limiter

    def has_room_for_progress(self, chat: int, progress: ProgressShare = ONLY_JOB) -> bool:
        """Whether a progress edit would be sent now."""
        return self._has_room(self.limiter(chat), progress)

    def _has_room(self, limiter: ChatLimiter, progress: ProgressShare) -> bool:
        now, in_all_chats = self.clock(), replace(progress, share=progress.share * ALL_CHATS_FACTOR)
        return limiter.has_room_for_progress(now, progress) and self._all_chats.has_room_for_progress(now, in_all_chats)

    def _take_or_drop(self, limiter: ChatLimiter, progress: ProgressShare) -> None:
        if not self._has_room(limiter, progress):
            raise DroppedError
        now = self.clock()
        limiter.progress_at = now
        limiter.take(now, 1)
        self._all_chats.take(now, 1)

    async def _permit(self, limiter: ChatLimiter, cost: int, key: Hashable) -> Permit:
        now = self.clock()
        if key == ANSWERS_KEY and limiter.wait(now, cost) == 0 and limiter.lets_answers_pass(now):
            return Permit(limiter, cost, is_answer=True)
        async with limiter.queue.slot(key):
            while (wait := limiter.wait(self.clock(), cost)) > 0:
                if math.isfinite(wait):
                    await self.sleep(wait)
                else:
                    limiter.freed.clear()
                    await limiter.freed.wait()
            return Permit(limiter, cost)

    def limiter(self, chat: int | str) -> ChatLimiter:
        """The limiter of a chat."""
        if (limiter := self.limiters.get(chat)) is None:
            if len(self.limiters) >= CHATS_REMEMBERED:
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
