"""The server's door: so many connections at once, and never so many that the process runs out of files."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 512
FULL_SECONDS = 1.0
"""How long nobody is let in when the process has no file left for one more connection."""
LOG_SECONDS = 60.0
"""How often the same trouble is said."""


def most_connections() -> int:
    """As many as leave half of the files that the process may open to everything else."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - not there on every system

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if limit == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, limit // 2))


class Listener:
    """Accepts connections and gives each to one of `protocols`; at most `most` at once.

    When all places are taken, the connection that has been there longest makes room, unless it is being answered: who
    only holds a connection shuts nobody out. (asyncio's own server has no bound, and without a file left it writes the
    same line to the log many thousand times a second.)
    """

    def __init__(self, protocols: Callable[[], asyncio.Protocol], most: int) -> None:
        self._protocols = protocols
        self._most = most
        self._open: list[asyncio.Transport] = []
        self._kept: set[asyncio.BaseTransport] = set()
        self._sockets: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._said = -LOG_SECONDS

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
        """Let nobody in any more. Connections that are open stay so."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listening in self._sockets:
            listening.close()

    @contextmanager
    def keeping(self, transport: asyncio.BaseTransport) -> Iterator[None]:
        """For so long this connection does not make room for others."""
        self._kept.add(transport)
        try:
            yield
        finally:
            self._kept.discard(transport)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _address = await loop.sock_accept(listening)
            except ConnectionError:
                # It was gone before it was let in.
                await asyncio.sleep(0)
                continue
            except OSError as error:
                self._say("no connection can be let in (%s); tried again in %.0f s", error.strerror, FULL_SECONDS)
                self._make_room()
                await asyncio.sleep(FULL_SECONDS)
                continue
            if not self._has_room():
                self._say("all %d connections are being answered; more are turned away", self._most)
                connection.close()
                continue
            try:
                transport, _protocol = await loop.connect_accepted_socket(self._protocols, connection)
            except OSError as error:
                log.debug("a connection broke at once: %s", error)
            else:
                self._open.append(transport)

    def _has_room(self) -> bool:
        self._open = [one for one in self._open if one.get_extra_info("socket").fileno() >= 0]
        return len(self._open) < self._most or self._make_room()

    def _make_room(self) -> bool:
        """Close the oldest connection. False: all are being answered."""
        oldest = next((one for one in self._open if one not in self._kept), None)
        if oldest is None:
            return False
        self._open.remove(oldest)
        oldest.abort()
        return True

    def _say(self, words: str, *values: object) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said >= LOG_SECONDS:
            self._said = now
            log.warning(words, *values)
