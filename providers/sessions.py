"""The HTTP sessions of the providers: those without a proxy share one."""

from aiohttp import ClientSession
from pydantic import SecretStr

from providers.proxies import NO_PROXY, connector_of, way_of


class Sessions:
    """Sessions by their proxies. Use it inside the event loop; close it with `aclose`."""

    def __init__(self) -> None:
        self._sessions: dict[str, ClientSession] = {}

    def of(self, proxy: SecretStr, key: str) -> ClientSession:
        """The session for a setting `proxy`, which `key` names. Raises `ValueError` for a wrong variable of the
        environment."""
        address = proxy.get_secret_value()
        # An error names the setting: those with the same proxy have sessions of their own.
        name = address if address in {"", NO_PROXY} else key
        if name not in self._sessions:
            self._sessions[name] = ClientSession(connector=connector_of(way_of(proxy, key)))
        return self._sessions[name]

    async def aclose(self) -> None:
        """Close all sessions."""
        for session in self._sessions.values():
            await session.close()
