"""The pixels of a PNG without its metadata; large ones are decoded in bands of rows.

(https://www.w3.org/TR/png-3/: a file is a list of chunks; the pixels are one zlib stream in all IDAT chunks.)
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from bot.telegram.image_format import Size, orientation_in
from bot.telegram.image_parts import Range, joined

SIGNATURE = b"\x89PNG\r\n\x1a\n"

MOST_CHUNKS = 100_000
MOST_METADATA_BYTES = 1 << 20
"""The largest chunk of metadata that is read, and the largest profile, as with Pillow."""
BAND_BYTES = 4 << 20
"""The size of the rows that are decoded at once."""
_PIECE_BYTES = 256 * 1024
# Pillow, for example, rejects a picture for any fault in these, and for compressed text of more than 1 MB.
_RISKY = {b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT"}
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Adam7: first column, first row, step of columns, step of rows.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(slots=True)
class Png:
    """The contents of the chunks. `colour`: the colour type; `pixels`: the ranges of the IDAT chunks' contents.

    `is_plain`: every decoder takes the file as it is: it has its end, and no chunk that some decoders reject.
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    palette: bytes | None = None
    transparency: bytes | None = None
    pixels: list[Range] = field(default_factory=list, repr=False)
    is_plain: bool = True
    orientation: int = 1
    profile: bytes | None = field(default=None, repr=False)
    is_animated: bool = False

    @property
    def has_bands(self) -> bool:
        """Whether `reduced` can be used."""
        return self.depth == 8 and not self.interlaced


def size_of(head: bytes) -> Size | None:
    """Width and height in pixels from the first 24 bytes; None if they are not there."""
    if len(head) < 24 or head[12:16] != b"IHDR":
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def read(file: BinaryIO) -> Png:
    """Read all chunks. Raises `ValueError` if one that the pixels need is missing or broken."""
    size = file.seek(0, 2)
    file.seek(8)
    png, ended = None, False
    for _count in range(MOST_CHUNKS):
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        start = file.tell()
        if len(head) < 8 or not kind.isalpha() or start + length > size:
            break
        if png is None:
            png = _header(kind, _body(file, kind, length))
        elif kind == b"IEND":
            ended = True
            break
        elif kind == b"IDAT":
            if png.pixels and sum(png.pixels[-1]) + 12 != start:
                break
            png.pixels.append((start, length))
        else:
            _take(png, kind, file, length)
        file.seek(start + length + 4)
    if png is None or not png.pixels:
        raise ValueError("a PNG without pixels")
    png.is_plain &= ended
    return png


def _header(kind: bytes, body: bytes | None) -> Png:
    if kind != b"IHDR" or body is None or len(body) != 13 or body[9] not in _CHANNELS:
        raise ValueError("a PNG with a broken header")
    width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
    return Png(width, height, depth=body[8], colour=body[9], interlaced=bool(body[12]))


def _take(png: Png, kind: bytes, file: BinaryIO, length: int) -> None:
    """Read one of the other chunks into `png`."""
    body = _body(file, kind, length) if length <= MOST_METADATA_BYTES else None
    if kind in {b"PLTE", b"tRNS"} and not png.pixels:
        if body is None:
            raise ValueError(f"a PNG with a broken {kind!r}")
        if kind == b"PLTE":
            png.palette = body
        else:
            png.transparency = body
    elif body is None or kind in _RISKY or len(body) != _LENGTHS.get(kind, len(body)):
        png.is_plain = False
    elif kind == b"eXIf":
        png.orientation = orientation_in(body)
    elif kind == b"iCCP":
        png.profile = _profile(body)
        png.is_plain &= png.profile is not None
    png.is_animated |= kind == b"acTL" and int.from_bytes((body or b"")[:4], "big") > 1


def _body(file: BinaryIO, kind: bytes, length: int) -> bytes | None:
    """A chunk's contents; None if they don't match their checksum."""
    body = file.read(length)
    return body if file.read(4) == zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big") else None


def _profile(body: bytes) -> bytes | None:
    _name, _zero, packed = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed[1:], MOST_METADATA_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def opened(file: BinaryIO, png: Png) -> Image.Image:
    """The picture, ready to be decoded."""
    return Image.open(joined(file, _parts(png)), formats=["PNG"])


def cleaned(file: BinaryIO, png: Png) -> bytes:
    """The file with only its pixels and its colour profile."""
    return joined(file, _parts(png, png.profile)).read()


def _parts(png: Png, profile: bytes | None = None) -> list[bytes | Range]:
    (start, _length), (last, length) = png.pixels[0], png.pixels[-1]
    head: list[bytes | Range] = [*_head(png, png.height)]
    if profile:
        head.insert(2, _chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile)))
    return [*head, (start - 8, last + length + 4 - (start - 8)), _chunk(b"IEND", b"")]


def _head(png: Png, height: int) -> list[bytes]:
    """The signature and the chunks before the pixels, for a picture of this height."""
    sides = png.width.to_bytes(4, "big") + height.to_bytes(4, "big")
    rest = bytes((png.depth, png.colour, 0, 0, png.interlaced))
    chunks = [(b"IHDR", sides + rest), (b"PLTE", png.palette), (b"tRNS", png.transparency)]
    return [SIGNATURE, *(_chunk(kind, body) for kind, body in chunks if body is not None)]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big")


def is_whole(file: BinaryIO, png: Png) -> bool:
    """Whether all rows are there and undamaged: they are inflated, not decoded."""
    wanted = _inflated_size(png)
    try:
        for piece in _inflated(file, png):
            wanted -= len(piece)
    except (ValueError, zlib.error):
        return False
    return wanted <= 0


def _inflated_size(png: Png) -> int:
    """The size of all rows in bytes, each with its filter byte."""
    bits = png.depth * _CHANNELS[png.colour]
    passes = PASSES if png.interlaced else ((0, 0, 1, 1),)
    size = 0
    for left, top, across, down in passes:
        columns, rows = -(-(png.width - left) // across), -(-(png.height - top) // down)
        size += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return size


def _inflated(file: BinaryIO, png: Png) -> Iterator[bytes]:
    """The filtered rows, in pieces; ends early if rows are missing. Raises `ValueError` or `zlib.error` for damage."""
    left = _inflated_size(png)
    inflater = zlib.decompressobj()
    for start, length in png.pixels:
        file.seek(start)
        checksum = zlib.crc32(b"IDAT")
        for block in _blocks(file, length):
            checksum = zlib.crc32(block, checksum)
            rest = block
            while rest and left > 0:
                piece = inflater.decompress(rest, _PIECE_BYTES)
                left -= len(piece)
                yield piece
                rest = inflater.unconsumed_tail
        if file.read(4) != checksum.to_bytes(4, "big"):
            raise ValueError("a PNG with a damaged chunk")
    while left > 0 and (piece := inflater.decompress(b"", _PIECE_BYTES)):
        left -= len(piece)
        yield piece


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    for offset in range(0, length, _PIECE_BYTES):
        yield file.read(min(_PIECE_BYTES, length - offset))


def reduced(file: BinaryIO, png: Png, factor: int) -> Image.Image:
    """The picture with each side divided by `factor` (rounded up), decoded a few rows at a time.

    Each band is decoded as a PNG of its own, together with the row before it, which may predict its first row. Raises
    `ValueError` or `zlib.error` if rows are missing.
    """
    stride = 1 + png.width * _CHANNELS[png.colour]
    rows = max(1, BAND_BYTES // stride // factor) * factor
    has_alpha = png.colour in {4, 6} or png.transparency is not None
    mode = "RGBA" if has_alpha else "L" if png.colour == 0 else "RGB"
    canvas = Image.new(mode, (-(-png.width // factor), -(-png.height // factor)))
    before, top = bytes(stride - 1), 0
    for band in _bands(file, png, rows * stride):
        count = len(band) // stride
        image = _decoded(png, before, band, count)
        before = image.crop((0, count, png.width, count + 1)).tobytes()
        image = image.crop((0, 1, png.width, count + 1))
        image = image if image.mode == mode and not image.has_transparency_data else image.convert(mode)
        canvas.paste(image.reduce(factor), (0, top // factor))
        top += count
    if top < png.height:
        raise ValueError(f"a PNG of which {png.height - top} rows are missing")
    return canvas


def _bands(file: BinaryIO, png: Png, size: int) -> Iterator[bytes]:
    """The filtered rows in blocks of `size` bytes; the last one may be smaller."""
    band = bytearray()
    stride, left = 1 + png.width * _CHANNELS[png.colour], png.height
    for piece in _inflated(file, png):
        band += piece
        while len(band) >= size and left > 0:
            yield bytes(band[:size])
            left -= size // stride
            del band[:size]
    if rest := min(len(band) // stride, left):
        yield bytes(band[: rest * stride])


def _decoded(png: Png, before: bytes, band: bytes, count: int) -> Image.Image:
    rows = zlib.compress(b"\0" + before + band, 0)
    data = b"".join([*_head(png, count + 1), _chunk(b"IDAT", rows), _chunk(b"IEND", b"")])
    image = Image.open(BytesIO(data), formats=["PNG"])
    image.load()
    return image
