"""The status message: one for each job, sent at once, edited as room allows, with the album's buttons at the end."""

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
from bot.jobs.ports import Phase, Progress
from bot.log_subject import Subject
from bot.telegram.chat_migration import ChatMigratedError
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import while_waiting
from bot.telegram.newest_messages import NewestMessages
from bot.telegram.progress_text import words
from bot.telegram.rate_limiter import DroppedError, RateLimiter, as_progress
from bot.telegram.replying import in_reply_to
from bot.telegram.status_board import NO_TEXT, StatusBoard
from bot.telegram.status_queue import Pending, StatusQueues
from bot.telegram.telegram_errors import is_unanswered
from bot.telegram.withdrawal import Withdrawn
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

DELETE_DELAYS = (5.0, 30.0, 300.0, 1800.0)
"""Seconds before each new try to delete an outdated message."""
MOST_SENDS = 2
"""How often a text is sent when it is not known whether it has arrived."""
NOT_STARTED = (Phase.PREPARING, Phase.WAITING, Phase.PAUSED)


class StatusMessages:
    """The status messages of all open jobs of this process."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        languages: Languages,
        limiter: RateLimiter,
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
        # How often each job's first and last text was sent without reading an answer.
        self._unanswered = Counter[tuple[int, bool]]()
        self._withdrawn = Withdrawn()
        self.sleep = sleep
        self.boards: dict[int, StatusBoard] = {}
        self.background = Background()
        self.queues = StatusQueues(self._begin, self._is_busy, limiter, self.background, clock=clock, sleep=sleep)

    async def aclose(self) -> None:
        """Stop; the messages stay as they are."""
        await self.background.aclose()

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress: first with a message, then with edits when there is news, or it is time, and there is room.

        No message is sent just to say that the pictures are being sent: these come next, or came before a crash.
        """
        board = self.boards.setdefault(job.id, StatusBoard(job.chat_id, job.status_id))
        # A text is made only when it is time: there may be hundreds of jobs.
        pending = self._pending(job, progress, board) if board.is_due(job, progress, self._clock()) else None
        if pending is None or self._is_shown(board, pending):
            self.queues.has_nothing_new(job)
        elif board.message_id is not None or board.as_draft or board.busy.locked() or pending.is_sending:
            self.queues.add(pending)
        else:
            self.queues.has_nothing_new(job)
            self._begin(pending)

    def _pending(self, job: Job, progress: Progress, board: StatusBoard) -> Pending:
        with self._languages.speaking(job.language):
            text = f"⚔️ {words(progress)}" if job.duel_id else words(progress)
            if job.edited_at and progress.phase in NOT_STARTED:
                text = "\n".join([_("✏️ Changed."), text])
        # A draft vanishes unless it is renewed.
        shown = None if board.is_fading(self._clock()) else board.shown
        return Pending(job, progress, text, shown, board.shown_since, self.queues.since(job, progress))

    def _is_shown(self, board: StatusBoard, pending: Pending) -> bool:
        return (
            pending.text == board.text
            and not board.unseen(pending.progress.preview)
            and not board.is_fading(self._clock())
        )

    def _begin(self, pending: Pending) -> asyncio.Task[None] | None:
        board = self.boards.get(pending.job.id)
        if board is None or self._is_shown(board, pending):
            return None
        job_id = pending.job.id
        return self.background.spawn(self._paint(pending, board), f"status of job {job_id}", Subject(job_id))

    def _is_busy(self, job_id: int) -> bool:
        board = self.boards.get(job_id)
        return board is not None and board.busy.locked()

    async def finish(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> None:
        """Show the final text; a message that is gone is sent anew. Raises aiogram's errors."""
        board = await self.close(job)
        if board.message_id is not None and await board.end(self._bot, text, buttons):
            return
        await self._send(job, board, text, buttons, reply_to=job.message_id, is_last=True)

    async def change(self, job: Job, text: str, buttons: InlineKeyboardMarkup) -> bool:
        """Replace the text of a job's message for good. False: there is no message, or it can't be changed."""
        board = await self.close(job)
        try:
            if board.message_id is not None:
                return await board.end(self._bot, text, buttons)
            if job.id in self._withdrawn:
                await self._send(job, board, text, buttons, reply_to=job.message_id, is_last=True)
        except TelegramAPIError as error:
            log.info("changing the status message of job %d failed (%s); it stays as it is", job.id, error.message)
            return False
        return board.message_id is not None

    def is_fresh(self, board: StatusBoard, seconds: float) -> bool:
        """Whether this process sent the message within so many seconds and has seen none below it."""
        if board.message_id is None or board.sent_at is None:
            return False
        is_young = self._clock() - board.sent_at <= seconds
        return is_young and self._newest.is_newest(board.chat_id, board.message_id)

    async def move_below(self, job: Job, text: str, buttons: InlineKeyboardMarkup, reply_to: int | None) -> None:
        """Show the final text below the album: a new message in reply to it replaces the old one above."""
        board = await self.close(job)
        above = board.id_in(job.chat_id)
        await self._send(job, board, text, buttons, reply_to=reply_to, is_last=True)
        if above is not None:
            await self.take_away(job, above)

    async def take_away(self, job: Job, message_id: int) -> None:
        """Delete a status message that another one replaces, or that is gone already. Retries in the background."""
        if not await self._is_taken_away(job, message_id):
            name = f"take away the status of job {job.id}"
            self.background.spawn(self._take_away_later(job, message_id), name, Subject(job.id))

    async def _take_away_later(self, job: Job, message_id: int) -> None:
        for delay in DELETE_DELAYS:
            await self.sleep(delay)
            if await self._is_taken_away(job, message_id):
                return

    async def _is_taken_away(self, job: Job, message_id: int) -> bool:
        """Delete, or edit where Telegram allows no deletion any more. False: try again later."""
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
            log.info("deleting the status message of job %d failed (%s); it stays", job.id, error.message)
        return True

    async def close(self, job: Job) -> StatusBoard:
        """Show no more progress of this job. Returns its board, with the message's id if there is one.

        A first text that still waits for room is withdrawn: the end of the job says more.
        """
        self.queues.leave(job)
        board = self.boards.pop(job.id, None) or await self._stored(job)
        board.closed = True
        if board.first.withdraw():
            self._withdrawn.note(job.id)
        async with board.busy:
            return board

    async def _stored(self, job: Job) -> StatusBoard:
        latest = await self._store.jobs.get(job.id)
        return StatusBoard(latest.chat_id, latest.status_id) if latest else StatusBoard(job.chat_id, None)

    async def _paint(self, pending: Pending, board: StatusBoard) -> None:
        job = pending.job
        async with board.busy:
            # While this process hung or waited for room, another may have taken its work.
            if board.closed or not self.may_show(job):
                return
            try:
                if not await self._painted(pending, board):
                    return
            except (TelegramAPIError, DroppedError) as error:
                # Progress may be lost: the next edit comes soon.
                log.debug("showing progress of job %d failed (%r); the next edit replaces it", job.id, error)
                if isinstance(error, DroppedError):
                    # There is no room for the chat's other jobs either.
                    self.queues.clear(job.chat_id)
                if isinstance(error, ChatMigratedError):
                    # The next progress sends a new message to the new group.
                    board.message_id, board.is_photo = None, False
                    return
                if NO_TEXT in str(error):
                    # Another process has turned it into a picture.
                    board.is_photo = True
                    return
                # Try the same text again, unless Telegram would refuse it again.
                if not isinstance(error, TelegramBadRequest):
                    return
            board.text, board.shown, board.shown_since = pending.text, pending.progress, self._clock()
            board.preview, board.edited_at = pending.progress.preview or board.preview, job.edited_at

    async def _painted(self, pending: Pending, board: StatusBoard) -> bool:
        """Send or edit. False: there is no message to edit. Raises aiogram's errors, or `DroppedError`."""
        job, text = pending.job, pending.text
        if await self._goes_as_draft(job, board):
            async with as_progress(self.queues.progress_share(pending)):
                await self._bot.send_message_draft(
                    job.chat_id, job.id, job.thread_id, text, can_stop=not pending.is_sending
                )
            return True
        if board.message_id is None and pending.is_sending and job.id not in self._withdrawn:
            board.message_id = (await self._stored(job)).id_in(board.chat_id)
            if board.message_id is None:
                return False
        if board.message_id is None:
            with board.first.offered():
                await self._send(job, board, text, self._buttons(pending), reply_to=job.message_id, is_last=False)
        else:
            async with as_progress(self.queues.progress_share(pending)):
                await board.edit(self._bot, text, self._buttons(pending), board.unseen(pending.progress.preview))
        return True

    def _buttons(self, pending: Pending) -> InlineKeyboardMarkup | None:
        """The button that cancels. It is made only for a text that is sent; most ticks send nothing."""
        # A delivery can't be cancelled.
        if pending.is_sending:
            return None
        with self._languages.speaking(pending.job.language):
            return while_waiting(pending.job)

    async def _goes_as_draft(self, job: Job, board: StatusBoard) -> bool:
        """Whether progress is shown as a draft: the person wants it, in a private chat without a message yet."""
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
        """Send, unless the answers of `MOST_SENDS` sends were lost: these have most likely arrived."""
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
        self._withdrawn.forget(job.id)
        board.chat_id, board.message_id = message.chat.id, message.message_id
        board.sent_at = self._clock()
        await self._store.jobs.shown_at(job.id, message.message_id)
