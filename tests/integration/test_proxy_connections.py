"""Connections through real proxies: everything goes through, and their errors mean that nothing was sent."""

import asyncio
import shutil
import ssl
import subprocess
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from providers.errors import OutcomeUnknownError, ProviderUnavailableError
from providers.http import call
from providers.proxies import ProxyFailedError, connector_of, way_of
from tests.support.certificates import self_signed
from tests.support.proxy_server import PASSWORD, USER, Mode, ProxyServer, open_proxy

Kind = Literal["http", "socks5"]
NO_ANSWER_SECONDS = 0.2
"""For a proxy that gives no connection."""
LONGEST_SECONDS = 20.0
KINDS: tuple[Kind, ...] = ("http", "socks5")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its certificate for api.example, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(self_signed("api.example"))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """The side of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
async def service() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.method} {request.host} {request.path_qs} {len(await request.read())}")

    server = TestServer(app := web.Application())
    app.router.add_route("*", "/{path:.*}", answer)
    await server.start_server()
    yield server
    await server.close()


CASES = [(kind, scheme) for kind in KINDS for scheme in ("http", "https")]
# An HTTP proxy fetches an http address itself.
TUNNELS = [case for case in CASES if case != ("http", "http")]


@pytest.fixture(params=CASES, ids=" to ".join)
async def case(
    request: pytest.FixtureRequest, service: TestServer, tls: ssl.SSLContext
) -> AsyncIterator[tuple[ProxyServer, str]]:
    """A proxy with a login, and an address behind it that only the proxy can find."""
    kind, scheme = request.param
    async with open_proxy(kind, login=True, tls=tls) as proxy:
        proxy.names["api.example"] = service.port or 0
        yield proxy, f"{scheme}://api.example/a?b=c"


tunnel = pytest.mark.parametrize("case", TUNNELS, indirect=True, ids=" to ".join)
https = pytest.mark.parametrize("case", [(kind, "https") for kind in KINDS], indirect=True, ids=" to ".join)


def through(proxy: ProxyServer, certificate: Path | None, url: str = "") -> ClientSession:
    context = ssl.create_default_context(cafile=certificate)
    way = way_of(SecretStr(url or proxy.url), "providers.x.proxy")
    return ClientSession(connector=connector_of(way, ssl=context))


async def test_all_goes_through_it(case: tuple[ProxyServer, str], certificate: Path) -> None:
    proxy, url = case
    async with through(proxy, certificate) as session:
        for _ in range(2):
            answer = await call(session, "POST", url, paying=True, data=b"12345")
            assert (answer.status, answer.body) == (200, b"POST api.example /a?b=c 5")
    # A proxy that fetches an http address itself may close the connection after each.
    connections = 2 if proxy.kind == "http" and url.startswith("http:") else 1
    assert proxy.asked == [("api.example", 443 if url.startswith("https") else 80)] * connections


@tunnel
@pytest.mark.parametrize(
    ("login", "told"),
    [
        (f"{USER}:falsch-17@", "refuses the user name and the password: check providers.x.proxy"),
        ("", "asks for a user name and a password: add them to providers.x.proxy"),
    ],
    ids=["wrong", "none"],
)
async def test_a_login_that_is_refused(case: tuple[ProxyServer, str], login: str, told: str) -> None:
    proxy, url = case
    async with through(proxy, None, f"{proxy.kind}://{login}127.0.0.1:{proxy.port}") as session:
        assert told in await not_sent(session, url)


@tunnel
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("hangs", "gives no connection in time: check providers.x.proxy"),
        ("refuses", "gives no connection to api.example ("),
        ("breaks off", "gives no connection to api.example ("),
    ],
)
async def test_what_fails_at_the_proxy(case: tuple[ProxyServer, str], mode: Mode, told: str) -> None:
    proxy, url = case
    proxy.mode = mode
    connect = NO_ANSWER_SECONDS if mode == "hangs" else LONGEST_SECONDS
    async with through(proxy, None) as session:
        assert told in await not_sent(session, url, connect)


@tunnel
async def test_a_name_that_the_proxy_does_not_know(case: tuple[ProxyServer, str]) -> None:
    proxy, url = case
    async with through(proxy, None) as session:
        assert "gives no connection to nowhere.example (" in await not_sent(session, url.replace("api.", "nowhere."))


async def test_a_proxy_that_is_down(case: tuple[ProxyServer, str]) -> None:
    proxy, url = case
    async with through(proxy, None, f"{proxy.kind}://{USER}:{PASSWORD}@127.0.0.1:1") as session:
        told = await not_sent(session, url)
    assert told.startswith(f"the proxy {proxy.kind}://127.0.0.1:1 can't be reached: check providers.x.proxy")


@https
async def test_a_certificate_that_is_not_trusted(case: tuple[ProxyServer, str]) -> None:
    proxy, url = case
    async with through(proxy, None) as session:
        assert "gives no connection to api.example (a certificate on the way is not trusted)" in await not_sent(
            session, url
        )


async def not_sent(session: ClientSession, url: str, connect: float = LONGEST_SECONDS) -> str:
    """The words for the log of a paying call that surely was not sent; they show no secret."""
    timeout = ClientTimeout(total=LONGEST_SECONDS, connect=connect)
    with pytest.raises(ProviderUnavailableError) as caught:
        await call(session, "POST", url, paying=True, data=b"{}", timeout=timeout)
    error = caught.value
    assert (error.paid, error.retry_after is None) == (False, False)
    assert isinstance(error.__cause__, ProxyFailedError)
    everything = "".join(traceback.format_exception(error)) + repr(error.__cause__) + repr(error.__cause__.args)
    assert not any(secret in everything for secret in (USER, PASSWORD, "falsch-17"))
    return str(error.detail)


async def test_what_has_left_may_be_paid(case: tuple[ProxyServer, str], certificate: Path) -> None:
    proxy, url = case
    proxy.mode = "fails later"
    async with through(proxy, certificate) as session:
        with pytest.raises(OutcomeUnknownError):
            await call(session, "POST", url, paying=True, data=b"{}")
    assert len(proxy.asked) == 1


async def test_a_proxy_that_answers_itself_is_no_service(service: TestServer) -> None:
    """In place of an http address; whether the service has the request is not known."""
    async with open_proxy("http", login=True) as proxy, through(proxy, None, proxy.plain_url) as session:
        answer = await call(session, "POST", "http://api.example/", paying=True, data=b"{}")
        assert answer.status == 407


@pytest.fixture
def curl() -> str:
    if not (found := shutil.which("curl")):
        pytest.skip("there is no curl")
    return found


async def test_the_proxy_of_these_tests_is_one_for_curl(
    curl: str, case: tuple[ProxyServer, str], certificate: Path
) -> None:
    proxy, url = case
    how = proxy.url.replace("socks5:", "socks5h:")
    command = [curl, "-sS", "--noproxy", "", "--cacert", str(certificate), "-x", how, "-d", "12345", url]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout, done.stderr) == ("POST api.example /a?b=c 5", "")
    wrong = [part.replace(PASSWORD, "falsch") for part in command]
    done = await asyncio.to_thread(subprocess.run, wrong, capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout == ""
    assert len(proxy.asked) == 1
