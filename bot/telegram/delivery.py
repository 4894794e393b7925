"""Delivering: from the provider's pictures to an album in the chat, each picture once as far as Telegram confirmed."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from html import escape

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import EditMessageMedia, EditMessageReplyMarkup
from aiogram.types import InlineKeyboardMarkup, Message

from bot.jobs.stage import Undelivered, Unreachable
from bot.telegram.labels import Labels
from bot.telegram.originals import Originals
from bot.telegram.refusals import is_gone, is_unanswered, is_unchanged
from bot.telegram.result_sender import ChangedError, Parcel, ResultSender, Sending, as_media, sent_as
from bot.telegram.sender import Sender, Unanswered
from bot.telegram.status import StatusMessages
from bot.telegram.uploads import NOT_NOW, Unfetched, Upload, Uploads
from providers.errors import Sentence
from storage.pictures import Picture
from storage.records import Job, Preferences
from storage.store import Store

log = logging.getLogger(__name__)

ALBUM = 10
MOST_SENDS = 2
"""How often pictures are sent by themselves when nobody knows whether they have arrived."""
EDIT_SECONDS = 8.0
"""How old a status message may be to become the picture: an edit notifies nobody, and it stays where it is."""

UNREACHED = Sentence("Telegram doesn't answer right now.")
UNANSWERED = Sentence("Telegram didn't confirm that it has the pictures.")
UNCONFIRMED = Sentence(
    "I've sent this, but Telegram didn't confirm it. If the pictures aren't here, press the button and I'll send them "
    "again."
)


class Delivery:
    """Sends what jobs have made."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        sender: Sender,
        *,
        status: StatusMessages,
        uploads: Uploads,
        originals: Originals,
        labels: Labels,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._store = store
        self._sender = sender
        self._results = ResultSender(sender, store)
        self._status = status
        self._uploads = uploads
        self._originals = originals
        self._labels = labels
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Send what has not been confirmed of a job. Raises `Unreachable`, `Undelivered` or `TakenOver`."""
        try:
            try:
                await self._deliver(job)
            except ChangedError:
                # A picture was deleted meanwhile, say: it is looked at anew.
                await self._deliver(job)
        except ChangedError as error:
            raise Undelivered("it changes while it is sent") from error
        except Unanswered as error:
            raise Undelivered(str(error), UNANSWERED) from error
        except TelegramAPIError as error:
            raise _failure(error) from error

    async def _deliver(self, known: Job) -> None:
        job = await self._where_it_is(known)
        pictures = await self._store.pictures.of_job(job.id)
        missing = [picture for picture in pictures if picture.is_missing]
        # Of these a person decides whether they are sent once more.
        unsent = [picture for picture in missing if picture.sends < MOST_SENDS]
        wishes = await self._store.people.preferences(job.user_id)
        if len(pictures) == 1 and wishes.delivery != "files":
            await self._single(job, pictures[0], unsent, wishes)
        else:
            await self._several(job, unsent, wishes)
        if len(unsent) < len(missing):
            raise Undelivered("it is not known whether all have arrived", at_last=UNCONFIRMED, is_final=True)
        await self._also_files(job, wishes)
        if len(pictures) > 1 or wishes.delivery == "files":
            await self._close(job)

    async def _several(self, job: Job, unsent: Sequence[Picture], wishes: Preferences) -> None:
        await self._status.close(job)
        for first in range(0, len(unsent), ALBUM):
            async with self._sender.room(job.chat_id, job.user_id), AsyncExitStack() as stack:
                opened = await self._opened(unsent[first : first + ALBUM], stack, as_files=wishes.delivery == "files")
                uploads = [upload for upload in opened if isinstance(upload, Upload)]
                if not uploads:
                    continue
                text = self._labels.caption(job, uploads[0])
                parcel = Parcel(job, text, covered=wishes.spoiler)
                if wishes.delivery == "files":
                    await self._as_files(parcel, uploads)
                else:
                    await self._results.send(parcel, uploads)

    async def _as_files(self, parcel: Parcel, uploads: Sequence[Upload]) -> None:
        """The originals in place of an album; a group may take photos and no files."""
        await self._results.files(parcel, [upload for upload in uploads if upload.document])
        parcel.failed.clear()
        left = [upload.picture for upload in uploads if upload.picture.id not in parcel.sent]
        async with AsyncExitStack() as stack:
            opened = await self._opened(left, stack)
            await self._results.send(parcel, [upload for upload in opened if isinstance(upload, Upload)])

    async def _opened(
        self, pictures: Sequence[Picture], stack: AsyncExitStack, *, as_files: bool = False
    ) -> Sequence[Upload | Unfetched]:
        opened = await asyncio.gather(
            *(stack.enter_async_context(self._uploads.open(one, as_file=as_files)) for one in pictures)
        )
        failed = [one for one in opened if isinstance(one, Unfetched)]
        if failed and len(failed) == len(opened):
            final = all(one.is_final or one.is_gone for one in failed)
            raise Undelivered(
                "no picture could be fetched", NOT_NOW, at_last=failed[0].why, unfetched=True, is_final=final
            )
        return opened

    async def _also_files(self, job: Job, wishes: Preferences) -> None:
        """The originals beside an album; of those that can't be had the button says so."""
        if wishes.delivery == "both":
            pictures = await self._store.pictures.of_job(job.id)
            try:
                wanted = [one for one in pictures if not one.document_id and one.hidden_at is None]
                await self._originals.send(job, wanted, job.message_id)
            except (TelegramBadRequest, Unanswered) as error:
                # The album is there.
                log.info("the originals of job %d are not sent: %s", job.id, error)

    async def _where_it_is(self, job: Job) -> Job:
        """The job in the chat where it is now: its group may have become a supergroup."""
        latest = await self._store.jobs.get(job.id) or job
        return replace(job, chat_id=latest.chat_id, message_id=latest.message_id, thread_id=latest.thread_id)

    async def _close(self, job: Job) -> None:
        """The words and the buttons below an album."""
        pictures = await self._store.pictures.of_job(job.id)
        sent = [picture for picture in pictures if picture.message_id is not None]
        if not sent:
            # Their owner has deleted them all: there is nothing to put buttons under.
            if (status_id := (await self._status.close(job)).id_in(job.chat_id)) is not None:
                await self._status.take_away(job, status_id)
            return
        lines = [*self._labels.summary(job, pictures), *await self._labels.notes(job)]
        text = escape("\n".join(lines), quote=False)
        buttons = await self._labels.buttons(job)
        await Sending(self._store, job).begin()
        album = sent[0].message_in(job.chat_id)
        try:
            await self._status.move_below(job, text, buttons, reply_to=album)
        except (TelegramForbiddenError, TelegramBadRequest):
            # A chat may take photos and no words: the status message is there already.
            if not await self._status.change(job, text, buttons):
                raise
        except (TelegramNetworkError, TelegramServerError) as error:
            # It may have arrived. An edit says it for sure, and says it once.
            if not is_unanswered(error) or not await self._status.change(job, text, buttons):
                raise

    async def _single(self, job: Job, picture: Picture, unsent: Sequence[Picture], wishes: Preferences) -> None:
        """The status message itself becomes the picture, with its buttons, while it is new and the last one in its
        chat; else the picture is an answer of its own, which notifies, and the status goes."""
        board = await self._status.close(job)
        status_id = board.id_in(job.chat_id)
        if not unsent:
            if not picture.is_missing and status_id not in {None, picture.message_id}:
                # It was sent, with its buttons, in the place of the status message; or its owner has deleted it.
                await self._status.take_away(job, status_id or 0)
            return
        async with self._sender.room(job.chat_id, job.user_id), AsyncExitStack() as stack:
            (upload,) = await self._opened(unsent, stack)
            if isinstance(upload, Unfetched):
                return
            text = self._labels.caption(job, upload, await self._labels.notes(job))
            parcel = Parcel(job, text, await self._labels.buttons(job), covered=wishes.spoiler)
            if status_id is not None and upload.photo and self._status.is_fresh(board, EDIT_SECONDS):
                message = await self._turn_into_picture(parcel, status_id, upload)
                if message:
                    await self._results.remember({picture.id: sent_as(upload, message)})
                    return
            await self._results.send(parcel, [upload])
        if status_id is not None:
            await self._status.take_away(job, status_id)

    async def _turn_into_picture(self, parcel: Parcel, status_id: int, upload: Upload) -> Message | None:
        """None: it can't become the picture. An edit that is made twice shows once: it needs no counting."""
        job, media = parcel.job, as_media(upload, parcel.text, parcel)
        edit = EditMessageMedia(media=media, chat_id=job.chat_id, message_id=status_id, reply_markup=parcel.buttons)
        ours = Sending(self._store, job)
        try:
            message = await self._sender.send(edit, person=job.user_id, files=upload.spooled, attempt=ours)
        except TelegramBadRequest as error:
            if is_gone(error):
                raise
            if is_unchanged(error):
                return await self._shown_already(job, status_id, parcel.buttons)
            log.info("the status message of job %d can't become the picture: %s", job.id, error.message)
            return None
        return message if isinstance(message, Message) else None

    async def _shown_already(self, job: Job, message_id: int, buttons: InlineKeyboardMarkup | None) -> Message | None:
        """The message became the picture before, and nobody heard of it: only an edit makes Telegram show it again."""
        bare = EditMessageReplyMarkup(chat_id=job.chat_id, message_id=message_id)
        await self._bot(bare)
        message = await self._bot(bare.model_copy(update={"reply_markup": buttons}))
        return message if isinstance(message, Message) else None


def _failure(error: TelegramAPIError) -> Undelivered | Unreachable:
    """What it means for a job that Telegram did not take its pictures."""
    if isinstance(error, TelegramForbiddenError | TelegramBadRequest | TelegramEntityTooLarge):
        return Unreachable(error.message)
    if isinstance(error, TelegramMigrateToChat):
        return Undelivered(error.message)
    return Undelivered(error.message, UNREACHED)
