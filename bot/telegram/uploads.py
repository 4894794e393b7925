"""A stored picture as something Telegram takes: its file id, or its bytes as a photo and as a file."""

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
from bot.telegram.public_fetcher import Origin
from bot.telegram.spooled_file import SpooledFile
from providers.base import Provider
from providers.errors import Sentence
from storage.pictures import Picture
from storage.store import Store

log = logging.getLogger(__name__)

# Telegram's limits of a photo; beyond them it is sent smaller, with the original on demand.
PHOTO_TYPES = ("image/jpeg", "image/png")
PHOTO_BYTES = 10_000_000
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
DOCUMENT_BYTES = 50 * 1024 * 1024
HEAD = 64
"""Bytes that tell what a file is."""
NAME_LENGTH = 40
NO_SECONDS = 5.0
"""How long a service's "no" holds that was asked where the pictures of a job are now: they are asked for together."""

NOT_NOW = Sentence("I can't fetch the picture from the service yet.")
NOT_FETCHED = Sentence("It's ready, but I can't fetch it from the service. Tap “Look again” to try once more.")
NO_MORE = Sentence("It was made, but the service doesn't have it any more.")
TOO_LARGE = Sentence("It's ready, but it is larger than 64 MB: I can't fetch it.")
UNUSABLE = Sentence("It's ready, but the service gave an address for it that I must not open.")
DAMAGED = Sentence("The service's file is damaged or isn't a picture.")


@dataclass(frozen=True, slots=True)
class Unfetched:
    """A picture that can't be sent. `why` is said to a person; `is_gone`: the service may still give another address;
    `is_final`: trying again is no use."""

    picture: Picture
    why: Sentence
    is_gone: bool = False
    is_final: bool = False


@dataclass(slots=True)
class Upload:
    """A picture ready to be sent. `width`, `height` (pixels) and `size` (bytes) are the original's.

    `photo`: what goes as a photo; None: it can only go as a file. `original`: its bytes as the service made them, where
    they have been fetched.
    """

    picture: Picture
    photo: str | InputFile | None
    original: SpooledFile | None
    width: int | None
    height: int | None
    size: int | None

    @property
    def spooled(self) -> list[SpooledFile]:
        """The bytes that leave when it goes as a photo."""
        return [self.photo] if isinstance(self.photo, SpooledFile) else []

    @property
    def bytes_as_photo(self) -> int:
        """How much leaves when it goes as a photo."""
        return sum(file.size for file in self.spooled)

    @property
    def document(self) -> str | SpooledFile | None:
        """What goes as a file, if anything can."""
        if self.picture.document_id:
            return self.picture.document_id
        return self.original if self.original and self.original.size <= DOCUMENT_BYTES else None


class Uploads:
    """Opens stored pictures for sending. `providers` by name: where their settings lead, pictures may lie.

    `renew(job_id)` asks the service for fresh addresses of a job's pictures, and tells whether there are some.
    """

    def __init__(
        self,
        store: Store,
        downloads: Downloads,
        images: ImageWorker,
        providers: Mapping[str, Provider[Any, Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._downloads = downloads
        self._images = images
        self._providers = providers
        self.renew: Callable[[int], Awaitable[bool]] = _nothing_fresh
        self._clock = clock
        self._no: dict[int, float] = {}
        self._renewing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def open(self, picture: Picture, *, as_file: bool = False) -> AsyncIterator[Upload | Unfetched]:
        """A picture as a photo, or `as_file`; fetched whole where Telegram doesn't have it so."""
        async with AsyncExitStack() as stack:
            yield await self.open_one(picture, stack, as_file=as_file)

    async def open_one(self, picture: Picture, stack: AsyncExitStack, *, as_file: bool) -> Upload | Unfetched:
        """One picture, whose file is closed with `stack`; or that it can not be fetched."""
        if as_file:
            return await self._as_file(picture, stack)
        if picture.photo_id:
            return Upload(picture, picture.photo_id, None, picture.width, picture.height, picture.size)
        found = await self.original(picture, stack)
        return found if isinstance(found, Unfetched) else await self._fitted(picture, found, stack)

    async def _as_file(self, picture: Picture, stack: AsyncExitStack) -> Upload | Unfetched:
        if picture.document_id:
            return Upload(picture, picture.photo_id, None, picture.width, picture.height, picture.size)
        found = await self.original(picture, stack)
        if isinstance(found, Unfetched):
            return found
        header = sniff(found.file)
        sides = (header.width, header.height) if header else (picture.width, picture.height)
        return Upload(picture, picture.photo_id, found, *sides, found.size)

    async def original(self, picture: Picture, stack: AsyncExitStack) -> SpooledFile | Unfetched:
        """The bytes that the provider made, named for whoever keeps them."""
        making = await self._store.pictures.making(picture)
        if kept := await self._store.pictures.data(picture.id):
            file = SpooledFile("picture", kept)
            stack.callback(file.close)
        else:
            provider = self._providers.get(making.provider)
            trusted = provider.origins if provider else frozenset()
            fetched = await self._fetched(picture, picture.url, trusted, stack)
            if isinstance(fetched, Unfetched) and fetched.is_gone and (url := await self._fresh_address(picture)):
                fetched = await self._fetched(picture, url, trusted, stack)
            if isinstance(fetched, Unfetched):
                return fetched
            file = fetched
        file.filename = file_name(making.prompt, making.number if making.count > 1 else None, file.head(HEAD))
        return file

    async def _fetched(
        self, picture: Picture, url: str | None, trusted: frozenset[Origin], stack: AsyncExitStack
    ) -> SpooledFile | Unfetched:
        if url is None:
            return Unfetched(picture, NO_MORE, is_final=True)
        try:
            return await stack.enter_async_context(self._downloads.open(url, person=picture.user_id, trusted=trusted))
        except FetchError as error:
            log.info("picture %d was not fetched: %r", picture.id, error)
            return _unfetched(picture, error)

    async def _fresh_address(self, picture: Picture) -> str | None:
        """Where the service has the picture now; None where it doesn't tell."""
        lock = self._renewing.setdefault(picture.job_id, asyncio.Lock())
        async with lock:
            # The pictures of a job are asked for together.
            latest = await self._store.pictures.get(picture.id)
            if latest and latest.url == picture.url and await self._renewed(picture.job_id):
                latest = await self._store.pictures.get(picture.id)
        return latest.url if latest and latest.url != picture.url else None

    async def _renewed(self, job_id: int) -> bool:
        """Ask for fresh addresses, unless there were none a moment ago."""
        now = self._clock()
        self._no = {job: until for job, until in self._no.items() if now < until}
        if job_id in self._no:
            return False
        renewed = await self.renew(job_id)
        if not renewed:
            self._no[job_id] = self._clock() + NO_SECONDS
        return renewed

    async def keep(self, picture: Picture) -> bool:
        """Fetch a picture that did not get to Telegram, so that it can still be shown when its URL has expired.

        False: it can't be fetched for now.
        """
        if picture.photo_id or picture.url is None or await self._store.pictures.data(picture.id):
            return True
        async with AsyncExitStack() as stack:
            found = await self.original(picture, stack)
            if isinstance(found, Unfetched):
                return found.is_final or found.is_gone
            await self._store.pictures.keep(picture.id, found.whole())
        return True

    async def _fitted(self, picture: Picture, file: SpooledFile, stack: AsyncExitStack) -> Upload | Unfetched:
        if media_type_of(file.head(HEAD)) is None:
            return Unfetched(picture, DAMAGED, is_final=True)
        header = sniff(file.file)
        width, height = (header.width, header.height) if header else (None, None)
        if _fits(header, file.size):
            return Upload(picture, file, file, width, height, file.size)
        try:
            photo = await self._images.fit_photo(file.file, person=picture.user_id)
        except UnusableImageError as error:
            log.info("picture %d can't be a photo: %s", picture.id, error)
            return Upload(picture, None, file, width, height, file.size)
        smaller = SpooledFile(f"{(file.filename or 'picture').rpartition('.')[0]}.jpg", photo)
        stack.callback(smaller.close)
        return Upload(picture, smaller, file, width, height, file.size)


async def _nothing_fresh(_job_id: int) -> bool:
    """Before there is somebody who can ask a service."""
    return False


def _unfetched(picture: Picture, error: FetchError) -> Unfetched:
    if isinstance(error, PictureGoneError):
        return Unfetched(picture, NO_MORE, is_gone=True)
    if isinstance(error, TooLargeError):
        return Unfetched(picture, TOO_LARGE, is_final=True)
    if isinstance(error, CompressedError):
        return Unfetched(picture, DAMAGED, is_final=True)
    if isinstance(error, UnusableError):
        return Unfetched(picture, UNUSABLE, is_final=True)
    return Unfetched(picture, NOT_FETCHED)


def file_name(prompt: str, number: int | None, head: bytes) -> str:
    """The file name under which a person finds a picture on their device: the words, its number among several, and the
    ending of what its first bytes are: "a-red-fox-3.jpg"."""
    words = "-".join(re.findall(r"[^\W_]+", prompt.lower()))
    while len(words.encode()) > NAME_LENGTH:
        # A text without spaces (Chinese) is cut where it has to be.
        shorter, _dash, _rest = words.rpartition("-")
        words = shorter or words[: max(1, len(words) * 3 // 4)]
    ending = EXTENSIONS.get(media_type_of(head) or "", "jpg")
    return "-".join([words or "picture", *([str(number)] if number else [])]) + f".{ending}"


def _fits(header: Header | None, size: int) -> bool:
    if header is None or header.media_type not in PHOTO_TYPES:
        return False
    sides = (header.width, header.height)
    return size <= PHOTO_BYTES and sum(sides) <= PHOTO_SIDES and max(sides) <= PHOTO_RATIO * min(sides)
