"""The simulated service as an HTTP server on loopback."""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import ClientSession, ClientTimeout, web
from pydantic import JsonValue

from providers.jimeng.simulator.caller import Caller
from providers.jimeng.simulator.envelopes import MESSAGES, Denied, Reply, answer, denial
from providers.jimeng.simulator.faults import Fault, take
from providers.jimeng.simulator.gallery import Draw, Gallery
from providers.jimeng.simulator.gateway import Keys, Raw
from providers.jimeng.simulator.service import ACTIONS, Service
from providers.jimeng.simulator.tasks import URL_SECONDS, Durations, Task, TaskQueue
from providers.json_reader import read_json
from providers.simulators.pictures.picker import draw as draw_picture


@dataclass(frozen=True, slots=True)
class Call:
    """A call for an inspector: the action, the HTTP status (0: the connection was broken off), milliseconds, and both
    JSON bodies, with lengths instead of pictures. Headers are not kept, because they hold keys."""

    name: str
    status: int
    ms: float
    request: JsonValue
    response: JsonValue


def usual(source: random.Random) -> float:
    """The duration of a task in seconds: lognormal, median 12, sigma 0.4."""
    return source.lognormvariate(math.log(12), 0.4)


class JimengSimulator:
    """See the package. Start it with `start`, end it with `aclose`; play faults by appending to `faults`.

    `durations`: seconds a task takes, from a random source with this `seed`; `speed` divides them. `concurrency`,
    `qps`: the account's limits, which `queue` keeps. `draw_scale`: the scale at which pictures are drawn and served;
    `draws_ahead`: they are drawn while their task runs, not when they are fetched. `on_call` gets every call. Tests
    inject `clock` (monotonic), `now` (UTC), `sleep` and `draw`.
    """

    def __init__(
        self,
        *,
        keys: Keys | None = None,
        durations: Durations = usual,
        speed: float = 1,
        concurrency: int = 1,
        qps: int = 20,
        seed: int = 0,
        draw_scale: float = 1,
        draws_ahead: bool = False,
        on_call: Callable[[Call], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Draw = draw_picture,
    ) -> None:
        self.keys = keys or Keys()
        self.faults: list[Fault] = []
        self.on_call = on_call
        self.url = ""
        self.queue = TaskQueue(durations, speed, concurrency, qps, random.Random(seed))  # noqa: S311 (nothing secret)
        self._gallery = Gallery(draw, draw_scale)
        self._draws_ahead = draws_ahead
        self._caller = Caller(self.faults, self._announcement, self._called, clock=clock, sleep=sleep)
        self.service = Service(self.keys, self.queue, self._gallery, clock=clock, now=now, taken=self._caller.taken)
        self._clock, self._now, self._sleep = clock, now, sleep
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    @property
    def concurrency(self) -> int:
        """The account's limit of concurrent tasks."""
        return self.queue.concurrency

    @property
    def calls(self) -> Counter[str]:
        """The number of calls that passed the gateway: "submit" and "result"."""
        return self.service.calls

    @property
    def polls(self) -> Counter[str]:
        """The number of result queries by task id."""
        return self.service.polls

    @property
    def asked_when_done(self) -> Counter[str]:
        """The number of answers about finished tasks by task id."""
        return self.service.asked_when_done

    @property
    def submits(self) -> Counter[str]:
        """The number of accepted (and so paid) tasks by prompt."""
        return self.queue.submits

    @property
    def finished_at(self) -> dict[str, float]:
        """The end of each task by its id, on the simulator's clock."""
        return self.queue.finished_at

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks that the service knows, by id, oldest first."""
        return self.queue.tasks

    async def start(self, port: int = 0) -> None:
        """Listen on loopback and set `url`."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get("/picture/{task}/{number}", self._picture)
        app.router.add_route("*", "/{path:.*}", self._api)
        self._session = self._caller.session = ClientSession(timeout=ClientTimeout(total=10))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def aclose(self) -> None:
        """Stop listening and close all connections."""
        await self._caller.aclose()
        await self._gallery.aclose()
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _announcement(self, task: Task) -> dict[str, object]:
        return await self.service.announcement(task, self.url)

    def _called(self, body: str, status: int, ms: float) -> None:
        if self.on_call:
            self.on_call(Call("callback", status, ms, _summed(body), ""))

    def activate(self, *, active: bool) -> None:
        """Activate the interface for the account or not; without it every call is refused with 50400."""
        self.service.activated = active

    def expire_addresses(self) -> None:
        """Expire the addresses of pictures given so far: they answer 403. A result query gives new ones."""
        self.service.addresses.expire()

    def forget(self, task_id: str) -> None:
        """Lose a task: it is `not_found` from now on."""
        del self.tasks[task_id]

    async def _api(self, request: web.Request) -> web.Response:
        started = time.perf_counter()
        action, version = request.query.get("Action", ""), request.query.get("Version", "")
        raw = Raw(request.method, request.path, request.rel_url.raw_query_string, request.headers, await request.read())
        fault = take(self.faults, ACTIONS.get(action, ""))
        response = self._played(fault, action, version) if fault else None
        if fault is None or fault.kind in {"lost", "delay"}:
            await self._sleep(fault.seconds if fault else 0)
            assert self._session  # noqa: S101 (set by start)
            reply = await self.service.reply(raw, action, version, self._session, self.url)
            response = web.json_response(reply.payload, status=reply.status)
            if self._draws_ahead:
                self._gallery.begin(reversed(self.tasks.values()))
        if fault and fault.kind in {"drop", "lost"}:
            response = None
        self._record(action, raw.body, response, started)
        return _break_off(request) if response is None else response

    def _played(self, fault: Fault, action: str, version: str) -> web.Response | None:
        """The answer that a fault plays instead of the normal one."""
        response = self._said(fault, action, version)
        if response is not None and fault.retry_after is not None:
            response.headers["Retry-After"] = fault.retry_after
        return response

    def _said(self, fault: Fault, action: str, version: str) -> web.Response | None:
        reply: Reply | None = None
        if fault.kind == "code":
            reply = answer(fault.code, None, self._now(), MESSAGES.get(fault.code, "Unknown"))
        elif fault.kind == "gateway":
            reply = denial(Denied(fault.name, fault.status, "played by request"), action, version, self._now())
        if reply:
            return web.json_response(reply.payload, status=reply.status)
        html = f"<html><body><h1>{fault.status}</h1><hr>gateway</body></html>"
        text = {"html": html, "text": fault.text, "status": ""}.get(fault.kind)
        if text is None:
            return None
        return web.Response(status=fault.status, text=text, content_type="text/html" if text == html else "text/plain")

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        fault = take(self.faults, "picture")
        if fault and fault.kind == "delay":
            await self._sleep(fault.seconds)
        response = self._played(fault, "picture", "") if fault else None
        if fault is None or fault.kind in {"delay", "cut"}:
            response = await self._drawn(request)
        self._record("picture", b"", response, started)
        if fault and fault.kind == "cut" and response is not None:
            return await _cut_short(request, response)
        return _break_off(request) if response is None else response

    async def _drawn(self, request: web.Request) -> web.Response:
        task, number = self.tasks.get(request.match_info["task"]), request.match_info["number"]
        now = self._clock()
        if task is None or now < task.finished or not number.isdecimal() or int(number) >= task.count:
            return web.Response(status=404)
        if now - task.finished > URL_SECONDS or not self.service.addresses.is_good(request.query):
            return web.Response(status=403, text="the URL has expired")
        return web.Response(body=await self._gallery.picture(task, int(number)), content_type="image/jpeg")

    def _record(self, name: str, body: bytes, response: web.Response | None, started: float) -> None:
        if self.on_call is None:
            return
        answered = response.text if response is not None and response.content_type != "image/jpeg" else None
        status = response.status if response is not None else 0
        call = Call(name, status, (time.perf_counter() - started) * 1000, _summed(body), _summed(answered or ""))
        self.on_call(call)


def _summed(text: str | bytes) -> JsonValue:
    """JSON for an inspector, with base64 replaced by its length; any other text is cut."""
    try:
        payload = read_json(text.encode() if isinstance(text, str) else text)
    except ValueError:
        return str(text[:500], "utf-8", "replace") if isinstance(text, bytes) else text[:500]
    for part in (payload, payload.get("data")) if isinstance(payload, dict) else ():
        if isinstance(part, dict) and isinstance(part.get("binary_data_base64"), list):
            part["binary_data_base64"] = [f"<{len(str(item))} characters>" for item in part["binary_data_base64"]]
    result: JsonValue = payload
    return result


async def _cut_short(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Send the first half of an answer, then break the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    part = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": whole.content_type})
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    if request.transport:
        request.transport.abort()
    return part


def _break_off(request: web.Request) -> web.Response:
    """Break the connection, so that no answer reaches the client."""
    if request.transport:
        request.transport.abort()
    return web.Response()
