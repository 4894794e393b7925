"""The image worker refuses files that are damaged, cut off, no pictures or decompression bombs."""

import struct
import warnings
from collections.abc import Callable
from functools import cache
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.telegram.image_worker import (
    ImageWorker,
    UnusableImageError,
)
from tests.support.images import (
    LIMITS,
    drawing,
    forged_png,
    heic,
    noise,
    refusal,
    saved,
)

KINDS = ("jpeg", "progressive", "png", "webp", "avif", "heic", "gif", "tiff", "bmp")


@cache
def whole(kind: str) -> bytes:
    image = noise(100, 75) if kind == "png" else noise(200, 150)
    if kind == "heic":
        return heic(image)
    return saved(image, "JPEG", progressive=True) if kind == "progressive" else saved(image, kind.upper())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
async def test_a_file_that_was_cut_off_is_refused(worker: ImageWorker, kind: str, part: float) -> None:
    data = whole(kind)

    words = await refusal(worker, data[: int(len(data) * part)])

    assert "damaged or incomplete" in words or "not a picture that can be read" in words


async def test_a_thumbnails_end_is_not_the_pictures_end(worker: ImageWorker) -> None:
    exif = b"Exif\0\0" + saved(drawing(16, 12), "JPEG")
    data = saved(noise(100, 75), "JPEG", exif=exif)
    assert data.count(b"\xff\xd9") == 2

    assert "damaged" in await refusal(worker, data[: len(data) // 2 + 400])


async def test_a_png_with_a_damaged_inside_is_refused(worker: ImageWorker) -> None:
    data = bytearray(saved(noise(100, 75), "PNG"))
    data[len(data) // 2] ^= 0xFF

    assert "damaged" in await refusal(worker, bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"A text that was named photo.jpg",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
    ],
)
async def test_what_is_no_picture_is_refused(worker: ImageWorker, data: bytes) -> None:
    assert await refusal(worker, data) == (
        "This file is not a picture that can be read. Send a JPEG, PNG, WebP or HEIC."
    )


def forged_heic(width: int, height: int) -> bytes:
    data = heic(drawing(64, 64))
    return data.replace(struct.pack(">II", 64, 64), struct.pack(">II", width, height))


@pytest.mark.parametrize(
    ("forged", "width", "height"),
    [(forged_png, 30000, 30000), (forged_png, 10000, 9000), (forged_png, 9446, 9446), (forged_heic, 20000, 20000)],
)
@pytest.mark.parametrize("warned", ["error", "ignore"])
async def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    worker: ImageWorker,
    forged: Callable[[int, int], bytes],
    width: int,
    height: int,
    warned: Literal["error", "ignore"],
) -> None:
    data = forged(width, height)
    with warnings.catch_warnings():
        warnings.simplefilter(warned, Image.DecompressionBombWarning)
        assert await refusal(worker, data) == "This picture has more than 89 megapixels. Send a smaller copy of it."


# Outside of the tests Pillow's warnings about damage don't stop it.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.sampled_from(sorted(KINDS)), st.data())
async def test_damage_leads_to_a_picture_or_a_sentence(worker: ImageWorker, kind: str, data: st.DataObject) -> None:
    damaged = bytearray(whole(kind))
    for place in data.draw(st.lists(st.integers(0, 200) | st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        prepared = await worker.prepare(bytes(damaged), LIMITS)
    except UnusableImageError as error:
        assert str(error)  # noqa: PT017
        return
    assert len(prepared.data) <= LIMITS.size
    assert max(prepared.width, prepared.height) <= LIMITS.side
