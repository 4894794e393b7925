"""Parts of files read as one file: a large picture's metadata is left out without copying the picture."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

Range = tuple[int, int]
"""Start and length, in bytes."""

_BUFFER_BYTES = 128 * 1024


def joined(file: BinaryIO, parts: Sequence[bytes | Range]) -> BinaryIO:
    """A readable file of these parts, in this order: bytes, and ranges of `file`."""
    return io.BufferedReader(_Parts(file, parts), _BUFFER_BYTES)


class _Parts(io.RawIOBase):
    def __init__(self, file: BinaryIO, parts: Sequence[bytes | Range]) -> None:
        self._file = file
        self._parts = [part for part in parts if (part if isinstance(part, bytes) else part[1])]
        sizes = (len(part) if isinstance(part, bytes) else part[1] for part in self._parts)
        self._starts = list(accumulate(sizes, initial=0))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number = bisect_right(self._starts, self._position) - 1
        if number >= len(self._parts):
            return 0
        part, skipped = self._parts[number], self._position - self._starts[number]
        if isinstance(part, bytes):
            found = part[skipped : skipped + len(buffer)]
        else:
            self._file.seek(part[0] + skipped)
            found = self._file.read(min(len(buffer), part[1] - skipped))
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)
