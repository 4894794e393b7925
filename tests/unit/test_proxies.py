"""Proxies: the setting, the environment, and errors that mean that nothing was sent and show no password."""

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
from pydantic import BaseModel, SecretStr, ValidationError
from yarl import URL

from providers.errors import OutcomeUnknownError, ProviderUnavailableError
from providers.http import call
from providers.proxies import ProxyFailedError, ProxySetting, connector_of, environment_way, way_of
from tests.support.certificates import self_signed
from tests.support.proxy_server import PASSWORD, USER, Mode, ProxyServer, open_proxy

Kind = Literal["http", "socks5"]
NO_ANSWER_SECONDS = 0.2
KINDS: tuple[Kind, ...] = ("http", "socks5")
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Section(BaseModel, hide_input_in_errors=True):
    proxy: ProxySetting = SecretStr("")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("text", "shown", "user", "password"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", "", ""),
        ("http://proxy.example", "http://proxy.example", "", ""),
        ("https://u:p%40x@proxy.example:8443/", "https://proxy.example:8443", "u", "p@x"),
        (" socks5h://u:p@127.0.0.1:9 ", "socks5://127.0.0.1:9", "u", "p"),
        ("socks5://proxy.example", "socks5://proxy.example:1080", "", ""),
        ("socks5://[::1]:9", "socks5://[::1]:9", "", ""),
    ],
)
def test_an_address(text: str, shown: str, user: str, password: str) -> None:
    way = way_of(Section(proxy=SecretStr(text)).proxy, "x.proxy")
    proxy = way(URL("https://api.example")) if way else None
    assert proxy
    assert (str(proxy.url), proxy.user, proxy.password, proxy.key) == (shown, user, password, "x.proxy")
    assert "password" not in repr(proxy)


@pytest.mark.parametrize(
    "text",
    [
        "geheim", "geheim:1080", "ftp://geheim@x:1", "socks4://geheim@x:1", "http://", "http://u:geheim@", "http://x:0",
        "http://x:99999", "http://u:ge/heim@x:1", "socks5://geheim@x:1", "socks5://u:gehéim@x:1", "http://[geheim",
        "socks5://u:" + "geheim" * 50 + "@x:1", "http://ge%3Aheim:x@y:1",
    ],
)  # fmt: skip
def test_no_address(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Section(proxy=SecretStr(text))
    assert "heim" not in str(caught.value)


def test_none_is_no_proxy_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    assert way_of(Section(proxy=SecretStr("none")).proxy, "") is None
    assert way_of(Section().proxy, "")
    monkeypatch.delenv("HTTPS_PROXY")
    assert way_of(Section().proxy, "") is None


@pytest.mark.parametrize(
    ("address", "variable"),
    [
        ("https://api.example/x", "HTTPS_PROXY"),
        ("wss://api.example/x", "HTTPS_PROXY"),
        ("http://api.example/x", "ALL_PROXY"),
        ("http://10.1.2.3/x", "ALL_PROXY"),
        ("https://127.0.0.1:8188/x", None),
        ("http://127.9.9.9/x", None),
        ("https://[::1]/x", None),
        ("https://localhost/x", None),
        ("https://bot.localhost./x", None),
        ("https://exempt.example/x", None),
        ("https://deep.exempt.example/x", None),
        ("https://notexempt.example/x", "HTTPS_PROXY"),
        ("https://ported.example:8443/x", None),
        ("https://ported.example/x", "HTTPS_PROXY"),
        ("https://192.168.7.9/x", None),
        ("https://192.169.7.9/x", "HTTPS_PROXY"),
        ("https://lan.wild/x", None),
    ],
)
def test_the_environment(monkeypatch: pytest.MonkeyPatch, address: str, variable: str | None) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.example:1080")
    monkeypatch.setenv("NO_PROXY", ".exempt.example, ported.example:8443,192.168.0.0/16,*.wild,,rubbish/99")
    way = environment_way()
    proxy = way(URL(address)) if way else None
    assert (proxy and proxy.key) == variable


def test_no_proxy_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "*")
    way = environment_way()
    assert way
    assert way(URL("https://api.example")) is None


def test_a_desktop_writes_socks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # GNOME sets it so; all else that reads it takes it for SOCKS5.
    monkeypatch.setenv("all_proxy", "socks://127.0.0.1:1080/")
    way = environment_way()
    proxy = way(URL("https://api.example")) if way else None
    assert proxy
    assert (proxy.is_socks, proxy.url.port) == (True, 1080)


def test_a_wrong_variable_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://u:geheim@proxy.example:1")
    with pytest.raises(ValueError, match="The environment variable ALL_PROXY must be") as caught:
        environment_way()
    assert "geheim" not in str(caught.value)


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
    async with through(proxy, None) as session:
        assert told in await not_sent(session, url)


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


async def not_sent(session: ClientSession, url: str) -> str:
    """The words for the log of a paying call that surely was not sent; they show no secret."""
    with pytest.raises(ProviderUnavailableError) as caught:
        await call(
            session, "POST", url, paying=True, data=b"{}", timeout=ClientTimeout(total=20, connect=NO_ANSWER_SECONDS)
        )
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
