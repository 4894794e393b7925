"""One job's status message: where it is, its text, and how it is edited."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto

from bot.jobs.ports import Progress
from bot.telegram.status_queue import is_due
from bot.telegram.telegram_errors import is_unchanged
from bot.telegram.withdrawal import Withdrawal
from storage.records import Job

DRAFT_SECONDS = 20.0
"""Telegram shows a draft for half a minute; it is renewed before that."""
NO_TEXT = "no text in the message"
"""Telegram's error text when the message to edit is a picture."""


@dataclass(slots=True)
class StatusBoard:
    """The state of one job's status message. `chat_id`: its chat, perhaps the old id of a group that has moved;
    `sent_at`: when this process sent it, if it did; `shown`: the progress that it shows as `text` since `shown_since`;
    `preview`: the unfinished picture that was put into it or refused; `is_photo`: the preview made it a photo;
    `edited_at`: the change of the request that it shows; `first`: withdraws its first text, if that is not sent yet;
    `as_draft`: progress is a draft, which is no message; None: not known yet."""

    chat_id: int
    message_id: int | None
    sent_at: float | None = None
    as_draft: bool | None = None
    shown: Progress | None = None
    shown_since: float = 0.0
    text: str = ""
    preview: bytes | None = None
    is_photo: bool = False
    edited_at: float | None = None
    first: Withdrawal = field(default_factory=Withdrawal)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    closed: bool = False

    def id_in(self, chat_id: int) -> int | None:
        """The message's id, if it is in this chat."""
        return self.message_id if self.chat_id == chat_id else None

    def unseen(self, preview: bytes | None) -> bytes | None:
        """The unfinished picture to put into the message, unless it is there already."""
        return None if preview is self.preview else preview

    def is_fading(self, now: float) -> bool:
        """Whether it is a draft that vanishes soon."""
        return self.as_draft is True and now > self.shown_since + DRAFT_SECONDS

    def is_due(self, job: Job, progress: Progress, now: float) -> bool:
        """Whether it is time to show this progress."""
        if job.edited_at != self.edited_at or self.unseen(progress.preview) or self.is_fading(now):
            return True
        return is_due(self.shown, now - self.shown_since, progress)

    async def edit(
        self, bot: Bot, text: str, buttons: InlineKeyboardMarkup | None, preview: bytes | None = None
    ) -> None:
        """Change the message's text, or the caption of its picture. Raises aiogram's errors."""
        where: dict[str, Any] = {"chat_id": self.chat_id, "message_id": self.message_id, "reply_markup": buttons}
        if preview is not None:
            media = InputMediaPhoto(media=BufferedInputFile(preview, "preview.png"), caption=text)
            await bot.edit_message_media(media, **where)
            self.is_photo = True
        elif self.is_photo:
            await bot.edit_message_caption(caption=text, **where)
        else:
            await bot.edit_message_text(text, **where)

    async def end(self, bot: Bot, text: str, buttons: InlineKeyboardMarkup) -> bool:
        """Put the final text into the message. False: it is gone. Raises aiogram's errors."""
        try:
            await self.edit(bot, text, buttons)
        except TelegramBadRequest as error:
            if NO_TEXT in error.message:
                # Another process has turned it into a picture.
                self.is_photo = True
                return await self.end(bot, text, buttons)
            return is_unchanged(error)
        return True
