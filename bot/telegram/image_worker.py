"""Checking pictures and making them fit: references for a provider, results for Telegram.

A picture that fits is passed on unchanged after a check that it is whole: the rows of a PNG are inflated, a JPEG is
decoded at an eighth, which costs a small part of decoding it. If only the end is missing, it is added; metadata that
other decoders may reject is removed.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from bot.fair_slots import FairSlots
from bot.telegram.image_file import (
    MOST_MEGAPIXELS,
    Header,
    ImageSource,
    TooLargeToDecodeError,
    UnusableImageError,
    broken,
    check_memory,
    is_whole,
    open_picture,
    sniff,
    untouched,
)
from bot.telegram.image_format import EXTENSIONS, Size, media_type_of
from bot.telegram.image_pair import beside, half
from bot.telegram.image_pixels import decoded, encoded
from providers.base import ReferenceLimits
from providers.errors import Sentence

__all__ = [
    "EXTENSIONS",
    "Header",
    "ImageWorker",
    "Prepared",
    "TooLargeToDecodeError",
    "UnusableImageError",
    "media_type_of",
    "sniff",
]

ResultT = TypeVar("ResultT")
ImageInput = bytes | Path | BinaryIO
"""A picture's bytes, its path, or an open file, which is read from its beginning by one caller at a time."""

LARGE_PIXELS = 13_000_000
"""A picture with more pixels is large; those of most phones have 12.2 million."""
REFERENCE_MEMORY_BYTES = 640_000_000
"""Memory for decoding a reference: enough for the 48 megapixels of a phone's HEIC."""
PHOTO_MEMORY_BYTES = 270_000_000
"""Memory for decoding a result; one that needs more is sent as a file."""

# Telegram's limits of a photo: 10 MB, width + height 10000, ratio 20. It shows at most about 2560 pixels a side.
PHOTO = ReferenceLimits(1, 10_000_000, 2560, (1 / 20, 20), frozenset({"image/jpeg"}))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture within the limits. Sides in pixels; `changed`: sentences that tell its sender how it was changed."""

    data: bytes
    media_type: str
    width: int
    height: int
    changed: tuple[Sentence, ...] = ()


class ImageWorker:
    """Decodes and encodes pictures in threads, so that the event loop is not blocked.

    Small and large pictures have a thread each, which works on one at a time: memory stays bounded, and no small
    picture waits for a large one. In each thread people (`person`: any key of theirs) take turns.
    """

    def __init__(self) -> None:
        self.small = _ImageThread("pictures")
        self.large = _ImageThread("large pictures")

    async def prepare(self, given: ImageInput, limits: ReferenceLimits, *, person: int = 0) -> Prepared:
        """Check a reference and make it fit: converted, turned upright and scaled down where needed.

        Raises `UnusableImageError` if it is no picture, is broken, is too large to decode, or has a ratio beyond the
        limits.
        """
        return await self._run(person, given, partial(_prepare, limits=limits))

    async def fit_photo(self, given: ImageInput, *, person: int = 0) -> bytes:
        """A JPEG that Telegram takes as a photo, from any picture.

        Raises `UnusableImageError`, also for a ratio over 20, or its subclass `TooLargeToDecodeError`: send a file.
        """
        return await self._run(person, given, _fit_photo)

    async def side_by_side(self, left: ImageInput, right: ImageInput, *, person: int = 0) -> bytes:
        """A JPEG of two pictures beside each other. Raises `UnusableImageError`."""
        halves = [await self._run(person, one, half) for one in (left, right)]
        return await self.small.run(person, partial(beside, *halves))

    async def is_whole(self, given: ImageInput, *, person: int = 0) -> bool:
        """Whether no pixels of a picture are missing. Raises `UnusableImageError` if it is no picture."""
        return await self._run(person, given, _is_whole)

    async def aclose(self) -> None:
        """Drop waiting work and let running work finish."""
        await self.small.aclose()
        await self.large.aclose()

    async def _run(self, person: int, given: ImageInput, work: Callable[[ImageSource], ResultT]) -> ResultT:
        try:
            return await self.small.run(person, partial(_process, given, work, most=LARGE_PIXELS))
        except _LargeError:
            return await self.large.run(person, partial(_process, given, work))


class _ImageThread:
    """One thread, in which people take turns."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._turns = FairSlots(1)

    async def run(self, person: int, work: Callable[[], ResultT]) -> ResultT:
        async with self._turns.slot(person):
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)


class _LargeError(Exception):
    """A picture that belongs to the thread for large ones."""


def _process(
    given: ImageInput, work: Callable[[ImageSource], ResultT], most: int = MOST_MEGAPIXELS * 1_000_000
) -> ResultT:
    """Do the work on a picture. Raises `UnusableImageError` for any failure, `_LargeError` beyond `most` pixels."""
    try:
        with _opened(given) as file:
            return work(_checked(open_picture(file), most))
    except (UnusableImageError, _LargeError):
        raise
    except Exception as error:
        raise broken(error) from error


def _checked(source: ImageSource, most: int) -> ImageSource:
    if source.size[0] * source.size[1] > most:
        raise _LargeError
    return source


@contextmanager
def _opened(given: ImageInput) -> Iterator[BinaryIO]:
    if isinstance(given, Path):
        with given.open("rb") as file:
            yield file
    else:
        yield BytesIO(given) if isinstance(given, bytes) else given


def _prepare(source: ImageSource, limits: ReferenceLimits) -> Prepared:
    _check_ratio(source.size, limits)
    kind, size = _kind(source.media_type, source.image.mode), source.file.seek(0, 2)
    fits = source.media_type in limits.media_types and size <= limits.size and max(source.size) <= limits.side
    # Few services read CMYK, and not all of them follow the orientation in EXIF.
    plain = source.orientation == 1 and source.image.mode != "CMYK"
    _check(source, REFERENCE_MEMORY_BYTES)
    if fits and plain:
        return Prepared(untouched(source), source.media_type, *source.size, tuple(_frames(source)))
    made, media_type, sides = encoded(decoded(source, limits), limits)
    changes = [*_frames(source), *_conversion(kind, _kind(media_type)), *_turn(source)]
    changes += _shrinking(source.size, sides) or _compression(size, len(made), limits)
    return Prepared(made, media_type, *sides, tuple(changes))


def _check(source: ImageSource, memory: float) -> None:
    check_memory(source, memory)
    if not is_whole(source):
        raise broken(ValueError("pixels are missing"))


def _frames(source: ImageSource) -> list[Sentence]:
    return [Sentence("Your picture has several frames; only the first one is used.")] if source.is_animated else []


def _conversion(before: str, after: str) -> list[Sentence]:
    values = {"before": before, "after": after}
    return [Sentence("Your picture was converted from {before} to {after}.", values)] if before != after else []


def _turn(source: ImageSource) -> list[Sentence]:
    return [Sentence("Your picture was turned upright.")] if source.orientation != 1 else []


def _shrinking(before: Size, after: Size) -> list[Sentence]:
    values = {"before": _sides(before), "after": _sides(after)}
    return [Sentence("Your picture was scaled down from {before} to {after}.", values)] if before != after else []


def _compression(before: int, after: int, limits: ReferenceLimits) -> list[Sentence]:
    values = {"before": _megabytes(before), "after": _megabytes(after)}
    return [Sentence("Your picture was compressed from {before} to {after}.", values)] if before > limits.size else []


def _fit_photo(source: ImageSource) -> bytes:
    _check_ratio(source.size, PHOTO)
    _check(source, PHOTO_MEMORY_BYTES)
    return encoded(decoded(source, PHOTO), PHOTO)[0]


def _is_whole(source: ImageSource) -> bool:
    check_memory(source, REFERENCE_MEMORY_BYTES)
    return is_whole(source)


def _check_ratio(size: Size, limits: ReferenceLimits) -> None:
    least, most = limits.ratio
    if not least <= size[0] / size[1] <= most:
        values = {
            "size": _sides(size),
            "ratio": _ratio(size[0] / size[1]),
            "least": _ratio(least),
            "most": _ratio(most),
        }
        raise UnusableImageError(
            Sentence(
                "This picture is {size}, a ratio of {ratio}. It must be between {least} and {most}; please crop it.",
                values,
            )
        )


def _kind(media_type: str, mode: str = "RGB") -> str:
    name = media_type.removeprefix("image/").upper()
    return f"{name} (CMYK)" if mode == "CMYK" else name


def _sides(size: Size) -> str:
    return f"{size[0]}×{size[1]}"


def _ratio(value: float) -> str:
    return f"{value:.4g}:1" if value >= 1 else f"1:{1 / value:.4g}"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
