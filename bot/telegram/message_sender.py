"""Sending messages with files so that nobody waits for another's trouble, and nothing is sent by who may not.

The order is always the same: first the chat's permission, then a shared place for the bytes, then the question whether
it may still be sent, then the bytes. While a chat demands a wait, no shared place is held for it. Whatever has to begin
again, for a wait or without a topic that is gone, begins with the chat's permission.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramRetryAfter
from aiogram.methods import SendChatAction, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.background import Background
from bot.fair_slots import FairSlots, Slot
from bot.telegram.missing_targets import without_lost_target
from bot.telegram.rate_limiter import DroppedError, RateLimiter, permitted
from bot.telegram.spooled_file import SpooledFile
from bot.telegram.telegram_errors import is_unanswered

UPLOADS_AT_ONCE = 6
SLOW_AFTER = 2.0
"""Seconds after which an upload leaves its place to others and goes on in the lane of the slow ones."""
SLOW_UPLOADS = 90
"""With those that have left and wait for their answer: each has a connection."""
READY_AT_ONCE, MORE_READY = 6, 18
"""Of one chat: how many hold their files ready to be sent, and how many more when these take longer."""
# An upload may take a start, in which Telegram may answer late, and a slow line's seconds for each byte.
BASE_SECONDS, BYTES_PER_SECOND = 120, 50_000
ACTION_AFTER, ACTION_EVERY = 0.5, 4.5
"""Seconds: a send that is quick needs no "sending a photo…", and Telegram shows one for five seconds."""


class UnansweredError(Exception):
    """Telegram has probably sent it, and the answer was lost: it must not simply be sent again."""


class Attempt(Protocol):
    """What is written down of a send. Its methods are called for each time that something is really sent."""

    async def begin(self) -> None:
        """It is sent now, unless this raises."""

    async def refused(self) -> None:
        """Telegram has refused it: nothing was sent."""


class Untold:
    """An attempt of which nothing is written down."""

    async def begin(self) -> None:
        """See `Attempt`."""

    async def refused(self) -> None:
        """See `Attempt`."""


UNTOLD = Untold()


class Sender:
    """Sends what has files. Give it back with `aclose`."""

    def __init__(self, bot: Bot, flood: RateLimiter) -> None:
        self._bot = bot
        self._flood = flood
        self._slots = FairSlots(UPLOADS_AT_ONCE, slow_after=SLOW_AFTER, slow_most=SLOW_UPLOADS)
        self._rooms: dict[int, FairSlots] = {}
        self._background = Background()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return self._slots.is_idle

    @asynccontextmanager
    async def room(self, chat: int, person: int) -> AsyncIterator[None]:
        """Wait until files for this chat may lie ready: it takes messages, and not too many are ready already."""
        room = self._rooms.setdefault(chat, FairSlots(READY_AT_ONCE, slow_after=SLOW_AFTER, slow_most=MORE_READY))
        try:
            async with room.slot(person):
                await self._flood.unmuted(chat)
                yield
        finally:
            if room.is_idle:
                self._rooms.pop(chat, None)

    async def send(
        self,
        method: TelegramMethod[TelegramType],
        *,
        person: int,
        files: Sequence[SpooledFile] = (),
        attempt: Attempt = UNTOLD,
    ) -> TelegramType:
        """Send, in the turn of `person`. `files`: those of the method's files that have to be uploaded.

        Raises `UnansweredError`, what `attempt` raises, and aiogram's errors but `TelegramRetryAfter`, which is
        waited out.
        """
        while True:
            permit = await self._flood.permit(method, person)
            try:
                async with self._slots.slot(person) as slot:
                    # While the slot was waited for, the chat may have been muted.
                    if await self._flood.begin(permit):
                        await attempt.begin()
                        with permitted(permit), suppress(TelegramRetryAfter):
                            return await self._sent(method, files, slot, attempt)
            except TelegramBadRequest as error:
                rest = without_lost_target(method, error)
                if rest is None:
                    raise
                method = rest
            finally:
                permit.give_back()

    async def aclose(self) -> None:
        """Stop."""
        await self._background.aclose()

    async def _sent(
        self, method: TelegramMethod[TelegramType], files: Sequence[SpooledFile], slot: Slot, attempt: Attempt
    ) -> TelegramType:
        left = _Left(files, slot)
        seconds = BASE_SECONDS + sum(file.size for file in files) // BYTES_PER_SECOND
        try:
            async with self._action(method):
                return await self._bot(method, request_timeout=seconds)
        except TelegramAPIError as error:
            if is_unanswered(error, body_left=left.all):
                raise UnansweredError(error.message) from error
            await attempt.refused()
            raise

    @asynccontextmanager
    async def _action(self, method: TelegramMethod[TelegramType]) -> AsyncIterator[None]:
        """The chat sees that a picture is being sent, if that takes a moment."""
        action = self._background.spawn(self._act(method), "chat action")
        try:
            yield
        finally:
            action.cancel()

    async def _act(self, method: TelegramMethod[TelegramType]) -> None:
        chat = getattr(method, "chat_id", None)
        thread = getattr(method, "message_thread_id", None)
        await asyncio.sleep(ACTION_AFTER)
        while isinstance(chat, int) and not self._flood.is_muted(chat):
            with suppress(TelegramAPIError, DroppedError):
                await self._bot(SendChatAction(chat_id=chat, action="upload_photo", message_thread_id=thread))
            await asyncio.sleep(ACTION_EVERY)


class _Left:
    """Whether all files of a request have left. Its quick place is given back then: only the answer is waited for."""

    def __init__(self, files: Sequence[SpooledFile], slot: Slot) -> None:
        self._waiting = len(files)
        self._slot = slot
        for file in files:
            file.on_read = self._one

    @property
    def all(self) -> bool:
        return self._waiting <= 0

    def _one(self) -> None:
        self._waiting -= 1
        if self.all:
            self._slot.step_aside()
