import asyncio
import struct
import threading
import warnings
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from typing import Any, Literal

import pillow_heif
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bot.telegram.image_worker import Header, ImageWorker, UnusableImageError, sniff
from providers.base import ReferenceLimits

LIMITS = ReferenceLimits(10, 60_000, 400, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))


@pytest_asyncio.fixture(name="worker")
async def image_worker() -> AsyncIterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    await worker.aclose()


def drawing(width: int = 120, height: int = 90, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, so that the test sees turns and colours."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image.convert(mode)


def noise(width: int, height: int) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 90) for _ in "RGB"])


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(image: Image.Image, **options: Any) -> bytes:
    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, **options)
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, ...], distance: int = 12) -> bool:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= distance for one, other in zip(found, colour, strict=True))


async def refusal(worker: ImageWorker, data: bytes, limits: ReferenceLimits = LIMITS) -> str:
    with pytest.raises(UnusableImageError) as caught:
        await worker.prepare(data, limits)
    assert str(caught.value) == str(caught.value.sentence)
    return str(caught.value.sentence)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (saved(drawing(), "JPEG"), "image/jpeg"),
        (saved(drawing(), "JPEG", progressive=True), "image/jpeg"),
        (saved(drawing(), "JPEG") + b"a phone's trailer", "image/jpeg"),
        (saved(drawing(), "JPEG", exif=turned(1)), "image/jpeg"),
        (saved(drawing(mode="L"), "JPEG"), "image/jpeg"),
        (saved(drawing(), "MPO", save_all=True, append_images=[drawing()]), "image/jpeg"),
        (saved(drawing(), "PNG"), "image/png"),
        (saved(drawing(mode="RGBA"), "PNG"), "image/png"),
        (saved(drawing(mode="P"), "PNG"), "image/png"),
        (saved(drawing(mode="I;16"), "PNG"), "image/png"),
        (saved(drawing(mode="1"), "PNG"), "image/png"),
        (saved(drawing(360, 120), "PNG"), "image/png"),
        (saved(drawing(120, 360), "PNG"), "image/png"),
        (saved(drawing(400, 400), "JPEG"), "image/jpeg"),
    ],
)
async def test_what_fits_is_passed_on_untouched(worker: ImageWorker, data: bytes, media_type: str) -> None:
    prepared = await worker.prepare(data, LIMITS)

    assert prepared.data is data
    assert (prepared.media_type, prepared.changed) == (media_type, ())
    assert (prepared.width, prepared.height) == opened(data).size


@pytest.mark.parametrize(
    ("data", "before"),
    [
        (saved(drawing(), "WEBP"), "WEBP"),
        (saved(drawing(), "WEBP", lossless=True), "WEBP"),
        (saved(drawing(), "AVIF"), "AVIF"),
        (heic(drawing()), "HEIC"),
        (saved(drawing(), "GIF"), "GIF"),
        (saved(drawing(), "BMP"), "BMP"),
        (saved(drawing(), "TIFF"), "TIFF"),
        (saved(drawing(), "TIFF", compression="tiff_lzw"), "TIFF"),
        (saved(drawing(mode="CMYK"), "TIFF"), "TIFF (CMYK)"),
        (saved(drawing(mode="CMYK"), "JPEG"), "JPEG (CMYK)"),
    ],
)
async def test_other_kinds_become_jpeg(worker: ImageWorker, data: bytes, before: str) -> None:
    prepared = await worker.prepare(data, LIMITS)

    image = opened(prepared.data)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (120, 90))
    assert (prepared.media_type, prepared.width, prepared.height) == ("image/jpeg", 120, 90)
    assert near(image, (10, 45), (220, 20, 20), 40)
    assert near(image, (110, 45), (20, 20, 220), 40)
    assert [str(each) for each in prepared.changed] == [f"Your picture was converted from {before} to JPEG."]


@pytest.mark.parametrize("kind", ["WEBP", "HEIC", "TIFF", "AVIF", "GIF"])
async def test_transparency_is_kept_as_png(worker: ImageWorker, kind: str) -> None:
    image = drawing(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 60, 90))

    prepared = await worker.prepare(heic(image) if kind == "HEIC" else saved(image, kind), LIMITS)

    result = opened(prepared.data)
    assert (result.format, result.mode, prepared.media_type) == ("PNG", "RGBA", "image/png")
    assert near(result.getchannel("A").convert("RGB"), (10, 45), (0, 0, 0))
    assert near(result.convert("RGB"), (110, 45), (20, 20, 220), 40)


async def test_transparency_is_laid_on_white_where_only_jpeg_is_taken(worker: ImageWorker) -> None:
    image = Image.new("RGBA", (120, 90), (0, 0, 0, 0))

    prepared = await worker.prepare(saved(image, "PNG"), replace(LIMITS, media_types=frozenset({"image/jpeg"})))

    assert prepared.media_type == "image/jpeg"
    assert near(opened(prepared.data), (60, 45), (255, 255, 255))


async def test_a_kind_the_provider_takes_is_left_as_it_is(worker: ImageWorker) -> None:
    data = saved(drawing(), "WEBP")
    takes_webp = replace(LIMITS, media_types=frozenset({"image/webp"}))

    assert (await worker.prepare(data, takes_webp)).data is data
    assert (await worker.prepare(saved(drawing(), "PNG"), takes_webp)).media_type == "image/webp"
    assert "damaged" in await refusal(worker, data[:-60], takes_webp)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIC"])
async def test_a_picture_is_turned_as_its_exif_says(worker: ImageWorker, kind: str, orientation: int) -> None:
    seen = drawing(120, 90)
    # How a camera stores the picture: turned, so that the tag's turn undoes it.
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    same = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 7: "TRANSVERSE"}
    stored = seen.transpose(undo[orientation] if orientation in undo else Image.Transpose[same[orientation]])
    exif = turned(orientation)
    data = heic(stored, exif=exif.tobytes()) if kind == "HEIC" else saved(stored, kind, exif=exif)

    prepared = await worker.prepare(data, LIMITS)

    image = opened(prepared.data)
    assert image.size == (prepared.width, prepared.height) == (120, 90)
    assert near(image, (10, 45), (220, 20, 20), 40)
    assert near(image, (110, 45), (20, 20, 220), 40)
    assert image.getexif().get(0x0112, 1) == 1
    # The container of a HEIC turns it, and every reader obeys that: there is no change to tell.
    assert ("turned upright" in " ".join(map(str, prepared.changed))) == (kind != "HEIC")


async def test_the_ratio_is_that_of_the_picture_as_seen(worker: ImageWorker) -> None:
    data = saved(drawing(100, 350), "JPEG", exif=turned(6))

    assert await refusal(worker, data) == (
        "This picture is 350×100, a ratio of 3.5:1. It must be between 1:3 and 3:1; please crop it."
    )


@pytest.mark.parametrize(("size", "ratio"), [((100, 301), "1:3.01"), ((301, 100), "3.01:1"), ((400, 1), "400:1")])
async def test_a_ratio_beyond_the_bounds_is_refused(worker: ImageWorker, size: tuple[int, int], ratio: str) -> None:
    assert f"a ratio of {ratio}. It must be between 1:3 and 3:1" in await refusal(worker, saved(drawing(*size), "PNG"))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "LA", "I;16", "1"])
async def test_too_many_pixels_a_side_are_scaled_down(worker: ImageWorker, mode: str) -> None:
    # 1203 × 401 is 3:1; careless rounding would exceed the bound.
    prepared = await worker.prepare(saved(drawing(1203, 401, mode), "PNG"), LIMITS)

    image = opened(prepared.data)
    assert image.size == (prepared.width, prepared.height) == (400, 134)
    assert "Your picture was scaled down from 1203×401 to 400×134." in map(str, prepared.changed)
    assert len(prepared.data) <= LIMITS.size


@pytest.mark.parametrize("orientation", [1, 6])
async def test_a_large_jpeg_is_scaled_and_turned(worker: ImageWorker, orientation: int) -> None:
    prepared = await worker.prepare(saved(drawing(2003, 1001), "JPEG", exif=turned(orientation)), LIMITS)

    assert opened(prepared.data).size == ((400, 200) if orientation == 1 else (200, 400))


async def test_sixteen_bits_keep_their_brightness(worker: ImageWorker) -> None:
    grey = Image.new("I;16", (900, 600), 0x8000)

    prepared = await worker.prepare(saved(grey, "PNG"), LIMITS)

    assert near(opened(prepared.data).convert("RGB"), (200, 100), (128, 128, 128), 2)


async def test_too_many_bytes_are_compressed_then_scaled(worker: ImageWorker) -> None:
    limits = replace(LIMITS, size=60_000)

    compressed = await worker.prepare(saved(noise(300, 300), "JPEG", quality=99), limits)
    assert len(compressed.data) <= 60_000
    assert (compressed.width, compressed.height) == (300, 300)
    assert str(compressed.changed[0]) == "Your picture was compressed from 0.2 MB to 0.1 MB."

    scaled = await worker.prepare(saved(noise(300, 300), "JPEG", quality=99), replace(limits, size=12_000))
    assert len(scaled.data) <= 12_000
    assert opened(scaled.data).size == (scaled.width, scaled.height) < (300, 300)
    assert str(scaled.changed[0]).startswith("Your picture was scaled down from 300×300 to ")

    glass = noise(300, 300)
    glass.putalpha(Image.effect_noise((300, 300), 90))
    png = await worker.prepare(saved(glass, "PNG"), limits)
    assert len(png.data) <= 60_000
    assert opened(png.data).mode == "RGBA"

    assert "small enough" in await refusal(worker, saved(noise(300, 300), "PNG"), replace(limits, size=50))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
async def test_colours_of_a_profile_become_plain_ones(worker: ImageWorker, mode: str) -> None:
    # A profile in which the first number means blue and the third red.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"?XYZ", b"bXYZ", 1)
    image = drawing(mode=mode)
    if mode == "RGBA":
        image.putalpha(128)

    prepared = await worker.prepare(saved(image, "TIFF", icc_profile=swapped), LIMITS)

    result = opened(prepared.data)
    assert result.mode == mode
    assert "icc_profile" not in result.info
    assert near(result.convert("RGB"), (10, 45), (20, 20, 220), 30)
    assert near(result.convert("RGB"), (110, 45), (220, 20, 20), 30)


# Pillow warns of such EXIF; only in the tests a warning is an error.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
async def test_an_unusable_profile_or_exif_is_no_reason_to_refuse(worker: ImageWorker) -> None:
    assert (await worker.prepare(saved(drawing(), "WEBP", icc_profile=b"nonsense" * 20), LIMITS)).width == 120
    assert (await worker.prepare(saved(drawing(), "JPEG", exif=b"Exif\0\0II*\0nonsense"), LIMITS)).width == 120


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_of_a_moving_picture_the_first_frame_is_used_and_said_so(worker: ImageWorker, kind: str) -> None:
    frames = saved(drawing(), kind, save_all=True, append_images=[Image.new("RGB", (120, 90), "green")])

    prepared = await worker.prepare(frames, LIMITS)

    assert near(opened(prepared.data).convert("RGB"), (10, 45), (220, 20, 20), 40)
    assert str(prepared.changed[0]) == "Your picture has several frames; only the first one is used."


WHOLE = {
    "jpeg": saved(noise(200, 150), "JPEG"),
    "progressive": saved(noise(200, 150), "JPEG", progressive=True),
    "png": saved(noise(100, 75), "PNG"),
    "webp": saved(noise(200, 150), "WEBP"),
    "avif": saved(noise(200, 150), "AVIF"),
    "heic": heic(noise(200, 150)),
    "gif": saved(noise(200, 150), "GIF"),
    "tiff": saved(noise(200, 150), "TIFF"),
    "bmp": saved(noise(200, 150), "BMP"),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
async def test_a_file_that_was_cut_off_is_refused(worker: ImageWorker, kind: str, part: float) -> None:
    data = WHOLE[kind]

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


def forged_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def forged_heic(width: int, height: int) -> bytes:
    data = heic(drawing(64, 64))
    return data.replace(struct.pack(">II", 64, 64), struct.pack(">II", width, height))


@pytest.mark.parametrize(
    "data",
    [forged_png(30000, 30000), forged_png(10000, 9000), forged_png(9446, 9446), forged_heic(20000, 20000)],
)
@pytest.mark.parametrize("warned", ["error", "ignore"])
async def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    worker: ImageWorker, data: bytes, warned: Literal["error", "ignore"]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(warned, Image.DecompressionBombWarning)
        assert await refusal(worker, data) == "This picture has more than 89 megapixels. Send a smaller copy of it."


# Outside of the tests Pillow only warns of this damage.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
async def test_damage_leads_to_a_picture_or_a_sentence(worker: ImageWorker, kind: str, data: st.DataObject) -> None:
    damaged = bytearray(WHOLE[kind])
    for place in data.draw(st.lists(st.integers(0, 200) | st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        prepared = await worker.prepare(bytes(damaged), LIMITS)
    except UnusableImageError as error:
        assert str(error)  # noqa: PT017
        return
    assert len(prepared.data) <= LIMITS.size
    assert max(prepared.width, prepared.height) <= LIMITS.side


async def test_one_picture_is_worked_on_at_a_time_and_the_loop_goes_on(worker: ImageWorker) -> None:
    data = saved(drawing(2000, 1500), "PNG")
    before = threading.active_count()

    jobs = [asyncio.create_task(worker.prepare(data, LIMITS)) for _ in range(4)]
    turns = 0
    while not all(job.done() for job in jobs):
        await asyncio.sleep(0)
        turns += 1

    assert turns > 100
    assert threading.active_count() <= before + 1
    assert len({(await job).data for job in jobs}) == 1


async def test_a_closed_worker_takes_nothing_more() -> None:
    worker = ImageWorker()
    await worker.prepare(saved(drawing(), "PNG"), LIMITS)

    await worker.aclose()

    with pytest.raises(RuntimeError):
        await worker.prepare(b"", LIMITS)


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("RGB", (4096, 4096)),
        ("RGB", (6198, 2656)),
        ("RGB", (60, 80)),
        ("RGB", (5000, 250)),
        ("RGBA", (3000, 900)),
        ("CMYK", (3000, 900)),
        ("I;16", (900, 3000)),
    ],
)
async def test_a_photo_for_telegram(worker: ImageWorker, mode: str, size: tuple[int, int]) -> None:
    photo = await worker.fit_photo(saved(Image.new(mode, size), "TIFF" if mode == "CMYK" else "PNG"))

    image = opened(photo)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert max(image.size) == min(2560, *[max(size)])
    assert max(image.size) <= 20 * min(image.size)
    assert len(photo) <= 10_000_000


async def test_too_long_for_a_photo(worker: ImageWorker) -> None:
    with pytest.raises(UnusableImageError, match=r"a ratio of 20\.1:1"):
        await worker.fit_photo(saved(drawing(2010, 100), "PNG"))
    with pytest.raises(UnusableImageError, match="not a picture"):
        await worker.fit_photo(b"nothing")


@pytest.mark.parametrize(
    ("data", "media_type", "enough"),
    [
        (saved(noise(300, 200), "JPEG"), "image/jpeg", 1024),
        (saved(noise(300, 200), "JPEG", progressive=True, exif=b"Exif\0\0" + bytes(9000)), "image/jpeg", 16384),
        (saved(noise(300, 200), "PNG"), "image/png", 64),
        (saved(noise(300, 200), "GIF"), "image/gif", 1024),
        (saved(noise(300, 200), "BMP"), "image/bmp", 64),
        (saved(noise(300, 200), "WEBP"), "image/webp", 30),
        (saved(noise(300, 200), "WEBP", lossless=True), "image/webp", 30),
        (saved(noise(300, 200), "WEBP", icc_profile=b"x"), "image/webp", 30),
        (saved(noise(300, 200), "AVIF"), "image/avif", 10**6),
        (heic(noise(300, 200)), "image/heic", 10**6),
    ],
)
def test_the_first_bytes_tell_type_and_size(data: bytes, media_type: str, enough: int) -> None:
    assert sniff(data[:enough]) == Header(media_type, 300, 200)
    assert sniff(data[:9]) is None


@given(st.binary(max_size=60) | st.sampled_from(sorted(WHOLE)).map(lambda kind: WHOLE[kind][:100]))
def test_sniffing_never_fails(head: bytes) -> None:
    assert sniff(head) is None or isinstance(sniff(head), Header)


def test_a_bomb_is_not_sniffed() -> None:
    assert sniff(forged_png(30000, 30000)) is None
