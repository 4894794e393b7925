"""Delivery: sends a job's pictures to its chat as an album, each picture once as far as Telegram confirms it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from html import escape

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)
from aiogram.methods import EditMessageMedia
from aiogram.types import Message

from bot.jobs.ports import Undelivered, Unreachable
from bot.telegram.captions import MOST_SENDS, ResultCaptions
from bot.telegram.duel_delivery import DuelDelivery
from bot.telegram.message_sender import Sender, UnansweredError
from bot.telegram.originals import Originals
from bot.telegram.result_sender import (
    ChangedError,
    JobAttempt,
    ResultBatch,
    ResultSender,
    StaleError,
    WhileFresh,
    as_media,
    sent_as,
)
from bot.telegram.show_below import show_below
from bot.telegram.status_message import StatusMessages
from bot.telegram.telegram_errors import Refusal, meaning
from bot.telegram.uploads import NOT_NOW, UnavailablePicture, Upload, Uploads
from providers.errors import Sentence
from storage.pictures import Picture
from storage.records import Job
from storage.results import Result
from storage.settings_records import Preferences
from storage.store import Store

log = logging.getLogger(__name__)

ALBUM_SIZE = 10
EDIT_SECONDS = 20.0
"""The oldest status message that may become the picture: an edit notifies nobody and does not move it down, but a new
message and a deletion are a call more. Most tasks of Jimeng take 10 to 15 seconds, for which people wait."""

UNREACHED = Sentence("Telegram doesn't answer right now.")
UNANSWERED = Sentence("Telegram didn't confirm that it has the pictures.")
UNCONFIRMED = Sentence(
    "I've sent this, but Telegram didn't confirm it. If the pictures aren't here, tap “Look again” and "
    "I'll send them once more."
)


Problem = Undelivered | Unreachable
"""The reason why pictures were not sent."""


class Delivery:
    """Delivers the pictures of jobs."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        sender: Sender,
        *,
        status: StatusMessages,
        uploads: Uploads,
        originals: Originals,
        captions: Callable[[Result], ResultCaptions],
        duels: DuelDelivery,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._store = store
        self._sender = sender
        self._results = ResultSender(sender, store)
        self._status = status
        self._uploads = uploads
        self._originals = originals
        self._captions = captions
        self._duels = duels
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Send a job's unconfirmed pictures. Raises `Unreachable`, `Undelivered` or `TakenOver`."""
        try:
            try:
                await self._deliver(job)
            except ChangedError:
                # For example, a picture was deleted meanwhile: read the job again.
                await self._deliver(job)
        except ChangedError as error:
            raise Undelivered("it changes while it is sent") from error
        except UnansweredError as error:
            raise Undelivered(str(error), UNANSWERED) from error
        except TelegramAPIError as error:
            raise _failure(error) from error

    async def _deliver(self, known: Job) -> None:
        if await self._duels.deliver(known):
            return
        result = await self._result_of(known)
        job, preferences, captions = result.job, result.preferences, self._captions(result)
        if is_alone := len(result.pictures) == 1 and preferences.delivery != "files":
            problems = await self._single(result, captions)
        else:
            problems = await self._several(result, captions)
        if unanswered := [
            problem for problem in problems if isinstance(problem, Undelivered) and problem.why is UNANSWERED
        ]:
            raise unanswered[0]
        latest = await self._store.pictures.of_job(job.id)
        left = [picture for picture in latest if picture.is_missing]
        if left and not any(picture.message_id for picture in latest):
            if any(picture.sends >= MOST_SENDS for picture in left):
                raise Undelivered("it is not known whether any has arrived", at_last=UNCONFIRMED, is_final=True)
            raise problems[0] if problems else Undelivered("some have come meanwhile")
        # The pictures that have arrived get their buttons even if others are missing.
        await self._also_files(job, preferences)
        if not is_alone:
            refused = sum(isinstance(problem, Unreachable) for problem in problems)
            await self._close(job, captions, latest, refused)

    async def _several(self, result: Result, captions: ResultCaptions) -> list[Problem]:
        """Send the missing pictures in albums; one failure stops no other. Returns why pictures were not sent: one
        problem for each album that failed, or for each picture that Telegram takes in no form."""
        await self._status.close(result.job)
        unsent, problems = _unsent(result.pictures), list[Problem]()
        for first in range(0, len(unsent), ALBUM_SIZE):
            try:
                failed = await self._part(result, unsent[first : first + ALBUM_SIZE], captions)
            except Undelivered as error:
                problems.append(error)
            except UnansweredError as error:
                problems.append(Undelivered(str(error), UNANSWERED))
            else:
                problems += [Unreachable(error.message) for error in failed]
        return problems

    async def _part(
        self, result: Result, unsent: Sequence[Picture], captions: ResultCaptions
    ) -> Sequence[TelegramAPIError]:
        """Send one album. Returns the errors of pictures that Telegram takes in no form."""
        job, as_files = result.job, result.preferences.delivery == "files"
        async with self._sender.ready_slot(job.chat_id, job.user_id), AsyncExitStack() as stack:
            opened = await self._opened(result, unsent, stack, as_files=as_files)
            uploads = [upload for upload in opened if isinstance(upload, Upload)]
            await captions.compare(uploads)
            own = captions.own_captions(uploads)
            batch = ResultBatch(job, captions.caption(uploads[0]), covered=result.preferences.spoiler, own_texts=own)
            if as_files:
                await self._as_files(result, batch, uploads)
            else:
                await self._results.send(batch, uploads)
            return batch.failed

    async def _as_files(self, result: Result, batch: ResultBatch, uploads: Sequence[Upload]) -> None:
        """Send the originals instead of an album; photos where a group takes no files."""
        await self._results.files(batch, [upload for upload in uploads if upload.document])
        batch.failed.clear()
        if left := [upload.picture for upload in uploads if upload.picture.id not in batch.sent]:
            async with AsyncExitStack() as stack:
                opened = await self._opened(result, left, stack)
                await self._results.send(batch, [upload for upload in opened if isinstance(upload, Upload)])

    async def _opened(
        self, result: Result, pictures: Sequence[Picture], stack: AsyncExitStack, *, as_files: bool = False
    ) -> Sequence[Upload | UnavailablePicture]:
        """Fetch these pictures. Raises `Undelivered` if none can be fetched."""
        opening = (self._uploads.open(one, as_file=as_files, made=result.details(one)) for one in pictures)
        opened = await asyncio.gather(*(stack.enter_async_context(one) for one in opening))
        failed = [one for one in opened if isinstance(one, UnavailablePicture)]
        if len(failed) == len(opened):
            final = all(one.is_final or one.is_gone for one in failed)
            raise Undelivered(
                "no picture could be fetched", NOT_NOW, at_last=failed[0].why, unfetched=True, is_final=final
            )
        return opened

    async def _also_files(self, job: Job, preferences: Preferences) -> None:
        """Send the originals beside an album, if the person wants both. The Files button tells which are missing."""
        if preferences.delivery == "both":
            pictures = await self._store.pictures.of_job(job.id)
            try:
                wanted = [one for one in pictures if not one.document_id and one.hidden_at is None]
                await self._originals.send(job, wanted, job.message_id, JobAttempt(self._store, job))
            except (TelegramBadRequest, TelegramEntityTooLarge) as error:
                # The album has arrived.
                log.info("sending the originals of job %d failed (%s); the album is there", job.id, error)

    async def _result_of(self, job: Job) -> Result:
        """All that is to be sent, and the job with its present chat: its group may have become a supergroup."""
        result = await self._store.results.of_job(job.id)
        if result is None:
            return Result(job, [], [], [], Preferences())
        now = result.job
        here = replace(job, chat_id=now.chat_id, message_id=now.message_id, thread_id=now.thread_id)
        return replace(result, job=here)

    async def _close(self, job: Job, captions: ResultCaptions, pictures: Sequence[Picture], refused: int) -> None:
        """Send the summary and the buttons below an album. `refused`: how many pictures Telegram takes in no form."""
        sent = [picture for picture in pictures if picture.message_id is not None]
        if not sent:
            # Their owner has deleted them all: no message needs buttons.
            if (status_id := (await self._status.close(job)).id_in(job.chat_id)) is not None:
                await self._status.take_away(job, status_id)
            return
        lines = [*captions.summary(pictures, refused), *await captions.notes()]
        text = escape("\n".join(lines), quote=False)
        buttons = captions.buttons(pictures)
        await JobAttempt(self._store, job).begin()
        album = sent[0].message_in(job.chat_id)
        await show_below(self._status, job, text, buttons, album)

    async def _single(self, result: Result, captions: ResultCaptions) -> list[Problem]:
        """Send a single picture. The status message becomes the picture while it is new and the last one in its chat;
        else the picture is a new reply, which notifies, and the status message is deleted. Returns why it was not
        sent."""
        job, (picture,) = result.job, result.pictures
        board = await self._status.close(job)
        status_id = board.id_in(job.chat_id)
        if not (unsent := _unsent([picture])):
            if not picture.is_missing and status_id not in {None, picture.message_in(job.chat_id)}:
                # The picture was sent with its buttons, or deleted by its owner: delete the status message.
                await self._status.take_away(job, status_id or 0)
            return []
        async with self._sender.ready_slot(job.chat_id, job.user_id), AsyncExitStack() as stack:
            (upload,) = await self._opened(result, unsent, stack)
            if isinstance(upload, UnavailablePicture):
                return []
            await captions.compare([upload])
            text = captions.caption(upload, await captions.notes())
            buttons = captions.buttons(result.pictures)
            batch = ResultBatch(job, text, buttons, covered=result.preferences.spoiler)
            if status_id is not None and upload.photo and self._status.is_fresh(board, EDIT_SECONDS):
                still = partial(self._status.is_fresh, board, EDIT_SECONDS)
                fresh = WhileFresh(self._store, job, picture.id, still)
                message = await self._turn_into_picture(batch, status_id, upload, fresh)
                if message:
                    await self._results.remember({picture.id: sent_as(upload, message)})
                    return []
            await self._results.send(batch, [upload])
        if batch.failed:
            return [Unreachable(batch.failed[0].message)]
        if status_id is not None:
            await self._status.take_away(job, status_id)
        return []

    async def _turn_into_picture(
        self, batch: ResultBatch, status_id: int, upload: Upload, fresh: WhileFresh
    ) -> Message | None:
        """Turn the status message into the picture. None: Telegram refuses that, or a new message is better by now."""
        job, media = batch.job, as_media(upload, batch.text, batch)
        edit = EditMessageMedia(media=media, chat_id=job.chat_id, message_id=status_id, reply_markup=batch.buttons)
        try:
            message = await self._sender.send(edit, person=job.user_id, files=upload.spooled, attempt=fresh)
        except StaleError:
            return None
        except TelegramBadRequest as error:
            if meaning(error).why is Refusal.CHAT:
                raise
            log.info(
                "turning the status message of job %d into the picture failed (%s); sending it anew",
                job.id,
                error.message,
            )
            return None
        return message if isinstance(message, Message) else None


def _unsent(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures to send. If it is unknown whether one has arrived, the person decides whether to send it again."""
    return [picture for picture in pictures if picture.is_missing and picture.sends < MOST_SENDS]


def _failure(error: TelegramAPIError) -> Undelivered | Unreachable:
    """The job's error for an error of Telegram."""
    if isinstance(error, TelegramForbiddenError | TelegramBadRequest | TelegramEntityTooLarge):
        return Unreachable(error.message)
    if isinstance(error, TelegramMigrateToChat):
        return Undelivered(error.message)
    return Undelivered(error.message, UNREACHED)
