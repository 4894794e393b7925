"""`ServiceSimulator`: the base of simulated image services on loopback, with a server, tasks and faults on request.

A subclass adds the routes and the texts of the service's errors. Words in a prompt that make it fail as the real
service does: `forbidden` (the prompt is refused), `unsafe reference` (with references),
`unsafe result`, `broken result` (the task fails), `impossible wish` (a parameter is refused), `unpaid bill` (the
account has no credit), `one flagged` (the last picture of several is held back).
"""

import asyncio
import json
import math
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NoReturn

from aiohttp import ClientSession, ClientTimeout, web

from providers.simulators import received
from providers.simulators.calls import Call, recorded
from providers.simulators.faults import ONE_FLAGGED, Fault, Problem, next_fault, problem_of
from providers.simulators.pictures.picker import draw as draw_picture

_LOST = web.RequestKey("lost", bool)


def usual(source: random.Random) -> float:
    """Seconds that a task takes: lognormal, median 12, sigma 0.4."""
    return source.lognormvariate(math.log(12), 0.4)


@dataclass(slots=True)
class Task:
    """A task the service took. Times are on the simulator's clock; `problem`: its error instead of pictures."""

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
    """The base of a simulated service. `key`: the credential it takes; `speed` divides the seconds of `durations`.

    `draw_scale` multiplies the sides of the pictures. `on_call` is called with every call. Tests inject `clock`,
    `sleep` and `draw`.
    """

    at_once: ClassVar[frozenset[Problem]] = frozenset({"prompt", "invalid", "reference", "credit"})
    """The problems that are refused before a task is accepted."""
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
        self.next_problems: list[Problem] = []
        """The problems of the next tasks, whatever their words."""
        self.on_call = on_call
        self.url = ""
        self.tasks: dict[str, Task] = {}
        self.submits: Counter[str] = Counter()
        """The number of accepted, and so paid, tasks by prompt."""
        self.revoked = False
        """Whether the account's key is refused."""
        self.forgetful = False
        """Whether tasks are lost right after they were taken."""
        self.clock, self.sleep = clock, sleep
        self._speed, self._scale, self._draw = speed, draw_scale, draw
        self._random = random.Random(seed)
        self._draw_lock = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    @abstractmethod
    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The service's routes, each with a name: faults and inspectors know a call by it ("submit", "result")."""

    @abstractmethod
    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """The service's answer for a problem."""

    @abstractmethod
    def credential(self, request: web.Request) -> str | None:
        """The credential that came with a request."""

    async def start(self, port: int = 0) -> None:
        """Listen on loopback, at `url`."""
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

    # for the routes of subclasses

    def refuse(self, problem: Problem, detail: str = "") -> NoReturn:
        """Answer with an error."""
        raise _Refusal(self.error(problem, detail))

    def take(
        self, prompt: object, references: Sequence[bytes], size: tuple[int, int], count: int = 1, **details: Any
    ) -> Task:
        """Accept a task, or refuse it by the words of its prompt."""
        if not isinstance(prompt, str) or not prompt.strip():
            self.refuse("invalid", "prompt")
        problem = problem_of(prompt, has_references=bool(references))
        if problem is None and self.next_problems:
            problem = self.next_problems.pop(0)
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

    def find(self, task_id: str) -> Task:
        """A task by its id; refuses one that the service does not know."""
        return self.known(task_id) or self.refuse("unknown")

    def state(self, task: Task) -> Literal["queued", "running", "cancelled", "failed", "done"]:
        """The state of a task: it is queued for the first fifth of its time."""
        now = self.clock()
        if task.cancelled:
            return "cancelled"
        if now < task.finished:
            return "queued" if now < task.started + (task.finished - task.started) / 5 else "running"
        return "failed" if task.problem else "done"

    async def made(self, task: Task) -> list[bytes]:
        """Wait until a task is done and return its pictures; answers with an error where it fails."""
        await self.sleep(max(0.0, task.finished - self.clock()))
        if task.problem:
            self.refuse(task.problem)
        return [await self.drawn(task, number) for number in range(task.count)]

    async def drawn(self, task: Task, number: int) -> bytes:
        """A picture of a task, as JPEG."""
        width, height = (max(1, round(side * self._scale)) for side in (task.width, task.height))
        async with self._draw_lock:
            return await asyncio.to_thread(self._draw, task.prompt, task.references, width, height, task.seed + number)

    def links(self, task: Task) -> list[str]:
        """The URLs of the pictures of a task."""
        return [f"{self.url}/pictures/{task.id}/{number}" for number in range(task.count)]

    def held_back(self, task: Task) -> list[bool]:
        """Which of a task's pictures the safety check holds back."""
        return [ONE_FLAGGED in task.prompt and number == task.count - 1 > 0 for number in range(task.count)]

    async def references(self, given: object, *, urls: bool = True) -> list[bytes]:
        """The pictures that were sent as URLs or data URIs: one, several or none. Raises `ValueError`; of one that
        can't be fetched the service says so."""
        try:
            return await self.fetched(given, urls=urls)
        except received.UnfetchedError as error:
            self.refuse("unfetched", str(error))

    async def fetched(self, given: object, *, urls: bool = True) -> list[bytes]:
        """The same; raises `received.UnfetchedError`, too."""
        listed = given if isinstance(given, list) else [] if given is None else [given]
        assert self._session
        return [await received.fetched(self._session, one, urls=urls) for one in listed]

    async def open_stream(self, request: web.Request) -> tuple[web.StreamResponse, Callable[..., Awaitable[None]]]:
        """A response of server-sent events, and the function that sends one: `await send(name, **event)`."""
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
        fault = next_fault(self.faults, name)
        response: web.StreamResponse | None = None
        if fault:
            response = self.error(fault.name) if fault.kind == "problem" else fault.page()
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
        if self.on_call:
            self.on_call(await recorded(name, (time.perf_counter() - started) * 1000, request, response))
        if response is None:
            if request.transport:
                request.transport.abort()
            return web.Response()
        return response

    async def _picture(self, request: web.Request) -> web.Response:
        task, number = self.tasks.get(request.match_info["task"]), request.match_info["number"]
        if task is None or self.state(task) != "done" or not number.isdecimal() or int(number) >= task.count:
            return web.Response(status=404)
        return web.Response(body=await self.drawn(task, int(number)), content_type="image/jpeg")


class _Refusal(Exception):
    def __init__(self, response: web.Response) -> None:
        self.response = response
        super().__init__(response.text)
