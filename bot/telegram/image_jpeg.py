"""The pixels of a JPEG without the metadata before them and the trailers behind them.

(ITU T.81, annex B: a file is a list of segments, each with a marker; pixels come in scans, up to the end marker.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageChops

from bot.telegram.image_format import Size, orientation_in
from bot.telegram.image_parts import Range, joined

END = b"\xff\xd9"

# JFIF's and Adobe's segments define the colours; the others are tables, the frame, and restart intervals.
_KEPT = {0xE0, 0xEE, 0xDB, 0xC4, 0xCC, 0xDD}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ALONE = {0x01, *range(0xD0, 0xD9)}
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"

MOST_SEGMENTS = 10_000
MOST_JUNK_BYTES = 64 * 1024
MOST_COMPARED_PIXELS = 8_000_000
"""The size at which decoded pictures are compared to find out whether a scan is complete."""

# No Huffman code consists of ones only: these bits stop the decoder of an incomplete scan after a block or two. A
# complete scan needs none of them, but libjpeg reads up to eight bytes ahead.
_ONES = b"\xff\x00" * 8


@dataclass(frozen=True, slots=True)
class Jpeg:
    """The contents of the segments before the pixels. `scans`: the offset of the pixels; `tables`: the segments that a
    decoder needs.

    `multi_scan`: the pixels come in several scans and are decoded only as a whole; `samples`: values for each pixel.
    """

    width: int
    height: int
    samples: float
    multi_scan: bool
    tables: bytes
    scans: int
    orientation: int
    profile: bytes | None


def size_of(file: BinaryIO) -> Size:
    """Width and height in pixels. Raises `ValueError` if the file ends before its frame."""
    for marker, body, _offset in _segments(file):
        if marker in _FRAMES:
            return _sides(body)
    raise ValueError("a JPEG without a frame")


def read(file: BinaryIO) -> Jpeg:
    """Read all segments before the pixels. Raises `ValueError` if they are broken."""
    kept, frame, orientation, profile = [b"\xff\xd8"], None, 0, dict[int, bytes]()
    for marker, body, offset in _segments(file):
        if marker in _KEPT or marker in _FRAMES:
            kept.append(bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body)
        if marker in _FRAMES:
            frame = marker, body
        elif marker == 0xE1 and body.startswith(_EXIF):
            orientation = orientation or orientation_in(body)
        elif marker == 0xE2 and body.startswith(_ICC) and len(body) > 14:
            profile[body[12]] = body[14:]
        elif marker == 0xDA:
            if frame is None:
                break
            width, height = _sides(frame[1])
            multi_scan = frame[0] in _PROGRESSIVE or body[:1] != frame[1][5:6]
            icc = b"".join(profile[number] for number in sorted(profile)) or None
            return Jpeg(width, height, _samples(frame[1]), multi_scan, b"".join(kept), offset, orientation or 1, icc)
    raise ValueError("a JPEG without a frame")


def opened(file: BinaryIO, jpeg: Jpeg) -> Image.Image:
    """The picture, ready to be decoded, always with an end marker. Check `is_whole` first."""
    return _opened(file, jpeg, END)


def is_whole(file: BinaryIO, jpeg: Jpeg) -> bool:
    """Whether the scans are complete, with an end marker or not; decodes at an eighth. Raises a decoder's errors."""
    try:
        if jpeg.multi_scan:
            return end_of(file, jpeg) is not None or _is_unaffected(file, jpeg)
        image = _opened(file, jpeg, _ONES)
        image.draft(None, (1, 1))
        image.load()
    except OSError:
        return False
    return True


def end_of(file: BinaryIO, jpeg: Jpeg) -> int | None:
    """The offset of the end marker, if there is one."""
    offset, rest = jpeg.scans, b""
    file.seek(offset)
    while chunk := file.read(1 << 18):
        found = (rest + chunk).find(END)
        if found >= 0:
            return offset - len(rest) + found
        offset, rest = offset + len(chunk), chunk[-1:]
    return None


def _is_unaffected(file: BinaryIO, jpeg: Jpeg) -> bool:
    """Whether bytes added behind the last scan change nothing: then the scan is complete."""
    one, other = (_opened(file, jpeg, _padding(jpeg, piece) + END) for piece in (bytes(254), bytes(range(1, 255))))
    for image in (one, other):
        factor = 1
        while factor < 8 and jpeg.width * jpeg.height > MOST_COMPARED_PIXELS * factor**2:
            factor *= 2
        image.draft(None, (jpeg.width // factor, jpeg.height // factor))
        image.load()
    return ImageChops.difference(one, other).getbbox() is None


def _padding(jpeg: Jpeg, piece: bytes) -> bytes:
    """Bytes to add behind a scan, for each of its restart intervals."""
    restarts = b"\xff\xdd" in jpeg.tables
    return b"".join(piece + (bytes((0xFF, 0xD0 + number % 8)) if restarts else b"") for number in range(16))


def _opened(file: BinaryIO, jpeg: Jpeg, ending: bytes) -> Image.Image:
    end = end_of(file, jpeg)
    if end is None:
        end = file.seek(0, 2)
    scans: Range = jpeg.scans, end - jpeg.scans
    return Image.open(joined(file, [jpeg.tables, scans, ending]), formats=["JPEG"])


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """The segments up to the first scan: marker, body, offset. Raises `ValueError`."""
    file.seek(2)
    junk_left = iter(range(MOST_JUNK_BYTES))
    for _count in range(MOST_SEGMENTS):
        marker = _marker(file, junk_left)
        if marker in _ALONE:
            continue
        offset = file.tell() - 2
        length = int.from_bytes(file.read(2), "big")
        body = file.read(max(0, length - 2))
        if length < 2 or len(body) < length - 2:
            break
        yield marker, body, offset
        if marker == 0xDA:
            return
    raise ValueError("a JPEG that ends before its pixels")


def _marker(file: BinaryIO, junk_left: Iterator[int]) -> int:
    """The next marker; some writers leave a few bytes too many between segments."""
    last = file.read(2)
    while len(last) == 2 and next(junk_left, None) is not None:
        if last[0] == 0xFF and last[1] not in {0x00, 0xFF}:
            return last[1]
        last = last[1:] + file.read(1)
    raise ValueError("a JPEG without a marker where one must be")


def _sides(frame: bytes) -> Size:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise ValueError("a JPEG with a broken frame")
    return int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")


def _samples(frame: bytes) -> float:
    shares = [(one >> 4) * (one & 15) for one in frame[7 : 7 + 3 * frame[5] : 3]]
    most = max(shares, default=0)
    return sum(shares) / most if most else 3.0
