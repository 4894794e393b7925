"""Fetching from untrusted addresses through a proxy: the host as it is written must be public."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.telegram.public_fetcher import ForbiddenAddressError, PublicFetcher
from providers.proxies import environment_way, way_of
from tests.support.proxy_server import ProxyServer, open_proxy


@pytest.fixture
async def host() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        if to := request.query.get("to"):
            return web.Response(status=302, headers={"Location": to})
        return web.Response(body=b"picture")

    server = TestServer(app := web.Application())
    app.router.add_get("/{path:.*}", answer)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def proxy(host: TestServer) -> AsyncIterator[ProxyServer]:
    async with open_proxy("socks5") as proxy:
        proxy.names["pictures.example"] = host.port or 0
        yield proxy


@pytest.fixture
async def fetcher(proxy: ProxyServer) -> AsyncIterator[PublicFetcher]:
    fetcher = PublicFetcher(way=way_of(SecretStr(proxy.url), "x"))
    yield fetcher
    await fetcher.aclose()


async def test_a_public_name_is_the_proxys_matter(proxy: ProxyServer, fetcher: PublicFetcher) -> None:
    async with fetcher.get("http://pictures.example/a?to=http://pictures.example/b") as response:
        assert await response.read() == b"picture"
    assert {name for name, _port in proxy.asked} == {"pictures.example"}


@pytest.mark.parametrize(
    "inner",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "0.0.0.0"),
        *("127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "10.0.0.1", "169.254.169.254"),
        *("router", "bot.localhost", "printer.local", "nas.home.arpa", "metadata.google.internal", "LOCALHOST."),
        *("fritz.lan", "localhost.localdomain", "wiki.corp", "127.0.0.1%25.x"),
    ],
)
async def test_what_is_plainly_inside_is_refused(proxy: ProxyServer, fetcher: PublicFetcher, inner: str) -> None:
    for url in (f"http://{inner}/secret", f"http://pictures.example/?to=http://{inner}/secret"):
        with pytest.raises(ForbiddenAddressError):
            async with fetcher.get(url):
                pass
    assert {name for name, _port in proxy.asked} == {"pictures.example"}


async def test_what_the_operator_has_set_up_may_be_private(
    proxy: ProxyServer, fetcher: PublicFetcher, host: TestServer
) -> None:
    async with fetcher.get(str(host.make_url("/")), trusted={("127.0.0.1", host.port or 0)}) as response:
        assert await response.read() == b"picture"
    assert proxy.asked == [("127.0.0.1", host.port)]


async def test_past_the_proxy_the_address_itself_is_checked(
    proxy: ProxyServer, host: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    fetcher = PublicFetcher(way=environment_way())
    with pytest.raises(ForbiddenAddressError):
        async with fetcher.get(str(host.make_url("/"))):
            pass
    await fetcher.aclose()
    assert proxy.asked == []
