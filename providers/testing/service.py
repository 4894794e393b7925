"""What stand-ins of image services on loopback are made of: a server, tasks that take their time, faults on request.

A stand-in subclasses `ServiceSimulator`, adds its routes and says how the service words its errors. Words in a prompt
that make it act as on real trouble: `forbidden` (the words are refused), `unsafe reference` (with references),
`unsafe result`, `broken result` (the task fails), `impossible wish` (a parameter is refused).
"""

import asyncio
import binascii
import io
import json
import math
import random
import time
from abc import ABC, abstractmethod
from base64 import b64decode
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NoReturn

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from providers.testing.artist import draw as draw_picture

Problem = Literal["prompt", "reference", "result", "broken", "invalid", "busy", "credentials"]
WORDS: dict[str, Problem] = {
    "forbidden": "prompt",
    "impossible wish": "invalid",
    "unsafe reference": "reference",
    "unsafe result": "result",
    "broken result": "broken",
}
_LOST = web.RequestKey("lost", bool)
LONGEST = 200
"""Characters of one string that an inspector is shown: pictures come as base64."""


def usual(source: random.Random) -> float:
    """Seconds that a task takes: lognormal, median 12, sigma 0.4."""
    return source.lognormvariate(math.log(12), 0.4)


class Fault(BaseModel):
    """One fault, played on the next `times` calls of `action` (a route's name; None: any), instead of the true answer.

    `problem`: what the service says of `name`. `html`: a gateway's page with `status`. `text`: `text` with 200. `drop`:
    the connection breaks before anything is processed. `lost`: the call is processed, then the connection breaks.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["problem", "html", "text", "drop", "lost"]
    action: str | None = None
    times: int = Field(1, ge=1)
    status: int = Field(502, ge=200, le=599)
    name: Problem = "busy"
    text: str = "[1, 2"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as an inspector shows it; `status` 0: the connection was broken off. Headers, and so keys, are out."""

    name: str
    status: int
    ms: float
    request: Any
    response: Any


@dataclass(slots=True)
class Task:
    """A task the service took. Times are on the simulator's clock; `problem`: what comes of it instead of pictures."""

    id: str
    prompt: str
    references: tuple[bytes, ...] = field(repr=False)
    width: int
    height: int
    count: int
    seed: int
    started: float
    finished: float
    problem: Problem | None
    cancelled: bool = False
    details: dict[str, Any] = field(default_factory=dict)


class ServiceSimulator(ABC):
    """See the module. `key`: the credential it takes; `speed` divides the seconds that tasks take (`durations`).

    `draw_scale`: pictures are drawn this much smaller than asked for. `on_call` is told of every call. `clock`, `sleep`
    and `draw` are injected by tests.
    """

    at_once: ClassVar[frozenset[Problem]] = frozenset({"prompt", "invalid", "reference"})
    """What is refused before a task is taken."""
    key: ClassVar[str] = "key-of-the-simulated-account-0001"

    def __init__(
        self,
        *,
        durations: Callable[[random.Random], float] = usual,
        speed: float = 1,
        seed: int = 0,
        draw_scale: float = 1,
        on_call: Callable[[Call], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[str, Sequence[bytes], int, int, int], bytes] = draw_picture,
    ) -> None:
        self.durations = durations
        self.faults: list[Fault] = []
        self.on_call = on_call
        self.url = ""
        self.tasks: dict[str, Task] = {}
        self.submits: Counter[str] = Counter()
        """Accepted, and so paid, tasks by prompt."""
        self.revoked = False
        """Whether the account's key is refused."""
        self.forgetful = False
        """Whether tasks are lost right after they were taken."""
        self.clock, self.sleep = clock, sleep
        self._speed, self._scale, self._draw = speed, draw_scale, draw
        self._random = random.Random(seed)
        self._pencil = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    @abstractmethod
    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The service's routes, each with a name: faults and inspectors know a call by it ("submit", "result")."""

    @abstractmethod
    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """How the service words a problem."""

    @abstractmethod
    def credential(self, request: web.Request) -> str | None:
        """The credential that came with a request."""

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; `url` tells where."""
        app = web.Application(client_max_size=64 << 20, middlewares=[self._answer])
        self.add_routes(app.router)
        app.router.add_get("/pictures/{task}/{number}", self._picture, name="picture")
        self._session = ClientSession(timeout=ClientTimeout(total=10))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def aclose(self) -> None:
        """Stop listening and close all connections."""
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    # what routes are made of

    def refuse(self, problem: Problem, detail: str = "") -> NoReturn:
        """Answer with an error."""
        raise _Refusal(self.error(problem, detail))

    def take(
        self, prompt: object, references: Sequence[bytes], size: tuple[int, int], count: int = 1, **details: Any
    ) -> Task:
        """Take a task in, or refuse it by its words."""
        if not isinstance(prompt, str) or not prompt.strip():
            self.refuse("invalid", "prompt")
        found = (problem for words, problem in WORDS.items() if words in prompt)
        problem = next((one for one in found if one != "reference" or references), None)
        if problem is not None and problem in self.at_once:
            self.refuse(problem)
        now = self.clock()
        task = Task(
            id=f"task-{self._random.getrandbits(64):016x}",
            prompt=prompt,
            references=tuple(references),
            width=size[0],
            height=size[1],
            count=count,
            seed=self._random.randrange(2**31),
            started=now,
            finished=now + self.durations(self._random) / self._speed,
            problem=problem,
            details=details,
        )
        self.submits[prompt] += 1
        self.tasks[task.id] = task
        return task

    def known(self, task_id: str) -> Task | None:
        """A task by its id, unless the service has lost it."""
        return None if self.forgetful else self.tasks.get(task_id)

    def state(self, task: Task) -> Literal["queued", "running", "cancelled", "failed", "done"]:
        """How a task does: the first fifth of its time it waits."""
        now = self.clock()
        if task.cancelled:
            return "cancelled"
        if now < task.finished:
            return "queued" if now < task.started + (task.finished - task.started) / 5 else "running"
        return "failed" if task.problem else "done"

    async def made(self, task: Task) -> list[bytes]:
        """Wait until a task is done; its pictures. Refuses where they come to nothing."""
        await self.sleep(max(0.0, task.finished - self.clock()))
        if task.problem:
            self.refuse(task.problem)
        return [await self.drawn(task, number) for number in range(task.count)]

    async def drawn(self, task: Task, number: int) -> bytes:
        """A picture of a task, as JPEG."""
        width, height = (max(1, round(side * self._scale)) for side in (task.width, task.height))
        async with self._pencil:
            return await asyncio.to_thread(self._draw, task.prompt, task.references, width, height, task.seed + number)

    def links(self, task: Task) -> list[str]:
        """Where the pictures of a task are."""
        return [f"{self.url}/pictures/{task.id}/{number}" for number in range(task.count)]

    async def references(self, given: object, *, urls: bool = True) -> list[bytes]:
        """The pictures that were sent as URLs or data URIs: one, several or none. Refuses what is no picture."""
        listed = given if isinstance(given, list) else [] if given is None else [given]
        return [self.picture(await self._fetched(one, urls=urls)) for one in listed]

    def picture(self, data: bytes) -> bytes:
        """Refuse what is no picture."""
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.verify()
        except (OSError, SyntaxError):
            self.refuse("invalid", "image")
        return data

    def decoded(self, text: object) -> bytes:
        """Base64; refuses anything else."""
        try:
            return b64decode(str(text), validate=True)
        except binascii.Error:
            self.refuse("invalid", "base64")

    async def _fetched(self, one: object, *, urls: bool) -> bytes:
        text = str(one)
        if text.startswith("data:image/") and ";base64," in text:
            return self.decoded(text.partition(";base64,")[2])
        if not urls or not text.startswith(("http://", "https://")) or self._session is None:
            self.refuse("invalid", "image url")
        try:
            async with self._session.get(text) as response:
                if response.status != 200:
                    self.refuse("invalid", "image url")
                return await response.read()
        except (ClientError, TimeoutError):
            self.refuse("invalid", "image url")

    async def open_stream(self, request: web.Request) -> tuple[web.StreamResponse, Callable[..., Awaitable[None]]]:
        """An answer of server-sent events, and what sends one: `await send(name, **event)`."""
        if request[_LOST]:
            raise _Refusal(web.Response())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(name: str, **event: object) -> None:
            await response.write(f"event: {name}\ndata: {json.dumps({'type': name, **event})}\n\n".encode())

        return response, send

    # the server

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        started = time.perf_counter()
        name = request.match_info.route.name or request.path
        fault = self._fault(name)
        response: web.StreamResponse | None = self._played(fault) if fault else None
        if fault is None or fault.kind == "lost":
            try:
                if name != "picture" and (self.revoked or self.credential(request) != self.key):
                    self.refuse("credentials")
                request[_LOST] = fault is not None
                response = await handler(request)
            except _Refusal as refusal:
                response = refusal.response
            except (ValueError, KeyError, TypeError) as error:
                response = self.error("invalid", repr(error))
        if fault and fault.kind in {"drop", "lost"}:
            response = None
        await self._record(name, request, response, started)
        if response is None:
            if request.transport:
                request.transport.abort()
            return web.Response()
        return response

    def _fault(self, name: str) -> Fault | None:
        for fault in self.faults:
            if fault.action in {None, name}:
                fault.times -= 1
                if fault.times < 1:
                    self.faults.remove(fault)
                return fault
        return None

    def _played(self, fault: Fault) -> web.Response | None:
        if fault.kind == "problem":
            return self.error(fault.name)
        if fault.kind == "html":
            return web.Response(status=fault.status, text="<html><h1>gateway</h1></html>", content_type="text/html")
        return web.Response(text=fault.text, content_type="application/json") if fault.kind == "text" else None

    async def _picture(self, request: web.Request) -> web.Response:
        task, number = self.tasks.get(request.match_info["task"]), request.match_info["number"]
        if task is None or self.state(task) != "done" or not number.isdecimal() or int(number) >= task.count:
            return web.Response(status=404)
        return web.Response(body=await self.drawn(task, int(number)), content_type="image/jpeg")

    async def _record(
        self, name: str, request: web.Request, response: web.StreamResponse | None, started: float
    ) -> None:
        if self.on_call is None:
            return
        sent = _summed(await request.read()) if request.content_type == "application/json" else request.content_type
        body = response.body if isinstance(response, web.Response) and response.content_type.endswith("json") else b""
        got = _summed(body) if isinstance(body, bytes) and body else response.content_type if response else None
        status = response.status if response is not None else 0
        self.on_call(Call(name, status, (time.perf_counter() - started) * 1000, sent, got))


class _Refusal(Exception):
    def __init__(self, response: web.Response) -> None:
        self.response = response
        super().__init__(response.text)


def _summed(body: bytes) -> Any:
    try:
        return _shortened(json.loads(body))
    except ValueError:
        return str(body[:LONGEST], "utf-8", "replace")


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    is_long = isinstance(value, str) and len(value) > LONGEST
    return f"{value[:40]}… ({len(value)} characters)" if is_long else value
