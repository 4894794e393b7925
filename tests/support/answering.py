"""A service that gives one answer to all calls, and a provider that calls it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, web

from providers.base import Event, ImageRequest, Provider, Reference
from providers.errors import ProviderError


class AnsweringService:
    """Gives `answer` (status, body, headers) to all calls, and counts them."""

    def __init__(self) -> None:
        self.answer: tuple[int, str, Mapping[str, str]] = (200, "{}", {})
        self.calls = 0
        self.url = ""

    def gives(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """Give this answer from now on; `body`: JSON, or a text as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.answer = status, text, {"Content-Type": "application/json", **(headers or {})}

    async def handle(self, _request: web.Request) -> web.Response:
        """Any call."""
        self.calls += 1
        status, text, headers = self.answer
        return web.Response(status=status, text=text, headers=headers)


@asynccontextmanager
async def answering_service() -> AsyncIterator[AnsweringService]:
    """The service on loopback."""
    service = AnsweringService()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def built(kind: type[Provider[Any, Any]], service: AnsweringService, session: ClientSession, **settings: Any) -> Any:
    """A provider that calls this service."""
    fields = set(kind.Settings.model_fields)
    secret = next(name for name in ("api_key", "key", "token") if name in fields)
    address = next(name for name in ("base_url", "endpoint") if name in fields)
    return kind(kind.Settings.model_validate({secret: "very-secret", address: service.url, **settings}), session)


async def events_of(provider: Provider[Any, Any], references: tuple[Reference, ...] = ()) -> list[Event]:
    """All events of one request."""
    request = ImageRequest("a fox", provider.Options(), references)
    return [event async for event in provider.imagine(request)]


async def error_of(provider: Provider[Any, Any], references: tuple[Reference, ...] = ()) -> ProviderError:
    """The error that one request ends with."""
    try:
        events = await events_of(provider, references)
    except ProviderError as error:
        return error
    raise AssertionError(f"it succeeded: {events}")


async def _read() -> bytes:
    return b"bytes"


REFERENCE = Reference("image/jpeg", 64, 64, 5, _read)
