"""A strict simulator of OpenAI Images on loopback, for the demo and the tests."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.openai.options import MODELS, SIZES
from providers.simulators import received
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

_ERRORS: Mapping[Problem, tuple[int, str, str]] = {
    "prompt": (400, "image_generation_user_error", "moderation_blocked"),
    "reference": (400, "image_generation_user_error", "moderation_blocked"),
    "result": (400, "image_generation_user_error", "moderation_blocked"),
    "broken": (500, "server_error", "server_error"),
    "invalid": (400, "invalid_request_error", "invalid_value"),
    "busy": (429, "requests", "rate_limit_exceeded"),
    "credentials": (401, "invalid_request_error", "invalid_api_key"),
    "credit": (429, "insufficient_quota", "insufficient_quota"),
}
_STAGES: Mapping[Problem, str] = {"prompt": "input", "reference": "input", "result": "output"}
_KNOWN = {"model", "prompt", "n", "size", "quality", "background", "stream", "partial_images", "output_format", "user"}


class OpenAISimulator(ServiceSimulator):
    """`url` + `/v1` is the base URL."""

    key = "sk-simulated-000000000000000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Generations and edits are both submits."""
        router.add_post("/v1/images/generations", self._generate, name="submit")
        router.add_post("/v1/images/edits", self._edit, name="edit")
        router.add_get("/v1/models", self._models, name="models")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"error": …}`."""
        return web.json_response({"error": _error(problem, detail)}, status=_ERRORS[problem][0])

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        return await self._make(request, await request.json(), [])

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {}
        pictures: list[bytes] = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                if name != "image[]":
                    self.refuse("invalid", name)
                pictures.append(received.picture(value.file.read()))
            else:
                fields[name] = value
        if not 1 <= len(pictures) <= 16:
            self.refuse("invalid", "image")
        numbers = {name: int(fields[name]) for name in ("n", "partial_images") if name in fields}
        return await self._make(request, fields | numbers | {"stream": fields.get("stream") == "true"}, pictures)

    async def _make(self, request: web.Request, asked: Mapping[str, Any], pictures: list[bytes]) -> web.StreamResponse:
        sizes = {"auto": (1024, 1024)} | {
            size: (int(size.partition("x")[0]), int(size.partition("x")[2])) for size in SIZES.values() if "x" in size
        }
        count, size, previews = asked.get("n", 1), asked.get("size", "auto"), asked.get("partial_images", 0)
        if set(asked) - _KNOWN or asked.get("model") not in MODELS or size not in sizes:
            self.refuse("invalid", "unknown parameter, model or size")
        if not 1 <= count <= 10 or not 0 <= previews <= 3:
            self.refuse("invalid", "n or partial_images")
        task = self.take(asked.get("prompt"), pictures, sizes[size], count)
        if asked.get("stream"):
            return await self._streamed(request, task, previews, "image_edit" if pictures else "image_generation")
        made = [{"b64_json": _text(one)} for one in await self.made(task)]
        return web.json_response({"created": 1_700_000_000, "data": made, "usage": {"total_tokens": 100}})

    async def _streamed(self, request: web.Request, task: Task, previews: int, kind: str) -> web.StreamResponse:
        response, send = await self.open_stream(request)

        for number in range(previews):
            await self.sleep((task.finished - task.started) / (previews + 1))
            await send(f"{kind}.partial_image", b64_json=_text(await self.drawn(task, 0)), partial_image_index=number)
        await self.sleep(max(0.0, task.finished - self.clock()))
        if task.problem:
            await send("error", error=_error(task.problem))
        else:
            await send(f"{kind}.completed", b64_json=_text(await self.drawn(task, 0)), usage={"total_tokens": 100})
        return response


def _error(problem: Problem, detail: str = "") -> dict[str, object]:
    _status, kind, code = _ERRORS[problem]
    error: dict[str, object] = {"message": f"{code} {detail}".strip(), "type": kind, "param": None, "code": code}
    if stage := _STAGES.get(problem):
        error["moderation_details"] = {"moderation_stage": stage, "categories": ["violence"]}
    return error


def _text(picture: bytes) -> str:
    return b64encode(picture).decode("ascii")
