"""Sending pictures in a form that Telegram takes: a refusal that would repeat leads to a weaker form.

Weaker forms: an album without the item that Telegram refuses, in smaller parts, or without its caption; a photo as a
file. Only if the weakest form is refused, the chat counts as unreachable.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import SendDocument, SendMediaGroup, SendPhoto
from aiogram.types import InlineKeyboardMarkup, InputMediaPhoto, Message

from bot.jobs.ports import TakenOver
from bot.jobs.retry import until_stored
from bot.telegram.message_sender import Sender
from bot.telegram.replying import in_reply_to
from bot.telegram.telegram_errors import Refusal, meaning
from bot.telegram.uploads import Upload
from storage.pictures import Sent
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

ALBUM_BYTES = 45_000_000
"""A little below the 50 MB of a request that Telegram takes."""


class ChangedError(Exception):
    """A picture has arrived or was deleted meanwhile: read the job again."""


@dataclass(slots=True)
class ResultBatch:
    """How the pictures of one job are sent. `text`: the caption of the first picture, None once Telegram refused it;
    `buttons`: for a single picture; `covered`: hidden until touched; `only_files`: the chat takes no photos; `sent`:
    the messages that arrived, by picture id; `own_texts`: the captions by picture id, where each has its own."""

    job: Job
    text: str | None = None
    buttons: InlineKeyboardMarkup | None = None
    covered: bool = False
    only_files: bool = False
    sent: dict[int, Message] = field(default_factory=dict)
    failed: list[TelegramAPIError] = field(default_factory=list)
    """The errors of pictures that Telegram takes in no form."""
    own_texts: Mapping[int, str] = field(default_factory=dict)

    @property
    def has_text(self) -> bool:
        """Whether something is to be sent with a caption."""
        return self.text is not None or bool(self.own_texts)

    def text_of(self, upload: Upload, *, is_first: bool = True) -> str | None:
        """The caption of one picture."""
        return self.own_texts.get(upload.picture.id, self.text if is_first else None)

    def drop_text(self) -> None:
        """Telegram refuses the caption."""
        self.text, self.own_texts = None, {}


class ResultSender:
    """Sends the pictures of jobs and stores which have arrived."""

    def __init__(self, sender: Sender, store: Store) -> None:
        self._sender = sender
        self._store = store

    async def send(self, batch: ResultBatch, uploads: Sequence[Upload]) -> None:
        """Send these pictures; a failed one is noted in `batch.failed` and stops no other.

        Raises `UnansweredError`, `TakenOver`, `ChangedError` and aiogram's errors.
        """
        photos = [upload for upload in uploads if upload.photo and not batch.only_files]
        for part in _parts(photos):
            await self._photos(batch, part)
        await self.files(batch, [upload for upload in uploads if upload not in photos])

    async def files(self, batch: ResultBatch, uploads: Sequence[Upload]) -> None:
        """Send these pictures as files; a failed one is noted in `batch.failed` and stops no other."""
        for upload in uploads:
            await self._file(batch, upload)

    async def _photos(self, batch: ResultBatch, uploads: Sequence[Upload]) -> None:
        try:
            messages = await self._send_photos(batch, uploads)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            await self._weaker(batch, uploads, error)
        else:
            await self._confirm(batch, uploads, messages)

    async def _weaker(self, batch: ResultBatch, uploads: Sequence[Upload], error: TelegramAPIError) -> None:
        """Send the refused pictures in the next weaker form."""
        refused = meaning(error)
        log.info("sending pictures of job %d failed (%s); trying another form", batch.job.id, error.message)
        if refused.why is Refusal.CHAT:
            raise error
        one = uploads[refused.item or 0] if len(uploads) == 1 or refused.item in range(len(uploads)) else None
        if refused.why is Refusal.FILE_ID and one and isinstance(one.photo, str):
            await self._store.pictures.forget_file_ids(one.picture.id)
            raise ChangedError
        if refused.why is Refusal.CAPTION and batch.has_text:
            batch.drop_text()
            await self._photos(batch, uploads)
        elif refused.why is Refusal.PHOTOS:
            batch.only_files = True
            await self.files(batch, uploads)
        elif len(uploads) == 1:
            await self._file(batch, uploads[0], error)
        elif one:
            await self._photos(batch, [upload for upload in uploads if upload is not one])
            await self._file(batch, one, error)
        else:
            half = len(uploads) // 2
            await self._photos(batch, uploads[:half])
            await self._photos(batch, uploads[half:])

    async def _file(self, batch: ResultBatch, upload: Upload, refused: TelegramAPIError | None = None) -> None:
        """Send one picture as a file. `refused`: the error of sending it as a photo."""
        document = upload.document
        job = batch.job
        if document is None:
            batch.failed.append(refused or TelegramBadRequest(SendPhoto(chat_id=job.chat_id, photo=""), "no file"))
            return
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            caption=batch.text_of(upload),
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=in_reply_to(job.message_id),
            reply_markup=batch.buttons,
        )
        files = [] if isinstance(document, str) else [document]
        try:
            sending = JobAttempt(self._store, job, [upload.picture.id])
            message = await self._sender.send(method, person=job.user_id, files=files, attempt=sending)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            why = meaning(error).why
            if why is Refusal.CHAT:
                raise
            if why is Refusal.FILE_ID and isinstance(document, str):
                await self._store.pictures.forget_file_ids(upload.picture.id, only_document=True)
                raise ChangedError from error
            if why is Refusal.CAPTION and batch.has_text:
                batch.drop_text()
                await self._file(batch, upload, refused)
            else:
                batch.failed.append(error)
        else:
            await self._confirm(batch, [upload], [message])

    async def _send_photos(self, batch: ResultBatch, uploads: Sequence[Upload]) -> Sequence[Message]:
        job, files = batch.job, [file for upload in uploads for file in upload.spooled]
        sending = JobAttempt(self._store, job, [upload.picture.id for upload in uploads])
        texts = [batch.text_of(upload, is_first=upload is uploads[0]) for upload in uploads]
        media = [as_media(upload, text, batch) for upload, text in zip(uploads, texts, strict=True)]
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
            has_spoiler=batch.covered,
            reply_markup=batch.buttons,
            message_thread_id=job.thread_id,
            reply_parameters=in_reply_to(job.message_id),
        )
        return [await self._sender.send(photo, person=job.user_id, files=files, attempt=sending)]

    async def _confirm(self, batch: ResultBatch, uploads: Sequence[Upload], messages: Sequence[Message]) -> None:
        # Only the first picture gets the caption.
        batch.text = None
        found = dict(zip((upload.picture.id for upload in uploads), messages, strict=True))
        batch.sent |= found
        await self.remember({upload.picture.id: sent_as(upload, found[upload.picture.id]) for upload in uploads})
        for picture_id, message in found.items():
            if message.document:
                await self._store.pictures.sent_as_file(picture_id, message.document.file_id)

    async def remember(self, sent: Mapping[int, Sent]) -> None:
        """Store what Telegram has: a picture that is not stored as sent would be sent again."""
        await until_stored(lambda: self._store.pictures.all_sent(sent), "storing what Telegram has", asyncio.sleep)


class JobAttempt:
    """An `Attempt` that belongs to a job. `ids`: the pictures to store as being sent; none for messages that may be
    sent twice."""

    def __init__(self, store: Store, job: Job, ids: Sequence[int] = ()) -> None:
        self._store = store
        self._job = job
        self._ids = ids

    async def begin(self) -> None:
        """Check that this process still owns the job: it may have hung until another took it over.

        Raises `TakenOver` or `ChangedError`.
        """
        store, job = self._store, self._job
        if self._ids:
            begins = await until_stored(self._store_begin, f"storing that job {job.id} is being sent", asyncio.sleep)
            if begins:
                return
        latest = await until_stored(lambda: store.jobs.get(job.id), f"reading job {job.id}", asyncio.sleep)
        if latest is None or latest.worker_id != job.worker_id:
            raise TakenOver
        if self._ids:
            raise ChangedError

    async def _store_begin(self) -> bool:
        return await self._store.pictures.begin_sending(self._job.id, self._job.worker_id, self._ids)

    async def refused(self) -> None:
        """Store that nothing has arrived."""
        if self._ids:
            await until_stored(
                lambda: self._store.pictures.not_sent(self._ids),
                f"storing that pictures {self._ids} are not sent",
                asyncio.sleep,
            )


class StaleError(Exception):
    """The status message is too old to become the picture, or not the last one any more."""


class WhileFresh(JobAttempt):
    """An edit that is made only if its message is still new and the last one after the wait for a slot: `is_fresh`
    tells."""

    def __init__(self, store: Store, job: Job, picture_id: int, is_fresh: Callable[[], bool]) -> None:
        super().__init__(store, job, [picture_id])
        self._is_fresh = is_fresh

    async def begin(self) -> None:
        """See `JobAttempt`. Raises `StaleError` if a new message is better by now."""
        if not self._is_fresh():
            raise StaleError
        await super().begin()


def as_media(upload: Upload, text: str | None, batch: ResultBatch) -> InputMediaPhoto:
    """A picture as a photo of a message."""
    return InputMediaPhoto(media=upload.photo or "", caption=text, has_spoiler=batch.covered)


def sent_as(upload: Upload, message: Message) -> Sent:
    """The stored form of a picture that has arrived as `message`."""
    photo = message.photo[-1] if message.photo else None
    size = (upload.width, upload.height, upload.size)
    return Sent(photo.file_id if photo else None, message.message_id, *size, photo.file_unique_id if photo else None)


def _parts(uploads: Iterable[Upload]) -> list[list[Upload]]:
    """Split uploads into as few requests as possible."""
    parts: list[list[Upload]] = []
    size = 0
    for upload in uploads:
        size += upload.bytes_as_photo
        if not parts or size > ALBUM_BYTES:
            parts.append([])
            size = upload.bytes_as_photo
        parts[-1].append(upload)
    return parts
