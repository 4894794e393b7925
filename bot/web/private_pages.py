"""Pages for whoever runs the bot, hidden from the public: a reverse proxy forwards every path of `web.public_url`."""

from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Middleware
from yarl import URL

READY, METRICS = "/ready", "/metrics"
PRIVATE = frozenset({"/health", READY, METRICS})
OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""Headers by which a proxy says that a request came through it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def private_pages(paths: Collection[str], public_url: str) -> Middleware:
    """A middleware that answers 404 on these paths to all who come through `public_url`, or from the internet."""
    public_host = URL(public_url).host

    @web.middleware
    async def hide(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in paths and is_public(request, public_host):
            raise web.HTTPNotFound
        return await handler(request)

    return hide


def is_public(request: web.Request, public_host: str | None) -> bool:
    """Whether a request came through a proxy, by the public name of this server, or from the internet."""
    # Many a proxy adds no header, but speaks HTTP/1.0 to the servers behind it.
    if request.version < HttpVersion11 or any(name in request.headers for name in OF_PROXIES):
        return True
    peer = _address(request.remote or "")
    if peer and peer.is_global:
        return True
    try:
        host = URL(f"http://{request.host}").host
    except ValueError:
        return True
    return public_host is not None and host == public_host and not _is_loopback(public_host)


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is; None: it is a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
