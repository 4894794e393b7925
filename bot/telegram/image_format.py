"""The formats of pictures, by their first bytes, and the facts that can be read without a decoder."""

import struct
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import BinaryIO

Size = tuple[int, int]

EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
}
"""File name extensions, without the dot, by media type."""

MOST_VALUES = 100_000
_ORIENTATION, _PIECES = 0x0112, {273, 324}
# Pillow reads bytes and text as a whole.
_BLOBS = {1, 2, 6, 7}
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def media_type_of(head: bytes) -> str | None:
    """The media type of a file by its first 64 bytes (18 are enough but for AVIF and HEIC); None: an unknown format."""
    for magic, media_type in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
    ):
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        # Pillow unpacks run lengths one by one in Python: 6 MB of them take 6 s. Today nobody uses them.
        return None if int.from_bytes(head[30:34], "little") in {1, 2} else "image/bmp"
    return _iso_media_type(head) if head[4:8] == b"ftyp" else None


def _iso_media_type(head: bytes) -> str | None:
    """AVIF and HEIC share a container; the brands tell them apart (ISO 23008-12)."""
    end = min(len(head), int.from_bytes(head[:4], "big"))
    brands = {head[8:12], *(head[offset : offset + 4] for offset in range(16, end - 3, 4))}
    if brands & _AVIF:
        return "image/avif"
    return "image/heic" if brands & _HEIC else None


def plain_size(file: BinaryIO, media_type: str) -> Size | None:
    """Width and height in pixels, if the format begins with them; None: it doesn't, or more bytes are needed."""
    file.seek(0)
    read = _SIZES.get(media_type)
    try:
        return read(file.read(32)) if read else None
    except struct.error:
        return None


def _gif(head: bytes) -> Size:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp(head: bytes) -> Size:
    if struct.unpack_from("<I", head, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", head, 18)
    else:
        width, height = struct.unpack_from("<ii", head, 18)
    # A negative height: the rows are stored from the top.
    return width, abs(height)


def _webp(head: bytes) -> Size:
    # https://developers.google.com/speed/webp/docs/riff_container
    struct.unpack_from("30x", head)
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


_SIZES: Mapping[str, Callable[[bytes], Size]] = {"image/gif": _gif, "image/bmp": _bmp, "image/webp": _webp}


def orientation_in(exif: bytes) -> int:
    """The orientation (1–8) in EXIF data; 1 if there is none or it can't be read.

    No other entry is read, so broken EXIF does no harm. (TIFF 6.0, section 2; EXIF 2.3, 4.6.4.)
    """
    try:
        for entry in _tiff_entries(BytesIO(exif.removeprefix(b"Exif\0\0"))):
            if orientation := _orientation(entry):
                return orientation
    except struct.error:
        pass
    return 1


def tiff_orientation(file: BinaryIO) -> int:
    """The orientation (1–8) in a TIFF's first directory; 1 if there is none.

    Raises `ValueError` if an entry has too many values for Pillow, which reads each in Python: 8 MB of a million strips
    take 37 s. Raises `struct.error` if the directory can't be read.
    """
    entries = list(_tiff_entries(file))
    for tag, kind, amount, _value in entries:
        if amount > MOST_VALUES and (kind not in _BLOBS or tag in _PIECES):
            raise ValueError(f"a TIFF with {amount} values for {tag}")
    return next(filter(None, map(_orientation, entries)), 1)


def _orientation(entry: tuple[int, int, int, int]) -> int | None:
    tag, kind, _amount, value = entry
    return value if tag == _ORIENTATION and kind == 3 and value in range(1, 9) else None


def _tiff_entries(file: BinaryIO) -> Iterator[tuple[int, int, int, int]]:
    """Tag, kind, number of values, and the first two bytes of the values as a number."""
    file.seek(0)
    head = file.read(8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "<")
    (offset,) = struct.unpack(order + "4xI", head)
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    for _number in range(count):
        yield struct.unpack(order + "HHIH2x", file.read(12))
