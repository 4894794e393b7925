"""Makes large pictures, and measures the memory that the image worker takes for them."""

import struct
import zlib

# The memory that a process needs for photos of large files, beyond that with everything loaded.
PEAK = """
import asyncio, resource, sys
from pathlib import Path
from bot.telegram.image_worker import ImageWorker

def peak():
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux `ru_maxrss` includes the parent's memory.
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main():
    worker = ImageWorker()
    await worker.fit_photo(Path(sys.argv[1]))
    before = peak()
    for path in sys.argv[2:]:
        await worker.fit_photo(Path(path))
    print(peak() - before)
    await worker.aclose()

asyncio.run(main())
"""


def flat_png(width: int, height: int, colour: int = 2, depth: int = 8) -> bytes:
    """A picture of one colour, written without holding it in memory."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = bytes(1 + width * {0: 1, 2: 3, 6: 4}[colour] * depth // 8)
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
