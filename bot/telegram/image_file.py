"""Opening picture files: their format and size by their bytes, and whether they are whole. Nothing is scaled here.

Metadata never decides whether a picture can be used: a decoder of JPEG and PNG gets nothing but the pixels.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from bot.telegram import image_jpeg, image_png
from bot.telegram.image_format import Size, media_type_of, orientation_in, plain_size, tiff_orientation
from bot.telegram.image_jpeg import Jpeg
from bot.telegram.image_png import Png
from providers.errors import Sentence

log = logging.getLogger(__name__)

# Just below where Pillow itself warns of a decompression bomb.
MOST_MEGAPIXELS = 89

# Bytes of memory for each pixel while a picture is decoded, as measured with Pillow 13 and pillow-heif 1.8. A JPEG and
# a PNG need little if they are scaled down while they are decoded.
_BYTES_A_PIXEL: Mapping[str, float] = {"image/webp": 16, "image/avif": 10, "image/heic": 9}
_OTHERS_BYTES_A_PIXEL = 6.0
_FORMATS: Mapping[str, str] = {
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}
ITEM_TABLE_BYTES = 1 << 20
"""The first bytes of an AVIF or HEIC, in which its table of items is looked for."""
# The names of metadata in the table of an AVIF's or HEIC's items (ISO 14496-12, 8.11.6).
_METADATA_ITEM = re.compile(rb"(infe[\x02\x03].{3}(?:.{2}|.{4})\0\0)(?:Exif|mime)", re.DOTALL)


class UnusableImageError(Exception):
    """A picture that can't be used. `sentence` says why, and what to send instead."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class TooLargeToDecodeError(UnusableImageError):
    """Decoding takes more memory than is allowed. The picture may still be good."""


@dataclass(frozen=True, slots=True)
class Header:
    """Format and size, read from the first bytes. Sides in pixels, as stored (EXIF may turn them)."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An opened picture, not decoded yet. `orientation` as in EXIF, `size` as a person sees it.

    `layout`: the layout of a JPEG or PNG; `memory`: bytes needed for decoding it without scaling it meanwhile.
    """

    file: BinaryIO
    image: Image.Image
    media_type: str
    orientation: int
    size: Size
    profile: bytes | None
    is_animated: bool
    memory: float
    layout: Jpeg | Png | None = None


def sniff(source: bytes | BinaryIO) -> Header | None:
    """Type and size of a file or of its first bytes; nothing is decoded. None: no usable picture, or more bytes are
    needed.

    PNG, GIF, BMP and WebP need 32 bytes, a JPEG its metadata; TIFF, AVIF and HEIC must be whole.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    try:
        media_type = _media_type(file)
        size = _size(file, media_type)
    except (UnusableImageError, ValueError):
        return None
    fits = 0 < size[0] * size[1] <= MOST_MEGAPIXELS * 1_000_000
    return Header(media_type, *size) if fits else None


def open_picture(file: BinaryIO) -> ImageSource:
    """Read a picture's header. Raises `UnusableImageError` if it is no picture, or has too many pixels."""
    media_type = _media_type(file)
    try:
        if (size := _early_size(file, media_type)) is not None:
            _check_pixels(size)
        source = _OPENERS.get(media_type, _open_other)(file, media_type)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(MOST_MEGAPIXELS) from error
    except UnusableImageError:
        raise
    except Exception as error:
        raise broken(error) from error
    _check_pixels(source.size)
    return source


def check_memory(source: ImageSource, most: float) -> None:
    """Raises `TooLargeToDecodeError` if decoding takes more than `most` bytes of memory."""
    if source.memory > most:
        pixels = source.size[0] * source.size[1]
        raise TooLargeToDecodeError(_too_many_pixels(int(most / source.memory * pixels / 1_000_000)).sentence)


def upright(size: Size, orientation: int) -> Size:
    """Convert stored sides to sides as seen, or back."""
    return (size[1], size[0]) if orientation >= 5 else size


def is_whole(source: ImageSource) -> bool:
    """Whether no pixels are missing. Raises `UnusableImageError` if the check needs decoding, and that fails."""
    try:
        if isinstance(source.layout, Jpeg):
            return image_jpeg.is_whole(source.file, source.layout)
        if isinstance(source.layout, Png):
            return image_png.is_whole(source.file, source.layout)
    except Exception as error:
        raise broken(error) from error
    load(source.image)
    return True


def untouched(source: ImageSource) -> bytes:
    """The bytes of a whole picture, without metadata that some decoders reject, and with its end marker."""
    if isinstance(source.layout, Png) and not source.layout.is_plain:
        return image_png.cleaned(source.file, source.layout)
    source.file.seek(0)
    data = source.file.read()
    has_end = not isinstance(source.layout, Jpeg) or image_jpeg.end_of(source.file, source.layout) is not None
    return data if has_end else data + image_jpeg.END


def load(image: Image.Image) -> None:
    """Decode. Raises `UnusableImageError` if that fails."""
    try:
        image.load()
    except Exception as error:
        raise broken(error) from error


def broken(error: Exception) -> UnusableImageError:
    """The refusal of a file that can't be decoded."""
    log.info("reading a picture failed: %r", error)
    return UnusableImageError(Sentence("This picture is damaged or incomplete. Please send it again."))


def _media_type(file: BinaryIO) -> str:
    file.seek(0)
    media_type = media_type_of(file.read(64))
    if media_type is None:
        raise UnusableImageError(
            Sentence("This file is not a picture that can be read. Send a JPEG, PNG, WebP or HEIC.")
        )
    return media_type


def _early_size(file: BinaryIO, media_type: str) -> Size | None:
    """Sides as stored, if no decoder is needed to find them. Raises `ValueError`."""
    if media_type == "image/jpeg":
        return image_jpeg.size_of(file)
    if media_type == "image/png":
        file.seek(0)
        return image_png.size_of(file.read(24))
    return plain_size(file, media_type)


def _size(file: BinaryIO, media_type: str) -> Size:
    if media_type in {"image/avif", "image/heic", "image/tiff"}:
        source = open_picture(file)
        return upright(source.size, source.orientation)
    size = _early_size(file, media_type)
    if size is None:
        raise ValueError("more bytes are needed")
    return size


def _open_jpeg(file: BinaryIO, media_type: str) -> ImageSource:
    jpeg = image_jpeg.read(file)
    image = image_jpeg.opened(file, jpeg)
    size = upright(image.size, jpeg.orientation)
    # Two bytes for each value of all scans, and the decoded pixels.
    memory = jpeg.width * jpeg.height * (jpeg.samples * 2 + 1) if jpeg.multi_scan else 0
    return ImageSource(
        file, image, media_type, jpeg.orientation, size, jpeg.profile, is_animated=False, memory=memory, layout=jpeg
    )


def _open_png(file: BinaryIO, media_type: str) -> ImageSource:
    png = image_png.read(file)
    image = image_png.opened(file, png)
    size = upright(image.size, png.orientation)
    memory = 0 if png.has_bands else png.width * png.height * (10 if png.depth == 16 else 5)
    return ImageSource(file, image, media_type, png.orientation, size, png.profile, png.is_animated, memory, png)


def _open_heic(file: BinaryIO, media_type: str) -> ImageSource:
    # Loaded for the first one only: its decoder is not small.
    from pillow_heif import HeifImageFile  # noqa: PLC0415

    # Made directly: registering it with Pillow would be global state. It turns pictures upright by itself.
    image: Image.Image = HeifImageFile(_without_metadata(file))  # type: ignore[no-untyped-call]
    return _source(file, image, media_type, 1)


def _open_other(file: BinaryIO, media_type: str) -> ImageSource:
    stripped = _without_metadata(file) if media_type == "image/avif" else file
    stripped.seek(0)
    image = Image.open(stripped, formats=[_FORMATS[media_type]])
    exif = image.info.get("exif")
    return _source(file, image, media_type, orientation_in(exif) if isinstance(exif, bytes) else 1)


def _open_tiff(file: BinaryIO, media_type: str) -> ImageSource:
    orientation = tiff_orientation(file)
    file.seek(0)
    return _source(file, Image.open(file, formats=["TIFF"]), media_type, orientation)


def _source(file: BinaryIO, image: Image.Image, media_type: str, orientation: int) -> ImageSource:
    profile = image.info.get("icc_profile")
    # Phones put depth maps and further exposures into a HEIC; the first picture is the picture.
    is_animated = media_type != "image/heic" and bool(getattr(image, "is_animated", False))
    memory = image.width * image.height * _BYTES_A_PIXEL.get(media_type, _OTHERS_BYTES_A_PIXEL)
    return ImageSource(
        file, image, media_type, orientation, upright(image.size, orientation), profile, is_animated, memory
    )


_OPENERS = {
    "image/jpeg": _open_jpeg,
    "image/png": _open_png,
    "image/heic": _open_heic,
    "image/tiff": _open_tiff,
}


def _without_metadata(file: BinaryIO) -> BinaryIO:
    """An AVIF or HEIC without EXIF and XMP for a decoder; its rotation is stored elsewhere (ISO 23008-12, 6.5.10)."""
    file.seek(0)
    return BytesIO(_METADATA_ITEM.sub(rb"\1skip", file.read(ITEM_TABLE_BYTES)) + file.read())


def _check_pixels(size: Size) -> None:
    if size[0] * size[1] == 0:
        raise broken(ValueError(f"{size}"))
    if size[0] * size[1] > MOST_MEGAPIXELS * 1_000_000:
        raise _too_many_pixels(MOST_MEGAPIXELS)


def _too_many_pixels(most: int) -> UnusableImageError:
    return UnusableImageError(
        Sentence("This picture has more than {most} megapixels. Send a smaller copy of it.", {"most": most})
    )
