"""Sending the original pictures as files: by file id where Telegram has them, else their bytes."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import SendDocument

from bot.telegram.message_sender import UNRECORDED, Attempt, Sender, UnansweredError
from bot.telegram.replying import in_reply_to
from bot.telegram.telegram_errors import Refusal, meaning
from bot.telegram.uploads import UnavailablePicture, Upload, Uploads
from storage.pictures import Picture
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

ALL_REFUSED = (Refusal.CHAT, Refusal.FILES)


class Originals:
    """Sends the originals of pictures as files."""

    def __init__(self, sender: Sender, store: Store, uploads: Uploads) -> None:
        self._sender = sender
        self._store = store
        self._uploads = uploads

    async def send(
        self, job: Job, pictures: Sequence[Picture], under: int | None, attempt: Attempt = UNRECORDED
    ) -> int:
        """Send the originals in reply to the message `under`, if any; `attempt`: see `Sender.send`. A failure stops no
        other one. Returns how many are not available.

        Raises the errors of `attempt`, and aiogram's errors if the chat takes no files at all.
        """
        missing = 0
        for picture in pictures:
            try:
                missing += not await self._opened(job, picture, under, attempt)
            except UnansweredError as error:
                # It has most likely arrived.
                log.info("sending the original of picture %d got no answer (%s); it is not repeated", picture.id, error)
            except (TelegramBadRequest, TelegramEntityTooLarge) as error:
                if meaning(error).why in ALL_REFUSED:
                    raise
                log.info("sending the original of picture %d failed (%s); it is left out", picture.id, error.message)
                missing += 1
        return missing

    async def _opened(self, job: Job, picture: Picture, under: int | None, attempt: Attempt) -> bool:
        """Fetch and send one original. False: it is not available."""
        ready_slot = self._sender.ready_slot(job.chat_id, job.user_id)
        async with ready_slot, self._uploads.open(picture, as_file=True) as upload:
            try:
                return await self._sent(job, upload, under, attempt)
            except TelegramBadRequest as error:
                if picture.document_id is None or meaning(error).why is not Refusal.FILE_ID:
                    raise
                await self._store.pictures.forget_file_ids(picture.id, only_document=True)
        return await self._opened(job, replace(picture, document_id=None), under, attempt)

    async def _sent(self, job: Job, upload: Upload | UnavailablePicture, under: int | None, attempt: Attempt) -> bool:
        document = None if isinstance(upload, UnavailablePicture) else upload.document
        if document is None:
            return False
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=in_reply_to(under),
        )
        files = [] if isinstance(document, str) else [document]
        sent = await self._sender.send(method, person=job.user_id, files=files, attempt=attempt)
        if sent.document:
            await self._store.pictures.sent_as_file(upload.picture.id, sent.document.file_id)
        return True
