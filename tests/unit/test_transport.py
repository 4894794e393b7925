"""Transport faults between the bot and a service, made by real sockets on loopback."""

import asyncio
import gzip
import math
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from providers.errors import (
    MOST_DETAIL_CHARACTERS,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
)
from providers.http import Answer, call, stream, unreadable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Gives a function that starts a server with a handler of one connection and returns its address."""
    servers: list[asyncio.Server] = []
    connections: set[asyncio.Task[None]] = set()

    async def start(handler: Handler) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            connections.add(task)
            try:
                await handler(reader, writer)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

        servers.append(await asyncio.start_server(handle, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


async def fault(session: ClientSession, url: str, *, paying: bool, **limits: float) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await call(
            session, "POST", url, paying=paying, data=b"{}", timeout=ClientTimeout(**{"total": 30, **limits}), most=1000
        )
    return caught.value


def answering(text: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(text)
        await writer.drain()

    return handler


async def test_an_answer_of_any_status(session: ClientSession, serve: Serve) -> None:
    url = await serve(answering(b"HTTP/1.1 429 Slow\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\nno"))
    answer = await call(session, "POST", url, paying=True, data=b"{}")
    assert (answer.status, answer.body, answer.retry_after) == (429, b"no", 7)


async def test_redirects_are_not_followed(session: ClientSession, serve: Serve) -> None:
    url = await serve(answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    answer = await call(session, "POST", url, paying=True, data=b"{}")
    assert answer.status == 302
    assert isinstance(unreadable(answer, paying=True), MisconfiguredError)


@pytest.mark.parametrize("paying", [True, False])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "http:///x"]
)
async def test_not_reached_is_busy(session: ClientSession, url: str, *, paying: bool) -> None:
    error = await fault(session, url, paying=paying)
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after
    assert error.paid is False


async def test_a_failed_handshake_is_not_reached(session: ClientSession, serve: Serve) -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Speak plainly\r\n\r\n")
        await writer.drain()

    url = await serve(no_tls)
    assert isinstance(await fault(session, url.replace("http:", "https:"), paying=True), ProviderUnavailableError)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_pool_without_a_place_is_not_reached(serve: Serve) -> None:
    """Waiting for a free connection of the pool is part of connecting: nothing was sent."""
    arrived, release = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        arrived.set()
        await release.wait()

    url = await serve(hold)
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        first = asyncio.create_task(fault(session, url, paying=True))
        await arrived.wait()
        with pytest.raises(ProviderBusyError):
            await call(session, "POST", url, paying=True, timeout=ClientTimeout(total=30, connect=0.01))
        release.set()
        assert isinstance(await first, OutcomeUnknownError)


BROKEN = [
    b"",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    b"nonsense\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
]


@pytest.mark.parametrize("text", BROKEN, ids=["closed", "half", "nonsense", "too long"])
async def test_a_lost_answer(session: ClientSession, serve: Serve, text: bytes) -> None:
    url = await serve(answering(text))
    assert isinstance(await fault(session, url, paying=True), OutcomeUnknownError)
    assert isinstance(await fault(session, url, paying=False), ProviderUnavailableError)


@pytest.mark.parametrize("limits", [{"total": 0.3}, {"total": 30, "sock_read": 0.01}], ids=["total", "read"])
async def test_no_answer_in_time(session: ClientSession, serve: Serve, limits: dict[str, float]) -> None:
    url = await serve(silent)
    assert isinstance(await fault(session, url, paying=True, **limits), OutcomeUnknownError)
    assert isinstance(await fault(session, url, paying=False, **limits), ProviderUnavailableError)


async def test_a_closed_session_sends_nothing(session: ClientSession) -> None:
    await session.close()
    assert isinstance(await fault(session, "http://127.0.0.1:1/", paying=True), ProviderBusyError)


@pytest.mark.parametrize(
    ("status", "headers", "paying", "kind"),
    [
        (502, {}, True, OutcomeUnknownError),
        (504, {}, True, OutcomeUnknownError),
        (503, {}, True, OutcomeUnknownError),
        (503, {"Retry-After": "3"}, True, ProviderBusyError),
        (500, {}, True, OutcomeUnknownError),
        (200, {}, True, OutcomeUnknownError),
        (429, {}, True, ProviderBusyError),
        (408, {}, True, OutcomeUnknownError),
        (425, {"Retry-After": "3"}, True, OutcomeUnknownError),
        (408, {}, False, ProviderBusyError),
        (425, {}, False, ProviderBusyError),
        (413, {}, True, InvalidRequestError),
        (404, {}, True, MisconfiguredError),
        (403, {}, True, MisconfiguredError),
        (301, {}, True, MisconfiguredError),
        (502, {}, False, ProviderUnavailableError),
        (200, {}, False, ProviderUnavailableError),
        (404, {}, False, MisconfiguredError),
    ],
)
def test_pages_of_gateways(status: int, headers: dict[str, str], kind: type[ProviderError], *, paying: bool) -> None:
    error = unreadable(Answer(status, headers, b"<html>"), paying=paying)
    assert type(error) is kind
    assert "<html>" in error.detail
    assert "<html>" not in str(error.sentence)


@pytest.mark.parametrize(("given", "seconds"), [(math.nan, None), (-1, None), (0, 0), (5, 5), (None, None)])
def test_a_wait_that_can_not_be_is_none(given: float | None, seconds: float | None) -> None:
    assert ProviderBusyError(retry_after=given).retry_after == seconds


def test_what_goes_into_the_log_is_one_line_of_some_length() -> None:
    error = MisconfiguredError("x" * 10_000, detail="a\r\nb\x00\u2028" + "é" * 10_000)
    assert error.detail.startswith("a  b  é")
    assert len(error.detail) <= MOST_DETAIL_CHARACTERS + 1
    assert len(error.advice) <= MOST_DETAIL_CHARACTERS + 1
    assert len(str(GenerationFailedError(detail="y" * 10_000_000))) < 1000


def sse(body: bytes) -> Handler:
    """Answer with a stream of events with this body."""
    return answering(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + body)


@pytest.mark.parametrize(
    "body",
    [b"data: " + b"x" * 300_000, b"data: x\n" * 40_000, b": still there\n\n" * 20_000, b"data: x\n\n" * 20_000],
    ids=["a line without end", "an event without end", "nothing but comments", "too many events"],
)
async def test_a_stream_ends(session: ClientSession, serve: Serve, body: bytes) -> None:
    url = await serve(sse(body))
    with pytest.raises(OutcomeUnknownError):
        async for _event in stream(session, url, data=b"{}", most=200_000):
            pass


async def test_what_unpacks_to_much_more_is_not_read(session: ClientSession, serve: Serve) -> None:
    packed = gzip.compress(bytes(50 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    url = await serve(answering(head + packed))
    tracemalloc.start()
    try:
        assert isinstance(await fault(session, url, paying=True), OutcomeUnknownError)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
