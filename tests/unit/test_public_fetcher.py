import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import ClientConnectorError, web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.telegram.public_fetcher import (
    EncodedBodyError,
    FetchRefusedError,
    ForbiddenAddressError,
    PublicFetcher,
    TooManyRedirectsError,
    is_public,
)

INSIDE, PUBLIC = "127.0.0.1", "127.0.0.2"
"""One of two addresses of this machine counts as an address of the public internet."""


@dataclass
class Names(AbstractResolver):
    """A resolver: each name's addresses, one list for each lookup; the last list is repeated."""

    answers: dict[str, list[list[str]]] = field(default_factory=dict)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        answers = self.answers.get(host) or [[host]]
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0) for one in now
        ]

    async def close(self) -> None:
        return


@dataclass
class Hosts:
    """A server on the private address and one on the public address; both with the same port and answers."""

    names: Names = field(default_factory=Names)
    port: int = 0
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def public(self, path: str) -> str:
        return f"http://{PUBLIC}:{self.port}{path}"

    def inside(self, path: str) -> str:
        return f"http://{INSIDE}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport
        self.seen.append(f"{request.transport.get_extra_info('sockname')[0]}{request.path}")
        self.headers.append(dict(request.headers))
        if to := request.query.get("to"):
            return web.Response(status=302, headers={"Location": to})
        if left := int(request.query.get("left", 0)):
            return web.Response(status=307, headers={"Location": f"?left={left - 1}"})
        encoding = request.query.get("encoding")
        headers = {"Content-Encoding": encoding} if encoding is not None else {}
        return web.Response(body=b"picture", status=int(request.query.get("status", 200)), headers=headers)


@pytest_asyncio.fixture(name="hosts")
async def two_hosts() -> AsyncIterator[Hosts]:
    hosts = Hosts()
    app = web.Application()
    app.router.add_get("/{path:.*}", hosts.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, INSIDE, 0).start()
    hosts.port = runner.addresses[0][1]
    await web.TCPSite(runner, PUBLIC, hosts.port).start()
    yield hosts
    await runner.cleanup()


@pytest_asyncio.fixture(name="fetch")
async def fetcher(hosts: Hosts) -> AsyncIterator[Callable[..., Awaitable[bytes]]]:
    fetcher = PublicFetcher(is_allowed=lambda address: address == PUBLIC, resolver=hosts.names)

    async def fetch(url: str, trusted: frozenset[tuple[str, int]] = frozenset()) -> bytes:
        async with fetcher.get(url, trusted=trusted) as response:
            return await response.read()

    yield fetch
    await fetcher.aclose()


Fetch = Callable[..., Awaitable[bytes]]


async def test_a_public_picture_is_fetched_as_it_is(hosts: Hosts, fetch: Fetch) -> None:
    hosts.names.answers["pictures.example"] = [[PUBLIC]]

    assert await fetch(hosts.public("/a.jpg")) == b"picture"
    assert await fetch(f"http://pictures.example:{hosts.port}/b.jpg?encoding=identity") == b"picture"

    assert hosts.seen == [f"{PUBLIC}/a.jpg", f"{PUBLIC}/b.jpg"]
    assert {headers["Accept-Encoding"] for headers in hosts.headers} == {"identity"}
    assert not any("Cookie" in headers for headers in hosts.headers)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "0.0.0.0"),
        *("127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::1%25lo]"),
    ],
)
async def test_no_spelling_of_this_machine_is_fetched(hosts: Hosts, host: str) -> None:
    """With the system's resolver and the real rule. Whether some spellings resolve at all depends on the system."""
    fetcher = PublicFetcher()

    try:
        async with fetcher.get(f"http://{host}:{hosts.port}/secret"):
            pytest.fail("it was fetched")
    except ForbiddenAddressError:
        pass
    except ClientConnectorError as error:
        assert isinstance(error.os_error, socket.gaierror)  # noqa: PT017
    assert hosts.seen == []
    await fetcher.aclose()


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1]/"])
async def test_a_network_of_ones_own_is_not_asked(url: str) -> None:
    fetcher = PublicFetcher()

    with pytest.raises(ForbiddenAddressError, match="is not public"):
        async with fetcher.get(url):
            pass

    await fetcher.aclose()


async def test_a_name_that_leads_inside_is_not_fetched(hosts: Hosts, fetch: Fetch) -> None:
    hosts.names.answers["inside.example"] = [[INSIDE]]
    hosts.names.answers["several.example"] = [[INSIDE, "127.0.0.3"]]

    for name in ("inside.example", "several.example"):
        with pytest.raises(ForbiddenAddressError, match=f"{name} is not public"):
            await fetch(f"http://{name}:{hosts.port}/secret")

    assert hosts.seen == []


async def test_of_a_names_addresses_the_public_one_is_used(hosts: Hosts, fetch: Fetch) -> None:
    hosts.names.answers["both.example"] = [[INSIDE, PUBLIC]]

    assert await fetch(f"http://both.example:{hosts.port}/a.jpg") == b"picture"

    assert hosts.seen == [f"{PUBLIC}/a.jpg"]


async def test_a_name_that_changes_its_address_gains_nothing(hosts: Hosts, fetch: Fetch) -> None:
    name = f"rebinding.example:{hosts.port}"
    hosts.names.answers["rebinding.example"] = [[PUBLIC], [INSIDE]]
    hosts.names.answers["other.example"] = [[INSIDE]]

    assert await fetch(f"http://{name}/?to=http://other.example:{hosts.port}/".partition("?")[0]) == b"picture"
    with pytest.raises(ForbiddenAddressError):
        await fetch(f"http://{name}/?to=http://other.example:{hosts.port}/secret")

    assert not any(seen.startswith(INSIDE) for seen in hosts.seen)


async def test_each_redirect_is_checked(hosts: Hosts, fetch: Fetch) -> None:
    assert await fetch(hosts.public("/a?to=/b")) == b"picture"
    for target in (hosts.inside("/secret"), "file:///etc/passwd", "http://a:b@127.0.0.2/", "http://["):
        with pytest.raises(ForbiddenAddressError):
            await fetch(hosts.public(f"/?to={target}"))

    assert not any(seen.startswith(INSIDE) for seen in hosts.seen)


async def test_five_redirects_are_followed_and_no_more(hosts: Hosts, fetch: Fetch) -> None:
    assert await fetch(hosts.public("/?left=5")) == b"picture"
    with pytest.raises(TooManyRedirectsError):
        await fetch(hosts.public("/?left=6"))
    assert len(hosts.seen) == 6 + 6


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.org/a", "file:///etc/passwd", "/a.jpg", "", "http://", "http://u:p@example.org/", "http://["),
        *("data:image/png;base64,AAAA", "http://u@example.org/", "http://example.org:99999/", "\0", "http://a b/"),
    ],
)
async def test_only_plain_addresses_of_the_web_are_asked(fetch: Fetch, url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await fetch(url)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
async def test_a_compressed_body_is_refused(hosts: Hosts, fetch: Fetch, encoding: str) -> None:
    with pytest.raises(EncodedBodyError, match=f"Content-Encoding: {encoding}"):
        await fetch(hosts.public(f"/a.jpg?encoding={encoding}"))


async def test_an_error_page_may_be_compressed(hosts: Hosts, fetch: Fetch) -> None:
    assert await fetch(hosts.public("/a.jpg?encoding=gzip&status=403")) == b"picture"


async def test_what_the_operator_has_set_up_may_be_private(hosts: Hosts, fetch: Fetch) -> None:
    trusted = frozenset({(INSIDE, hosts.port)})

    assert await fetch(hosts.inside("/a.jpg"), trusted) == b"picture"
    assert await fetch(hosts.public(f"/?to={hosts.inside('/b.jpg')}"), trusted) == b"picture"
    # Another port of the same machine is another service.
    with pytest.raises(ForbiddenAddressError):
        await fetch(f"http://{INSIDE}:{hosts.port + 1}/", trusted)
    # The open connection is not reused for untrusted addresses.
    with pytest.raises(FetchRefusedError):
        await fetch(hosts.inside("/secret"))

    assert f"{INSIDE}/secret" not in hosts.seen


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::8.8.8.8", "203.0.114.1"])
def test_an_address_of_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "169.254.0.23", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192"),
        *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1"),
        *("fd00:ec2::254", "ff02::1", "ff0e::1", "2001:db8::1", "2001::1", "3fff::1", "5f00::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8", "64:ff9b::127.0.0.1"),
        *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "100::1", "1::1"),
        *("", "localhost", "127.1"),
    ],
)
def test_an_address_that_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(address)
