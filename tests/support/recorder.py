"""`Recorder`: stands before a simulator and keeps every request as it came, so that two clients can be compared."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from aiohttp import ClientSession, web
from multidict import CIMultiDict

from providers.simulators.service import ServiceSimulator

HOP_BY_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A request. `fields`: its JSON, or its form with the bytes of files; None without a body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: CIMultiDict[str]
    fields: Any


class Recorder:
    """Passes requests on to `target` (the simulator's URL) and answers back, streams too. `url`: where it listens.

    `keeps_host`: the Host header is passed on, too, for services whose signature covers it.
    """

    def __init__(self, target: str, *, keeps_host: bool = False) -> None:
        self.sent: list[Sent] = []
        self.url = ""
        self._target = target
        self._dropped = HOP_BY_HOP - {"host"} if keeps_host else HOP_BY_HOP

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Recorder"]:
        """Listen on loopback until the end of the block."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        async with ClientSession(auto_decompress=False) as self._session:
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield self
            finally:
                await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fields = _fields(request.headers.get("Content-Type", ""), body)
        self.sent.append(Sent(request.method, request.path, dict(request.query), CIMultiDict(request.headers), fields))
        headers = {name: value for name, value in request.headers.items() if name.lower() not in self._dropped}
        async with self._session.request(
            request.method, f"{self._target}{request.path_qs}", data=body or None, headers=headers
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for part in answer.content.iter_any():
                await response.write(part)
            await response.write_eof()
        return response


@asynccontextmanager
async def recording(simulator: ServiceSimulator, *, leads_back: bool = False) -> AsyncIterator[Recorder]:
    """Start a simulator with a recorder before it. `leads_back`: the addresses in its answers are the recorder's."""
    await simulator.start()
    try:
        async with Recorder(simulator.url).serving() as recorder:
            if leads_back:
                simulator.url = recorder.url
            yield recorder
    finally:
        await simulator.aclose()


def _fields(content_type: str, body: bytes) -> Any:
    """The fields of a body. The standard library reads a form as it reads the parts of an e-mail."""
    if not body:
        return None
    if content_type.split(";", maxsplit=1)[0].endswith("json"):
        return json.loads(body)
    if not content_type.startswith("multipart/"):
        return body
    form = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    fields: dict[str, list[Any]] = {}
    for part in form.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        fields.setdefault(name, []).append(content if part.get_filename() else content.decode())
    return fields


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """The fields in which two requests differ, one line each. A null is the same as a field that is left out."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        names = sorted({*ours, *theirs})
        return [
            line
            for name in names
            for line in differences(ours.get(name), theirs.get(name), f"{path}.{name}" if path else str(name))
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for number, (one, two) in pairs for line in differences(one, two, f"{path}[{number}]")]
    return [] if ours == theirs else [f"{path}: ours {ours!r:.80}, the SDK's {theirs!r:.80}"]
