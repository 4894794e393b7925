"""A strict simulator of DashScope on loopback, for the demo and the tests."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.dashscope.options import MODELS, SIZES
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "prompt": (400, "DataInspectionFailed"),
    "reference": (400, "DataInspectionFailed"),
    "result": (400, "DataInspectionFailed"),
    "broken": (500, "InternalError.Algo"),
    "invalid": (400, "InvalidParameter"),
    "busy": (429, "Throttling.RateQuota"),
    "credentials": (401, "InvalidApiKey"),
    "credit": (429, "PrepaidBillOverdue"),
    "unfetched": (400, "InvalidURL"),
}
_WORDS: Mapping[Problem, str] = {
    "prompt": "Input text data may contain inappropriate content.",
    "reference": "Input image data may contain inappropriate content.",
    "result": "Output data may contain inappropriate content.",
}
_STATES = {"queued": "PENDING", "running": "RUNNING", "failed": "FAILED", "cancelled": "CANCELED", "done": "SUCCEEDED"}
_KNOWN = {"size", "n", "seed", "watermark", "prompt_extend"}


class DashScopeSimulator(ServiceSimulator):
    """`url` + `/api/v1` is the endpoint."""

    key = "sk-dashscope-simulated-0000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Submit, result, cancel."""
        router.add_post("/api/v1/services/aigc/text2image/image-synthesis", self._submit, name="submit")
        router.add_get("/api/v1/tasks/{id}", self._result, name="result")
        router.add_post("/api/v1/tasks/{id}/cancel", self._cancel, name="cancel")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"code", "message", "request_id"}`."""
        status, code = _ERRORS[problem]
        words = f"{_WORDS.get(problem, code)} {detail}".strip()
        return web.json_response({"code": code, "message": words, "request_id": "r1"}, status=status)

    async def _submit(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        parameters, words = asked.get("parameters", {}), asked.get("input", {})
        sizes = SIZES["qwen" if str(asked.get("model")).startswith("qwen") else "wan"]
        if request.headers.get("X-DashScope-Async") != "enable" or set(parameters) - _KNOWN:
            self.refuse("invalid", "only asynchronous calls, with known parameters")
        if asked.get("model") not in MODELS or parameters.get("size") not in sizes.values() or parameters["n"] != 1:
            self.refuse("invalid", "model, size or n")
        width, _star, height = parameters["size"].partition("*")
        task = self.take(words.get("prompt"), (), (int(width), int(height)))
        return web.json_response({"output": {"task_id": task.id, "task_status": "PENDING"}, "request_id": "r1"})

    async def _result(self, request: web.Request) -> web.Response:
        task_id = request.match_info["id"]
        output: dict[str, Any] = {"task_id": task_id, "task_status": "UNKNOWN"}
        if task := self.known(task_id):
            state = self.state(task)
            output["task_status"] = _STATES[state]
            if state == "done":
                output["results"] = [{"url": url} for url in self.links(task)]
            elif state == "failed" and task.problem:
                code = _ERRORS[task.problem][1]
                output |= {"code": code, "message": _WORDS.get(task.problem, code), "results": None}
        return web.json_response({"output": output, "request_id": "r1"})

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.known(request.match_info["id"])
        if task is None or self.state(task) != "queued":
            self.refuse("invalid", "only what waits can be cancelled")
        task.cancelled = True
        return web.json_response({"request_id": "r1"})
