"""The threads of the image worker: small pictures don't wait for large ones, and memory stays bounded."""

import asyncio
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from bot.telegram.image_worker import ImageWorker, TooLargeToDecodeError, UnusableImageError
from providers.base import ReferenceLimits
from tests.support.large_pictures import PEAK, flat_png

LIMITS = ReferenceLimits(10, 1_000_000, 400, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))
ANN, BOB = 1, 2


@pytest_asyncio.fixture(name="worker")
async def image_worker() -> AsyncIterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    await worker.aclose()


SMALL = flat_png(40, 30)
LARGE_PIXELS = flat_png(4000, 3300, colour=0)


class HeldUp(BytesIO):
    """A file whose pixels the thread for large pictures can't read before it is released."""

    go_on = threading.Event()
    reached = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if threading.current_thread().name.startswith("large"):
            self.reached.set()
            assert self.go_on.wait(10)
        return super().read(size)


async def test_small_references_do_not_wait_for_large_ones(worker: ImageWorker) -> None:
    HeldUp.go_on.clear()
    HeldUp.reached.clear()
    album = [asyncio.create_task(worker.prepare(HeldUp(LARGE_PIXELS), LIMITS, person=ANN)) for _ in range(10)]
    await asyncio.to_thread(HeldUp.reached.wait, 10)

    small = [await worker.prepare(SMALL, LIMITS, person=person) for person in (ANN, BOB)]

    assert [(one.width, one.height) for one in small] == [(40, 30), (40, 30)]
    assert not any(one.done() for one in album)
    for one in album[1:]:
        one.cancel()
    HeldUp.go_on.set()
    assert (await album[0]).width == 400


async def test_people_get_turns_with_large_ones(worker: ImageWorker) -> None:
    HeldUp.go_on.clear()
    HeldUp.reached.clear()
    order = list[int]()

    async def prepare(person: int) -> None:
        await worker.prepare(HeldUp(LARGE_PIXELS), LIMITS, person=person)
        order.append(person)

    first = asyncio.create_task(prepare(ANN))
    await asyncio.to_thread(HeldUp.reached.wait, 10)
    rest = [asyncio.create_task(prepare(person)) for person in (ANN, ANN, BOB)]
    # All were checked and are large.
    for person in (ANN, BOB):
        await worker.prepare(SMALL, LIMITS, person=person)
    HeldUp.go_on.set()
    await asyncio.gather(first, *rest)

    assert order == [ANN, BOB, ANN, ANN]


async def test_work_that_nobody_waits_for_is_not_begun(worker: ImageWorker) -> None:
    HeldUp.go_on.clear()
    HeldUp.reached.clear()
    first, second = (asyncio.create_task(worker.prepare(HeldUp(LARGE_PIXELS), LIMITS, person=ANN)) for _ in range(2))
    await asyncio.to_thread(HeldUp.reached.wait, 10)
    second.cancel()
    await asyncio.wait({second})
    HeldUp.go_on.set()
    assert (await first).width == 400
    HeldUp.reached.clear()

    await worker.prepare(LARGE_PIXELS, LIMITS, person=BOB)
    assert not HeldUp.reached.is_set()


async def test_a_large_result_is_not_in_memory_as_a_whole(tmp_path: Path) -> None:
    files = {"small": SMALL, "png": flat_png(5400, 4500), "jpeg": saved(Image.new("RGB", (5400, 4500)), "JPEG")}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    paths = [tmp_path / name for name in files]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PEAK, *paths, stdout=subprocess.PIPE)
    out, _err = await process.communicate()

    # All its pixels would take 97 MB.
    assert 0 < int(out) < 85_000_000


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def forged(kind: str, width: int, height: int) -> bytes:
    """A small picture with a header that says it is large."""
    data = saved(
        Image.new("RGB", (40, 30)), kind, **{"JPEG": {"progressive": True}, "WEBP": {"lossless": True}}.get(kind, {})
    )
    if kind == "JPEG":
        return data.replace(struct.pack(">HH", 30, 40), struct.pack(">HH", height, width), 1)
    if kind == "WEBP":
        sides = (width - 1) | (height - 1) << 14 | int.from_bytes(data[21:25], "little") & ~0xFFFFFFF
        return data[:21] + sides.to_bytes(4, "little") + data[25:]
    for tag, before, after in ((256, 40, width), (257, 30, height)):
        data = data.replace(struct.pack("<HHII", tag, 4, 1, before), struct.pack("<HHII", tag, 4, 1, after))
    return data


@pytest.mark.parametrize(
    ("kind", "size", "most"),
    [("WEBP", (4300, 4300), 16), ("TIFF", (6900, 6900), 45), ("JPEG", (8300, 8300), 67), ("JPEG", (9400, 9400), 67)],
)
async def test_a_result_that_is_not_decoded_in_parts_is_better_a_file(
    worker: ImageWorker, kind: str, size: tuple[int, int], most: int
) -> None:
    with pytest.raises(TooLargeToDecodeError, match=f"more than {most} megapixels"):
        await worker.fit_photo(forged(kind, *size))


async def test_a_reference_may_take_more_memory_but_not_any(worker: ImageWorker) -> None:
    with pytest.raises(UnusableImageError, match="damaged"):
        await worker.prepare(forged("TIFF", 6900, 6900), LIMITS)
    with pytest.raises(UnusableImageError, match=r"more than 40 megapixels\. Send a smaller copy"):
        await worker.prepare(forged("WEBP", 6400, 6400), LIMITS)
