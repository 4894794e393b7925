"""The pictures as the provider made them, sent as files: by file id where Telegram has them, else their bytes."""

from collections.abc import Sequence

from aiogram.methods import SendDocument
from aiogram.types import ReplyParameters

from bot.telegram.sender import Sender
from bot.telegram.uploads import Unfetched, Upload, Uploads
from storage.pictures import Picture
from storage.records import Job
from storage.store import Store


class Originals:
    """Sends originals."""

    def __init__(self, sender: Sender, store: Store, uploads: Uploads) -> None:
        self._sender = sender
        self._store = store
        self._uploads = uploads

    async def send(self, job: Job, pictures: Sequence[Picture], under: int) -> int:
        """Send the originals in answer to the message `under`. Returns how many could not be had.

        Raises `Unanswered` and aiogram's errors.
        """
        missing = 0
        for picture in pictures:
            async with (
                self._sender.room(job.chat_id, job.user_id),
                self._uploads.open(picture, as_file=True) as upload,
            ):
                missing += not await self._sent(job, upload, under)
        return missing

    async def _sent(self, job: Job, upload: Upload | Unfetched, under: int) -> bool:
        document = None if isinstance(upload, Unfetched) else upload.document
        if document is None:
            return False
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=ReplyParameters(message_id=under, allow_sending_without_reply=True),
        )
        files = [] if isinstance(document, str) else [document]
        sent = await self._sender.send(method, person=job.user_id, files=files)
        if sent.document:
            await self._store.pictures.sent_as_file(upload.picture.id, sent.document.file_id)
        return True
