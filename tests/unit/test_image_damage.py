"""A picture is good whatever its metadata; missing pixels are damage; no file leads to more than an error message."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.telegram import image_png
from bot.telegram.image_worker import (
    Header,
    ImageWorker,
    Prepared,
    UnusableImageError,
    sniff,
)
from providers.base import ReferenceLimits
from providers.jimeng.models import MODELS
from providers.jimeng.simulator.references import check
from tests.support.images import (
    BROKEN_EXIF,
    FORMATS,
    JPEG,
    PNG,
    PROGRESSIVE,
    chunk,
    heic,
    interlaced,
    noise,
    opened,
    saved,
    segment,
)

LIMITS = ReferenceLimits(10, 1_000_000, 400, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))


def are_alike(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None


TURNED_AND_BROKEN = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHHHHI", 2, 0x0112, 3, 1, 1, 0, 0x9999, 77, 2**32 - 1)
MEGABYTES = bytes(2 << 20)

PNG_CHUNKS = {
    "a long compressed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(MEGABYTES)),
    "a broken compressed text": chunk(b"zTXt", b"Comment\0\0nonsense"),
    "much compressed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20))) * 70,
    "a long compressed XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(MEGABYTES)),
    "a broken XMP": chunk(b"iTXt", b"XML:com.adobe.xmp"),
    "a long text": chunk(b"tEXt", b"parameters\0" + b"a fox, " * 60_000),
    "a text without its checksum": chunk(b"tEXt", b"parameters\0a fox")[:-4] + b"\0\0\0\0",
    "a long profile": chunk(b"iCCP", b"icc\0\0" + zlib.compress(MEGABYTES)),
    "a broken profile": chunk(b"iCCP", b"icc\0\0nonsense"),
    "no profile": chunk(b"iCCP", b""),
    "broken EXIF": chunk(b"eXIf", BROKEN_EXIF[6:]),
    "C2PA": chunk(b"caBX", bytes(400_000)),
    "broken frames": chunk(b"acTL", b"\0"),
    "a broken time": chunk(b"tIME", b""),
    "a broken resolution": chunk(b"pHYs", b"\0"),
}
JPEG_SEGMENTS = {
    "400 KB of C2PA": b"".join(segment(0xEB, b"JP\0\0" + bytes(65_000)) for _ in range(7)),
    "broken EXIF": segment(0xE1, BROKEN_EXIF),
    "EXIF of nothing": segment(0xE1, b"Exif\0\0"),
    "a long XMP": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x:" * 20_000),
    "a profile in pieces that don't fit": segment(0xE2, b"ICC_PROFILE\0\2\3" + bytes(500)),
    "a broken profile": segment(0xE2, b"ICC_PROFILE\0\1\1nonsense"),
    "a broken list of frames": segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff"),
    "a broken Photoshop block": segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff\xff\xff\xff"),
    "an end marker in a comment": segment(0xFE, b"\xff\xd8\xff\xd9"),
    "an empty comment": segment(0xFE, b""),
    "a few bytes too many": b"\0\0\0",
}


async def is_good(worker: ImageWorker, data: bytes, like: bytes) -> Prepared:
    """The pixels are passed on unchanged, in a file that a strict service accepts."""
    prepared = await worker.prepare(data, LIMITS)
    assert are_alike(opened(prepared.data), opened(like))
    assert prepared.changed == ()
    limits = MODELS["4.0"].references
    assert limits
    check(prepared.data, limits)
    photo = await worker.fit_photo(data)
    assert opened(photo).size == opened(like).size
    return prepared


@pytest.mark.parametrize("what", PNG_CHUNKS)
@pytest.mark.parametrize("place", [33, -12])
async def test_a_png_is_good_whatever_it_tells(worker: ImageWorker, what: str, place: int) -> None:
    data = PNG[:place] + PNG_CHUNKS[what] + PNG[place:]

    await is_good(worker, data, PNG)

    assert sniff(data) == Header("image/png", 96, 64)


# Pillow warns of some of it when the test opens the file.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("what", JPEG_SEGMENTS)
@pytest.mark.parametrize("data", [JPEG, PROGRESSIVE])
async def test_a_jpeg_is_good_whatever_it_tells(worker: ImageWorker, what: str, data: bytes) -> None:
    told = data[:20] + JPEG_SEGMENTS[what] + data[20:]

    prepared = await is_good(worker, told, data)

    assert prepared.data == told
    assert sniff(told) == Header("image/jpeg", 96, 64)


EXIF = Image.Exif()
EXIF[0x010F] = "a maker of cameras"


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "HEIC"])
async def test_other_formats_are_good_whatever_they_tell(worker: ImageWorker, kind: str) -> None:
    metadata: dict[str, Any] = {"exif": EXIF.tobytes(), "xmp": b"<x:" * 150_000}
    data = heic(noise(), **metadata) if kind == "HEIC" else saved(noise(), kind, **metadata)
    for broken in (data.replace(b"II*\0", b"nope"), data.replace(b"II*\0\x08", b"II*\0\xff"), data):
        prepared = await worker.prepare(broken, LIMITS)

        assert (prepared.width, prepared.height) == (96, 64)
        assert sniff(broken) == Header(f"image/{kind.lower()}", 96, 64)


async def test_the_orientation_is_found_in_broken_exif(worker: ImageWorker) -> None:
    exif = TURNED_AND_BROKEN.replace(b"\0\1\0\0\x99", b"\0\6\0\0\x99")
    for data in (JPEG[:2] + segment(0xE1, exif) + JPEG[2:], PNG[:33] + chunk(b"eXIf", exif[6:]) + PNG[33:]):
        prepared = await worker.prepare(data, LIMITS)

        assert (prepared.width, prepared.height) == (64, 96)
        assert "Your picture was turned upright." in map(str, prepared.changed)


WITHOUT_END = {
    "jpeg": (JPEG, 2),
    "half of the marker": (JPEG, 1),
    "progressive": (PROGRESSIVE, 2),
    "grey": (saved(noise(mode="L"), "JPEG"), 2),
    "plain colour": (saved(Image.new("RGB", (96, 64), "teal"), "JPEG"), 2),
    "with restarts": (saved(noise(), "JPEG", restart_marker_rows=1), 2),
    "optimized": (saved(noise(), "JPEG", optimize=True, quality=30, subsampling=0), 2),
    "png": (PNG, 12),
    "png, half of the end": (PNG, 5),
}
SEQUENTIAL = [kind for kind in WITHOUT_END if kind != "progressive" and not kind.startswith("png")]


@pytest.mark.parametrize("kind", WITHOUT_END)
async def test_a_picture_that_only_lacks_its_end_gets_it(worker: ImageWorker, kind: str) -> None:
    data, end = WITHOUT_END[kind]

    prepared = await is_good(worker, data[:-end], data)

    assert prepared.data.endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))


async def is_damaged(worker: ImageWorker, data: bytes) -> None:
    for work in (worker.prepare(data, LIMITS), worker.fit_photo(data)):
        with pytest.raises(UnusableImageError, match="damaged or incomplete"):
            await work


# A progressive one whose last scan is short and has an end is only less sharp.
@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("progressive", b""),
        *((kind, b"") for kind in SEQUENTIAL),
        *((kind, b"\xff\xd9") for kind in SEQUENTIAL),
    ],
)
@pytest.mark.parametrize("missing", [300, 1000])
async def test_a_jpeg_that_lacks_pixels_is_damaged(worker: ImageWorker, kind: str, ending: bytes, missing: int) -> None:
    data, _end = WITHOUT_END[kind]
    if kind == "plain colour":
        missing = missing // 50

    await is_damaged(worker, data[: -2 - missing] + ending)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "I;16"])
@pytest.mark.parametrize("rows", [1, 10])
async def test_a_png_that_lacks_rows_is_damaged(worker: ImageWorker, mode: str, rows: int) -> None:
    image = Image.new(mode, (96, 64)) if mode == "I;16" else noise().convert(mode)
    short = saved(image.crop((0, 0, 96, 64 - rows)), "PNG")
    header = short[16:20] + struct.pack(">I", 64) + short[24:29]

    await is_damaged(worker, short[:8] + chunk(b"IHDR", header) + short[33:])


@pytest.mark.parametrize("size", [(96, 64), (97, 33), (3, 1), (1, 3)])
async def test_an_interlaced_png_is_good_with_all_its_rows(worker: ImageWorker, size: tuple[int, int]) -> None:
    data = interlaced(noise(*size))
    assert (await worker.prepare(data, LIMITS)).data == data
    rows = zlib.decompress(data[41:-16])

    await is_damaged(worker, data[:33] + chunk(b"IDAT", zlib.compress(rows[:-1])) + data[-12:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.sampled_from(["RGB", "L", "P", "LA", "RGBA", "transparent"]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(1, 7),
    st.integers(1, 3000),
)
def test_a_png_in_bands_is_the_picture(mode: str, size: tuple[int, int], factor: int, band: int) -> None:
    image = noise(*size).convert("RGB" if mode == "transparent" else mode)
    image.paste(Image.linear_gradient("L").resize(size).convert(image.mode), (0, 0))
    options = {"transparency": (9, 9, 9)} if mode == "transparent" else {}
    data = saved(image, "PNG", **options)
    file, before = BytesIO(data), image_png.BAND_BYTES
    image_png.BAND_BYTES = band
    try:
        found = image_png.reduced(file, image_png.read(file), factor)
    finally:
        image_png.BAND_BYTES = before

    expected = opened(data)
    wanted = {"P": "RGB", "LA": "RGBA", "transparent": "RGBA"}.get(mode, mode)
    assert found.mode == wanted
    assert found.tobytes() == expected.convert(wanted).reduce(factor).tobytes()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.sampled_from(sorted(FORMATS)), st.data())
async def test_no_damage_leads_to_more_than_a_sentence(worker: ImageWorker, kind: str, data: st.DataObject) -> None:
    damaged = bytearray(FORMATS[kind])
    for place in data.draw(st.lists(st.integers(0, 300) | st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[min(place, len(damaged) - 1)] = data.draw(st.integers(0, 255))
    start, length = data.draw(st.integers(0, len(damaged))), data.draw(st.sampled_from([0, 0, 1, 4, 50]))
    del damaged[start : start + length]

    sniff(bytes(damaged))
    for work in (worker.prepare(bytes(damaged), LIMITS), worker.fit_photo(bytes(damaged))):
        try:
            await work
        except UnusableImageError as error:
            assert str(error)  # noqa: PT017


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_picture_may_be_in_a_file(worker: ImageWorker, kind: str, tmp_path: Any) -> None:
    path = tmp_path / "picture"
    path.write_bytes(FORMATS[kind])

    of_path = await worker.prepare(path, LIMITS)
    with path.open("rb") as file:
        of_file = await worker.prepare(file, LIMITS)
        assert await worker.is_whole(file)
        assert sniff(file) == sniff(FORMATS[kind])

    assert of_path == of_file == await worker.prepare(FORMATS[kind], LIMITS)
