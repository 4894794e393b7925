"""A listener with a limit of connections, so that the process keeps files for everything else."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 512
ACCEPT_RETRY_SECONDS = 1.0
"""The pause before the next accept when the process has no file left for a connection."""
WARNING_SECONDS = 60.0
"""The least time between two warnings."""


def most_connections() -> int:
    """The limit of connections: at most half of the files that the process may open."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - not there on every system

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if limit == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, limit // 2))


class Listener:
    """Accepts connections and gives each to one of `protocols`; at most `most` at once.

    At the limit, the oldest connection is closed, unless it is being answered: idle connections can't lock others out.
    (asyncio's own server has no limit, and without a file left it logs the same line many thousand times a second.)
    """

    def __init__(self, protocols: Callable[[], asyncio.Protocol], most: int) -> None:
        self._protocols = protocols
        self._most = most
        self._open: list[asyncio.Transport] = []
        self._protected: set[asyncio.BaseTransport] = set()
        self._sockets: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._warned_at = -WARNING_SECONDS

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the first address. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _type, _protocol, _name, address in dict.fromkeys(found):
                listening = socket.create_server(address[:2], family=socket.AddressFamily(family), backlog=128)
                listening.setblocking(False)
                self._sockets.append(listening)
        except OSError:
            await self.aclose()
            raise
        self._tasks = [loop.create_task(self._accept(one), name="accept connections") for one in self._sockets]
        address, bound = self._sockets[0].getsockname()[:2]
        return str(address), int(bound)

    async def aclose(self) -> None:
        """Stop accepting. Open connections stay open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listening in self._sockets:
            listening.close()

    @contextmanager
    def protecting(self, transport: asyncio.BaseTransport) -> Iterator[None]:
        """Protect a connection from being closed at the limit, for the block."""
        self._protected.add(transport)
        try:
            yield
        finally:
            self._protected.discard(transport)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _address = await loop.sock_accept(listening)
            except ConnectionError:
                # The connection broke before it was accepted.
                await asyncio.sleep(0)
                continue
            except OSError as error:
                self._warn(
                    "accepting a connection failed (%s); retrying in %.0f s", error.strerror, ACCEPT_RETRY_SECONDS
                )
                self._make_room()
                await asyncio.sleep(ACCEPT_RETRY_SECONDS)
                continue
            if not self._has_room():
                self._warn("all %d connections are being answered; closing further ones", self._most)
                connection.close()
                continue
            try:
                transport, _protocol = await loop.connect_accepted_socket(self._protocols, connection)
            except OSError as error:
                log.debug("opening an accepted connection failed; it is dropped: %s", error)
            else:
                self._open.append(transport)

    def _has_room(self) -> bool:
        self._open = [one for one in self._open if one.get_extra_info("socket").fileno() >= 0]
        return len(self._open) < self._most or self._make_room()

    def _make_room(self) -> bool:
        """Close the oldest connection. False: all are protected."""
        oldest = next((one for one in self._open if one not in self._protected), None)
        if oldest is None:
            return False
        self._open.remove(oldest)
        oldest.abort()
        return True

    def _warn(self, words: str, *values: object) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned_at >= WARNING_SECONDS:
            self._warned_at = now
            log.warning(words, *values)
