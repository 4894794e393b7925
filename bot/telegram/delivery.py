"""Delivering: from the provider's pictures to an album in the chat, each picture once as far as Telegram confirmed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from html import escape

from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import EditMessageMedia, EditMessageReplyMarkup, SendMediaGroup, SendPhoto
from aiogram.types import InlineKeyboardMarkup, InputMediaPhoto, Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.jobs.patience import surely
from bot.jobs.stage import TakenOver, Undelivered, Unreachable
from bot.telegram.labels import Labels
from bot.telegram.originals import Originals
from bot.telegram.refusals import is_gone, is_unchanged
from bot.telegram.status import StatusMessages
from bot.telegram.uploads import Upload, Uploads
from storage.pictures import Picture, Sent
from storage.records import Job, Preferences
from storage.store import Store

log = logging.getLogger(__name__)

ALBUM = 10
# Whole albums in transfer at once: a part of an album that waits for connections held by another's would never end.
TRANSFERS = 3
# What an upload may take: a start, and a slow line's seconds for each byte.
BASE_SECONDS, BYTES_PER_SECOND = 60, 50_000


class Delivery:
    """Sends what jobs have made."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        status: StatusMessages,
        uploads: Uploads,
        originals: Originals,
        labels: Labels,
    ) -> None:
        self._bot = bot
        self._store = store
        self._status = status
        self._uploads = uploads
        self._originals = originals
        self._labels = labels
        self._transfers = asyncio.Semaphore(TRANSFERS)

    async def deliver(self, job: Job) -> None:
        """Send what has not been confirmed of a job. Raises `Unreachable`, `Undelivered` or `TakenOver`."""
        try:
            async with self._transfers:
                await self._deliver(job)
        except TelegramForbiddenError as error:
            raise Unreachable(error.message) from error
        except (TelegramNetworkError, TelegramServerError, TelegramMigrateToChat) as error:
            raise Undelivered(error.message) from error
        except TelegramBadRequest as error:
            if is_gone(error):
                raise Unreachable(error.message) from error
            raise Undelivered(error.message) from error

    async def _deliver(self, known: Job) -> None:
        job = await self._where_it_is(known)
        pictures = await self._store.pictures.of_job(job.id)
        unsent = [picture for picture in pictures if picture.is_missing]
        status_id = (await self._status.close(job)).id_in(job.chat_id)
        wishes = await self._store.people.preferences(job.user_id)
        if wishes.delivery == "files":
            unsent = await self._files(job, unsent)
        if wishes.delivery == "files" and not unsent:
            await self._close(job)
        elif len(pictures) == 1:
            if unsent:
                await self._single(job, unsent[0], status_id, wishes)
            elif status_id not in {None, pictures[0].message_id}:
                # It was sent, with its buttons, in the place of the status message; or its owner has deleted it.
                await self._status.take_away(job, status_id)
            await self._also_files(job, wishes)
        else:
            for first in range(0, len(unsent), ALBUM):
                await self._album(job, unsent[first : first + ALBUM], wishes)
            await self._also_files(job, wishes)
            await self._close(job)

    async def _files(self, job: Job, pictures: Sequence[Picture]) -> list[Picture]:
        """Send the originals in place of an album; those that can't be sent so are returned."""
        left = []
        for picture in pictures:
            await self._still_ours(job)
            text = self._labels.caption(job) if picture is pictures[0] else None
            posted = None
            try:
                posted = await self._originals.post(job, picture, job.message_id, text)
            except TelegramBadRequest as error:
                # A group may take photos and no files. What takes neither says so again.
                log.info("an original of job %d is refused: %s", job.id, error.message)
            if posted is None:
                left.append(picture)
                continue
            message, header = posted
            file = message.document
            size = (header.width, header.height) if header else (picture.width, picture.height)
            sent = Sent(None, message.message_id, *size, file.file_size if file else None)
            await self._remember({picture.id: sent})
        return left

    async def _also_files(self, job: Job, wishes: Preferences) -> None:
        """The originals beside an album; of those that can't be had the button says so."""
        if wishes.delivery == "both":
            pictures = await self._store.pictures.of_job(job.id)
            try:
                wanted = [one for one in pictures if not one.document_id and one.hidden_at is None]
                await self._originals.send(job, wanted, job.message_id)
            except TelegramBadRequest as error:
                # The album is there.
                log.info("the originals of job %d are refused: %s", job.id, error.message)

    async def _where_it_is(self, job: Job) -> Job:
        """The job in the chat where it is now: its group may have become a supergroup."""
        latest = await self._store.jobs.get(job.id) or job
        return replace(job, chat_id=latest.chat_id, message_id=latest.message_id, thread_id=latest.thread_id)

    async def _close(self, job: Job) -> None:
        pictures = await self._store.pictures.of_job(job.id)
        left = [picture for picture in pictures if picture.is_missing]
        sent = sum(picture.message_id is not None for picture in pictures)
        if left and not sent:
            raise Undelivered("none of the pictures could be fetched")
        if not sent:
            # Their owner has deleted them all: there is nothing to put buttons under.
            if (status_id := (await self._status.close(job)).id_in(job.chat_id)) is not None:
                await self._status.take_away(job, status_id)
            return
        lines = [_("✅ 1 picture") if sent == 1 else _("✅ {count} pictures").format(count=sent)]
        if left:
            lines.append(_("{count} could not be fetched from the service.").format(count=len(left)))
        text = escape("\n".join([*lines, *await self._labels.notes(job)]), quote=False)
        await self._still_ours(job)
        buttons = await self._labels.buttons(job)
        try:
            await self._status.move_below(job, text, buttons)
        except (TelegramForbiddenError, TelegramBadRequest):
            # A chat may take photos and no words: the status message is there already.
            if not await self._status.change(job, text, buttons):
                raise

    async def _single(self, job: Job, picture: Picture, status_id: int | None, wishes: Preferences) -> None:
        """The status message itself becomes the picture, with its buttons; if it is gone, a new message does."""
        async with self._uploads.open(picture) as upload:
            if upload is None:
                raise Undelivered("the picture could not be fetched")
            text = self._labels.caption(job, upload, await self._labels.notes(job))
            buttons = await self._labels.buttons(job)
            await self._still_ours(job)
            message = None
            if status_id is not None:
                message = await self._turn_into_picture(job, status_id, upload, _photo(upload, wishes, text), buttons)
            replaced = message is not None
            if message is None:
                message = await self._photo(job, upload, _photo(upload, wishes, text), buttons)
        await self._confirm([upload], [message])
        if status_id is not None and not replaced:
            await self._status.take_away(job, status_id)

    async def _still_ours(self, job: Job) -> None:
        """Asked right before something is sent: a process may hang anywhere, and wake when another has sent it."""
        latest = await surely(lambda: self._store.jobs.get(job.id), f"whose job {job.id} is", asyncio.sleep)
        if latest is None or latest.worker_id != job.worker_id:
            raise TakenOver

    async def _turn_into_picture(
        self, job: Job, status_id: int, upload: Upload, media: InputMediaPhoto, buttons: InlineKeyboardMarkup
    ) -> Message | None:
        edit = EditMessageMedia(media=media, chat_id=job.chat_id, message_id=status_id, reply_markup=buttons)
        try:
            message = await self._bot(edit, request_timeout=_timeout([upload]))
        except TelegramBadRequest as error:
            if is_gone(error):
                raise
            if is_unchanged(error):
                return await self._shown_already(job, status_id, buttons)
            log.info("the status message of job %d can't become the picture: %s", job.id, error.message)
            await self._uploads.again(upload)
            return None
        return message if isinstance(message, Message) else None

    async def _shown_already(self, job: Job, message_id: int, buttons: InlineKeyboardMarkup) -> Message | None:
        """The message became the picture before, and nobody heard of it: only an edit makes Telegram show it again."""
        bare = EditMessageReplyMarkup(chat_id=job.chat_id, message_id=message_id)
        await self._bot(bare)
        message = await self._bot(bare.model_copy(update={"reply_markup": buttons}))
        return message if isinstance(message, Message) else None

    async def _photo(
        self, job: Job, upload: Upload, media: InputMediaPhoto, buttons: InlineKeyboardMarkup | None
    ) -> Message:
        photo = SendPhoto(
            chat_id=job.chat_id,
            photo=media.media,
            caption=media.caption,
            has_spoiler=media.has_spoiler,
            reply_markup=buttons,
            message_thread_id=job.thread_id,
            reply_parameters=_reply(job),
        )
        return await self._bot(photo, request_timeout=_timeout([upload]))

    async def _album(self, job: Job, pictures: Sequence[Picture], wishes: Preferences) -> None:
        async with AsyncExitStack() as stack:
            opened = await asyncio.gather(
                *(stack.enter_async_context(self._uploads.open(picture)) for picture in pictures)
            )
            uploads = [upload for upload in opened if upload]
            await self._still_ours(job)
            try:
                messages = await self._send(job, uploads, wishes)
            except (TelegramNetworkError, TelegramBadRequest) as error:
                if not any(upload.broken for upload in uploads) and isinstance(error, TelegramNetworkError):
                    raise
                if isinstance(error, TelegramBadRequest) and is_gone(error):
                    raise
                log.warning("an album of job %d is sent again with what arrives whole: %s", job.id, error.message)
                uploads = [upload for upload in uploads if await self._uploads.again(upload)]
                messages = await self._send(job, uploads, wishes)
        await self._confirm(uploads, messages)

    async def _send(self, job: Job, uploads: Sequence[Upload], wishes: Preferences) -> Sequence[Message]:
        if not uploads:
            return []
        text = self._labels.caption(job, uploads[0])
        media = [_photo(upload, wishes, text if upload is uploads[0] else None) for upload in uploads]
        if len(uploads) == 1:
            return [await self._photo(job, uploads[0], media[0], None)]
        group = SendMediaGroup(
            chat_id=job.chat_id,
            media=list(media),
            message_thread_id=job.thread_id,
            reply_parameters=_reply(job),
        )
        return await self._bot(group, request_timeout=_timeout(uploads))

    async def _confirm(self, uploads: Sequence[Upload], messages: Sequence[Message]) -> None:
        await self._remember(
            {upload.picture.id: _sent(upload, message) for upload, message in zip(uploads, messages, strict=True)}
        )

    async def _remember(self, sent: Mapping[int, Sent]) -> None:
        # What is not written down would be sent once more.
        await surely(lambda: self._store.pictures.all_sent(sent), "what Telegram has", asyncio.sleep)


def _sent(upload: Upload, message: Message) -> Sent:
    photo = message.photo[-1] if message.photo else None
    size = (upload.width, upload.height, upload.size)
    return Sent(photo.file_id if photo else None, message.message_id, *size, photo.file_unique_id if photo else None)


def _reply(job: Job) -> ReplyParameters:
    return ReplyParameters(message_id=job.message_id, allow_sending_without_reply=True)


def _photo(upload: Upload, wishes: Preferences, text: str | None) -> InputMediaPhoto:
    return InputMediaPhoto(media=upload.media, caption=text, has_spoiler=wishes.spoiler)


def _timeout(uploads: Sequence[Upload]) -> int:
    return BASE_SECONDS + sum(upload.size or 0 for upload in uploads) // BYTES_PER_SECOND
