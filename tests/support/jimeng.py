"""`Bench`: the Jimeng provider and its simulator on a clock of their own."""

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from aiohttp import ClientSession
from PIL import Image
from yarl import URL

from providers.base import Event, ImageRequest, Reference
from providers.jimeng import Jimeng, JimengOptions, JimengSettings
from providers.jimeng.signing import canonical_query, sign
from providers.jimeng.simulator import Call, JimengSimulator
from providers.testing import FastClock

SUBMIT, RESULT = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
FOX: dict[str, Any] = {"req_key": "jimeng_t2i_v40", "prompt": "a red fox", "force_single": True}


def picture(width: int = 64, height: int = 64, kind: str = "PNG") -> bytes:
    """A plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, kind)
    return buffer.getvalue()


def paint(prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
    """A plain picture in place of a drawn one, for tests that ignore the result."""
    return picture(width, height, "JPEG")


def reference(data: bytes | None = None, url: str | None = None, *, width: int = 64, height: int = 64) -> Reference:
    """A reference of these bytes (a small picture), published at `url`."""
    content = picture(kind="JPEG") if data is None else data

    async def read() -> bytes:
        return content

    return Reference("image/jpeg", width, height, len(content), read, url)


def request(*references: Reference, prompt: str = "a red fox", **options: Any) -> ImageRequest[JimengOptions]:
    """A request of a person."""
    return ImageRequest(prompt, JimengOptions.model_validate(options), references)


async def run(provider: Jimeng, asked: ImageRequest[JimengOptions], ticket: str | None = None) -> list[Event]:
    """All events of one task."""
    return [event async for event in provider.imagine(asked, ticket)]


@dataclass
class Bench:
    """The simulator, a session, a clock, and the calls so far."""

    service: JimengSimulator
    session: ClientSession
    clock: FastClock
    calls: list[Call]

    def provider(self, **settings: Any) -> Jimeng:
        """The provider, with the simulator's keys unless `settings` say otherwise."""
        keys = self.service.keys
        table = {"access_key": keys.access, "secret_key": keys.secret, "endpoint": self.service.url, **settings}
        read = JimengSettings.model_validate(table)
        provider = Jimeng(read, self.session, clock=self.clock, sleep=self.clock.sleep)
        provider.client.now = lambda: NOW
        return provider

    def sent(self, number: int = 0) -> dict[str, Any]:
        """The parameters of a call."""
        return cast("dict[str, Any]", self.calls[number].request)

    async def post(
        self,
        action: str,
        payload: Any,
        *,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        method: str = "POST",
        **signing: Any,
    ) -> tuple[int, dict[str, Any]]:
        """Sign and send a call, changed after it was signed as given; returns status and JSON."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        asked = {"Action": action, "Version": "2022-08-31"}
        url = URL(self.service.url)
        how = {"access_key": self.service.keys.access, "secret_key": self.service.keys.secret, "now": NOW, **signing}
        signed = sign(host=url.authority, query=asked, body=body, **how)
        target = URL(f"{url}?{canonical_query(query or asked)}", encoded=True)
        sent = {name: value for name, value in {**signed, **(headers or {})}.items() if value}
        async with self.session.request(method, target, data=io.BytesIO(body), headers=sent) as response:
            return response.status, await response.json()

    async def submit(self, **more: Any) -> str:
        """Submit a fox and return the task's id."""
        status, answer = await self.post(SUBMIT, {**FOX, **more})
        assert (status, answer["code"]) == (200, 10000), answer
        task_id: str = answer["data"]["task_id"]
        return task_id

    async def ask(self, task_id: str, **more: Any) -> dict[str, Any]:
        """The JSON of a result query."""
        payload = {"req_key": FOX["req_key"], "task_id": task_id, "req_json": '{"return_url": true}', **more}
        return (await self.post(RESULT, payload))[1]


@asynccontextmanager
async def open_bench(**simulator: Any) -> AsyncIterator[Bench]:
    """A bench; `simulator`: arguments that differ from the usual ones."""
    clock, calls = FastClock(), list[Call]()
    usual = {"clock": clock, "sleep": clock.sleep, "now": lambda: NOW, "draw": paint, "draw_scale": 0.05}
    service = JimengSimulator(**{**usual, "on_call": calls.append, **simulator})
    await service.start()
    async with ClientSession() as session:
        yield Bench(service, session, clock, calls)
    await service.aclose()
