"""Two pictures in one: of an album, or before and after an edit."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import BinaryIO

from bot.fair_slots import FairSlots
from bot.jobs.ports import InvalidReferenceError
from bot.telegram.image_worker import ImageWorker, UnusableImageError
from bot.telegram.telegram_files import TelegramFiles
from bot.telegram.uploads import UnavailablePicture, Uploads
from storage.pictures import Picture

DOWNLOADS_AT_ONCE, SLOW_AFTER_SECONDS, SLOW_DOWNLOADS = 4, 2.0, 12
"""Of pictures to compare: they share the connections of all other calls."""
MOST, SECONDS = 6, 60.0
"""So many comparisons of one person in so many seconds: each is a message, and work for the image worker."""
MOST_REMEMBERED = 10_000


class NoPictureError(Exception):
    """One of the two pictures can't be had any more, or not now."""


class Comparisons:
    """Puts two pictures side by side. `clock`: seconds."""

    def __init__(
        self,
        files: TelegramFiles,
        uploads: Uploads,
        images: ImageWorker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._uploads = uploads
        self._images = images
        self._downloads = FairSlots(DOWNLOADS_AT_ONCE, slow_after=SLOW_AFTER_SECONDS, slow_most=SLOW_DOWNLOADS)
        self._limit = PersonLimit(MOST, SECONDS, clock)

    def may(self, person: int) -> bool:
        """Whether this person may compare now; then it counts."""
        return self._limit.take(person)

    async def draw(self, left: Picture | str, right: Picture | str, person: int) -> bytes:
        """A JPEG of both; each is a picture of the bot, or Telegram's id of a file. Raises `NoPictureError`."""
        async with AsyncExitStack() as stack:
            async with self._downloads.slot(person):
                first, second = [await self._opened(one, stack) for one in (left, right)]
            try:
                return await self._images.side_by_side(first, second, person=person)
            except UnusableImageError as error:
                raise NoPictureError(str(error)) from error

    async def _opened(self, one: Picture | str, stack: AsyncExitStack) -> BinaryIO:
        known: Sequence[str | None] = [one] if isinstance(one, str) else [one.photo_id, one.document_id]
        for file_id in known:
            try:
                if file_id is not None:
                    return await self._files.open(file_id, stack)
            except (InvalidReferenceError, OSError):
                # Telegram does not give it: the service, or the store, may still have it.
                continue
        if isinstance(one, str):
            raise NoPictureError(one)
        found = await self._uploads.original(one, stack)
        if isinstance(found, UnavailablePicture):
            raise NoPictureError(str(found.why))
        return found.file


class PersonLimit:
    """At most `most` uses of one person in `seconds`. A flood of people makes it forget the oldest ones."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._uses: OrderedDict[int, deque[float]] = OrderedDict()

    def take(self, person: int) -> bool:
        """Whether one more is allowed; then it counts."""
        now, uses = self._clock(), self._uses.setdefault(person, deque())
        self._uses.move_to_end(person)
        if len(self._uses) > MOST_REMEMBERED:
            self._uses.popitem(last=False)
        while uses and uses[0] <= now - self._seconds:
            uses.popleft()
        if len(uses) >= self._most:
            return False
        uses.append(now)
        return True
