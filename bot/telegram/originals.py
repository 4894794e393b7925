"""The pictures as the provider made them, sent as files: by file id where Telegram has them, else their bytes."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import SendDocument

from bot.telegram.message_sender import UNTOLD, Attempt, Sender, UnansweredError
from bot.telegram.replying import in_reply_to
from bot.telegram.telegram_errors import Refusal, meaning
from bot.telegram.uploads import Unfetched, Upload, Uploads
from storage.pictures import Picture
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

ALL_REFUSED = (Refusal.CHAT, Refusal.FILES)


class Originals:
    """Sends originals."""

    def __init__(self, sender: Sender, store: Store, uploads: Uploads) -> None:
        self._sender = sender
        self._store = store
        self._uploads = uploads

    async def send(self, job: Job, pictures: Sequence[Picture], under: int | None, attempt: Attempt = UNTOLD) -> int:
        """Send the originals in answer to the message `under`, if any; `attempt`: see `Sender.send`. One that can't be
        sent keeps no other back. Returns how many could not be had.

        Raises what `attempt` raises, and aiogram's errors where the chat takes none at all.
        """
        missing = 0
        for picture in pictures:
            try:
                missing += not await self._opened(job, picture, under, attempt)
            except UnansweredError as error:
                # It is there, most likely.
                log.info("it is not known whether the original of picture %d has arrived: %s", picture.id, error)
            except (TelegramBadRequest, TelegramEntityTooLarge) as error:
                if meaning(error).why in ALL_REFUSED:
                    raise
                log.info("the original of picture %d is refused: %s", picture.id, error.message)
                missing += 1
        return missing

    async def _opened(self, job: Job, picture: Picture, under: int | None, attempt: Attempt) -> bool:
        """False: it can't be had."""
        room = self._sender.room(job.chat_id, job.user_id)
        async with room, self._uploads.open(picture, as_file=True) as upload:
            try:
                return await self._sent(job, upload, under, attempt)
            except TelegramBadRequest as error:
                if picture.document_id is None or meaning(error).why is not Refusal.FILE_ID:
                    raise
                await self._store.pictures.forget_file_ids(picture.id, only_document=True)
        return await self._opened(job, replace(picture, document_id=None), under, attempt)

    async def _sent(self, job: Job, upload: Upload | Unfetched, under: int | None, attempt: Attempt) -> bool:
        document = None if isinstance(upload, Unfetched) else upload.document
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
