"""Pictures checked by their bytes and made to fit: references for a provider, results for Telegram.

What fits is passed on untouched after a look at its structure, without decoding: a JPEG must have its end marker, a PNG
whole chunks with good checksums. That finds every cut-off file for a small part of the price of decoding; damage in the
middle of JPEG data is not found, and decoding would not tell of it either. What fails the look is decoded: it is either
mended so or refused.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from bot.telegram.picture_file import Header, Size, Source, UnfitPicture, is_whole, open_picture, sniff
from bot.telegram.picture_pixels import decoded, encoded
from providers.base import ReferenceLimits
from providers.errors import Sentence

__all__ = ["Header", "ImageWorker", "Prepared", "UnfitPicture", "sniff"]

ResultT = TypeVar("ResultT")

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
    """Decodes and encodes pictures in one thread, one at a time: the event loop goes on, memory stays bounded."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    async def prepare(self, data: bytes, limits: ReferenceLimits) -> Prepared:
        """Check a reference and make it fit: converted, turned upright and scaled down where needed.

        Raises `UnfitPicture` for what is no picture, broken, too large to decode, or of a ratio beyond the bounds.
        """
        return await self._run(_prepare, data, limits)

    async def fit_photo(self, data: bytes) -> bytes:
        """A JPEG that Telegram takes as a photo, from any picture. Raises `UnfitPicture`, also for a ratio over 20."""
        return await self._run(_fit_photo, data)

    async def aclose(self) -> None:
        """Drop what waits and let what runs come to its end."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def _run(self, work: Callable[..., ResultT], *args: object) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)


def _prepare(data: bytes, limits: ReferenceLimits) -> Prepared:
    source = open_picture(data)
    _check_ratio(source.size, limits)
    kind = _kind(source.media_type, source.image.mode)
    fits = source.media_type in limits.media_types and len(data) <= limits.size and max(source.size) <= limits.side
    # Few services read CMYK, and not all of them turn a picture as its EXIF says.
    plain = source.orientation == 1 and source.image.mode != "CMYK"
    if fits and plain and is_whole(source, data):
        return Prepared(data, source.media_type, *source.size, tuple(_frames(source)))
    made, media_type, size = encoded(decoded(source, limits), limits)
    told = [*_frames(source), *_conversion(kind, _kind(media_type)), *_turn(source)]
    told += _shrinking(source.size, size) or _compression(len(data), len(made), limits)
    return Prepared(made, media_type, *size, tuple(told))


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


def _fit_photo(data: bytes) -> bytes:
    source = open_picture(data)
    _check_ratio(source.size, PHOTO)
    return encoded(decoded(source, PHOTO), PHOTO)[0]


def _check_ratio(size: Size, limits: ReferenceLimits) -> None:
    least, most = limits.ratio
    if not least <= size[0] / size[1] <= most:
        values = {
            "size": _sides(size),
            "ratio": _ratio(size[0] / size[1]),
            "least": _ratio(least),
            "most": _ratio(most),
        }
        raise UnfitPicture(
            Sentence(
                "This picture is {size}, a ratio of {ratio}. It must be between {least} and {most}: crop it, please.",
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
