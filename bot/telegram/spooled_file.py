"""A fetched file to be uploaded: in memory if it is small, else on disk; it can be read again for each try."""

from collections.abc import AsyncGenerator, Callable
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from aiogram import Bot
from aiogram.types import InputFile

CHUNK_BYTES = 128 * 1024
IN_MEMORY_BYTES = 256 * 1024
"""A larger file lies on disk, in a temporary file without a name, which disappears with the process."""


class SpooledFile(InputFile):
    """A whole file. `size` in bytes; `on_read` is called each time the last byte has been read for an upload.

    Close it after sending it.
    """

    def __init__(self, filename: str, data: bytes = b"") -> None:
        super().__init__(filename)
        self.size = 0
        self.on_read: Callable[[], None] | None = None
        # `close` closes it: it is needed until its message is sent.
        self._file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        self.write(data)

    @property
    def file(self) -> BinaryIO:
        """The bytes as a file, from the beginning. Only one caller may read it at a time."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError` if the disk is full."""
        self._file.write(data)
        self.size += len(data)

    def head(self, size: int) -> bytes:
        """The first bytes."""
        return self.file.read(size)

    def whole(self) -> bytes:
        """All bytes at once."""
        return self.file.read()

    def close(self) -> None:
        """Free the memory and the disk."""
        self._file.close()

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
        """The chunks, for aiogram's upload."""
        at = 0
        while at < self.size:
            # Others may move the position between two chunks: seek each time.
            self._file.seek(at)
            chunk = self._file.read(CHUNK_BYTES)
            at += len(chunk)
            yield chunk
        if self.on_read:
            self.on_read()
