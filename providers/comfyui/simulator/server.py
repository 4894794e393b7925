"""The server: queue, history, files, and the websocket. Source: `server.py` of ComfyUI."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, cast
from uuid import UUID, uuid4

from aiohttp import web

from providers.comfyui.simulator.messages import Messages
from providers.comfyui.simulator.nodes import NODES, fault, refusal
from providers.comfyui.simulator.sketch import Sketch, sketch
from providers.simulators import received
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

State = Literal["queued", "running", "cancelled", "failed", "done"]


class ComfyUISimulator(ServiceSimulator):
    """`url` is the endpoint. It draws one task after the other, and refuses nothing for its content.

    `is_locked`: a login stands before it, which takes the key as a bearer token. `is_old`: it gives ids itself, and
    interrupts whatever runs.
    """

    at_once = frozenset()
    is_locked = False
    is_old = False

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The uploaded files by the names under which nodes load them."""
        return {}

    @cached_property
    def messages(self) -> Messages:
        """The messages to clients at their websockets."""
        return Messages(self)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The routes that clients use. Each also exists below `/api`."""
        for prefix in ("", "/api"):
            name = "api-{}" if prefix else "{}"
            router.add_post(f"{prefix}/prompt", self._prompt, name=name.format("submit"))
            router.add_get(f"{prefix}/queue", self._queue, name=name.format("result"))
            router.add_post(f"{prefix}/queue", self._delete, name=name.format("delete"))
            router.add_get(f"{prefix}/history/{{id}}", self._history, name=name.format("history"))
            router.add_post(f"{prefix}/interrupt", self._interrupt, name=name.format("interrupt"))
            router.add_post(f"{prefix}/upload/image", self._upload, name=name.format("upload"))
            router.add_get(f"{prefix}/view", self._view, name=name.format("view"))
            router.add_get(f"{prefix}/object_info/{{name}}", self._object_info, name=name.format("object-info"))
            router.add_get(f"{prefix}/system_stats", self._stats, name=name.format("stats"))
            router.add_get(f"{prefix}/ws", self.messages.serve, name=name.format("websocket"))
        router.add_post("/api/jobs/{id}/cancel", self._cancel, name="cancel")

    async def aclose(self) -> None:
        """See `ServiceSimulator`; it hangs up on its clients first."""
        await self.messages.aclose()
        await super().aclose()

    def credential(self, request: web.Request) -> str | None:
        """The bearer token. Without a login there is none to show."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return given if given or self.is_locked else self.key

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """The errors of nodes, or the page of a login."""
        if problem == "credentials":
            return web.Response(status=401, text="<html>401 Authorization Required</html>", content_type="text/html")
        error = {"type": "invalid_prompt", "message": "Cannot execute", "details": detail, "extra_info": {}}
        return web.json_response({"error": error, "node_errors": {}}, status=400)

    def state(self, task: Task) -> State:
        """A task is queued until the earlier ones have ended."""
        now = self.clock()
        if task.cancelled:
            return "cancelled"
        if now < task.details["begins"]:
            return "queued"
        return "running" if now < task.finished else "failed" if task.problem else "done"

    def drawing(self, task: Task) -> Sketch:
        """The picture that a task draws."""
        return cast("Sketch", task.details["sketch"])

    async def _prompt(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        given = None if self.is_old else asked.get("prompt_id")
        if given is not None and str(UUID(given)) != given:
            self.refuse("invalid", "prompt_id must be a valid UUID")
        refused = refusal(asked.get("prompt"), self.files.__contains__)
        if refused:
            return web.json_response(refused, status=400)
        drawing = sketch(asked["prompt"], self.files.__getitem__)
        if "impossible wish" in drawing.words:
            return web.json_response(_too_wide(asked["prompt"]), status=400)
        extra = dict(asked.get("extra_data") or {}) | {"client_id": asked.get("client_id")}
        task = self._queued(
            drawing, given or str(uuid4()), graph=asked["prompt"], extra=extra, number=len(self.submits)
        )
        await self.messages.tell_all()
        return web.json_response({"prompt_id": task.id, "number": task.details["number"], "node_errors": {}})

    def _queued(self, drawing: Sketch, name: str, **details: Any) -> Task:
        references = [self.files[file] for file in drawing.files]
        task = self.take(drawing.words, references, (drawing.width, drawing.height), drawing.pictures, **details)
        del self.tasks[task.id]
        task.id, task.seed, task.problem = name, drawing.seed, "broken" if task.problem == "broken" else None
        task.details |= {"sketch": drawing, "seconds": task.finished - task.started}
        self.tasks[name] = task
        self._arrange()
        return task

    def _arrange(self) -> None:
        """Set when each task begins: when the one before it has ended."""
        now = free = self.clock()
        for task in self.tasks.values():
            begins = task.details.get("begins")
            if task.cancelled or (begins is not None and begins <= now):
                free = max(free, now if task.cancelled else task.finished)
                continue
            task.details["begins"] = free
            free = task.finished = free + task.details["seconds"]

    def _listed(self, state: State) -> list[Any]:
        tasks = [] if self.forgetful else [task for task in self.tasks.values() if self.state(task) == state]
        return [_item(task) for task in tasks]

    async def _queue(self, _request: web.Request) -> web.Response:
        await self.messages.tell_all()
        return web.json_response({"queue_running": self._listed("running"), "queue_pending": self._listed("queued")})

    async def _delete(self, request: web.Request) -> web.Response:
        for name in (await request.json()).get("delete", ()):
            self._dequeue(name)
        return web.Response()

    def _dequeue(self, name: str) -> bool:
        if name not in self.tasks or self.state(self.tasks[name]) != "queued":
            return False
        del self.tasks[name]
        self._arrange()
        return True

    async def _interrupt(self, request: web.Request) -> web.Response:
        body = await request.read()
        wanted = None if self.is_old or not body else json.loads(body).get("prompt_id")
        for task in list(self.tasks.values()):
            if self.state(task) == "running" and wanted in {None, task.id}:
                self._stop(task)
        return web.Response()

    def _stop(self, task: Task) -> None:
        task.cancelled, task.finished = True, self.clock()
        self._arrange()

    async def _cancel(self, request: web.Request) -> web.Response:
        if self.is_old:
            raise web.HTTPMethodNotAllowed("POST", ["GET", "HEAD"])
        task = self.known(request.match_info["id"])
        if task is not None and self.state(task) == "running":
            self._stop(task)
            return web.json_response({"cancelled": True})
        return web.json_response({"cancelled": task is not None and self._dequeue(task.id)})

    async def _history(self, request: web.Request) -> web.Response:
        await self.messages.tell_all()
        task = self.known(request.match_info["id"])
        has_ended = task is not None and self.state(task) in {"done", "failed", "cancelled"}
        return web.json_response({task.id: self._entry(task)} if task and has_ended else {})

    def _entry(self, task: Task) -> dict[str, Any]:
        state = self.state(task)
        outputs = {self.drawing(task).output: self.output(task)} if state == "done" else {}
        told = [["execution_start", {"prompt_id": task.id}], [*self.messages.end_of(task)]]
        status = {
            "status_str": "success" if state == "done" else "error",
            "completed": state == "done",
            "messages": told,
        }
        return {"prompt": _item(task), "outputs": outputs, "status": status, "meta": {}}

    def output(self, task: Task) -> dict[str, Any]:
        """The files of a task."""
        kind = "output" if self.drawing(task).saves else "temp"
        names = [f"{task.id}_{number:05}_.png" for number in range(task.count)]
        return {"images": [{"filename": name, "subfolder": "", "type": kind} for name in names]}

    async def _view(self, request: web.Request) -> web.Response:
        name, _line, number = request.query["filename"].removesuffix("_.png").rpartition("_")
        task = self.tasks.get(name)
        if task is None or self.state(task) != "done" or int(number) >= task.count:
            return web.Response(status=404)
        return web.Response(body=await self.drawn(task, int(number)), content_type="image/png")

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        image = form.get("image")
        if not isinstance(image, web.FileField):
            return web.Response(status=400)
        folder, kind = str(form.get("subfolder", "")), str(form.get("type", "input"))
        if ".." in f"{folder}/{image.filename}" or kind not in {"input", "temp", "output"}:
            return web.Response(status=400)
        name = f"{folder}/{image.filename}" if folder else image.filename
        data = received.picture(image.file.read())
        # Nodes load a file by its name alone where it is an input.
        self.files |= {f"{name} [{kind}]": data} | ({name: data} if kind == "input" else {})
        return web.json_response({"name": image.filename, "subfolder": folder, "type": kind})

    async def _object_info(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response({name: {**NODES[name], "name": name}} if name in NODES else {})

    async def _stats(self, _request: web.Request) -> web.Response:
        system = {"os": "posix", "comfyui_version": "0.3.40" if self.is_old else "0.9.1", "python_version": "3.13"}
        return web.json_response({"system": system, "devices": []})

    async def previewed(self, task: Task) -> bytes:
        """A small picture of a task, drawn once."""
        if "preview" not in task.details:
            small = replace(task, width=max(1, task.width // 4), height=max(1, task.height // 4))
            task.details["preview"] = await self.drawn(small, 0)
        return cast("bytes", task.details["preview"])


def _item(task: Task) -> list[Any]:
    """A task in the queue or the history."""
    drawing = cast("Sketch", task.details["sketch"])
    return [task.details["number"], task.id, task.details["graph"], task.details["extra"], [drawing.output]]


def _too_wide(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """The answer about a width that the node doesn't take."""
    node = next(node for node, body in prompt.items() if "width" in body["inputs"])
    faults = [fault("value_bigger_than_max", "Value 99999 bigger than max of 16384", "width", "width")]
    errors = {node: {"errors": faults, "dependent_outputs": ["9"], "class_type": prompt[node]["class_type"]}}
    words = "Prompt outputs failed validation"
    error = {"type": "prompt_outputs_failed_validation", "message": words, "details": "width", "extra_info": {}}
    return {"error": error, "node_errors": errors}
