"""The status message: one for each job, sent at once, edited as there is room, and in the end turned into buttons."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.background import Background
from bot.jobs.stage import Phase, Progress
from bot.telegram.buttons import while_waiting
from bot.telegram.flood import Dropped, FloodControl, as_progress
from bot.telegram.groups import Moved
from bot.telegram.language import Languages
from bot.telegram.refusals import is_unchanged
from bot.telegram.wording import bar, duration, say
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

# Telegram shows a draft for half a minute.
DRAFT_SECONDS = 20.0
UNBEGUN = (Phase.PREPARING, Phase.WAITING, Phase.PAUSED)


@dataclass(slots=True)
class _Board:
    """What is known of one job's status message. `chat_id`: where it stands, which may not be where the group is now;
    `text`: what it says now; `preview`: the unfinished picture that was put into it, or was refused; `is_photo`: it has
    become one by that; `as_draft`: progress is a draft, which is no message, shown last at `drafted_at`; None: not
    known yet."""

    chat_id: int
    message_id: int | None
    as_draft: bool | None = None
    drafted_at: float = 0.0
    text: str = ""
    preview: bytes | None = None
    is_photo: bool = False
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    closed: bool = False

    def id_in(self, chat_id: int) -> int | None:
        """The message, if it stands in this chat."""
        return self.message_id if self.chat_id == chat_id else None


class StatusMessages:
    """The status messages of all open jobs of this process."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        languages: Languages,
        flood: FloodControl,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._store = store
        self._languages = languages
        self._flood = flood
        self._boards: dict[int, _Board] = {}
        # For each chat the jobs whose words have changed, those that have waited longest for room first.
        self._lines: dict[int, dict[int, None]] = {}
        self._background = Background()

    async def aclose(self) -> None:
        """Leave the messages as they are."""
        await self._background.aclose()

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress: the first time by a message, then by edits when the words changed and there is room.

        No message is sent to say that the pictures are being sent: those come next, or have come before a crash.
        """
        board = self._boards.setdefault(job.id, _Board(job.chat_id, job.status_id))
        with self._languages.speaking(job.language):
            text = words(progress)
            if job.edited_at and progress.phase in UNBEGUN:
                text = "\n".join([_("✏️ Changed."), text])
            # What is being sent can't be cancelled any more.
            buttons = None if progress.phase is Phase.DELIVERING else while_waiting(job)
        if board.closed or board.busy.locked():
            return
        news = progress.preview if progress.preview is not board.preview else None
        # A draft vanishes where nothing new is said for a while.
        is_fading = board.as_draft is True and self._clock() > board.drafted_at + DRAFT_SECONDS
        is_known = text == board.text and news is None and not is_fading
        if is_known or (board.message_id is None and progress.phase is Phase.DELIVERING):
            self._leave_line(job)
        elif board.message_id is None or self._is_its_turn(job):
            self._background.spawn(self._paint(job, board, text, buttons, news), f"status of job {job.id}")
        elif progress.phase is Phase.DELIVERING:
            # This is said once: nobody must wait behind a job that doesn't come again.
            self._leave_line(job)

    def _is_its_turn(self, job: Job) -> bool:
        """The jobs of a chat stand in line for its room; who always found some would leave none to the others."""
        line = self._lines.setdefault(job.chat_id, {})
        line.setdefault(job.id)
        return next(iter(line)) == job.id and self._flood.has_room_for_progress(job.chat_id)

    def _leave_line(self, job: Job) -> None:
        line = self._lines.get(job.chat_id, {})
        line.pop(job.id, None)
        if not line:
            self._lines.pop(job.chat_id, None)

    async def finish(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> None:
        """The last words under a job; a message that is gone is sent anew. Raises aiogram's errors."""
        board = await self.close(job)
        if board.message_id is not None and await self._ended_as(job, board, text, buttons):
            return
        await self._send(job, board, text, buttons)

    async def change(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> bool:
        """Put other last words into the message of a job. False: there is none, or it can't be changed."""
        board = await self.close(job)
        try:
            return board.message_id is not None and await self._ended_as(job, board, text, buttons)
        except TelegramAPIError as error:
            log.info("the status message of job %d stays as it is: %s", job.id, error.message)
            return False

    async def move_below(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> None:
        """The last words under an album: a new message below it, in place of the one above."""
        board = await self.close(job)
        above = board.id_in(job.chat_id)
        await self._send(job, board, text, buttons, reply=False)
        if above is not None:
            await self.take_away(job, above)

    async def take_away(self, job: Job, message_id: int) -> None:
        """Delete a status message in whose place another one stands; it may be gone already."""
        with suppress(TelegramAPIError):
            await self._bot.delete_message(job.chat_id, message_id)

    async def close(self, job: Job) -> "_Board":
        """No more progress is shown for this job. Returns its board, with the message's id if there is one."""
        self._leave_line(job)
        board = self._boards.pop(job.id, None) or await self._stored(job)
        board.closed = True
        async with board.busy:
            return board

    async def _stored(self, job: Job) -> _Board:
        latest = await self._store.jobs.get(job.id)
        return _Board(latest.chat_id, latest.status_id) if latest else _Board(job.chat_id, None)

    async def _paint(
        self, job: Job, board: _Board, text: str, buttons: InlineKeyboardMarkup | None, preview: bytes | None
    ) -> None:
        async with board.busy:
            if board.closed:
                return
            try:
                if await self._goes_as_draft(job, board):
                    async with as_progress():
                        await self._bot.send_message_draft(job.chat_id, job.id, job.thread_id, text)
                    board.drafted_at = self._clock()
                elif board.message_id is None:
                    await self._send(job, board, text, buttons)
                else:
                    async with as_progress():
                        await self._edit(board, text, buttons, preview)
            except (TelegramAPIError, Dropped) as error:
                # Progress is a courtesy: the next one comes soon.
                log.debug("progress of job %d was not shown: %r", job.id, error)
                if isinstance(error, Moved):
                    # It comes anew where the group is now.
                    board.message_id, board.is_photo = None, False
                    return
                # The same words may find room then; what Telegram refuses it would refuse again.
                if not isinstance(error, TelegramBadRequest):
                    return
            board.text, board.preview = text, preview or board.preview
            self._leave_line(job)

    async def _goes_as_draft(self, job: Job, board: _Board) -> bool:
        """Whether this person wants progress as a draft, where there can be one: in private, and no message yet."""
        if board.as_draft is None:
            is_private = job.chat_id == job.user_id
            wishes = await self._store.people.preferences(job.user_id) if is_private else None
            board.as_draft = board.message_id is None and wishes is not None and wishes.drafts
        return board.as_draft

    async def _send(
        self, job: Job, board: _Board, text: str, buttons: InlineKeyboardMarkup | None, *, reply: bool = True
    ) -> None:
        to_prompt = ReplyParameters(message_id=job.message_id, allow_sending_without_reply=True)
        message = await self._bot.send_message(
            job.chat_id,
            text,
            message_thread_id=job.thread_id,
            reply_parameters=to_prompt if reply else None,
            reply_markup=buttons,
        )
        board.chat_id, board.message_id = message.chat.id, message.message_id
        await self._store.jobs.shown_at(job.id, message.message_id)

    async def _edit(
        self, board: _Board, text: str, buttons: InlineKeyboardMarkup | None, preview: bytes | None = None
    ) -> None:
        where: dict[str, Any] = {"chat_id": board.chat_id, "message_id": board.message_id, "reply_markup": buttons}
        if preview is not None:
            media = InputMediaPhoto(media=BufferedInputFile(preview, "preview.png"), caption=text)
            await self._bot.edit_message_media(media, **where)
            board.is_photo = True
        elif board.is_photo:
            await self._bot.edit_message_caption(caption=text, **where)
        else:
            await self._bot.edit_message_text(text, **where)

    async def _ended_as(self, job: Job, board: _Board, text: str, buttons: InlineKeyboardMarkup) -> bool:
        """False: the message is gone."""
        try:
            await self._edit(board, text, buttons)
        except TelegramBadRequest as error:
            if "no text in the message" in error.message:
                # It became a picture before this process came.
                board.is_photo = True
                return await self._ended_as(job, board, text, buttons)
            return is_unchanged(error)
        return True


def words(progress: Progress) -> str:
    """Progress in words, in the language at hand."""
    match progress.phase:
        case Phase.PREPARING:
            return _("👀 Got it. Getting ready…")
        case Phase.WAITING:
            return _waiting(progress)
        case Phase.PAUSED:
            return _paused(progress)
        case Phase.WORKING:
            return _working(progress)
        case Phase.DELIVERING:
            return _("📤 Done! Sending…")


def _waiting(progress: Progress) -> str:
    if progress.place is None or progress.place <= 1:
        text = _("⏳ You are next.")
    else:
        text = _("⏳ Number {place} in the queue.").format(place=progress.place)
    return text if progress.left is None else f"{text}\n{_about(progress.left)}"


def _paused(progress: Progress) -> str:
    why = say(progress.why) if progress.why else ""
    return "\n".join(["⏸ " + why, _("Your request waits and goes on by itself.")])


def _working(progress: Progress) -> str:
    text = _("🎨 Drawing…")
    if progress.total > 1:
        text = _("🎨 Drawing… {done} of {total} ready").format(done=progress.done, total=progress.total)
    if progress.fraction is None:
        return f"{text}\n{duration(progress.elapsed)}" if progress.elapsed >= 1 else text
    left = "" if progress.left is None else f"  {_about(progress.left)}"
    return f"{text}\n{bar(progress.fraction)}{left}"


def _about(seconds: float) -> str:
    return _("about {time} left").format(time=duration(seconds))
