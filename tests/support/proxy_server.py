"""`ProxyServer`: a proxy on loopback that speaks HTTP and SOCKS5, and the only one who knows some names.

`test_proxy_server.py` compares it with curl, which nobody here wrote.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Literal
from urllib.parse import urlsplit

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Mode = Literal["works", "refuses", "hangs", "breaks off", "fails later"]
USER, PASSWORD = "ann", "geheim-42"  # a login that opens nothing


class _NoRouteError(Exception):
    """The proxy does not connect; the text is the status line's."""


@dataclass
class ProxyServer:
    """Made by `open_proxy`. `names`: where a host leads to, by name (without: to where it says); `tls`: hosts for which
    the proxy itself ends TLS; `asked`: each host and port that it was asked for; `mode`: what it does with that;
    `password`: the one that it takes."""

    kind: Literal["http", "socks5"]
    login: bool = False
    mode: Mode = "works"
    names: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    port: int = 0
    password: str = PASSWORD

    @property
    def plain_url(self) -> str:
        """Its address, without a login."""
        return f"{self.kind}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its address, with the login if it asks for one."""
        return f"{self.kind}://{USER}:{self.password}@127.0.0.1:{self.port}" if self.login else self.plain_url

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """One connection."""
        try:
            with suppress(OSError, EOFError, ValueError):
                if self.mode == "hangs":
                    await reader.read()
                elif self.mode != "breaks off":
                    await (self._socks(reader, writer) if self.kind == "socks5" else self._http(reader, writer))
        finally:
            await _close(writer)

    async def _open(self, host: str, port: int) -> tuple[Reader, Writer]:
        self.asked.append((host, port))
        if self.mode == "refuses":
            raise _NoRouteError("503 No Route")
        if host not in self.names and host.rpartition(".")[2] == "example":
            raise _NoRouteError("502 No Such Name")
        where = ("127.0.0.1", self.names[host]) if host in self.names else (host, port)
        try:
            return await asyncio.open_connection(*where)
        except OSError:
            raise _NoRouteError("502 Not Reached") from None

    async def _http(self, reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode().split()
        if self.login and self._basic not in head.replace(b"proxy-authorization", b"Proxy-Authorization"):
            writer.write(b'HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
            return
        address = urlsplit(f"//{target}" if method == "CONNECT" else target)
        try:
            there = await self._open(address.hostname or "", address.port or 80)
        except _NoRouteError as error:
            writer.write(f"HTTP/1.1 {error}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = address.path + (f"?{address.query}" if address.query else "")
            there[1].write(f"{method} {path or '/'} {version}\r\n".encode() + rest)
        await self._relay(reader, writer, *there, tls=method == "CONNECT" and address.port == 443)

    @property
    def _basic(self) -> bytes:
        return b"Proxy-Authorization: Basic " + b64encode(f"{USER}:{self.password}".encode())

    async def _socks(self, reader: Reader, writer: Writer) -> None:
        """RFC 1928 and RFC 1929."""
        methods = (await reader.readexactly((await reader.readexactly(2))[1])) or b""
        if self.login and 2 not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(b"\x05\x02" if self.login else b"\x05\x00")
        if self.login and not await self._may_enter(reader, writer):
            return
        _version, _command, _, kind = await reader.readexactly(4)
        host = await self._socks_host(reader, kind)
        port = int.from_bytes(await reader.readexactly(2))
        try:
            there = await self._open(host, port)
        except _NoRouteError:
            writer.write(b"\x05\x04\x00\x01" + bytes(6))
            return
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await self._relay(reader, writer, *there, tls=port == 443)

    async def _may_enter(self, reader: Reader, writer: Writer) -> bool:
        user = await reader.readexactly((await reader.readexactly(2))[1])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        is_right = (user, password) == (USER.encode(), self.password.encode())
        writer.write(b"\x01\x00" if is_right else b"\x01\x01")
        return is_right

    @staticmethod
    async def _socks_host(reader: Reader, kind: int) -> str:
        if kind == 3:
            return (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        return str(IPv4Address(await reader.readexactly(4)) if kind == 1 else IPv6Address(await reader.readexactly(16)))

    async def _relay(self, reader: Reader, writer: Writer, out: Reader, into: Writer, *, tls: bool) -> None:
        sending: asyncio.Task[None] | None = None
        try:
            if tls and self.tls:
                await writer.start_tls(self.tls)
            sending = asyncio.create_task(_copy(reader, into))
            if self.mode == "fails later":
                # The request has arrived there; no answer comes back.
                await out.read(1)
            else:
                await _copy(out, writer)
        finally:
            if sending is not None:
                sending.cancel()
            await _close(into)


async def _close(writer: Writer) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _copy(source: Reader, target: Writer) -> None:
    with suppress(OSError):
        while chunk := await source.read(1 << 16):
            target.write(chunk)
            await target.drain()
    with suppress(OSError):
        target.close()


@asynccontextmanager
async def open_proxy(
    kind: Literal["http", "socks5"], *, login: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ProxyServer]:
    """Run a proxy."""
    proxy = ProxyServer(kind, login=login, tls=tls)
    connections: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(_counted(proxy.serve, connections), "127.0.0.1", 0)
    proxy.port = int(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def _counted(
    serve: Callable[[Reader, Writer], Awaitable[None]], connections: set[asyncio.Task[None]]
) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def counted(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task
        connections.add(task)
        with suppress(asyncio.CancelledError):
            await serve(reader, writer)

    return counted
