"""Makes the sizes of a photo as Telegram's servers do: re-encoded as JPEG without EXIF and scaled down.

All of it blocks: call it in a thread.
"""

from dataclasses import dataclass
from hashlib import blake2s
from io import BytesIO

from PIL import Image, ImageOps

from bot.demo.bot_api.errors import bad_request

SIZE_SIDES = (90, 320, 800, 1280, 2560)
"""The longest sides of the sizes of a photo, in pixels."""
MAX_SIDES_SUM = 10_000
"""A photo's width and height together (core.telegram.org/bots/api#sendphoto)."""
MAX_SIDE_RATIO = 20
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
"""The errors of Pillow for bytes that are no picture, or a broken or too large one."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of a picture as stored: JPEG bytes."""

    data: bytes
    unique_id: str
    width: int
    height: int


def unique_id(data: bytes) -> str:
    """A `file_unique_id`: the same for the same bytes, for every bot."""
    return "AQAD" + blake2s(data, digest_size=8).hexdigest()


def photo_sizes(data: bytes) -> tuple[Rendition, ...]:
    """The sizes of a photo, smallest first. Raises `ApiError` as Telegram does for bytes that can't be a photo."""
    try:
        with Image.open(BytesIO(data)) as opened:
            check_sides(*opened.size)
            opened.draft("RGB", (SIZE_SIDES[-1], SIZE_SIDES[-1]))
            image = flatten(opened)
    except UNREADABLE as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    longest = min(max(image.size), SIZE_SIDES[-1])
    found = []
    width, height = image.width * longest / max(image.size), image.height * longest / max(image.size)
    for side in (longest, *reversed([side for side in SIZE_SIDES if side < longest])):
        target = max(round(width * side / longest), 1), max(round(height * side / longest), 1)
        # Each size is made from the next larger one, which is quick; rounding is done once, from the largest.
        image = image.resize(target, Image.Resampling.BILINEAR, reducing_gap=2) if target != image.size else image
        found.append(encode(image))
    return tuple(reversed(found))


def thumbnail(data: bytes, side: int = 320) -> Rendition | None:
    """A small JPEG of a picture, at most `side` pixels on its longer side; None where the bytes are no picture."""
    try:
        with Image.open(BytesIO(data)) as opened:
            opened.draft("RGB", (side, side))
            image = flatten(opened)
    except UNREADABLE:
        return None
    image.thumbnail((side, side))
    return encode(image)


def is_photo(data: bytes) -> bool:
    """Whether Telegram's apps would send these bytes as a photo (else they send a file)."""
    try:
        with Image.open(BytesIO(data)) as image:
            image.verify()
            return not getattr(image, "is_animated", False) and max(image.size) <= MAX_SIDE_RATIO * min(image.size)
    except UNREADABLE:
        return False


def check_sides(width: int, height: int) -> None:
    """Check a picture as sendPhoto does. Raises `ApiError`."""
    if width + height > MAX_SIDES_SUM or max(width, height) > MAX_SIDE_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def flatten(image: Image.Image) -> Image.Image:
    """The picture upright, opaque on white, in RGB."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.new("RGB", layer.size, "white")
        upright.paste(layer, mask=layer)
    return upright.convert("RGB")


def encode(image: Image.Image) -> Rendition:
    """The picture as JPEG, with nothing of the original's EXIF."""
    out = BytesIO()
    image.info.clear()
    image.save(out, "JPEG", quality=87)
    data = out.getvalue()
    return Rendition(data, unique_id(data), *image.size)
