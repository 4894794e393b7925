"""A fetched file on its way: small ones in memory, larger ones on disk, read as often as they are sent."""

from collections.abc import AsyncGenerator, Callable
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from aiogram import Bot
from aiogram.types import InputFile

CHUNK = 128 * 1024
IN_MEMORY = 256 * 1024
"""Bytes; what is larger lies in a temporary file without a name, which goes with the process."""


class SpooledFile(InputFile):
    """Bytes that are all there. `size` in bytes; `on_read` is called each time that the last one has been read.

    Close it when it has been sent.
    """

    def __init__(self, filename: str, data: bytes = b"") -> None:
        super().__init__(filename)
        self.size = 0
        self.on_read: Callable[[], None] | None = None
        # It is closed by `close`: it lives as long as its message is being sent.
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self.write(data)

    @property
    def file(self) -> BinaryIO:
        """The bytes as a file, from its beginning. One reads it at a time."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError` when the disk takes no more."""
        self._file.write(data)
        self.size += len(data)

    def head(self, size: int) -> bytes:
        """The first bytes."""
        return self.file.read(size)

    def whole(self) -> bytes:
        """All bytes at once."""
        return self.file.read()

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._file.close()

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
        """The chunks, for aiogram's upload."""
        at = 0
        while at < self.size:
            # Nobody else moves the place between two chunks for long: it is looked up each time.
            self._file.seek(at)
            chunk = self._file.read(CHUNK)
            at += len(chunk)
            yield chunk
        if self.on_read:
            self.on_read()
