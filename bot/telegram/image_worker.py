"""Pictures checked by their bytes and made to fit: references for a provider, results for Telegram.

What fits is passed on untouched after a look at whether it is whole: the rows of a PNG are inflated, a JPEG is decoded
at an eighth, which costs a small part of decoding it. A file that only lacks its end, or has metadata on which others
may choke, is passed on with its end and without these.
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
    Source,
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
Given = bytes | Path | BinaryIO
"""A picture's bytes, or where they are. A file is read from its beginning, by one at a time."""

LARGE = 13_000_000
"""Pixels above which a picture is large; those of most phones have 12.2 million."""
REFERENCE_MEMORY = 640_000_000
"""Bytes that decoding a reference may take: enough for the 48 megapixels of a phone's HEIC."""
PHOTO_MEMORY = 270_000_000
"""Bytes that decoding a result may take; one that needs more is better sent as a file."""

# Telegram's bounds of a photo: 10 MB, width + height 10000, ratio 20. It shows at most about 2560 pixels a side.
PHOTO = ReferenceLimits(1, 10_000_000, 2560, (1 / 20, 20), frozenset({"image/jpeg"}))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture within the bounds. Sides in pixels; `changed`: what was done to it, in sentences for its sender."""

    data: bytes
    media_type: str
    width: int
    height: int
    changed: tuple[Sentence, ...] = ()


class ImageWorker:
    """Decodes and encodes pictures in threads, so that the event loop goes on.

    Small and large ones have a thread each, with one picture at a time: memory stays bounded, and nobody's small
    picture waits for a large one. In each, people (`person`: any key of theirs) get turns.
    """

    def __init__(self) -> None:
        self.small = _Lane("pictures")
        self.large = _Lane("large pictures")

    async def prepare(self, given: Given, limits: ReferenceLimits, *, person: int = 0) -> Prepared:
        """Check a reference and make it fit: converted, turned upright and scaled down where needed.

        Raises `UnusableImageError` for what is no picture, broken, too large to decode, or of a ratio beyond the
        bounds.
        """
        return await self._run(person, given, partial(_prepare, limits=limits))

    async def fit_photo(self, given: Given, *, person: int = 0) -> bytes:
        """A JPEG that Telegram takes as a photo, from any picture.

        Raises `UnusableImageError`, also for a ratio over 20, and its kind `TooLargeToDecodeError`: send it as a file.
        """
        return await self._run(person, given, _fit_photo)

    async def is_whole(self, given: Given, *, person: int = 0) -> bool:
        """Whether no pixels of a picture are missing. Raises `UnusableImageError` for what is none."""
        return await self._run(person, given, _is_whole)

    async def aclose(self) -> None:
        """Drop what waits and let what runs come to its end."""
        await self.small.aclose()
        await self.large.aclose()

    async def _run(self, person: int, given: Given, work: Callable[[Source], ResultT]) -> ResultT:
        try:
            return await self.small.run(person, partial(_done, given, work, most=LARGE))
        except _LargeError:
            return await self.large.run(person, partial(_done, given, work))


class _Lane:
    """A thread, which people get in turns."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._turns = FairSlots(1)

    async def run(self, person: int, work: Callable[[], ResultT]) -> ResultT:
        async with self._turns.slot(person):
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)


class _LargeError(Exception):
    """A picture that belongs into the other lane."""


def _done(given: Given, work: Callable[[Source], ResultT], most: int = MOST_MEGAPIXELS * 1_000_000) -> ResultT:
    """The work on a picture. Raises `UnusableImageError`, whatever goes wrong, or `_LargeError` beyond `most`
    pixels.
    """
    try:
        with _opened(given) as file:
            return work(_checked(open_picture(file), most))
    except (UnusableImageError, _LargeError):
        raise
    except Exception as error:
        raise broken(error) from error


def _checked(source: Source, most: int) -> Source:
    if source.size[0] * source.size[1] > most:
        raise _LargeError
    return source


@contextmanager
def _opened(given: Given) -> Iterator[BinaryIO]:
    if isinstance(given, Path):
        with given.open("rb") as file:
            yield file
    else:
        yield BytesIO(given) if isinstance(given, bytes) else given


def _prepare(source: Source, limits: ReferenceLimits) -> Prepared:
    _check_ratio(source.size, limits)
    kind, size = _kind(source.media_type, source.image.mode), source.file.seek(0, 2)
    fits = source.media_type in limits.media_types and size <= limits.size and max(source.size) <= limits.side
    # Few services read CMYK, and not all of them turn a picture as its EXIF says.
    plain = source.orientation == 1 and source.image.mode != "CMYK"
    _check(source, REFERENCE_MEMORY)
    if fits and plain:
        return Prepared(untouched(source), source.media_type, *source.size, tuple(_frames(source)))
    made, media_type, sides = encoded(decoded(source, limits), limits)
    told = [*_frames(source), *_conversion(kind, _kind(media_type)), *_turn(source)]
    told += _shrinking(source.size, sides) or _compression(size, len(made), limits)
    return Prepared(made, media_type, *sides, tuple(told))


def _check(source: Source, memory: float) -> None:
    check_memory(source, memory)
    if not is_whole(source):
        raise broken(ValueError("pixels are missing"))


def _frames(source: Source) -> list[Sentence]:
    return [Sentence("Your picture has several frames; only the first one is used.")] if source.moves else []


def _conversion(before: str, after: str) -> list[Sentence]:
    values = {"before": before, "after": after}
    return [Sentence("Your picture was converted from {before} to {after}.", values)] if before != after else []


def _turn(source: Source) -> list[Sentence]:
    return [Sentence("Your picture was turned upright.")] if source.orientation != 1 else []


def _shrinking(before: Size, after: Size) -> list[Sentence]:
    values = {"before": _sides(before), "after": _sides(after)}
    return [Sentence("Your picture was scaled down from {before} to {after}.", values)] if before != after else []


def _compression(before: int, after: int, limits: ReferenceLimits) -> list[Sentence]:
    values = {"before": _megabytes(before), "after": _megabytes(after)}
    return [Sentence("Your picture was compressed from {before} to {after}.", values)] if before > limits.size else []


def _fit_photo(source: Source) -> bytes:
    _check_ratio(source.size, PHOTO)
    _check(source, PHOTO_MEMORY)
    return encoded(decoded(source, PHOTO), PHOTO)[0]


def _is_whole(source: Source) -> bool:
    check_memory(source, REFERENCE_MEMORY)
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
