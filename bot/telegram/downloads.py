"""Getting pictures from a provider: opened ahead, streamed on, never piled up in memory.

This uses an HTTP session of its own: sharing the connection pool with the uploads stood still for ever once every
connection was a download waiting for an upload.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from aiogram import Bot
from aiogram.types import InputFile
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector

from bot.telegram.pictures import Header, sniff

HEAD = 64 * 1024
CHUNK = 128 * 1024
MOST = 64 * 1024 * 1024
CONNECTIONS = 40
TIMEOUT = ClientTimeout(total=None, sock_connect=10, sock_read=60)


class Gone(Exception):
    """The provider no longer keeps the picture."""


class BrokenOff(Exception):
    """The picture could not be fetched whole for now."""


class Stream(InputFile):
    """A picture on its way: its head is read, the rest goes straight into an upload.

    Read again, as when flood control refused the upload, it is fetched anew (`reopen`). `size` in bytes where the
    provider tells; `broken` is set when the provider broke off in the middle.
    """

    def __init__(
        self,
        response: ClientResponse,
        head: bytes,
        filename: str,
        reopen: Callable[[], AbstractAsyncContextManager["Stream"]],
    ) -> None:
        super().__init__(filename)
        self._response = response
        self._head = head
        self._reopen = reopen
        self._used = False
        self.size = response.content_length
        self.header: Header | None = sniff(head)
        self.broken = False

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
        """The chunks, for aiogram's upload."""
        async for chunk in self.chunks():
            yield chunk

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The chunks. Raises `BrokenOff`."""
        try:
            if self._used:
                async with self._reopen() as fresh:
                    async for chunk in fresh.chunks():
                        yield chunk
                return
            self._used = True
            yield self._head
            async for chunk in self._response.content.iter_chunked(CHUNK):
                yield chunk
        except (ClientError, TimeoutError, OSError, BrokenOff, Gone) as error:
            self.broken = True
            raise BrokenOff(repr(error)) from error

    async def whole(self) -> bytes:
        """All of it at once. Raises `BrokenOff`, also for what is absurdly large."""
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > MOST:
                raise BrokenOff(f"larger than {MOST} bytes")
            parts.append(chunk)
        return b"".join(parts)


class Downloads:
    """The session through which pictures are fetched. Give it back with `aclose`."""

    def __init__(self) -> None:
        self._session = ClientSession(connector=TCPConnector(limit=CONNECTIONS), timeout=TIMEOUT)

    @asynccontextmanager
    async def open(self, url: str, filename: str) -> AsyncIterator[Stream]:
        """Open a picture and read its head. Raises `Gone` or `BrokenOff`."""
        try:
            response = await self._session.get(url)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise BrokenOff(type(error).__name__) from error
        async with response:
            if response.status in (401, 403, 404, 410):
                raise Gone(f"HTTP {response.status}")
            if response.status != 200:
                raise BrokenOff(f"HTTP {response.status}")
            try:
                head = await _read_head(response)
            except (ClientError, TimeoutError, OSError) as error:
                raise BrokenOff(type(error).__name__) from error
            yield Stream(response, head, filename, partial(self.open, url, filename))

    async def aclose(self) -> None:
        """Close the session."""
        await self._session.close()


async def _read_head(response: ClientResponse) -> bytes:
    head = b""
    while len(head) < HEAD and (chunk := await response.content.read(HEAD - len(head))):
        head += chunk
    return head
