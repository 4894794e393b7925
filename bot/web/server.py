"""The server itself: what it answers, and its start and stop."""

from aiohttp import web

from bot.settings import SettingsError


class WebServer:
    """Listens on `host` and `port` (0: any free one). Further routes are added to `app` before `start`."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self.app = web.Application()
        self.app.router.add_get("/health", _health)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Begin to listen; returns the address. Raises `SettingsError` when it can't listen there."""
        self._runner = web.AppRunner(self.app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            address = f"{self._host}:{self._port}"
            raise SettingsError(f"web.host and web.port: can't listen on {address}: {error.strerror}.") from error
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def aclose(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
