"""The first bytes of a file tell its type and size."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.image_worker import (
    EXTENSIONS,
    Header,
    media_type_of,
    sniff,
)
from tests.support.images import (
    FORMATS,
    forged_png,
    heic,
    noise,
    saved,
)


@pytest.mark.parametrize(
    ("kind", "options", "media_type", "enough"),
    [
        ("JPEG", {}, "image/jpeg", 1024),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(9000)}, "image/jpeg", 16384),
        ("PNG", {}, "image/png", 64),
        ("GIF", {}, "image/gif", 1024),
        ("BMP", {}, "image/bmp", 64),
        ("WEBP", {}, "image/webp", 30),
        ("WEBP", {"lossless": True}, "image/webp", 30),
        ("WEBP", {"icc_profile": b"x"}, "image/webp", 30),
        ("AVIF", {}, "image/avif", 10**6),
        ("HEIC", {}, "image/heic", 10**6),
    ],
)
def test_the_first_bytes_tell_type_and_size(kind: str, options: dict[str, Any], media_type: str, enough: int) -> None:
    image = noise(300, 200)
    data = heic(image, **options) if kind == "HEIC" else saved(image, kind, **options)
    assert sniff(data[:enough]) == Header(media_type, 300, 200)
    assert sniff(data[:9]) is None


@given(st.binary(max_size=60) | st.sampled_from(sorted(FORMATS)).map(lambda kind: FORMATS[kind][:100]))
def test_sniffing_never_fails(head: bytes) -> None:
    assert sniff(head) is None or isinstance(sniff(head), Header)


def test_a_bomb_is_not_sniffed() -> None:
    assert sniff(forged_png(30000, 30000)) is None


@pytest.mark.parametrize("kind", FORMATS)
def test_a_files_first_bytes_tell_its_ending(kind: str) -> None:
    media_type = media_type_of(FORMATS[kind][:64])
    header = sniff(FORMATS[kind])

    assert header
    assert header.media_type == media_type
    endings = {"jpeg", "progressive", "cmyk"}, {"png", "interlaced", "sixteen bits", "palette", "apng"}
    expected = "jpg" if kind in endings[0] else "png" if kind in endings[1] else "webp" if kind == "lossless" else kind
    assert EXTENSIONS[media_type or ""] == expected


@pytest.mark.parametrize(
    "head", [b"", b"BMW is a maker of cars", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x14ftypisom\0\0\0\0mp41"]
)
def test_no_picture_has_no_ending(head: bytes) -> None:
    assert media_type_of(head) is None


@pytest.mark.parametrize(
    ("brands", "media_type"),
    [
        (b"mif1\0\0\0\0mif1avifmiaf", "image/avif"),
        (b"avis\0\0\0\0avifmif1", "image/avif"),
        (b"mif1\0\0\0\0mif1heic", "image/heic"),
        (b"msf1\0\0\0\0hevc", "image/heic"),
    ],
)
def test_brands_tell_avif_from_heic(brands: bytes, media_type: str) -> None:
    assert media_type_of(struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands) == media_type
