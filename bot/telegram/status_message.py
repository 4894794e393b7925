"""The status message: one for each job, sent at once, edited as there is room, and in the end turned into buttons."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.background import Background
from bot.jobs.stage import Phase, Progress
from bot.telegram.chat_migration import ChatMigratedError
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import while_waiting
from bot.telegram.newest_messages import NewestMessages
from bot.telegram.progress_text import words
from bot.telegram.rate_limiter import DroppedError, RateLimiter, as_progress
from bot.telegram.replying import in_reply_to
from bot.telegram.status_board import NO_TEXT, StatusBoard
from bot.telegram.status_queue import Lines, Pending
from bot.telegram.telegram_errors import is_unanswered
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

# Telegram shows a draft for half a minute.
DRAFT_SECONDS = 20.0
DELETE_DELAYS = (5.0, 30.0, 300.0, 1800.0)
"""Seconds between tries to delete a message that is out of date."""
MOST_SENDS = 2
"""How often words are sent when nobody knows whether they have arrived."""
UNBEGUN = (Phase.PREPARING, Phase.WAITING, Phase.PAUSED)


class StatusMessages:
    """The status messages of all open jobs of this process."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        languages: Languages,
        flood: RateLimiter,
        newest: NewestMessages,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._store = store
        self._languages = languages
        self._newest = newest
        self.may_show: Callable[[Job], bool] = lambda _job: True
        # How often each job's words, first and last ones, were sent and no answer was read.
        self._unanswered = Counter[tuple[int, bool]]()
        self._sleep = sleep
        self._boards: dict[int, StatusBoard] = {}
        self._background = Background()
        self._lines = Lines(self._begin, self._is_busy, flood, self._background, clock=clock, sleep=sleep)

    async def aclose(self) -> None:
        """Leave the messages as they are."""
        await self._background.aclose()

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress: the first time by a message, then by edits when the words changed and there is room.

        No message is sent to say that the pictures are being sent: those come next, or have come before a crash.
        """
        board = self._boards.setdefault(job.id, StatusBoard(job.chat_id, job.status_id))
        pending = self._pending(job, progress, board)
        if self._is_told(board, pending):
            self._lines.has_nothing_new(job)
        elif board.message_id is not None or board.as_draft or board.busy.locked() or pending.is_sending:
            self._lines.add(pending)
        else:
            self._lines.has_nothing_new(job)
            self._begin(pending)

    def _pending(self, job: Job, progress: Progress, board: StatusBoard) -> Pending:
        with self._languages.speaking(job.language):
            text = words(progress)
            if job.edited_at and progress.phase in UNBEGUN:
                text = "\n".join([_("✏️ Changed."), text])
            # What is being sent can't be cancelled any more.
            buttons = None if progress.phase is Phase.DELIVERING else while_waiting(job)
        # A draft vanishes where nothing new is said for a while.
        told = None if self._is_fading(board) else board.told
        return Pending(job, progress, text, buttons, told, board.told_at, self._lines.since(job, progress))

    def _is_fading(self, board: StatusBoard) -> bool:
        return board.as_draft is True and self._clock() > board.told_at + DRAFT_SECONDS

    def _is_told(self, board: StatusBoard, pending: Pending) -> bool:
        return pending.text == board.text and not board.unseen(pending.progress.preview) and not self._is_fading(board)

    def _begin(self, pending: Pending) -> asyncio.Task[None] | None:
        board = self._boards.get(pending.job.id)
        if board is None or self._is_told(board, pending):
            return None
        return self._background.spawn(self._paint(pending, board), f"status of job {pending.job.id}")

    def _is_busy(self, job_id: int) -> bool:
        board = self._boards.get(job_id)
        return board is not None and board.busy.locked()

    async def finish(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> None:
        """The last words under a job; a message that is gone is sent anew. Raises aiogram's errors."""
        board = await self.close(job)
        if board.message_id is not None and await board.end(self._bot, text, buttons):
            return
        await self._send(job, board, text, buttons, reply_to=job.message_id, is_last=True)

    async def change(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> bool:
        """Put other last words into the message of a job. False: there is none, or it can't be changed."""
        board = await self.close(job)
        try:
            return board.message_id is not None and await board.end(self._bot, text, buttons)
        except TelegramAPIError as error:
            log.info("the status message of job %d stays as it is: %s", job.id, error.message)
            return False

    def is_fresh(self, board: StatusBoard, seconds: float) -> bool:
        """Whether a message was sent within so many seconds and nothing stands below it, as far as is known here."""
        if board.message_id is None or board.sent_at is None:
            return False
        is_young = self._clock() - board.sent_at <= seconds
        return is_young and self._newest.is_newest(board.chat_id, board.message_id)

    async def move_below(self, job: Job, text: str, buttons: InlineKeyboardMarkup, reply_to: int | None) -> None:
        """The last words under an album: a new message in answer to it, in place of the one above."""
        board = await self.close(job)
        above = board.id_in(job.chat_id)
        await self._send(job, board, text, buttons, reply_to=reply_to, is_last=True)
        if above is not None:
            await self.take_away(job, above)

    async def take_away(self, job: Job, message_id: int) -> None:
        """Delete a status message in whose place another one stands; it may be gone already."""
        if not await self._is_taken_away(job, message_id):
            self._background.spawn(self._take_away_later(job, message_id), f"take away the status of job {job.id}")

    async def _take_away_later(self, job: Job, message_id: int) -> None:
        for delay in DELETE_DELAYS:
            await self._sleep(delay)
            if await self._is_taken_away(job, message_id):
                return

    async def _is_taken_away(self, job: Job, message_id: int) -> bool:
        """False: not for now. One that Telegram lets nobody delete any more says that it is over."""
        try:
            await self._bot.delete_message(job.chat_id, message_id)
        except TelegramBadRequest as error:
            if "can't be deleted" in error.message:
                with suppress(TelegramAPIError), self._languages.speaking(job.language):
                    await self._bot.edit_message_text(
                        _("⬇️ Done, see below."), chat_id=job.chat_id, message_id=message_id
                    )
        except (TelegramNetworkError, TelegramServerError, TelegramRetryAfter):
            return False
        except TelegramAPIError as error:
            log.info("the status message of job %d stays: %s", job.id, error.message)
        return True

    async def close(self, job: Job) -> StatusBoard:
        """No more progress is shown for this job. Returns its board, with the message's id if there is one."""
        self._lines.leave(job)
        board = self._boards.pop(job.id, None) or await self._stored(job)
        board.closed = True
        async with board.busy:
            return board

    async def _stored(self, job: Job) -> StatusBoard:
        latest = await self._store.jobs.get(job.id)
        return StatusBoard(latest.chat_id, latest.status_id) if latest else StatusBoard(job.chat_id, None)

    async def _paint(self, pending: Pending, board: StatusBoard) -> None:
        job = pending.job
        async with board.busy:
            # A process that hung, or waited for room, may find that others have its work.
            if board.closed or not self.may_show(job):
                return
            try:
                if not await self._painted(pending, board):
                    return
            except (TelegramAPIError, DroppedError) as error:
                # Progress is a courtesy: the next one comes soon.
                log.debug("progress of job %d was not shown: %r", job.id, error)
                if isinstance(error, DroppedError):
                    # Nor is there room for the others of this chat.
                    self._lines.clear(job.chat_id)
                if isinstance(error, ChatMigratedError):
                    # It comes anew where the group is now.
                    board.message_id, board.is_photo = None, False
                    return
                if NO_TEXT in str(error):
                    # It became a picture before this process came.
                    board.is_photo = True
                    return
                # The same words may find room then; what Telegram refuses it would refuse again.
                if not isinstance(error, TelegramBadRequest):
                    return
            board.text, board.told, board.told_at = pending.text, pending.progress, self._clock()
            board.preview = pending.progress.preview or board.preview

    async def _painted(self, pending: Pending, board: StatusBoard) -> bool:
        """False: there is no message to say it in. Raises aiogram's errors, or `DroppedError`."""
        job, text = pending.job, pending.text
        if await self._goes_as_draft(job, board):
            async with as_progress(self._lines.progress_share(pending)):
                await self._bot.send_message_draft(job.chat_id, job.id, job.thread_id, text)
            return True
        if board.message_id is None and pending.is_sending:
            board.message_id = (await self._stored(job)).id_in(board.chat_id)
            if board.message_id is None:
                return False
        if board.message_id is None:
            await self._send(job, board, text, pending.buttons, reply_to=job.message_id, is_last=False)
        else:
            async with as_progress(self._lines.progress_share(pending)):
                await board.edit(self._bot, text, pending.buttons, board.unseen(pending.progress.preview))
        return True

    async def _goes_as_draft(self, job: Job, board: StatusBoard) -> bool:
        """Whether this person wants progress as a draft, where there can be one: in private, and no message yet."""
        if board.as_draft is None:
            is_private = job.chat_id == job.user_id
            preferences = await self._store.users.preferences(job.user_id) if is_private else None
            board.as_draft = board.message_id is None and preferences is not None and preferences.drafts
        return board.as_draft

    async def _send(
        self,
        job: Job,
        board: StatusBoard,
        text: str,
        buttons: InlineKeyboardMarkup | None,
        *,
        reply_to: int | None,
        is_last: bool,
    ) -> None:
        """Nothing is sent once it is known that the answers of such sends get lost: they have most likely arrived."""
        which = (job.id, is_last)
        if self._unanswered[which] >= MOST_SENDS:
            return
        try:
            message = await self._bot.send_message(
                job.chat_id,
                text,
                message_thread_id=job.thread_id,
                reply_parameters=in_reply_to(reply_to),
                reply_markup=buttons,
            )
        except TelegramAPIError as error:
            if is_unanswered(error):
                self._unanswered[which] += 1
            raise
        self._unanswered.pop(which, None)
        board.chat_id, board.message_id = message.chat.id, message.message_id
        board.sent_at = self._clock()
        await self._store.jobs.shown_at(job.id, message.message_id)
