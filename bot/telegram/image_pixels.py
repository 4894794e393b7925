"""Decoding pictures to upright sRGB pixels, scaling, and encoding them within a provider's or Telegram's limits."""

import logging
from collections.abc import Collection
from io import BytesIO
from math import ceil, sqrt

from PIL import Image, ImageCms

from bot.telegram import image_png
from bot.telegram.image_file import ImageSource, UnusableImageError, broken, upright
from bot.telegram.image_format import Size
from bot.telegram.image_png import Png
from providers.base import ReferenceLimits
from providers.errors import Sentence

log = logging.getLogger(__name__)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decoded(source: ImageSource, limits: ReferenceLimits) -> Image.Image:
    """The pixels as RGB or RGBA in sRGB, upright, within the limit of the sides. Raises `UnusableImageError`."""
    try:
        return _decoded(source, limits)
    except UnusableImageError:
        raise
    except Exception as error:
        raise broken(error) from error


def _decoded(source: ImageSource, limits: ReferenceLimits) -> Image.Image:
    factor = min(1, limits.side / max(source.size))
    target = upright(_scaled(source.size, factor, limits) if factor < 1 else source.size, source.orientation)
    image, box = _loaded(source, target)
    image = _eight_bit(image)
    if image.size != target:
        image = image.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
    image = _srgb(image, source.profile)
    # The file's profile and EXIF are no longer true and must not be written again.
    image.info = {}
    turn = _TURNS.get(source.orientation)
    return image if turn is None else image.transpose(turn)


def _loaded(source: ImageSource, target: Size) -> tuple[Image.Image, tuple[float, float, float, float] | None]:
    """The decoded picture, no smaller than `target`, reduced while decoding where that is cheap; and the box of it that
    holds the picture."""
    image = source.image
    factor = min(image.width // target[0], image.height // target[1])
    if isinstance(source.layout, Png) and source.layout.has_bands and factor > 1:
        box = (0, 0, image.width / factor, image.height / factor)
        return image_png.reduced(source.file, source.layout, factor), box
    # A JPEG can be decoded at a half, a quarter or an eighth of its size.
    drafted = image.draft(None, target) if factor > 1 else None
    image.load()
    return image, drafted[1] if drafted else None


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        opaque = image.getchannel("A").getextrema()[0] == 255
        return image.convert("RGB") if opaque else image
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        # Pillow would clip values above 255.
        wide = image if image.mode == "F" else image.convert("I")
        high = wide.getextrema()[1]
        most = high if image.mode == "F" and isinstance(high, float) and high > 0 else 65535
        return wide.point(lambda value: value * (255 / most)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=mode)
        except Exception as error:  # the picture is good without its profile
            log.info("reading a colour profile failed (%r); the picture is used without it", error)
        else:
            image = converted or image
    return image if image.mode == mode else image.convert(mode)


def encoded(image: Image.Image, limits: ReferenceLimits) -> tuple[bytes, str, Size]:
    """The bytes, media type and size of the picture within the limits: at lower quality first, then scaled down. Raises
    `UnusableImageError`."""
    media_type = _type_for(image.mode, limits.media_types)
    if media_type == "image/jpeg" and image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    while True:
        for quality in (92, 85, 75) if media_type != "image/png" else (92,):
            data = _saved(image, media_type, quality)
            if len(data) <= limits.size:
                return data, media_type, image.size
        if max(image.size) < 32:
            raise UnusableImageError(Sentence("This picture can't be made small enough. Send another one."))
        factor = min(0.9, max(0.5, sqrt(limits.size / len(data)) * 0.95))
        image = image.resize(_scaled(image.size, factor, limits), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _type_for(mode: str, allowed: Collection[str]) -> str:
    order = ("image/png", "image/webp", "image/jpeg") if mode == "RGBA" else ("image/jpeg", "image/png", "image/webp")
    for media_type in order:
        if media_type in allowed:
            return media_type
    raise ValueError(f"none of {order} is allowed: {allowed}")


def _saved(image: Image.Image, media_type: str, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, media_type.removeprefix("image/").upper(), quality=quality)
    return buffer.getvalue()


def _scaled(size: Size, factor: float, limits: ReferenceLimits) -> Size:
    """The sides times a factor; rounding keeps the ratio within its bounds."""
    least, most = limits.ratio
    width, height = (max(1, round(side * factor)) for side in size)
    return max(width, ceil(height * least)), max(height, ceil(width / most))
