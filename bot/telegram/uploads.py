"""A stored picture as something Telegram takes: its file id, a stream, or bytes made fit for a photo."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiogram.types import BufferedInputFile, InputFile

from bot.telegram.downloads import BrokenOff, Downloads, Gone, Stream
from bot.telegram.pictures import Header, ImageWorker, UnfitPicture, sniff
from storage.pictures import Picture
from storage.store import Store

log = logging.getLogger(__name__)

# Telegram's limits of a photo; beyond them it is sent smaller, with the original on demand.
PHOTO_TYPES = ("image/jpeg", "image/png")
PHOTO_BYTES = 10_000_000
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20


@dataclass(slots=True)
class Upload:
    """A picture ready to be sent. `width`, `height` (pixels) and `size` (bytes) are the original's."""

    picture: Picture
    media: str | InputFile
    width: int | None
    height: int | None
    size: int | None

    @property
    def broken(self) -> bool:
        """Whether the provider broke off while this was being sent."""
        return isinstance(self.media, Stream) and self.media.broken


class Uploads:
    """Opens stored pictures for sending."""

    def __init__(self, store: Store, downloads: Downloads, images: ImageWorker) -> None:
        self._store = store
        self._downloads = downloads
        self._images = images

    @asynccontextmanager
    async def open(self, picture: Picture) -> AsyncIterator[Upload | None]:
        """A picture as a photo; None when it can't be fetched (now, or any more)."""
        async with AsyncExitStack() as stack:
            yield await self._open(picture, stack)

    async def _open(self, picture: Picture, stack: AsyncExitStack) -> Upload | None:
        if picture.photo_id:
            return Upload(picture, picture.photo_id, picture.width, picture.height, picture.size)
        if kept := await self._store.pictures.data(picture.id):
            return await self._fitted(picture, kept)
        if picture.url is None:
            return None
        try:
            stream = await stack.enter_async_context(self._downloads.open(picture.url, file_name(picture)))
            if stream.header and _fits(stream.header, stream.size):
                return Upload(picture, stream, stream.header.width, stream.header.height, stream.size)
            whole = await stream.whole()
        except (BrokenOff, Gone) as error:
            log.info("picture %d was not fetched: %r", picture.id, error)
            return None
        return await self._fitted(picture, whole)

    async def again(self, upload: Upload) -> bool:
        """Fetch a picture whole, so that it can't break off while it is sent. False when that fails."""
        data = await self.original(upload.picture)
        fitted = await self._fitted(upload.picture, data) if data else None
        if fitted is None:
            return isinstance(upload.media, str)
        upload.media, upload.size = fitted.media, fitted.size
        upload.width, upload.height = fitted.width, fitted.height
        return True

    async def original(self, picture: Picture) -> bytes | None:
        """The bytes that the provider made; None when they can't be fetched."""
        if kept := await self._store.pictures.data(picture.id):
            return kept
        if picture.url is None:
            return None
        try:
            async with self._downloads.open(picture.url, file_name(picture)) as stream:
                return await stream.whole()
        except (BrokenOff, Gone) as error:
            log.info("picture %d was not fetched: %r", picture.id, error)
            return None

    async def keep(self, picture: Picture) -> bool:
        """Fetch a picture that did not get to Telegram, so that it can still be shown when its URL has expired.

        False: it can't be fetched for now.
        """
        if picture.photo_id or picture.url is None or await self._store.pictures.data(picture.id):
            return True
        try:
            async with self._downloads.open(picture.url, file_name(picture)) as stream:
                await self._store.pictures.keep(picture.id, await stream.whole())
        except (BrokenOff, Gone) as error:
            log.info("picture %d was not kept: %r", picture.id, error)
            return isinstance(error, Gone)
        return True

    async def _fitted(self, picture: Picture, data: bytes) -> Upload | None:
        header = sniff(data)
        try:
            photo = data if _fits(header, len(data)) else await self._images.fit_photo(data)
        except UnfitPicture as error:
            log.warning("picture %d can't be a photo: %s", picture.id, error)
            return None
        width, height = (header.width, header.height) if header else (None, None)
        return Upload(picture, BufferedInputFile(photo, file_name(picture)), width, height, len(data))


def file_name(picture: Picture) -> str:
    """The file name under which a person finds the picture on their device."""
    return f"imagine-{picture.job_id}-{picture.id}.jpg"


def _fits(header: Header | None, size: int | None) -> bool:
    if header is None or size is None or header.media_type not in PHOTO_TYPES:
        return False
    sides = (header.width, header.height)
    return size <= PHOTO_BYTES and sum(sides) <= PHOTO_SIDES and max(sides) <= PHOTO_RATIO * min(sides)
