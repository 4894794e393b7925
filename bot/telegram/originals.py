"""The pictures as the provider made them, sent as files: by file id where Telegram has them, else streamed."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiogram import Bot
from aiogram.methods import SendDocument
from aiogram.types import BufferedInputFile, InputFile, Message, ReplyParameters

from bot.telegram.downloads import BrokenOff, Downloads, Gone
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

    async def send(self, job: Job, pictures: Sequence[Picture], under: Message) -> int:
        """Send the originals in answer to a message. Returns how many could not be had."""
        missing = 0
        for picture in pictures:
            missing += not await self._one(job, picture, under)
        return missing

    async def _one(self, job: Job, picture: Picture, under: Message) -> bool:
        if picture.document_id:
            await self._document(job, picture.document_id, under)
            return True
        if kept := await self._store.pictures.data(picture.id):
            return await self._sent(job, picture, BufferedInputFile(kept, file_name(picture)), under)
        if picture.url is None:
            return False
        async with AsyncExitStack() as stack:
            try:
                stream = await stack.enter_async_context(self._downloads.open(picture.url, file_name(picture)))
            except (BrokenOff, Gone):
                return False
            if stream.size is not None and stream.size > DOCUMENT_BYTES:
                return False
            return await self._sent(job, picture, stream, under)

    async def _sent(self, job: Job, picture: Picture, file: InputFile, under: Message) -> bool:
        sent = await self._document(job, file, under)
        if sent.document:
            await self._store.pictures.sent_as_file(picture.id, sent.document.file_id)
        return True

    async def _document(self, job: Job, document: str | InputFile, under: Message) -> Message:
        method = SendDocument(
            chat_id=job.chat_id,
            document=document,
            disable_content_type_detection=True,
            message_thread_id=job.thread_id,
            reply_parameters=ReplyParameters(message_id=under.message_id, allow_sending_without_reply=True),
        )
        return await self._bot(method, request_timeout=UPLOAD_SECONDS)
