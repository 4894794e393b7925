"""The web server's limits, with real sockets: idle connections block nobody."""

import asyncio
import logging
import resource
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bot.web import listener, request_body
from bot.web.listener import MOST_CONNECTIONS, most_connections
from bot.web.request_body import body_of
from bot.web.server import WebServer
from tests.support.app_harness import open_app_harness, picture
from tests.support.engine_harness import logged, until

LARGE = 16 << 20
IDLE, HALF_A_HEAD = b"", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "
SLOW_BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"


class Door:
    """A server and its connections."""

    def __init__(self, address: str, stack: AsyncExitStack) -> None:
        self.address = address
        self.port = int(address.rpartition(":")[2])
        self._stack = stack

    async def connect(self, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection and send `first`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LARGE)
        self._stack.callback(writer.close)
        writer.write(first)
        return reader, writer

    async def is_well(self) -> bool:
        """Whether a new connection is answered soon."""
        started = time.monotonic()
        async with ClientSession() as session, session.get(f"{self.address}/health") as answer:
            return answer.status == 200 and time.monotonic() - started < 5


@asynccontextmanager
async def open_door(**how: float) -> AsyncIterator[Door]:
    server = WebServer("127.0.0.1", 0, **how)  # type: ignore[arg-type]

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await body_of(request, 1000))

    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(LARGE))

    server.app.router.add_post("/echo", echo)
    server.app.router.add_get("/large", large)
    async with AsyncExitStack() as stack:
        address = await server.start()
        stack.push_async_callback(server.aclose)
        yield Door(address, stack)


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Read until the server closes the connection."""
    try:
        async with asyncio.timeout(20):
            return await reader.read(-1)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("first", [IDLE, HALF_A_HEAD], ids=["idle", "half a head"])
async def test_who_says_nothing_is_not_waited_for(first: bytes) -> None:
    async with open_door(idle=0.1) as door:
        reader, _writer = await door.connect(first)
        assert await ended(reader) == b""


async def test_a_connection_that_was_of_use_and_is_idle_is_closed() -> None:
    async with open_door(idle=0.1) as door:
        reader, _writer = await door.connect(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" + HALF_A_HEAD)
        assert b'{"status": "ok"}' in await ended(reader)


async def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(request_body, "BODY_SECONDS", 0.1)
    async with open_door() as door:
        reader, writer = await door.connect(SLOW_BODY)
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.write(b"x" * 99)
        reader, _writer = await door.connect(SLOW_BODY.replace(b"100", b"9000") + b"x" * 8999)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("first", [IDLE, HALF_A_HEAD, SLOW_BODY], ids=["idle", "half a head", "half a body"])
async def test_many_connections_shut_nobody_out(first: bytes) -> None:
    async with open_door(most=10) as door:
        readers = [(await door.connect(first))[0] for _ in range(60)]
        assert await door.is_well()
        closed = await asyncio.gather(*(ended(reader) for reader in readers[:49]))
        assert closed == [b""] * 49, "the oldest have made room"
        assert await door.is_well()


async def test_who_is_sent_a_reference_does_not_make_room() -> None:
    async with open_door(most=10) as door:
        reader, _writer = await door.connect(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await reader.readline()
        for _ in range(40):
            await door.connect(IDLE)
        assert await door.is_well()
        assert len(await ended(reader)) > LARGE


async def test_who_does_not_read_the_answer_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_door(request=0.2) as door:
        client = socket.create_connection(("127.0.0.1", door.port))
        with client:
            client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            await logged(caplog, "took longer than")
            client.settimeout(20)
            assert await asyncio.to_thread(_read_all, client) < LARGE
        assert await door.is_well()
    assert "Traceback" not in caplog.text


def _read_all(client: socket.socket) -> int:
    size = 0
    try:
        while data := client.recv(1 << 20):
            size += len(data)
    except ConnectionError:
        pass
    return size


async def test_without_a_file_left_little_is_said_and_all_goes_on_later(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "ACCEPT_RETRY_SECONDS", 0.01)
    loop = asyncio.get_running_loop()
    accept, tries = loop.sock_accept, Counter[str]()

    async def counted(listening: socket.socket) -> object:
        tries["accept"] += 1
        return await accept(listening)

    async def often() -> bool:
        return tries["accept"] > 10

    monkeypatch.setattr(loop, "sock_accept", counted)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with open_door() as door:
        clients = [socket.socket() for _ in range(30)]
        used = await asyncio.to_thread(lambda: max(int(one.name) for one in Path("/proc/self/fd").iterdir()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
        try:
            for client in clients:
                client.setblocking(False)
                await loop.sock_connect(client, ("127.0.0.1", door.port))
            await until(often)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert len(caplog.records) == 1, "once a minute"
        assert "accepting a connection failed" in caplog.text
        assert await door.is_well()
        for client in clients:
            client.close()


def test_connections_leave_files_to_everything_else() -> None:
    assert 8 <= most_connections() <= min(MOST_CONNECTIONS, max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))


async def test_services_reach_the_bot_through_a_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.server.most_connections", lambda: 10)
    async with open_app_harness(tmp_path) as harness, AsyncExitStack() as stack:
        door = Door(harness.app.settings.web.public_url, stack)
        for first in (IDLE, HALF_A_HEAD) * 30:
            await door.connect(first)
        await harness.made("a fox", picture())
        assert len(harness.album()) == 1
        assert len(harness.submitted()[0]["image_urls"]) == 1, "the reference was fetched"
        await harness.telegram.until(lambda: [call.status for call in harness.jimeng_calls if call.name == "callback"])
        assert [call.status for call in harness.jimeng_calls if call.name == "callback"] == [200]
