"""The pictures as the provider made them, sent as files: by file id where Telegram has them, else streamed."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiogram import Bot
from aiogram.methods import SendDocument
from aiogram.types import BufferedInputFile, InputFile, Message, ReplyParameters

from bot.telegram.downloads import BrokenOff, Downloads, Gone
from bot.telegram.pictures import Header, sniff
from bot.telegram.uploads import file_name
from storage.pictures import Picture
from storage.records import Job
from storage.store import Store

DOCUMENT_BYTES = 50 * 1024 * 1024
UPLOAD_SECONDS = 900


class Originals:
    """Sends originals."""

    def __init__(self, bot: Bot, store: Store, downloads: Downloads) -> None:
        self._bot = bot
        self._store = store
        self._downloads = downloads

    async def send(self, job: Job, pictures: Sequence[Picture], under: int) -> int:
        """Send the originals in answer to the message `under`. Returns how many could not be had."""
        missing = 0
        for picture in pictures:
            missing += await self.post(job, picture, under) is None
        return missing

    async def post(
        self, job: Job, picture: Picture, under: int, caption: str | None = None
    ) -> tuple[Message, Header | None] | None:
        """Send one original. Returns the message, and what is known of the file where it was fetched for this; None
        when it can't be had."""
        if picture.document_id:
            return await self._document(job, picture.document_id, under, caption), None
        if kept := await self._store.pictures.data(picture.id):
            file = BufferedInputFile(kept, file_name(picture))
            return await self._sent(job, picture, file, under, caption), sniff(kept)
        if picture.url is None:
            return None
        async with AsyncExitStack() as stack:
            try:
                stream = await stack.enter_async_context(self._downloads.open(picture.url, file_name(picture)))
            except (BrokenOff, Gone):
                return None
            if stream.size is not None and stream.size > DOCUMENT_BYTES:
                return None
            return await self._sent(job, picture, stream, under, caption), stream.header

    async def _sent(self, job: Job, picture: Picture, file: InputFile, under: int, caption: str | None) -> Message:
        sent = await self._document(job, file, under, caption)
        if sent.document:
            await self._store.pictures.sent_as_file(picture.id, sent.document.file_id)
        return sent

    async def _document(self, job: Job, document: str | InputFile, under: int, caption: str | None) -> Message:
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            caption=caption,
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=ReplyParameters(message_id=under, allow_sending_without_reply=True),
        )
        return await self._bot(method, request_timeout=UPLOAD_SECONDS)
