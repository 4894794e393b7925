"""Connections through proxies. Whatever fails there is an error that means that nothing was sent.

An HTTP proxy is asked for a tunnel (`CONNECT`) to https addresses; http addresses it fetches itself. A SOCKS5 proxy
tunnels everything. Either resolves the names: where Telegram is blocked, names resolve wrongly.
"""

import ssl
from typing import Any

import aiohttp_socks
from aiohttp import (
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientRequest,
    ClientTimeout,
    InvalidURL,
    TCPConnector,
)
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from providers.proxies import Proxy, ProxyFailedError, Way

LOGIN_STATUSES = (401, 407)
"""The statuses by which HTTP proxies refuse a login or ask for one. Right is 407; tinyproxy refuses with 401."""


class ProxyConnector(TCPConnector):
    """A connector whose connections take a `way`. The other arguments are those of `TCPConnector`."""

    def __init__(self, *, way: Way, **how: Any) -> None:
        super().__init__(**how)
        self._way = way
        self._how = how
        self._tunnels: dict[Proxy, TCPConnector] = {}
        self._once: TCPConnector | None = None

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """See `BaseConnector.connect`. Raises `ProxyFailedError` for whatever fails on the way through a proxy."""
        proxy = self._way(req.url)
        if proxy is None:
            return await super().connect(req, traces, timeout)
        try:
            if proxy.is_socks:
                return await self._tunnel(proxy).connect(req, traces, timeout)
            req.update_proxy(proxy.url, None, proxy.headers)
            if not req.is_ssl():
                return await self._once_only().connect(req, traces, timeout)
            return await super().connect(req, traces, timeout)
        except InvalidURL:
            raise
        except Exception as error:
            # Without a cause: the libraries' errors hold what was sent to the proxy.
            raise ProxyFailedError(req.connection_key, proxy, _said(error, proxy, req.host)) from None

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close all connections."""
        for connector in (*self._tunnels.values(), *([self._once] if self._once else [])):
            await connector.close(abort_ssl=abort_ssl)
        await super().close(abort_ssl=abort_ssl)

    def _once_only(self) -> TCPConnector:
        """Connections for one request each. Some proxies, such as tinyproxy, pass the service's promise to keep a
        connection on and close it: a next request would be lost on the way, perhaps a paid one."""
        if self._once is None:
            self._once = TCPConnector(**self._how, force_close=True)
        return self._once

    def _tunnel(self, proxy: Proxy) -> TCPConnector:
        if proxy not in self._tunnels:
            self._tunnels[proxy] = aiohttp_socks.ProxyConnector(
                host=proxy.url.host or "",
                port=proxy.url.port or 0,
                username=proxy.user or None,
                password=proxy.password or None,
                rdns=True,
                **self._how,
            )
        return self._tunnels[proxy]


def _said(error: Exception, proxy: Proxy, host: str) -> str:
    """The words for the operator about an error on the way to a host."""
    if isinstance(error, TimeoutError | aiohttp_socks.ProxyTimeoutError):
        return f"gives no connection in time: check {proxy.key}"
    if isinstance(error, ClientProxyConnectionError | aiohttp_socks.ProxyConnectionError):
        return f"can't be reached: check {proxy.key}, and whether the proxy runs"
    if _refuses_login(error):
        if proxy.user:
            return f"refuses the user name and the password: check {proxy.key}"
        return f"asks for a user name and a password: add them to {proxy.key}"
    return f"gives no connection to {host} ({_reason(error)})"


def _refuses_login(error: Exception) -> bool:
    if isinstance(error, ClientHttpProxyError):
        return error.status in LOGIN_STATUSES
    return isinstance(error, aiohttp_socks.ProxyError) and "authentication" in str(error)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientHttpProxyError):
        return f"HTTP {error.status}"
    if isinstance(error, aiohttp_socks.ProxyError):
        # The library's own words for a code of the protocol.
        return str(error)
    if isinstance(error, ssl.CertificateError):
        return "a certificate on the way is not trusted"
    return type(error).__name__
