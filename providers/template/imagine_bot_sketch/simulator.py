"""A strict simulator of Sketch on loopback, for the tests and for trying it in the chat."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from imagine_bot_sketch.models import MODELS
from providers.simulators import Problem, ServiceSimulator, Task

_CODES: Mapping[Problem, tuple[int, str]] = {
    "prompt": (400, "words_refused"),
    "reference": (400, "reference_refused"),
    "result": (200, "result_refused"),
    "broken": (200, "drawing_failed"),
    "invalid": (400, "bad_request"),
    "unfetched": (400, "bad_request"),
    "busy": (429, "too_many_tasks"),
    "credentials": (401, "bad_key"),
    "unknown": (404, "no_such_task"),
}
_SIZES = {"1:1": (1024, 1024), "16:9": (1280, 720), "9:16": (720, 1280)}
_FIELDS = {"model", "prompt", "shape", "count", "references"}
_STATES = {"queued": "waiting", "running": "drawing", "done": "ready"}


class SketchSimulator(ServiceSimulator):
    """`url` + `/v1` is the endpoint."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Name the paying route "submit" and the polled one "result": the suite plays its faults on them."""
        router.add_post("/v1/tasks", self._submit, name="submit")
        router.add_get("/v1/tasks/{id}", self._result, name="result")
        router.add_post("/v1/tasks/{id}/cancel", self._cancel, name="cancel")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """The service's form of an error."""
        status, code = _CODES[problem]
        return web.json_response({"error": {"code": code, "message": detail}}, status=status)

    async def _submit(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        row = MODELS[asked["model"]] if asked.get("model") in MODELS.current else None
        if row is None or set(asked) != _FIELDS or not 1 <= asked["count"] <= row.pictures:
            self.refuse("invalid", "a field")
        if len(asked["references"]) > (row.references.count if row.references else 0):
            self.refuse("invalid", "too many references")
        references = await self.references(asked["references"])
        return self._shown(self.take(asked["prompt"], references, _SIZES[asked["shape"]], asked["count"]))

    async def _result(self, request: web.Request) -> web.Response:
        return self._shown(self.find(request.match_info["id"]))

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        task.cancelled = self.state(task) in {"queued", "running"}
        return self._shown(task)

    def _shown(self, task: Task) -> web.Response:
        state = self.state(task)
        answer: dict[str, object] = {"id": task.id, "state": _STATES.get(state, state)}
        if state == "done":
            answer["pictures"] = self.links(task)
        if state == "failed" and task.problem:
            answer["failure"] = _CODES[task.problem][1]
        return web.json_response(answer)
