"""A strict simulator of DashScope on loopback, for the demo and the tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from providers.dashscope.models import MODELS, TIERS, DashScopeModel
from providers.models import today
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

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
    "unknown": (404, "ModelNotFound"),
}
_WORDS: Mapping[Problem, str] = {
    "prompt": "Input text data may contain inappropriate content.",
    "reference": "Input image data may contain inappropriate content.",
    "result": "Output data may contain inappropriate content.",
}
_STATES = {"queued": "PENDING", "running": "RUNNING", "failed": "FAILED", "cancelled": "CANCELED", "done": "SUCCEEDED"}
_KNOWN = {"size", "n", "seed", "watermark", "is_async"}
"""The parameters of all models. The official SDK sends its own argument `is_async`, too."""
_PATHS = {"multimodal-generation/generation", "image-generation/generation", "text2image/image-synthesis"}


class DashScopeSimulator(ServiceSimulator):
    """`url` + `/api/v1` is the endpoint. `models`: those of the account, by name."""

    key = "sk-dashscope-simulated-0000000001"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.models: dict[str, DashScopeModel] = {row.name: row for row in MODELS if not row.has_ended(today())}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Submit in both protocols, result, cancel, and the list of models."""
        router.add_post("/api/v1/services/aigc/{group}/{function}", self._submit, name="submit")
        router.add_get("/api/v1/tasks/{id}", self._result, name="result")
        router.add_post("/api/v1/tasks/{id}/cancel", self._cancel, name="cancel")
        router.add_get("/api/v1/models", self._list, name="models")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"code", "message", "request_id"}`."""
        status, code = _ERRORS[problem]
        return _error(status, code, f"{_WORDS.get(problem, code)} {detail}".strip())

    async def _submit(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        row = self.models.get(str(asked.get("model")))
        if row is None:
            self.refuse("unknown", "Model not exist.")
        is_task = request.headers.get("X-DashScope-Async") == "enable"
        path = f"{request.match_info['group']}/{request.match_info['function']}"
        if refusal := _refused_path(row, path, is_task=is_task):
            return refusal
        parameters = {name: value for name, value in (asked.get("parameters") or {}).items() if value is not None}
        prompt, pictures = self._input(row, asked.get("input") or {}, parameters)
        references = await self.references(pictures)
        count = self._check(row, parameters, len(references))
        size = self._size(row, parameters.get("size"), edits=bool(references))
        task = self.take(prompt, references, size, count, protocol=row.protocol)
        if is_task:
            return _answer({"task_id": task.id, "task_status": "PENDING"})
        await self.made(task)
        return _answer(self._made(task))

    def _input(
        self, row: DashScopeModel, given: Mapping[str, Any], parameters: dict[str, Any]
    ) -> tuple[object, Sequence[object]]:
        """The prompt and the references, by the model's protocol."""
        if row.protocol == "text":
            parameters |= {name: value for name, value in given.items() if name == "negative_prompt"}
            return given.get("prompt"), []
        messages = given.get("messages") or []
        if len(messages) != 1 or messages[0].get("role") != "user":
            self.refuse("invalid", "Required input messages missing or invalid")
        parts = messages[0]["content"]
        texts = [part["text"] for part in parts if "text" in part]
        if len(texts) != 1:
            self.refuse("invalid", "content must have one text")
        return texts[0], [part["image"] for part in parts if "image" in part]

    def _check(self, row: DashScopeModel, parameters: Mapping[str, Any], references: int) -> int:
        """The number of pictures. Refuses what the model doesn't take."""
        known = _KNOWN | ({"prompt_extend"} if row.extends else set())
        known |= {"negative_prompt"} if "avoid" not in row.choices else set()
        if unknown := set(parameters) - known:
            self.refuse("invalid", f"parameters not supported: {', '.join(sorted(unknown))}")
        most = row.references.count if row.references else 0
        if not row.least_references <= references <= most:
            self.refuse("invalid", f"the model takes {row.least_references} to {most} images")
        count = parameters.get("n", row.batch)
        if not isinstance(count, int) or not 1 <= count <= row.batch:
            self.refuse("invalid", f"n must be 1 to {row.batch}")
        return count

    def _size(self, row: DashScopeModel, given: object, *, edits: bool) -> tuple[int, int]:
        """The pixels of a size; without one or with a tier, a square."""
        text = str(given).lower()
        if given is None or (row.name.startswith("wan2.7") and text in TIERS):
            side = round(row.areas[text if text in row.areas else next(iter(row.areas))] ** 0.5)
            return side, side
        width, height = map(int, text.split("*"))
        if not row.takes(width, height, edits=edits):
            self.refuse("invalid", f"size {text}")
        return width, height

    def _made(self, task: Task) -> dict[str, Any]:
        """The pictures, where the protocol has them."""
        links = self.links(task)
        if task.details["protocol"] == "text":
            return {"results": [{"url": url} for url in links]}
        contents = [[{"image": url, "type": "image"}] for url in links]
        return {
            "choices": [
                {"finish_reason": "stop", "message": {"role": "assistant", "content": content}} for content in contents
            ],
            "finished": True,
        }

    async def _result(self, request: web.Request) -> web.Response:
        task_id = request.match_info["id"]
        output: dict[str, Any] = {"task_id": task_id, "task_status": "UNKNOWN"}
        if task := self.known(task_id):
            state = self.state(task)
            output["task_status"] = _STATES[state]
            if state == "done":
                output |= self._made(task)
            elif state == "failed" and task.problem:
                code = _ERRORS[task.problem][1]
                output |= {"code": code, "message": _WORDS.get(task.problem, code), "results": None}
        return _answer(output)

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.known(request.match_info["id"])
        if task is None or self.state(task) != "queued":
            self.refuse("invalid", "only what waits can be cancelled")
        task.cancelled = True
        return web.json_response({"request_id": "r1"})

    async def _list(self, request: web.Request) -> web.Response:
        found = [{"model": name} for name in self.models if name == request.query.get("model", name)]
        return _answer({"total": len(found), "models": found})


def _refused_path(row: DashScopeModel, path: str, *, is_task: bool) -> web.Response | None:
    """The refusal of an address, or of a task, that the model has not."""
    if path not in _PATHS or (path == "text2image/image-synthesis") != (row.protocol == "text"):
        return _error(400, "InvalidParameter", "url error, please check url!")
    if is_task and not (row.tasks and path != "multimodal-generation/generation"):
        return _error(403, "AccessDenied", "current user api does not support asynchronous calls")
    if not is_task and path != "multimodal-generation/generation":
        return _error(403, "AccessDenied", "current user api does not support synchronous calls")
    return None


def _answer(output: Mapping[str, Any]) -> web.Response:
    return web.json_response({"output": output, "usage": {"image_count": 1}, "request_id": "r1"})


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "request_id": "r1"}, status=status)
