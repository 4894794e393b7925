"""Sending pictures in the form that Telegram takes: each refusal that would repeat leads to a weaker form.

An album without the item that Telegram can't use, in smaller parts, without its words; a photo as a file.
Only when the weakest form is refused, the chat is out of reach.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import SendDocument, SendMediaGroup, SendPhoto
from aiogram.types import InlineKeyboardMarkup, InputMediaPhoto, Message

from bot.jobs.retry import until_stored
from bot.jobs.stage import TakenOver
from bot.telegram.message_sender import Sender
from bot.telegram.replying import in_reply_to
from bot.telegram.telegram_errors import Refusal, meaning
from bot.telegram.uploads import Upload
from storage.pictures import Sent
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

ALBUM_BYTES = 45_000_000
"""Telegram takes requests of 50 MB."""


class ChangedError(Exception):
    """What was to be sent has arrived, or was deleted, meanwhile: it is looked at anew."""


@dataclass(slots=True)
class Parcel:
    """How the pictures of one job are sent. `text`: the words of the first picture, None where they are refused;
    `buttons` go with a single picture; `covered`: until somebody touches it; `sent`: the messages that
    arrived, by the pictures' ids."""

    job: Job
    text: str | None = None
    buttons: InlineKeyboardMarkup | None = None
    covered: bool = False
    only_files: bool = False
    sent: dict[int, Message] = field(default_factory=dict)
    failed: list[TelegramAPIError] = field(default_factory=list)
    """Why pictures could not be sent in any form."""


class ResultSender:
    """Sends the pictures of jobs, and writes down what has arrived."""

    def __init__(self, sender: Sender, store: Store) -> None:
        self._sender = sender
        self._store = store

    async def send(self, parcel: Parcel, uploads: Sequence[Upload]) -> None:
        """Send these pictures; `parcel.failed` has those that go in no form, which keep no other back.

        Raises `UnansweredError`, `TakenOver`, `ChangedError` and aiogram's errors.
        """
        photos = [upload for upload in uploads if upload.photo and not parcel.only_files]
        for part in _parts(photos):
            await self._photos(parcel, part)
        await self.files(parcel, [upload for upload in uploads if upload not in photos])

    async def files(self, parcel: Parcel, uploads: Sequence[Upload]) -> None:
        """Send these pictures as files. One that can't be sent so is noted in the parcel, and keeps no other back."""
        for upload in uploads:
            await self._file(parcel, upload)

    async def _photos(self, parcel: Parcel, uploads: Sequence[Upload]) -> None:
        try:
            messages = await self._send_photos(parcel, uploads)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            await self._weaker(parcel, uploads, error)
        else:
            await self._confirm(parcel, uploads, messages)

    async def _weaker(self, parcel: Parcel, uploads: Sequence[Upload], error: TelegramAPIError) -> None:
        """The next weaker form of what was refused."""
        refused = meaning(error)
        log.info("pictures of job %d are sent in another form: %s", parcel.job.id, error.message)
        if refused.why is Refusal.CHAT:
            raise error
        one = uploads[refused.item or 0] if len(uploads) == 1 or refused.item in range(len(uploads)) else None
        if refused.why is Refusal.FILE_ID and one and isinstance(one.photo, str):
            await self._store.pictures.forget_file_ids(one.picture.id)
            raise ChangedError
        if refused.why is Refusal.CAPTION and parcel.text is not None:
            parcel.text = None
            await self._photos(parcel, uploads)
        elif refused.why is Refusal.PHOTOS:
            parcel.only_files = True
            await self.files(parcel, uploads)
        elif len(uploads) == 1:
            await self._file(parcel, uploads[0], error)
        elif one:
            await self._photos(parcel, [upload for upload in uploads if upload is not one])
            await self._file(parcel, one, error)
        else:
            half = len(uploads) // 2
            await self._photos(parcel, uploads[:half])
            await self._photos(parcel, uploads[half:])

    async def _file(self, parcel: Parcel, upload: Upload, refused: TelegramAPIError | None = None) -> None:
        """One picture as a file. `refused`: why it is none as a photo."""
        document = upload.document
        job = parcel.job
        if document is None:
            parcel.failed.append(refused or TelegramBadRequest(SendPhoto(chat_id=job.chat_id, photo=""), "no file"))
            return
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            caption=parcel.text,
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=in_reply_to(job.message_id),
            reply_markup=parcel.buttons,
        )
        files = [] if isinstance(document, str) else [document]
        try:
            sending = Sending(self._store, job, [upload.picture.id])
            message = await self._sender.send(method, person=job.user_id, files=files, attempt=sending)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            why = meaning(error).why
            if why is Refusal.CHAT:
                raise
            if why is Refusal.FILE_ID and isinstance(document, str):
                await self._store.pictures.forget_file_ids(upload.picture.id, only_document=True)
                raise ChangedError from error
            if why is Refusal.CAPTION and parcel.text is not None:
                parcel.text = None
                await self._file(parcel, upload, refused)
            else:
                parcel.failed.append(error)
        else:
            await self._confirm(parcel, [upload], [message])

    async def _send_photos(self, parcel: Parcel, uploads: Sequence[Upload]) -> Sequence[Message]:
        job, files = parcel.job, [file for upload in uploads for file in upload.spooled]
        sending = Sending(self._store, job, [upload.picture.id for upload in uploads])
        media = [as_media(upload, parcel.text if upload is uploads[0] else None, parcel) for upload in uploads]
        if len(media) > 1:
            album = SendMediaGroup(
                chat_id=job.chat_id,
                media=list(media),
                message_thread_id=job.thread_id,
                reply_parameters=in_reply_to(job.message_id),
            )
            return await self._sender.send(album, person=job.user_id, files=files, attempt=sending)
        photo = SendPhoto(
            chat_id=job.chat_id,
            photo=media[0].media,
            caption=media[0].caption,
            has_spoiler=parcel.covered,
            reply_markup=parcel.buttons,
            message_thread_id=job.thread_id,
            reply_parameters=in_reply_to(job.message_id),
        )
        return [await self._sender.send(photo, person=job.user_id, files=files, attempt=sending)]

    async def _confirm(self, parcel: Parcel, uploads: Sequence[Upload], messages: Sequence[Message]) -> None:
        # The words stand under the first picture only.
        parcel.text = None
        found = dict(zip((upload.picture.id for upload in uploads), messages, strict=True))
        parcel.sent |= found
        await self.remember({upload.picture.id: sent_as(upload, found[upload.picture.id]) for upload in uploads})
        for picture_id, message in found.items():
            if message.document:
                await self._store.pictures.sent_as_file(picture_id, message.document.file_id)

    async def remember(self, sent: Mapping[int, Sent]) -> None:
        """Write down what Telegram has: what is not written down would be sent once more."""
        await until_stored(lambda: self._store.pictures.all_sent(sent), "storing what Telegram has", asyncio.sleep)


class Sending:
    """Something of a job on its way: see `sender.Attempt`. `ids`: the pictures of which it is written down that they
    may arrive; what can be sent twice and shows once needs no writing down."""

    def __init__(self, store: Store, job: Job, ids: Sequence[int] = ()) -> None:
        self._store = store
        self._job = job
        self._ids = ids

    async def begin(self) -> None:
        """Asked right before the bytes: a process may hang anywhere, and wake when another has sent them.

        Raises `TakenOver` or `ChangedError`.
        """
        store, job = self._store, self._job
        if self._ids:
            begun = await until_stored(self._write_down, f"storing that job {job.id} is being sent", asyncio.sleep)
            if begun:
                return
        latest = await until_stored(lambda: store.jobs.get(job.id), f"reading job {job.id}", asyncio.sleep)
        if latest is None or latest.worker_id != job.worker_id:
            raise TakenOver
        if self._ids:
            raise ChangedError

    async def _write_down(self) -> bool:
        return await self._store.pictures.begin_sending(self._job.id, self._job.worker_id, self._ids)

    async def refused(self) -> None:
        """Nothing of it has arrived."""
        if self._ids:
            await until_stored(
                lambda: self._store.pictures.not_sent(self._ids),
                f"storing that pictures {self._ids} are not sent",
                asyncio.sleep,
            )


def as_media(upload: Upload, text: str | None, parcel: Parcel) -> InputMediaPhoto:
    """A picture as a photo."""
    return InputMediaPhoto(media=upload.photo or "", caption=text, has_spoiler=parcel.covered)


def sent_as(upload: Upload, message: Message) -> Sent:
    """What is known of a picture that has arrived."""
    photo = message.photo[-1] if message.photo else None
    size = (upload.width, upload.height, upload.size)
    return Sent(photo.file_id if photo else None, message.message_id, *size, photo.file_unique_id if photo else None)


def _parts(uploads: Iterable[Upload]) -> list[list[Upload]]:
    """Parts that go in one request each, as few as there can be."""
    parts: list[list[Upload]] = []
    size = 0
    for upload in uploads:
        size += upload.bytes_as_photo
        if not parts or size > ALBUM_BYTES:
            parts.append([])
            size = upload.bytes_as_photo
        parts[-1].append(upload)
    return parts
