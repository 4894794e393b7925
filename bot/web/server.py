"""The web server: its start and stop, its health route, and the time limits of connections."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext

from aiohttp import web

from bot.settings import SettingsError
from bot.web.listener import Listener, most_connections

log = logging.getLogger(__name__)

IDLE_SECONDS = 15.0
"""A connection is closed after this time without a complete request head."""
REQUEST_SECONDS = 120.0
"""The limit from a request's head to the end of its answer; the longest answer is a reference of some megabytes."""
LARGE_BYTES = 64 << 10
"""An answer above this size is a reference. Only image services know the addresses of references."""
STOP_SECONDS = 5.0
HEALTHY = '{"status": "ok"}'


class WebServer:
    """Listens on `host` and `port` (0: any free one). Add further routes to `app` before `start`.

    `idle`, `request`: see `IDLE_SECONDS`, `REQUEST_SECONDS`. `most`: connections at once; by default as many as the
    process's file limit allows. `address`: where it listens; empty before.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        idle: float = IDLE_SECONDS,
        request: float = REQUEST_SECONDS,
        most: int | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._idle = idle
        self._request = request
        self._most = most
        self.address = ""
        self.app = web.Application(middlewares=[self._answer])
        self.app.router.add_get("/health", _health)
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None

    async def start(self) -> str:
        """Start to listen; return the address. Raises `SettingsError` when it can't listen there."""
        self._runner = web.AppRunner(
            self.app, access_log=None, keepalive_timeout=self._idle, shutdown_timeout=STOP_SECONDS
        )
        await self._runner.setup()
        assert self._runner.server  # noqa: S101 - set by setup
        self._listener = Listener(self._runner.server, self._most or most_connections())
        try:
            host, port = await self._listener.start(self._host, self._port)
        except OSError as error:
            await self._runner.cleanup()
            address = f"{self._host}:{self._port}"
            raise SettingsError(f"web.host and web.port: can't listen on {address}: {error.strerror}.") from error
        self.address = f"http://{host}:{port}"
        return self.address

    async def aclose(self) -> None:
        """Stop listening."""
        if self._listener:
            await self._listener.aclose()
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            async with asyncio.timeout(self._request):
                response = await handler(request)
                # Sent here, within the time limit: a client may never read it.
                with self._protection(request, response):
                    await response.prepare(request)
                    await response.write_eof()
                return response
        except TimeoutError:
            log.info("a request took longer than %.0f s; closing its connection", self._request)
            if request.transport:
                request.transport.abort()
            return web.Response(status=408)

    def _protection(self, request: web.Request, response: web.StreamResponse) -> AbstractContextManager[None]:
        """Protect a connection from being closed at the limit while a large answer is sent."""
        is_large = (response.content_length or 0) > LARGE_BYTES
        if not (is_large and request.transport and self._listener):
            return nullcontext()
        return self._listener.protecting(request.transport)


async def _health(_request: web.Request) -> web.Response:
    return web.Response(text=HEALTHY, content_type="application/json")
