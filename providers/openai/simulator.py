"""A strict simulator of OpenAI Images on loopback, for the demo and the tests. It reads the provider's table."""

import asyncio
import io
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from PIL import Image, ImageFilter

from providers.models import today
from providers.openai.models import MODELS, STANDARD, OpenAIModel
from providers.openai.sizes import is_allowed
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
    "unknown": (404, "invalid_request_error", "model_not_found"),
}
_STAGES: Mapping[Problem, str] = {"prompt": "input", "reference": "input", "result": "output"}
_NUMBERS = ("n", "partial_images", "output_compression")
_VALUES: Mapping[str, frozenset[str]] = {
    "background": frozenset({"auto", "transparent", "opaque"}),
    "moderation": frozenset({"auto", "low"}),
    "output_format": frozenset({"png", "jpeg", "webp"}),
}
_KNOWN = {"model", "prompt", "size", "quality", "stream", "user", "safety_identifier", *_NUMBERS, *_VALUES}


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
        listed = [
            {"id": row.name, "object": "model", "shutdown_date": row.ends and str(row.ends)}
            for row in MODELS
            if not row.has_ended(today())
        ]
        return web.json_response({"object": "list", "data": listed})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        return await self._make(request, await request.json(), [])

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {}
        pictures: list[bytes] = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                if name not in {"image", "image[]"}:
                    self.refuse("invalid", name)
                pictures.append(received.picture(value.file.read()))
            else:
                fields[name] = value
        numbers = {name: int(fields[name]) for name in _NUMBERS if name in fields}
        if not pictures:
            self.refuse("invalid", "image")
        return await self._make(request, fields | numbers | {"stream": fields.get("stream") == "true"}, pictures)

    async def _make(self, request: web.Request, given: Mapping[str, Any], pictures: list[bytes]) -> web.StreamResponse:
        asked = {name: value for name, value in given.items() if value is not None}
        row = self._row(asked.get("model"))
        self._check(row, asked, len(pictures))
        size = self._size(row, asked.get("size", "auto"))
        task = self.take(asked.get("prompt"), pictures, size, asked.get("n", 1), format=asked.get("output_format"))
        if asked.get("stream"):
            kind = "image_edit" if pictures else "image_generation"
            return await self._streamed(request, task, asked.get("partial_images", 0), kind)
        made = [{"b64_json": await _text(one, task)} for one in await self.made(task)]
        return web.json_response({"created": 1_700_000_000, "data": made, "usage": {"total_tokens": 100}})

    def _row(self, name: object) -> OpenAIModel:
        row = MODELS[str(name)] if name in MODELS else None
        if row is None or row.has_ended(today()):
            self.refuse("unknown", f"The model `{name}` does not exist or has been shut down.")
        return row

    def _check(self, row: OpenAIModel, asked: Mapping[str, Any], pictures: int) -> None:
        """Refuse a parameter, or a value of one, that the model doesn't take."""
        unknown = [name for name in asked if name not in _KNOWN]
        wrong = [name for name, values in _VALUES.items() if name in asked and asked[name] not in values]
        if asked.get("quality", "auto") not in {"auto", *row.choices["quality"]}:
            wrong.append("quality")
        if asked.get("output_format") == "jpeg" and asked.get("background") == "transparent":
            wrong.append("background")
        counts = {"n": (1, row.pictures), "partial_images": (0, 3), "output_compression": (0, 100)}
        wrong += [name for name, (low, high) in counts.items() if not low <= asked.get(name, low) <= high]
        if row.references is None or pictures > row.references.count:
            wrong.append("image")
        if len(str(asked.get("prompt"))) > row.prompt_length:
            wrong.append("prompt")
        if unknown or wrong:
            self.refuse("invalid", ", ".join([*unknown, *wrong]))

    def _size(self, row: OpenAIModel, size: str) -> tuple[int, int]:
        """Width and height in pixels."""
        if size == "auto":
            return 1024, 1024
        wide, _by, high = size.partition("x")
        found = int(wide), int(high)
        if size not in STANDARD.values() and not (row.takes_any_size and is_allowed(*found)):
            self.refuse("invalid", "size")
        return found

    async def _streamed(self, request: web.Request, task: Task, previews: int, kind: str) -> web.StreamResponse:
        response, send = await self.open_stream(request)
        picture = await self.drawn(task, 0)
        for number in range(previews):
            due = task.started + (task.finished - task.started) * (number + 1) / (previews + 1)
            await self.sleep(max(0.0, due - self.clock()))
            drawn = await _text(await asyncio.to_thread(_blurred, picture, previews - number), task)
            await send(f"{kind}.partial_image", b64_json=drawn, partial_image_index=number)
        await self.sleep(max(0.0, task.finished - self.clock()))
        if task.problem:
            await send("error", error=_error(task.problem))
        else:
            drawn = await _text(picture, task)
            await send(f"{kind}.completed", b64_json=drawn, usage={"total_tokens": 100})
        return response


def _error(problem: Problem, detail: str = "") -> dict[str, object]:
    _status, kind, code = _ERRORS[problem]
    error: dict[str, object] = {"message": f"{code} {detail}".strip(), "type": kind, "param": None, "code": code}
    if stage := _STAGES.get(problem):
        error["moderation_details"] = {"moderation_stage": stage, "categories": ["violence"]}
    return error


async def _text(picture: bytes, task: Task) -> str:
    """A picture in base64, in the format that was asked for; a JPEG where none was."""
    kind = task.details["format"]
    if kind in {"png", "webp"}:
        picture = await asyncio.to_thread(_converted, picture, kind)
    return b64encode(picture).decode("ascii")


def _blurred(picture: bytes, left: int) -> bytes:
    """The picture as long as it is unfinished. `left`: the number of previews from this one on."""
    with Image.open(io.BytesIO(picture)) as image:
        radius = left * max(image.size) / 60
        image.filter(ImageFilter.GaussianBlur(radius)).save(made := io.BytesIO(), "JPEG")
    return made.getvalue()


def _converted(picture: bytes, kind: str) -> bytes:
    with Image.open(io.BytesIO(picture)) as image:
        image.save(made := io.BytesIO(), kind)
    return made.getvalue()
