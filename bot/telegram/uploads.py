"""Preparing stored pictures for sending: by file id where Telegram has them, else their bytes, as a photo or file."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from aiogram.types import InputFile

from bot.telegram.downloads import (
    CompressedError,
    Downloads,
    FetchError,
    PictureGoneError,
    TooLargeError,
    UnusableError,
)
from bot.telegram.image_worker import EXTENSIONS, Header, ImageWorker, UnusableImageError, media_type_of, sniff
from bot.telegram.spooled_file import SpooledFile
from providers.base import Provider
from providers.errors import Sentence
from storage.pictures import Picture, PictureDetails
from storage.store import Store

log = logging.getLogger(__name__)

# Telegram's limits of a photo; a larger one is scaled down, and the original is sent on demand.
PHOTO_TYPES = ("image/jpeg", "image/png")
PHOTO_BYTES = 10_000_000
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
DOCUMENT_BYTES = 50 * 1024 * 1024
OWN_SERVER_DOCUMENT_BYTES = 2000 * 1024 * 1024
"""With `--local`; without, it refuses what is too large, and the bot goes on without it."""
HEAD_BYTES = 64
"""Enough of a file to recognize its format."""
NAME_LENGTH = 40
NO_ADDRESS_SECONDS = 5.0
"""How long a job's addresses are not asked for again after the service gave none: its pictures are fetched together."""

NOT_NOW = Sentence("I can't fetch the picture from the service yet.")
NOT_FETCHED = Sentence("It's ready, but I can't fetch it from the service. Tap “Look again” to try once more.")
NO_MORE = Sentence("It was made, but the service doesn't have it any more.")
TOO_LARGE = Sentence("It's ready, but it is larger than 64 MB: I can't fetch it.")
UNUSABLE = Sentence("It's ready, but the service gave an address for it that I must not open.")
DAMAGED = Sentence("The service's file is damaged or isn't a picture.")


@dataclass(frozen=True, slots=True)
class UnavailablePicture:
    """A picture that can't be fetched. `why`: the reason for a person; `is_gone`: the service may still give another
    address; `is_final`: trying again is useless."""

    picture: Picture
    why: Sentence
    is_gone: bool = False
    is_final: bool = False


@dataclass(slots=True)
class Upload:
    """A picture ready to be sent. `width`, `height` (pixels) and `size` (bytes) are the original's.

    `photo`: sent as a photo; None: it can only be sent as a file. `original`: its bytes as the service made them, if
    they were fetched. `most`: the bytes of a document that Telegram's server takes.
    """

    picture: Picture
    photo: str | InputFile | None
    original: SpooledFile | None
    width: int | None
    height: int | None
    size: int | None
    most: int = DOCUMENT_BYTES

    @property
    def spooled(self) -> list[SpooledFile]:
        """The files to upload when it is sent as a photo."""
        return [self.photo] if isinstance(self.photo, SpooledFile) else []

    @property
    def bytes_as_photo(self) -> int:
        """The bytes to upload when it is sent as a photo."""
        return sum(file.size for file in self.spooled)

    @property
    def document(self) -> str | SpooledFile | None:
        """The file to send as a document, if there is one that is not too large."""
        if self.picture.document_id:
            return self.picture.document_id
        return self.original if self.original and self.original.size <= self.most else None


class Uploads:
    """Opens stored pictures for sending. `providers` by name: pictures may be fetched from the hosts of their settings.

    `renew(job_id)` asks the service for fresh addresses of a job's pictures and returns whether it gave some.
    `document_bytes`: the most of a document that Telegram's server takes.
    """

    def __init__(
        self,
        store: Store,
        downloads: Downloads,
        images: ImageWorker,
        providers: Mapping[str, Provider[Any, Any]],
        *,
        document_bytes: int = DOCUMENT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._document_bytes = document_bytes
        self._store = store
        self._downloads = downloads
        self._images = images
        self._providers = providers
        self.renew: Callable[[int], Awaitable[bool]] = _nothing_fresh
        self._clock = clock
        self._no_address_until: dict[int, float] = {}
        self._renewing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def open(
        self, picture: Picture, *, as_file: bool = False, made: PictureDetails | None = None
    ) -> AsyncIterator[Upload | UnavailablePicture]:
        """A picture as a photo, or `as_file`; fetched whole unless Telegram has it in that form. `made`: how it was
        made, where that is known."""
        async with AsyncExitStack() as stack:
            yield await self.open_one(picture, stack, as_file=as_file, made=made)

    async def open_one(
        self, picture: Picture, stack: AsyncExitStack, *, as_file: bool, made: PictureDetails | None = None
    ) -> Upload | UnavailablePicture:
        """One picture, whose file is closed with `stack`, or the reason why it can't be fetched."""
        if as_file:
            return await self._as_file(picture, stack, made)
        if picture.photo_id:
            return Upload(picture, picture.photo_id, None, picture.width, picture.height, picture.size)
        found = await self.original(picture, stack, made)
        return found if isinstance(found, UnavailablePicture) else await self._fitted(picture, found, stack)

    async def _as_file(
        self, picture: Picture, stack: AsyncExitStack, made: PictureDetails | None
    ) -> Upload | UnavailablePicture:
        if picture.document_id:
            return Upload(picture, picture.photo_id, None, picture.width, picture.height, picture.size)
        found = await self.original(picture, stack, made)
        if isinstance(found, UnavailablePicture):
            return found
        header = sniff(found.file)
        sides = (header.width, header.height) if header else (picture.width, picture.height)
        return Upload(picture, picture.photo_id, found, *sides, found.size, self._document_bytes)

    async def original(
        self, picture: Picture, stack: AsyncExitStack, made: PictureDetails | None = None
    ) -> SpooledFile | UnavailablePicture:
        """The bytes that the provider made, with a file name for the person's device. `made`: see `open`."""
        making = made or await self._store.pictures.details(picture)
        if picture.has_bytes and (kept := await self._store.pictures.data(picture.id)):
            file = SpooledFile("picture", kept)
            stack.callback(file.close)
        else:
            fetched = await self._fetched(picture, picture.url, making.provider, stack)
            if (
                isinstance(fetched, UnavailablePicture)
                and fetched.is_gone
                and (url := await self._fresh_address(picture))
            ):
                fetched = await self._fetched(picture, url, making.provider, stack)
            if isinstance(fetched, UnavailablePicture):
                return fetched
            file = fetched
        file.filename = file_name(making.prompt, making.number if making.count > 1 else None, file.head(HEAD_BYTES))
        return file

    async def _fetched(
        self, picture: Picture, url: str | None, name: str, stack: AsyncExitStack
    ) -> SpooledFile | UnavailablePicture:
        if url is None:
            return UnavailablePicture(picture, NO_MORE, is_final=True)
        provider = self._providers.get(name)
        trusted = provider.origins if provider else frozenset()
        fetching = self._downloads.open(url, person=picture.user_id, trusted=trusted, provider=name)
        try:
            return await stack.enter_async_context(fetching)
        except FetchError as error:
            log.info("fetching picture %d failed: %r", picture.id, error)
            return _unavailable(picture, error)

    async def _fresh_address(self, picture: Picture) -> str | None:
        """The picture's new address at the service, if it gives one."""
        lock = self._renewing.setdefault(picture.job_id, asyncio.Lock())
        async with lock:
            # One answer has the addresses of all pictures of a job.
            latest = await self._store.pictures.get(picture.id)
            if latest and latest.url == picture.url and await self._renewed(picture.job_id):
                latest = await self._store.pictures.get(picture.id)
        return latest.url if latest and latest.url != picture.url else None

    async def _renewed(self, job_id: int) -> bool:
        """Ask for fresh addresses, unless the service just gave none."""
        now = self._clock()
        self._no_address_until = {job: until for job, until in self._no_address_until.items() if now < until}
        if job_id in self._no_address_until:
            return False
        renewed = await self.renew(job_id)
        if not renewed:
            self._no_address_until[job_id] = self._clock() + NO_ADDRESS_SECONDS
        return renewed

    async def keep(self, picture: Picture) -> bool:
        """Fetch and store a picture that did not reach Telegram, so that it can be shown after its URL has expired.

        False: it can't be fetched now, but perhaps later.
        """
        if picture.photo_id or picture.url is None or await self._store.pictures.data(picture.id):
            return True
        async with AsyncExitStack() as stack:
            found = await self.original(picture, stack)
            if isinstance(found, UnavailablePicture):
                return found.is_final or found.is_gone
            await self._store.pictures.keep(picture.id, found.whole())
        return True

    async def _fitted(self, picture: Picture, file: SpooledFile, stack: AsyncExitStack) -> Upload | UnavailablePicture:
        if media_type_of(file.head(HEAD_BYTES)) is None:
            return UnavailablePicture(picture, DAMAGED, is_final=True)
        header = sniff(file.file)
        width, height = (header.width, header.height) if header else (None, None)
        if _fits(header, file.size):
            return Upload(picture, file, file, width, height, file.size, self._document_bytes)
        try:
            photo = await self._images.fit_photo(file.file, person=picture.user_id)
        except UnusableImageError as error:
            log.info("making a photo of picture %d failed (%s); it is sent as a file", picture.id, error)
            return Upload(picture, None, file, width, height, file.size, self._document_bytes)
        smaller = SpooledFile(f"{(file.filename or 'picture').rpartition('.')[0]}.jpg", photo)
        stack.callback(smaller.close)
        return Upload(picture, smaller, file, width, height, file.size, self._document_bytes)


async def _nothing_fresh(_job_id: int) -> bool:
    """The default of `Uploads.renew`: there are no fresh addresses."""
    return False


def _unavailable(picture: Picture, error: FetchError) -> UnavailablePicture:
    if isinstance(error, PictureGoneError):
        return UnavailablePicture(picture, NO_MORE, is_gone=True)
    if isinstance(error, TooLargeError):
        return UnavailablePicture(picture, TOO_LARGE, is_final=True)
    if isinstance(error, CompressedError):
        return UnavailablePicture(picture, DAMAGED, is_final=True)
    if isinstance(error, UnusableError):
        return UnavailablePicture(picture, UNUSABLE, is_final=True)
    return UnavailablePicture(picture, NOT_FETCHED)


def file_name(prompt: str, number: int | None, head: bytes) -> str:
    """The file name of a picture on a person's device: the prompt, its number among several, and the extension for its
    first bytes: "a-red-fox-3.jpg"."""
    words = "-".join(re.findall(r"[^\W_]+", prompt.lower()))
    while len(words.encode()) > NAME_LENGTH:
        # A text without spaces (Chinese) is cut anywhere.
        shorter, _dash, _rest = words.rpartition("-")
        words = shorter or words[: max(1, len(words) * 3 // 4)]
    ending = EXTENSIONS.get(media_type_of(head) or "", "jpg")
    return "-".join([words or "picture", *([str(number)] if number else [])]) + f".{ending}"


def _fits(header: Header | None, size: int) -> bool:
    if header is None or header.media_type not in PHOTO_TYPES:
        return False
    sides = (header.width, header.height)
    return size <= PHOTO_BYTES and sum(sides) <= PHOTO_SIDES and max(sides) <= PHOTO_RATIO * min(sides)
