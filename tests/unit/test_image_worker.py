"""The image worker prepares references and photos: kinds, sizes, turns, colours."""

import asyncio
import threading
from dataclasses import replace

import pytest
from PIL import Image, ImageCms

from bot.telegram.image_worker import (
    ImageWorker,
    UnusableImageError,
)
from tests.support.images import (
    LIMITS,
    drawing,
    heic,
    near,
    noise,
    opened,
    refusal,
    saved,
    turned,
)


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
    # A camera stores the picture turned, and the tag tells how to undo it.
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
    # A HEIC is turned by its container, which every reader obeys.
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


# Pillow warns of such EXIF; a warning is no error outside of the tests.
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
