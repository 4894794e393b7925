"""`web.public_url` is tried by a question that only this bot can answer."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.caution import Caution
from bot.check_address import AddressError, try_public_url
from bot.settings import Settings, TelegramSettings, WebSettings
from bot.web.self_check import PATH, SelfCheck
from tests.support.app_harness import open_app_harness

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NoNames(AbstractResolver):
    """Knows no name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(None, "Name or service not known")

    async def close(self) -> None:
        pass


class OneName(NoNames):
    """Knows one name, of this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != "bot.example.org":
            raise OSError(None, "Name or service not known")
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=NoNames())) as session:
        yield session


def settings(port: int, public_url: str, token: str = "1:a") -> Settings:
    return Settings(
        telegram=TelegramSettings.model_validate({"token": token}), web=WebSettings(port=port, public_url=public_url)
    )


@asynccontextmanager
async def site(handler: Handler, port: int = 0) -> AsyncIterator[str]:
    """A web server that answers everything; its address."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    server = TestServer(app, port=port)
    await server.start_server(access_log=None)
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


async def refused(settings: Settings, session: ClientSession) -> str:
    with pytest.raises(AddressError) as caught:
        await try_public_url(settings, session)
    return str(caught.value)


async def test_a_web_server_that_passes_it_on(session: ClientSession, unused_tcp_port: int) -> None:
    async def passing(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/below")
        async with session.get(f"http://127.0.0.1:{unused_tcp_port}{path}") as response:
            return web.Response(body=await response.read(), status=response.status)

    async with site(passing) as address:
        url = f"{address}/below"
        assert await try_public_url(settings(unused_tcp_port, url), session) == f"{url} leads to this bot"


@pytest.mark.parametrize(
    ("passed", "is_shown"),
    [
        # nginx since 1.29.7, as it comes: HTTP/1.1, and the host is the bot's.
        ({}, True),
        # HAProxy, as it comes: the host is the one that the client names.
        ({"Host": "as the client says"}, True),
        ({"X-Forwarded-For": "203.0.113.7"}, False),
    ],
)
async def test_a_web_server_that_shows_private_pages(
    unused_tcp_port: int, passed: dict[str, str], is_shown: bool
) -> None:
    async with ClientSession(connector=TCPConnector(resolver=OneName())) as session:

        async def passing(request: web.Request) -> web.Response:
            headers = {**passed, **({"Host": request.host} if "Host" in passed else {})}
            async with session.get(f"http://127.0.0.1:{unused_tcp_port}{request.path}", headers=headers) as response:
                return web.Response(body=await response.read(), status=response.status)

        async with site(passing) as address:
            url = address.replace("127.0.0.1", "bot.example.org")
            said = await try_public_url(settings(unused_tcp_port, url), session)
            assert said.startswith(f"{url} leads to this bot")
            assert ("shows /health, /ready and /metrics to everybody" in said) == is_shown
            assert isinstance(said, Caution) == is_shown


async def test_the_bot_that_runs_answers(session: ClientSession, tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        token, port = harness.app.settings.telegram.token.get_secret_value(), harness.app.settings.web.port
        url = f"http://127.0.0.1:{port}"
        assert await try_public_url(settings(port, url, token), session) == f"{url} leads to the running bot"
        said = await refused(settings(port, url, "1:other"), session)
        assert said.startswith(f"{url} is used by another program")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "another site answers at"),
        (404, "answers 404 itself: let the web server there pass all below"),
        (502, "doesn't reach this bot (502): let the web server"),
        (301, "redirects to https://www.example.org: let"),
    ],
)
async def test_other_answers(session: ClientSession, unused_tcp_port: int, status: int, said: str) -> None:
    async def other(_request: web.Request) -> web.Response:
        headers = {"Location": "https://www.example.org/check/x"} if status == 301 else {}
        return web.Response(text="Welcome!", status=status, headers=headers)

    async with site(other) as address:
        told = await refused(settings(unused_tcp_port, address), session)
        assert said in told
        assert f"http://127.0.0.1:{unused_tcp_port}" in told
        assert "doesn't speak TLS" in await refused(
            settings(unused_tcp_port, address.replace("http:", "https:")), session
        )


async def test_no_answer(session: ClientSession, unused_tcp_port_factory: Callable[[], int]) -> None:
    port, closed = unused_tcp_port_factory(), unused_tcp_port_factory()
    told = await refused(settings(port, f"http://127.0.0.1:{closed}"), session)
    assert told.startswith(f"nothing answers at 127.0.0.1:{closed} (")
    told = await refused(settings(port, "https://nowhere.example.org"), session)
    assert told.startswith("the name nowhere.example.org has no address: check its DNS entry")
    assert "set it" in await refused(settings(0, "https://nowhere.example.org"), session)


async def test_the_answer_shows_no_secret_and_short_nonces_are_not_answered() -> None:
    app = web.Application()
    app.router.add_get(PATH, SelfCheck("1:secret").serve)
    async with TestServer(app) as server, ClientSession() as session:
        async with session.get(server.make_url("/check/0123456789abcdef")) as response:
            assert response.status == 200
            assert len(await response.text()) == 64
        async with session.get(server.make_url("/check/short")) as response:
            assert response.status == 404
