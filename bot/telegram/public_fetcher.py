"""Fetching from untrusted addresses: only public ones, so that nothing inside the network is exposed (SSRF).

The check is made when a connection is opened, on the IP address it goes to. So it holds for names that later resolve to
another address (DNS rebinding), for every spelling of a number (`2130706433`, `0x7f.1`), and for each redirect.

Behind a proxy only the proxy knows that IP address. There the check is made on the host as it is written: numbers that
are not public and names of the own network are refused. A public name that leads into a network is the proxy's matter.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import (
    ClientConnectorError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from providers.proxies import Way, connector_of, is_loopback

Origin = tuple[str, int]
"""Host and port."""

MOST_REDIRECTS = 5
RESOLVER_THREADS = 8
TIMEOUT = ClientTimeout(total=None, sock_connect=10, sock_read=60)

_REDIRECTS = {301, 302, 303, 307, 308}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Special in IANA's registries, but global in the tables of some versions of Python.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
# RFC 6052: the well-known prefix of NAT64.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# A public number, but Azure serves metadata there to its own machines.
_PLATFORM = ipaddress.IPv4Address("168.63.129.16")
# RFC 6762, RFC 8375, ICANN's name for private networks, and names that are used there and are delegated to nobody.
_INNER_NAMES = (".local", ".home.arpa", ".internal", ".lan", ".localdomain", ".corp", ".home", ".intranet")


class FetchRefusedError(Exception):
    """A fetch that is refused, now and later. The message is for the log."""


class ForbiddenAddressError(FetchRefusedError):
    """The address, or a redirect, is not http(s), contains a user name, or is not public."""


class TooManyRedirectsError(FetchRefusedError):
    """More than `MOST_REDIRECTS` redirects."""


class EncodedBodyError(FetchRefusedError):
    """The body is compressed although that was not asked for: 2 MB of it can be 2 GB."""


class PublicFetcher:
    """The HTTP session for such addresses. Close it with `aclose`; create it inside the event loop.

    Connections are not limited here: the caller limits transfers. `is_allowed` tells whether an IP address may be
    connected to; `resolver` replaces the system's; both are for tests. `way`: the proxies to take, if any.
    """

    def __init__(
        self,
        *,
        timeout: ClientTimeout = TIMEOUT,
        is_allowed: Callable[[str], bool] | None = None,
        resolver: AbstractResolver | None = None,
        way: Way | None = None,
    ) -> None:
        self._is_allowed = is_allowed or is_public
        self._way = way
        self._resolver = resolver or _Resolver()
        self._public = self._session(timeout, TCPConnector(limit=0, resolver=self._resolver, socket_factory=self._open))
        # A separate pool: a connection opened without the check is never used for untrusted addresses.
        self._trusted = self._session(timeout, TCPConnector(limit=0, resolver=self._resolver))
        proxies = connector_of(way, limit=0)
        self._proxied = self._session(timeout, proxies) if proxies else None

    @asynccontextmanager
    async def get(
        self, url: str, *, trusted: Collection[Origin] = frozenset(), headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[ClientResponse]:
        """The answer to a GET after redirects, with any status; its body is not read yet and not compressed.

        `trusted`: the hosts that the operator has set for the service which gave the address (`Provider.origins`);
        they may be private. Raises `FetchRefusedError`, which a retry does not change, and aiohttp's `ClientError`,
        `TimeoutError` or `OSError`.
        """
        address = _parsed(url)
        for _hop in range(MOST_REDIRECTS + 1):
            async with await self._ask(address, trusted, headers) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None:
                    _check_encoding(response)
                    yield response
                    return
            address = _parsed(location, address)
        raise TooManyRedirectsError(f"more than {MOST_REDIRECTS} redirects")

    async def _ask(
        self, address: URL, trusted: Collection[Origin], headers: Mapping[str, str] | None
    ) -> ClientResponse:
        session = self._session_for(address, trusted)
        try:
            return await session.get(address, headers=headers, allow_redirects=False, raise_for_status=False)
        except ClientConnectorError as error:
            if isinstance(error.os_error, _NotPublicError):
                raise ForbiddenAddressError(f"{address.host} is not public") from error
            raise
        except InvalidURL as error:
            raise ForbiddenAddressError("not an address") from error

    def _session_for(self, address: URL, trusted: Collection[Origin]) -> ClientSession:
        """Raises `ForbiddenAddressError`."""
        is_trusted = origin(address) in trusted
        if self._proxied and self._way and self._way(address):
            if not is_trusted and not is_public_host(address.host or ""):
                raise ForbiddenAddressError(f"{address.host} is not public")
            return self._proxied
        return self._trusted if is_trusted else self._public

    def _open(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Open the socket for one address, if it is allowed."""
        family, kind, protocol, _name, address = info
        if not self._is_allowed(str(address[0])):
            raise _NotPublicError("not public")
        return socket.socket(family, kind, protocol)

    def _session(self, timeout: ClientTimeout, connector: TCPConnector) -> ClientSession:
        return ClientSession(
            connector=connector,
            timeout=timeout,
            headers={"Accept-Encoding": "identity"},
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._public.close()
        await self._trusted.close()
        if self._proxied:
            await self._proxied.close()
        await self._resolver.close()


def origin(address: URL) -> Origin | None:
    """Host and port of an address; None if it has no host."""
    return (address.host, address.port) if address.host and address.port is not None else None


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, and not of this machine, its network or its platform."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        # An address that wraps an IPv4 address leads to that.
        wrapped = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            wrapped = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
        # `is_global` is true of addresses that nobody may use: ::127.0.0.1, site-local fec0::/10, multicast ff0e::/16.
        if found not in _GLOBAL_UNICAST:
            return False
    elif found.is_multicast or found.is_reserved or found == _PLATFORM:
        return False
    return found.is_global and not any(found in special for special in _SPECIAL)


def is_public_host(host: str) -> bool:
    """Whether a host, as it is written, may be on the public internet: a public number, or a full name."""
    name = host.rstrip(".").lower()
    try:
        # Every spelling that systems take for an IPv4 address.
        return is_public(socket.inet_ntoa(socket.inet_aton(name)))
    except (OSError, UnicodeError):
        pass
    if ":" in name:
        return is_public(name)
    if "%" in name:
        # No public name has it; a proxy may read it in its own way.
        return False
    return "." in name and not is_loopback(name) and not name.endswith(_INNER_NAMES)


class _NotPublicError(OSError):
    """An OSError, so that aiohttp tries the next address of the same name."""


class _Resolver(AbstractResolver):
    """The system's resolver in separate threads: names that resolve slowly delay only such fetches.

    aiohttp's resolver uses the event loop's few threads, which also look up Telegram's name.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _type, protocol, _name, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _parsed(url: str, base: URL | None = None) -> URL:
    try:
        address = base.join(URL(url)) if base else URL(url)
        where = origin(address)
    except ValueError as error:
        raise ForbiddenAddressError("not an address") from error
    if address.scheme not in {"http", "https"} or where is None:
        raise ForbiddenAddressError("not an address of the web")
    if address.user is not None or address.password is not None:
        raise ForbiddenAddressError("an address with a user's name")
    return address


def _check_encoding(response: ClientResponse) -> None:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if response.ok and encoding not in {"", "identity"}:
        raise EncodedBodyError(f"Content-Encoding: {encoding[:40]}")
