"""Measures the effect of somebody else's large pictures: the wait of small references, and the memory of a result."""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bot.telegram.image_worker import ImageWorker, TooLargeToDecodeError
from providers.base import ReferenceLimits
from tests.support.large_pictures import PEAK, flat_png

LARGE_SIDE = 9380
"""The side of a square of 88 megapixels."""
ALBUM_PICTURES = 10
LIMITS = ReferenceLimits(10, 15 << 20, 4096, (1 / 3, 3), frozenset({"image/jpeg", "image/png"}))
ANN, BOB = 1, 2


async def longest_wait(worker: ImageWorker, large: bytes, small: bytes, person: int) -> float:
    """Seconds of the slowest small reference of `person` while Ann's album of large ones is prepared."""
    album = [asyncio.create_task(worker.prepare(large, LIMITS, person=ANN)) for _ in range(ALBUM_PICTURES)]
    await asyncio.sleep(0.05)
    longest = 0.0
    while not all(one.done() for one in album):
        began = time.perf_counter()
        await worker.prepare(small, LIMITS, person=person)
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(0.05)
    return longest


def in_one_lane() -> ImageWorker:
    """The baseline: one thread for all, first come, first served."""
    worker = ImageWorker()
    worker.large = worker.small
    return worker


async def isolation() -> dict[str, float]:
    """The longest wait of others, in seconds, by the name of the worker."""
    large, small = await asyncio.to_thread(flat_png, LARGE_SIDE, LARGE_SIDE), flat_png(1280, 960)
    found = {}
    # One person's pictures are processed first come, first served.
    for name, worker, person in (("one queue", in_one_lane(), ANN), ("lanes and turns", ImageWorker(), BOB)):
        found[name] = await longest_wait(worker, large, small, person)
        await worker.aclose()
    return found


async def memory(folder: Path) -> dict[str, int | None]:
    """Bytes that a photo of a result of 88 megapixels takes, by its format; None: it goes as a file."""
    small = folder / "small"
    small.write_bytes(flat_png(40, 30))
    large = {"png": flat_png(LARGE_SIDE, LARGE_SIDE)}
    image = Image.new("RGB", (LARGE_SIDE, LARGE_SIDE))
    found: dict[str, int | None] = {}
    for name in ("png", "jpeg", "progressive", "webp", "tiff"):
        path = folder / name
        if name == "png":
            path.write_bytes(large[name])
        else:
            kind, is_progressive = ("JPEG", True) if name == "progressive" else (name.upper(), False)
            image.save(path, kind, progressive=is_progressive, method=0)
        found[name] = await _peak(small, path)
    return found


async def _peak(small: Path, large: Path) -> int | None:
    worker = ImageWorker()
    try:
        await worker.fit_photo(large)
    except TooLargeToDecodeError:
        return None
    finally:
        await worker.aclose()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PEAK, small, large, stdout=asyncio.subprocess.PIPE
    )
    out, _err = await process.communicate()
    return int(out)


async def main() -> None:
    """Measure and print both."""
    write = sys.stdout.write
    write(
        f"others' small references while one person's {ALBUM_PICTURES} of 88 megapixels are prepared (longest wait)\n"
    )
    for name, seconds in (await isolation()).items():
        write(f"  {name:24} {seconds:6.2f} s\n")
    write("memory for the photo of a result of 88 megapixels\n")
    with TemporaryDirectory() as folder:
        for name, size in (await memory(Path(folder))).items():
            write(f"  {name:24} {f'{size / 1_000_000:6.0f} MB' if size is not None else 'goes as a file'}\n")
