"""The messages of inline mode that show jobs, in chats of which nothing is known: progress, ends and pictures.

Telegram edits such a message by its `inline_message_id`, and takes no uploads there: a picture must have a file id. It
answers an edit with True, so that nothing is learned of the chat.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import EditMessageCaption, EditMessageMedia, EditMessageText, TelegramMethod
from aiogram.types import InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto

from bot.background import Background
from bot.jobs.ports import Phase, Progress, Undelivered
from bot.log_subject import Subject
from bot.telegram.delivery import UNREACHED
from bot.telegram.formatting import cut
from bot.telegram.i18n import Languages
from bot.telegram.inline_buttons import under_picture, while_drawing
from bot.telegram.progress_text import words
from bot.telegram.rate_limiter import DroppedError, as_progress
from bot.telegram.status_board import NO_TEXT
from bot.telegram.status_queue import is_due
from bot.telegram.telegram_errors import is_unchanged
from storage.records import Job

log = logging.getLogger(__name__)

RETRY_DELAYS = (1.0, 5.0, 20.0)
"""Seconds before an edit is repeated, which is harmless. Only then the whole delivery is, with the words below an album
that has arrived."""
QUOTED_LENGTH = 300
"""Of the words above the progress; the caption of the picture has all of them."""


def with_words(prompt: str, text: str) -> str:
    """A text for a message of inline mode, HTML: below the words that are drawn there."""
    return f"<b>{escape(cut(prompt, QUOTED_LENGTH), quote=False)}</b>\n{text}"


@dataclass(slots=True)
class InlineBoard:
    """The state of one job's message. `shown`: the progress that it shows as `text` since `since`; `is_gone`: Telegram
    does not let the bot change it any more."""

    shown: Progress | None = None
    since: float = 0.0
    text: str = ""
    is_gone: bool = False
    is_closed: bool = False
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class InlineMessages:
    """The messages of the open jobs of this process that are shown in inline mode. `clock`: seconds."""

    def __init__(
        self,
        bot: Bot,
        languages: Languages,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._languages = languages
        self.clock = clock
        self.sleep = sleep
        self.may_show: Callable[[Job], bool] = lambda _job: True
        self._boards: dict[int, InlineBoard] = {}
        self.background = Background()

    async def aclose(self) -> None:
        """Stop; the messages stay as they are."""
        await self.background.aclose()

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress if there is news, or it is time, and there is room: few edits are allowed there."""
        board = self._boards.setdefault(job.id, InlineBoard())
        # The picture comes next; it says more.
        is_over = progress.phase is Phase.DELIVERING and progress.why is None
        if is_over or board.is_gone or board.busy.locked():
            return
        if is_due(board.shown, self.clock() - board.since, progress):
            self.background.spawn(self._paint(job, progress, board), f"inline message of job {job.id}", Subject(job.id))

    async def finish(self, job: Job, text: str, buttons: InlineKeyboardMarkup | None) -> bool:
        """Show the final text. False: the message can't be changed any more. Raises `Undelivered`."""
        await self._close(job)
        return await self.tell(job.inline_message_id or "", with_words(job.prompt, text), buttons)

    async def become(
        self, job: Job, media: InputMediaPhoto | InputMediaDocument, buttons: InlineKeyboardMarkup
    ) -> bool:
        """Turn the message into a picture that Telegram has. False: it can't be changed. Raises `Undelivered`."""
        await self._close(job)
        return await self._changed(
            EditMessageMedia(media=media, inline_message_id=job.inline_message_id, reply_markup=buttons)
        )

    async def tell(self, inline_message_id: str, text: str, buttons: InlineKeyboardMarkup | None = None) -> bool:
        """Replace the text of a message. False: it can't be changed any more. Raises `Undelivered`."""
        as_text = EditMessageText(text=text, inline_message_id=inline_message_id, reply_markup=buttons)
        try:
            return await self._changed(as_text, raises=NO_TEXT)
        except TelegramBadRequest:
            # It is a picture already: its job was taken up once more.
            as_caption = EditMessageCaption(caption=text, inline_message_id=inline_message_id, reply_markup=buttons)
            return await self._changed(as_caption)

    async def _changed(self, method: TelegramMethod[Any], *, raises: str = "\0") -> bool:
        for delay in RETRY_DELAYS:
            with suppress(Undelivered):
                return await self._changed_once(method, raises)
            await self.sleep(delay)
        return await self._changed_once(method, raises)

    async def _changed_once(self, method: TelegramMethod[Any], raises: str) -> bool:
        try:
            await self._bot(method)
        except (TelegramNetworkError, TelegramServerError) as error:
            raise Undelivered(error.message, UNREACHED) from error
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            if raises in error.message:
                raise
            if isinstance(error, TelegramBadRequest) and is_unchanged(error):
                return True
            log.info("changing a message of inline mode failed (%s); it stays as it is", error.message)
            return False
        return True

    async def _close(self, job: Job) -> None:
        """Show no more progress of this job; an edit under way comes first."""
        board = self._boards.pop(job.id, None)
        if board is not None:
            board.is_closed = True
            async with board.busy:
                return

    async def _paint(self, job: Job, progress: Progress, board: InlineBoard) -> None:
        async with board.busy:
            # While this process hung, another may have taken its work.
            if board.is_closed or not self.may_show(job):
                return
            with self._languages.speaking(job.language):
                text = with_words(job.prompt, words(progress))
                # A delivery can't be cancelled.
                buttons = under_picture(job) if progress.phase is Phase.DELIVERING else while_drawing(job)
            try:
                if text != board.text:
                    async with as_progress():
                        await self._edit(job, text, buttons)
            except (TelegramAPIError, DroppedError) as error:
                log.debug("showing progress of job %d failed (%r); the next edit replaces it", job.id, error)
                refused = isinstance(error, TelegramBadRequest | TelegramForbiddenError)
                board.is_gone = refused and not (isinstance(error, TelegramBadRequest) and is_unchanged(error))
                if not refused:
                    return
            board.text, board.shown, board.since = text, progress, self.clock()

    async def _edit(self, job: Job, text: str, buttons: InlineKeyboardMarkup | None) -> None:
        await self._bot.edit_message_text(text, inline_message_id=job.inline_message_id, reply_markup=buttons)
