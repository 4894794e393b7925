"""Files that fail while they are read, or keep a decoder busy, are refused in time."""

import asyncio
import struct
import time
from dataclasses import replace
from io import BytesIO

import pytest

from bot.telegram.image_worker import (
    ImageWorker,
    UnusableImageError,
)
from providers.base import ReferenceLimits
from tests.support.images import (
    FORMATS,
    JPEG,
    PNG,
    chunk,
    segment,
)

LIMITS = ReferenceLimits(10, 1_000_000, 400, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))


class Faulty(BytesIO):
    """A file whose reads fail after its beginning."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 20:
            raise self._error
        return super().read(size)


@pytest.mark.parametrize(
    "error", [OSError(5, "disk"), MemoryError(), RecursionError(), struct.error(), SystemError(), KeyError(1)]
)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
async def test_every_error_is_damage(worker: ImageWorker, kind: str, error: Exception) -> None:
    with pytest.raises(UnusableImageError, match="damaged"):
        await worker.prepare(Faulty(FORMATS[kind], error), LIMITS)


def million_strips() -> bytes:
    amount, place = 1_000_000, 8 + 2 + 12 * 9 + 4
    sides = [(256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries = [*sides, (273, 4, amount, place), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, amount, place)]
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 9) + packed + bytes(4 + 4 * amount)


def run_lengths(width: int, height: int) -> bytes:
    rows = (b"\x01\x05" * width + b"\0\0") * height
    sizes = (width, height, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 1078 + len(rows), 0, 0, 1078, 40, *sizes) + bytes(1024) + rows


# Each would keep Pillow busy for half a minute or more.
ENDLESS = {
    "tiff": million_strips(),
    "bmp": run_lengths(3000, 3000),
    "jpeg, much before a marker": JPEG[:20] + bytes(5_000_000) + JPEG[20:],
    "jpeg, a little before many markers": JPEG[:20] + (bytes(1000) + segment(0xFE, b"")) * 5000 + JPEG[20:],
    "jpeg, segments": JPEG[:20] + segment(0xFE, b"") * 1_000_000 + JPEG[20:],
    "png": PNG[:33] + chunk(b"teXt", b"") * 300_000 + PNG[33:],
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_no_file_keeps_the_worker_busy(worker: ImageWorker, kind: str) -> None:
    before = time.process_time()

    with pytest.raises(UnusableImageError):
        await asyncio.wait_for(worker.prepare(ENDLESS[kind], replace(LIMITS, size=50_000_000)), 60)

    assert time.process_time() - before < 3
