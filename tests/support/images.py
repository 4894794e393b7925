"""Test images for the image worker: drawings, noise, damaged and forged files, and one file of each format."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from bot.telegram import image_png
from bot.telegram.image_worker import ImageWorker, UnusableImageError
from providers.base import ReferenceLimits

LIMITS = ReferenceLimits(10, 60_000, 400, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))


def drawing(width: int = 120, height: int = 90, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, so that turns and colours can be seen."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image.convert(mode)


def noise(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Random pixels, which no format compresses well."""
    bands = [Image.effect_noise((width, height), 90) for _ in "RGBA"]
    return Image.merge("RGBA", bands).convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image in a format of Pillow's. `options`: those of Pillow's `save`."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(image: Image.Image, **options: Any) -> bytes:
    """The image as HEIC."""
    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, **options)
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    """EXIF with this orientation tag."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def opened(data: bytes) -> Image.Image:
    """The decoded image."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, ...], distance: int = 12) -> bool:
    """Whether the pixel at `place` has about this colour."""
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= distance for one, other in zip(found, colour, strict=True))


async def refusal(worker: ImageWorker, data: bytes, limits: ReferenceLimits = LIMITS) -> str:
    """The sentence with which the worker refuses these bytes."""
    with pytest.raises(UnusableImageError) as caught:
        await worker.prepare(data, limits)
    assert str(caught.value) == str(caught.value.sentence)
    return str(caught.value.sentence)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def interlaced(image: Image.Image) -> bytes:
    """An interlaced PNG, which Pillow can't write."""
    rows = bytearray()
    for left, top, across, down in image_png.PASSES:
        for row in range(top, image.height, down):
            line = image.crop((0, row, image.width, row + 1)).tobytes()
            pixels = b"".join(line[3 * at : 3 * at + 3] for at in range(left, image.width, across))
            rows += b"\0" + pixels if pixels else b""
    header = struct.pack(">IIBBBBB", *image.size, 8, 2, 0, 0, 1)
    data = chunk(b"IDAT", zlib.compress(rows))
    return image_png.SIGNATURE + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def forged_png(width: int, height: int) -> bytes:
    """A PNG whose header tells a size that its pixels don't have."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return image_png.SIGNATURE + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


BROKEN_EXIF = b"Exif\0\0II*\0\xff\xff\xff\x7fnonsense"
PNG = saved(noise(), "PNG")
JPEG = saved(noise(), "JPEG")
PROGRESSIVE = saved(noise(), "JPEG", progressive=True)

FORMATS: dict[str, bytes] = {
    "jpeg": JPEG,
    "progressive": PROGRESSIVE,
    "cmyk": saved(noise(mode="CMYK"), "JPEG"),
    "png": PNG,
    "interlaced": interlaced(noise()),
    "sixteen bits": saved(Image.new("I;16", (96, 64), 500), "PNG"),
    "palette": saved(noise().convert("P"), "PNG", transparency=3),
    "apng": saved(noise(), "PNG", save_all=True, append_images=[noise()]),
    "webp": saved(noise(), "WEBP", exif=BROKEN_EXIF, icc_profile=b"x" * 30),
    "lossless": saved(noise(mode="RGBA"), "WEBP", lossless=True),
    "gif": saved(noise(), "GIF", save_all=True, append_images=[noise()]),
    "bmp": saved(noise(), "BMP"),
    "tiff": saved(noise(), "TIFF", compression="tiff_lzw"),
    "avif": saved(noise(), "AVIF"),
    "heic": heic(noise()),
}
