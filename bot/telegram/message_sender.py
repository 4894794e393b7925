"""Sending messages with files: a slow or limited chat delays no other, and only a job's owner sends its pictures.

The order is always the same: first the chat's permit, then a shared upload slot, then the check whether it may still
be sent, then the bytes. No upload slot is held while a chat has to wait. A send that begins again, after
a wait or without a topic that is gone, begins with the chat's permit.
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
from bot.log_subject import present
from bot.telegram.missing_targets import without_missing_target
from bot.telegram.rate_limiter import DroppedError, RateLimiter, permitted
from bot.telegram.spooled_file import SpooledFile
from bot.telegram.telegram_errors import is_unanswered

UPLOADS_AT_ONCE = 6
SLOW_AFTER_SECONDS = 2.0
"""An upload that takes longer gives its slot to others and goes on in a slot for slow ones."""
SLOW_UPLOADS = 90
"""Including requests that are uploaded and wait for their answer: each has a connection."""
READY_AT_ONCE, MORE_READY = 6, 18
"""How many sends of one chat hold their files ready, and how many more when these take longer."""
# The time limit of an upload: a fixed part, because Telegram may answer late, and a slow line's time for each byte.
BASE_SECONDS, BYTES_PER_SECOND = 120, 50_000
ACTION_AFTER_SECONDS, ACTION_EVERY_SECONDS = 0.5, 4.5
"""A quick send needs no "sending a photo…"; Telegram shows one for five seconds."""


class UnansweredError(Exception):
    """Telegram has probably sent the message, but its answer was lost: do not simply send it again."""


class Attempt(Protocol):
    """Records a send. Its methods are called for each request that is really made."""

    async def begin(self) -> None:
        """Called right before the request, which is not made if this raises."""

    async def refused(self) -> None:
        """Called when Telegram has refused the request: nothing was sent."""


class UnrecordedAttempt:
    """An attempt that records nothing."""

    async def begin(self) -> None:
        """See `Attempt`."""

    async def refused(self) -> None:
        """See `Attempt`."""


UNRECORDED = UnrecordedAttempt()


class Sender:
    """Sends messages with files. Close it with `aclose`."""

    def __init__(self, bot: Bot, limiter: RateLimiter) -> None:
        self._bot = bot
        self._limiter = limiter
        self._slots = FairSlots(UPLOADS_AT_ONCE, slow_after=SLOW_AFTER_SECONDS, slow_most=SLOW_UPLOADS)
        self._ready: dict[int, FairSlots] = {}
        self._background = Background()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return self._slots.is_idle

    @asynccontextmanager
    async def ready_slot(self, chat: int, person: int) -> AsyncIterator[None]:
        """Wait until files for this chat may be fetched: the chat takes messages, and not too many files are ready
        already."""
        ready = self._ready.setdefault(
            chat, FairSlots(READY_AT_ONCE, slow_after=SLOW_AFTER_SECONDS, slow_most=MORE_READY)
        )
        try:
            async with ready.slot(person):
                await self._limiter.unmuted(chat)
                yield
        finally:
            if ready.is_idle:
                self._ready.pop(chat, None)

    async def send(
        self,
        method: TelegramMethod[TelegramType],
        *,
        person: int,
        files: Sequence[SpooledFile] = (),
        attempt: Attempt = UNRECORDED,
    ) -> TelegramType:
        """Send. People (`person`: any key of theirs) take turns. `files`: the method's files that have to be uploaded.

        Raises `UnansweredError`, the errors of `attempt`, and aiogram's errors except `TelegramRetryAfter`: it waits
        and sends again.
        """
        while True:
            permit = await self._limiter.permit(method, person)
            try:
                async with self._slots.slot(person) as slot:
                    # Telegram may have demanded a wait meanwhile.
                    if await self._limiter.begin(permit):
                        await attempt.begin()
                        with permitted(permit), suppress(TelegramRetryAfter):
                            return await self._sent(method, files, slot, attempt)
            except TelegramBadRequest as error:
                rest = without_missing_target(method, error)
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
        left = _LeavingFiles(files, slot)
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
        """Show the chat "sending a photo…" if the send takes a moment."""
        action = self._background.spawn(self._act(method), "chat action", present())
        try:
            yield
        finally:
            action.cancel()

    async def _act(self, method: TelegramMethod[TelegramType]) -> None:
        chat = getattr(method, "chat_id", None)
        thread = getattr(method, "message_thread_id", None)
        await asyncio.sleep(ACTION_AFTER_SECONDS)
        while isinstance(chat, int) and not self._limiter.is_muted(chat):
            with suppress(TelegramAPIError, DroppedError):
                await self._bot(SendChatAction(chat_id=chat, action="upload_photo", message_thread_id=thread))
            await asyncio.sleep(ACTION_EVERY_SECONDS)


class _LeavingFiles:
    """Counts a request's files that are still being uploaded. After the last one the quick slot is freed: only the
    answer is still to come."""

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
