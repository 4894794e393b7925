"""Picture files opened by their bytes: what they are, how large, and whether they are whole. Nothing is scaled here."""

import logging
import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError
from pillow_heif import HeifImageFile, is_supported

from providers.errors import Sentence

log = logging.getLogger(__name__)

Size = tuple[int, int]

# Just below where Pillow itself warns of a decompression bomb.
MOST_MEGAPIXELS = 89

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")


class UnfitPicture(Exception):
    """A picture that can't be used. `sentence` says why, and what would do."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a picture tell. Sides in pixels, as stored (EXIF may turn them)."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Source:
    """An opened picture, not decoded yet. `orientation` as in EXIF, `size` as a person sees it, `moves`: animated."""

    image: ImageFile.ImageFile
    media_type: str
    orientation: int
    size: Size
    moves: bool


def sniff(head: bytes) -> Header | None:
    """Type and size from a picture's first bytes; nothing is decoded. None: no picture, or more bytes are needed.

    JPEG, PNG, GIF, BMP and WebP tell within the first KB (a JPEG after its metadata), AVIF and HEIC only when whole.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _sniff_webp(head)
    try:
        source = open_picture(head)
    except UnfitPicture:
        return None
    return Header(source.media_type, *source.image.size)


def _sniff_webp(head: bytes) -> Header | None:
    # https://developers.google.com/speed/webp/docs/riff_container: Pillow wants the whole file to tell.
    if len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return Header(
            "image/webp", 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        )
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return Header("image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    width, height = struct.unpack_from("<HH", head, 26)
    return Header("image/webp", width & 0x3FFF, height & 0x3FFF)


def open_picture(data: bytes) -> Source:
    """Read a picture's header. Raises `UnfitPicture` for what is none, or too large ever to be decoded."""
    try:
        image = _image(data)
        orientation = _orientation(image, data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise UnfitPicture(
            Sentence("This file is not a picture that can be read. Send a JPEG, PNG, WebP or HEIC.")
        ) from error
    except Exception as error:
        raise broken(error) from error
    if image.width * image.height == 0:
        raise broken(ValueError(f"{image.size}"))
    if image.width * image.height > MOST_MEGAPIXELS * 1_000_000:
        raise _too_many_pixels()
    media_type = image.get_format_mimetype() or ""
    # Phones put depth maps and further exposures into these; the first picture is the picture.
    moves = media_type not in {"image/mpo", "image/heic", "image/heif"} and getattr(image, "is_animated", False)
    media_type = "image/jpeg" if media_type == "image/mpo" else media_type
    return Source(image, media_type, orientation, upright(image.size, orientation), moves)


def upright(size: Size, orientation: int) -> Size:
    """Width and height as seen, of sides as stored; and the other way round."""
    return (size[1], size[0]) if orientation >= 5 else size


def _image(data: bytes) -> ImageFile.ImageFile:
    # HEIC and AVIF share a container; Pillow reads AVIF itself.
    if data[4:8] == b"ftyp" and b"avi" not in data[8:40] and is_supported(data):
        try:
            # Made directly: to register it with Pillow would be global state.
            return HeifImageFile(BytesIO(data))  # type: ignore[no-untyped-call]
        except SyntaxError as error:
            raise OSError(str(error)) from error
    return Image.open(BytesIO(data), formats=_FORMATS)


def _orientation(image: Image.Image, data: bytes) -> int:
    # Pillow decodes a whole PNG to look for this chunk, which PNGs hardly ever have.
    if image.format == "PNG" and b"eXIf" not in data:
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        log.info("unreadable EXIF", exc_info=True)
        return 1
    return orientation if orientation in range(2, 9) else 1


def is_whole(source: Source, data: bytes) -> bool:
    """Whether nothing is missing: by the structure of JPEG and PNG, else by decoding. Raises `UnfitPicture`."""
    if source.media_type == "image/jpeg":
        return data.find(b"\xff\xd9", _scan_start(data)) != -1
    if source.media_type == "image/png":
        try:
            Image.open(BytesIO(data), formats=["PNG"]).verify()
        except (OSError, SyntaxError, ValueError):
            return False
        return True
    load(source.image)
    return True


def _scan_start(data: bytes) -> int:
    """Where a JPEG's own pixels begin: behind its metadata, which may hold small JPEGs with end markers."""
    place = 2
    while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] != b"\xda":
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return place if data[place : place + 1] == b"\xff" else len(data)


def load(image: Image.Image) -> None:
    """Decode. Raises `UnfitPicture` where that fails."""
    try:
        image.load()
    except Exception as error:
        raise broken(error) from error


def broken(error: Exception) -> UnfitPicture:
    """The refusal of a file that can't be decoded."""
    log.info("a picture could not be read: %r", error)
    return UnfitPicture(Sentence("This picture is damaged or incomplete. Send it again, please."))


def _too_many_pixels() -> UnfitPicture:
    values = {"most": MOST_MEGAPIXELS}
    return UnfitPicture(Sentence("This picture has more than {most} megapixels. Send a smaller copy of it.", values))
