"""The rate limiter: deliveries go first, progress is dropped rather than queued, Telegram's `retry_after` is obeyed.

Telegram allows about one send or edit a second in a private chat, twenty a minute in a group and thirty a second in all
chats (in the latter two the items of an album count one by one). After too many edits it refuses everything for
minutes, results included. At the limit of all chats first reactions and deliveries share the room, and progress gets
none: see `all_chats`.
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

from bot.telegram.all_chats import DELIVERY_PATIENCE_SECONDS, AllChats
from bot.telegram.chat_limiter import ONLY_JOB, Ask, ChatLimiter, Limit, Permit, ProgressShare, inline_key, limit_of
from bot.telegram.withdrawal import waiting

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
        self._all_chats = AllChats(self._limit_of_all_chats, self._now, self._pause)

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Wait for room (or drop progress), send, and wait as long as Telegram demands.

        With a permit of `permitted` it does not wait: it raises a demanded wait, and notes it for other calls.
        """
        chat = getattr(method, "chat_id", None) or inline_key(getattr(method, "inline_message_id", None))
        counted = isinstance(method, COUNTED)
        if not counted or chat is None:
            return await self._uncounted(make_request, bot, method, chat)
        limiter = self.limiter(chat)
        permit = _permit.get()
        if permit and permit.use(limiter, self.clock()):
            return await self._request(make_request, bot, method, limiter)
        while True:
            progress = _progress.get()
            if progress:
                self._take_or_drop(limiter, progress)
            else:
                ask = Ask(_messages(method), ANSWERS_KEY, self.clock())
                with waiting():
                    permit = await self._permit(limiter, ask)
                    begun = await self.begin(permit)
                if not begun or not permit.use(limiter, self.clock()):
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
        return await self._permit(limiter, Ask(_messages(method), key, self.clock() + DELIVERY_PATIENCE_SECONDS))

    async def begin(self, permit: Permit) -> bool:
        """Wait for room in the limit of all chats; the call counts as sent when it leaves. False: the permit does not
        hold any more."""
        try:
            await self._all_chats.reserve(permit)
        except BaseException:
            permit.give_back()
            raise
        permit.is_begun = permit.is_good(self.clock())
        if not permit.is_begun:
            permit.give_back()
        return permit.is_begun

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

    def _now(self) -> float:
        return self.clock()

    async def _pause(self, seconds: float) -> None:
        await self.sleep(seconds)

    def _limit_of_all_chats(self) -> Limit:
        return replace(ALL_CHATS, most=max(1, ALL_CHATS.most // self._among()))

    def has_room_for_progress(self, chat: int, progress: ProgressShare = ONLY_JOB) -> bool:
        """Whether a progress edit would be sent now."""
        return self._has_room(self.limiter(chat), progress)

    def _has_room(self, limiter: ChatLimiter, progress: ProgressShare) -> bool:
        here = limiter.has_room_for_progress(self.clock(), progress)
        return here and self._all_chats.has_room_for_progress(progress)

    def _take_or_drop(self, limiter: ChatLimiter, progress: ProgressShare) -> None:
        if not self._has_room(limiter, progress):
            raise DroppedError
        now = self.clock()
        limiter.progress_at = now
        limiter.take(now, 1)
        self._all_chats.take_for_progress()

    async def _permit(self, limiter: ChatLimiter, ask: Ask) -> Permit:
        now = self.clock()
        cost = ask.messages if limiter.counts_items else 1
        if ask.key == ANSWERS_KEY and limiter.wait(now, cost) == 0 and limiter.lets_answers_pass(now):
            return Permit(limiter, cost, ask, is_answer=True)
        async with limiter.queue.slot(ask.key):
            while (wait := limiter.wait(self.clock(), cost)) > 0:
                if math.isfinite(wait):
                    await self.sleep(wait)
                else:
                    limiter.freed.clear()
                    await limiter.freed.wait()
            return Permit(limiter, cost, ask)

    def limiter(self, chat: int | str) -> ChatLimiter:
        """The limiter of a chat."""
        if (limiter := self.limiters.get(chat)) is None:
            if len(self.limiters) >= CHATS_REMEMBERED:
                self._forget_quiet(self.clock())
            limiter = self.limiters[chat] = ChatLimiter(limit_of(chat))
        return limiter

    def _forget_quiet(self, now: float) -> None:
        for chat, limiter in list(self.limiters.items()):
            if limiter.is_quiet(now):
                del self.limiters[chat]


def _messages(method: TelegramMethod[TelegramType]) -> int:
    """How many messages a call sends."""
    return len(method.media) if isinstance(method, SendMediaGroup) else 1
