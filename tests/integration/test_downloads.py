"""Downloads from hosts that lie: received bytes are counted, and nothing is unpacked."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestServer

from bot.telegram import downloads
from bot.telegram.downloads import (
    CompressedError,
    Downloads,
    FetchError,
    PictureGoneError,
    TooLargeError,
    UnusableError,
)
from bot.telegram.public_fetcher import PublicFetcher
from tests.support.sample_pictures import picture

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
PICTURE = picture()


class Host:
    """A picture host on loopback, trusted or not, with answers set by the test."""

    def __init__(self) -> None:
        self.serve: Serve = _whole
        self.sent = 0
        self.downloads = Downloads()
        app = web.Application()
        app.router.add_get("/picture", self._answer)
        self.server = TestServer(app)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await self.serve(request)

    async def fetch(self, *, trusted: bool = True, person: int = 1) -> bytes:
        url = self.server.make_url("/picture")
        origins = {(url.host or "", url.port or 0)} if trusted else set()
        async with self.downloads.open(str(url), person=person, trusted=origins) as file:
            return file.whole()


async def _whole(_: web.Request) -> web.Response:
    return web.Response(body=PICTURE)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    await host.server.start_server()
    yield host
    await host.downloads.aclose()
    await host.server.close()


async def test_a_picture_is_fetched_whole(host: Host) -> None:
    assert await host.fetch() == PICTURE


async def test_a_host_of_the_own_network_is_refused(host: Host) -> None:
    with pytest.raises(UnusableError):
        await host.fetch(trusted=False)


async def test_a_body_without_end_is_left(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_BYTES", 1_000_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(100_000))
            host.sent += 100_000

    host.serve = endless
    with pytest.raises(TooLargeError):
        await host.fetch()
    # Only the bytes that were in transit came after the limit.
    assert host.sent < 20_000_000


async def test_what_is_announced_as_too_large_is_not_begun(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_BYTES", len(PICTURE) - 1)
    with pytest.raises(TooLargeError):
        await host.fetch()


async def test_nothing_is_unpacked(host: Host) -> None:
    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(1 << 20)), headers={"Content-Encoding": "gzip"})

    host.serve = packed
    with pytest.raises(CompressedError):
        await host.fetch()


@pytest.mark.parametrize(
    ("status", "error"), [(403, PictureGoneError), (404, PictureGoneError), (410, PictureGoneError), (500, FetchError)]
)
async def test_what_a_status_means(host: Host, status: int, error: type[FetchError]) -> None:
    async def failing(_: web.Request) -> web.Response:
        return web.Response(status=status)

    host.serve = failing
    with pytest.raises(FetchError) as raised:
        await host.fetch()
    assert type(raised.value) is error


async def test_a_picture_that_breaks_off_is_none(host: Host) -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(PICTURE))})
        await response.prepare(request)
        await response.write(PICTURE[:100])
        if request.transport:
            request.transport.close()
        return response

    host.serve = short
    with pytest.raises(FetchError):
        await host.fetch()


@pytest.mark.parametrize("begins", [False, True])
async def test_a_host_that_falls_silent_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch, begins: bool) -> None:
    silent = ClientTimeout(total=None, sock_read=0.05)
    await host.downloads.aclose()
    host.downloads = Downloads(PublicFetcher(timeout=silent))
    go_on = asyncio.Event()

    async def falling_silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if begins:
            await response.prepare(request)
            await response.write(PICTURE[:100])
        await go_on.wait()
        return response

    host.serve = falling_silent
    with pytest.raises(FetchError):
        await host.fetch()
    go_on.set()
    assert downloads.TIMEOUT.sock_read == downloads.SILENT_SECONDS <= 10


async def test_a_picture_may_take_longer_only_while_it_comes(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "FETCH_SECONDS", 0.15)
    monkeypatch.setattr(downloads, "BYTES_PER_SECOND", 1000)
    parts = [0.0]

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(30):
            await response.write(bytes(int(parts[0])))
            await asyncio.sleep(0.01)
        return response

    host.serve = dripping
    # Bytes at the speed of a slow line, and at a hundredth of it.
    parts[0] = 50
    assert len(await host.fetch()) == 1500
    parts[0] = 1
    with pytest.raises(FetchError):
        await host.fetch()


async def test_a_host_that_drips_leaves_the_lane_to_others(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "PER_HOST_AT_ONCE", 2)
    monkeypatch.setattr(downloads, "SLOW_AFTER_SECONDS", 0.05)
    go_on = asyncio.Event()

    async def dripping(request: web.Request) -> web.StreamResponse:
        if host.sent < 4:
            host.sent += 1
            await go_on.wait()
        return web.Response(body=PICTURE)

    host.serve = dripping
    slow = [asyncio.create_task(host.fetch()) for _ in range(4)]
    async with asyncio.timeout(20):
        while host.sent < 4:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        assert await host.fetch(person=2) == PICTURE
    go_on.set()
    assert await asyncio.gather(*slow) == [PICTURE] * 4


async def test_one_persons_slow_pictures_leave_places_to_the_others(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PER_HOST_AT_ONCE", 2)
    monkeypatch.setattr(downloads, "SLOW_PER_HOST_AT_ONCE", 6)
    monkeypatch.setattr(downloads, "SLOW_AFTER_SECONDS", 0.01)
    go_on = asyncio.Event()

    async def hanging(request: web.Request) -> web.StreamResponse:
        host.sent += 1
        await go_on.wait()
        return web.Response(body=PICTURE)

    host.serve = hanging
    slow = [asyncio.create_task(host.fetch()) for _ in range(12)]
    async with asyncio.timeout(20):
        before = -1
        while host.sent != before:
            before = host.sent
            await asyncio.sleep(0.1)
        host.serve = _whole
        assert await host.fetch(person=2) == PICTURE
    go_on.set()
    assert await asyncio.gather(*slow) == [PICTURE] * 12
