"""Proxies: the setting, the environment's variables, and the way that a connection takes.

A proxy's address may hold a user name and a password. They are shown nowhere: neither in an error nor in a `repr`.
"""

import ipaddress
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.request import getproxies_environment

from aiohttp import ClientConnectorError, TCPConnector
from aiohttp.client_reqrep import ConnectionKey
from pydantic import AfterValidator, SecretStr
from yarl import URL

NO_PROXY = "none"
"""The value of a setting for no proxy at all, although the environment names one."""
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The kinds of proxies, with the port of each where none is given."""
MOST_SOCKS_BYTES = 255
"""RFC 1929: the longest user name and password."""

HOW = (
    "must be http://, https:// or socks5://user:password@host:port (with @, / and # in a password written as %40, %2F "
    "and %23), or none"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. `url`: without user and password; `key`: the setting or variable that names it."""

    url: URL
    key: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS5, not HTTP."""
        return self.url.scheme == "socks5"

    @property
    def secret_url(self) -> str:
        """Its address with user and password, for a library; never for a text."""
        return str(self.url.with_user(self.user).with_password(self.password) if self.user else self.url)

    @property
    def headers(self) -> dict[str, str] | None:
        """The login for an HTTP proxy, as aiohttp takes it; None without a user name."""
        login = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {login}"} if self.user else None


Way = Callable[[URL], Proxy | None]
"""Tells the proxy that leads to an address; None: it is connected to directly."""


class ProxyFailedError(ClientConnectorError):
    """There is no connection through a proxy, so nothing was sent. The text is for the operator: without a secret."""

    def __init__(self, key: ConnectionKey, proxy: Proxy, words: str) -> None:
        # The key of a connection holds the proxy's user and password.
        super().__init__(key._replace(proxy=None, proxy_auth=None), OSError(words))
        self.words = f"the proxy {proxy.url} {words}"

    def __str__(self) -> str:
        return self.words


def proxy_of(text: str, key: str) -> Proxy:
    """The proxy with this address. Raises `ValueError`, whose text does not contain the address."""
    url = _parsed(text.strip())
    user, password, kind = url.user or "", url.password or "", url.scheme.removesuffix("h")
    if kind == "socks5":
        _check_socks_login(user, password)
    elif ":" in user:
        raise ValueError("has a user name with a colon, which HTTP proxies can't be told")
    plain = URL.build(scheme=kind, host=url.host or "", port=url.port or PORTS[kind])
    return Proxy(plain, key, user, password)


def _parsed(text: str) -> URL:
    try:
        url = URL(text)
        is_one = url.scheme in PORTS and bool(url.host) and url.port != 0
    except ValueError:
        # The reason may contain the address.
        is_one = False
    if not is_one:
        raise ValueError(HOW)
    return url


def _check_socks_login(user: str, password: str) -> None:
    if bool(user) != bool(password):
        raise ValueError("needs both a user name and a password, or none of them: socks5://user:password@host:port")
    if not (user + password).isascii() or max(len(user), len(password)) > MOST_SOCKS_BYTES:
        raise ValueError("has a user name or a password that SOCKS5 can't send: ASCII, up to 255 characters each")


def _checked(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if text not in {"", NO_PROXY}:
        proxy_of(text, "")
    return SecretStr(text)


ProxySetting = Annotated[SecretStr, AfterValidator(_checked)]
"""A proxy's address as a setting; empty: the environment's; `none`: no proxy."""


def way_of(setting: SecretStr, key: str) -> Way | None:
    """The way that a setting asks for; None: every connection is direct. `key` names the setting.

    A proxy that is set serves every address. Raises `ValueError` for a wrong variable of the environment.
    """
    text = setting.get_secret_value()
    if text == NO_PROXY:
        return None
    if not text:
        return environment_way()
    proxy = proxy_of(text, key)
    return lambda _address: proxy


def environment_way() -> Way | None:
    """The way that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (in either case) ask for; None: they name
    no proxy. Loopback addresses are always connected to directly. Raises `ValueError`, which names the variable.
    """
    found = getproxies_environment()
    proxies = {kind: _from_variable(kind, found[kind]) for kind in ("http", "https", "all") if found.get(kind)}
    if not proxies:
        return None

    def way(address: URL) -> Proxy | None:
        if is_loopback(address.host or "") or _is_excepted(address, found.get("no", "")):
            return None
        return proxies.get("https" if address.scheme in {"https", "wss"} else "http") or proxies.get("all")

    return way


def connector_of(way: Way | None, **how: Any) -> TCPConnector | None:
    """A connector whose connections take a way; None without one. `how`: further arguments of `TCPConnector`."""
    if way is None:
        return None
    # Imported here, so that a bot without a proxy does not load it.
    from providers.proxy_connector import ProxyConnector  # noqa: PLC0415

    return ProxyConnector(way=way, **how)


def _from_variable(kind: str, text: str) -> Proxy:
    variable = f"{kind.upper()}_PROXY"
    if text.startswith("socks://"):
        # So desktops name a SOCKS5 proxy.
        text = text.replace("socks", "socks5", 1)
    try:
        return proxy_of(text if "://" in text else f"http://{text}", variable)
    except ValueError as error:
        raise ValueError(f"The environment variable {variable} {str(error).removesuffix(', or none')}.") from None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")
    return found.is_loopback or found.is_unspecified


def is_private(address: str) -> bool:
    """Whether what is sent to an address stays secret: it is encrypted, or does not leave a private network."""
    url = URL(address)
    host = url.host or ""
    try:
        inside = ipaddress.ip_address(host).is_private
    except ValueError:
        # A name without a domain is one of this network, such as that of a container.
        inside = is_loopback(host) or "." not in host
    return url.scheme == "https" or inside


def _is_excepted(address: URL, entries: str) -> bool:
    """Whether `NO_PROXY` names the host, its domain or its network: `example.org,.lan,192.168.1.5:8188,10.0.0.0/8`."""
    host = (address.host or "").lower()
    for entry in entries.lower().replace(" ", "").split(","):
        name = entry.removesuffix(f":{address.port}").removeprefix("*").removeprefix(".")
        if entry == "*" or (name and (host == name or host.endswith(f".{name}"))) or _is_in_network(host, name):
            return True
    return False


def _is_in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
