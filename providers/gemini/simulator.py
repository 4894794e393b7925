"""A strict simulator of Gemini's images on loopback, for the demo and the tests."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.gemini.models import MODELS
from providers.models import Model, today
from providers.simulators import received
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "broken": (500, "INTERNAL"),
    "invalid": (400, "INVALID_ARGUMENT"),
    "busy": (429, "RESOURCE_EXHAUSTED"),
    "credentials": (400, "INVALID_ARGUMENT"),
    "credit": (429, "RESOURCE_EXHAUSTED"),
    "unknown": (404, "NOT_FOUND"),
}
_DETAILS: Mapping[Problem, dict[str, str]] = {
    "credentials": {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
    "busy": {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "5s"},
}
_CAPPED = "Your project has exceeded its monthly spending cap."
_WITHOUT_PICTURE: Mapping[str, dict[str, Any]] = {
    # Words of a prompt, and the candidate that answers them.
    "only words": {"content": {"parts": [{"text": "A fox is red."}], "role": "model"}, "finishReason": "STOP"},
    "nothing to see": {"content": None, "finishReason": "NO_IMAGE"},
    "protected work": {"content": {}, "finishReason": "IMAGE_RECITATION"},
}
_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}


class GeminiSimulator(ServiceSimulator):
    """`url` + `/v1beta` is the endpoint; `/v1` is the same. Moderation reports inside a successful answer.

    More words of a prompt: `only words` (the answer is a text), `nothing to see` (no picture), `protected work`.
    """

    key = "AIzaSimulated000000000000000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """One route makes pictures, one describes a model."""
        router.add_post("/{version:v1|v1beta}/models/{model}:generateContent", self._generate, name="submit")
        router.add_get("/{version:v1|v1beta}/models/{model}", self._model, name="model")

    def credential(self, request: web.Request) -> str | None:
        """The key in its own header."""
        return request.headers.get("x-goog-api-key")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"error": …}`, or an answer without pictures that says why."""
        if problem in {"prompt", "reference"}:
            return web.json_response({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        if problem == "result":
            return web.json_response({"candidates": [{"content": {}, "finishReason": "IMAGE_SAFETY"}]})
        status, name = _ERRORS[problem]
        words = _CAPPED if problem == "credit" else f"{name} {detail}".strip()
        error: dict[str, Any] = {"code": status, "message": words, "status": name}
        if problem in _DETAILS:
            error["details"] = [_DETAILS[problem]]
        return web.json_response({"error": error}, status=status)

    async def _model(self, request: web.Request) -> web.Response:
        return web.json_response({"name": f"models/{self._row(request).name}"})

    async def _generate(self, request: web.Request) -> web.Response:
        row = self._row(request)
        asked: dict[str, Any] = await request.json()
        config = asked.get("generationConfig", {})
        if set(asked) - {"contents", "generationConfig"} or set(config) - {"responseModalities", "imageConfig"}:
            self.refuse("invalid", "unknown configuration")
        size = self._size(row, config.get("imageConfig") or {})
        (content,) = asked["contents"]
        words = " ".join(part["text"] for part in content["parts"] if "text" in part)
        references = [received.decoded(_standard(one["data"])) for one in filter(None, map(_inline, content["parts"]))]
        if row.references is None or len(references) > row.references.count:
            self.refuse("invalid", "too many images")
        (picture,) = await self.made(self.take(words, references, size))
        inlined = {"mimeType": "image/jpeg", "data": b64encode(picture).decode("ascii")}
        drawn = {"content": {"role": "model", "parts": [{"inlineData": inlined}]}, "finishReason": "STOP"}
        candidate = next((answer for spoken, answer in _WITHOUT_PICTURE.items() if spoken in words), drawn)
        return web.json_response({"candidates": [candidate], "usageMetadata": {"totalTokenCount": 1300}})

    def _row(self, request: web.Request) -> Model:
        name = request.match_info["model"]
        if name not in MODELS or MODELS[name].has_ended(today()):
            self.refuse("unknown", f"models/{name} is not found")
        return MODELS[name]

    def _size(self, row: Model, shape: Mapping[str, str]) -> tuple[int, int]:
        """Width and height in pixels."""
        ratio, size = shape.get("aspectRatio", "1:1"), shape.get("imageSize", "1K")
        if set(shape) - {"aspectRatio", "imageSize"}:
            self.refuse("invalid", "unknown configuration")
        if ratio not in row.choices["ar"] or size not in {one.upper() for one in row.choices["size"]}:
            self.refuse("invalid", "aspect ratio or image size")
        width, _colon, height = ratio.partition(":")
        side = _SIDES[size]
        return side, round(side * int(height) / int(width))


def _inline(part: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The picture of a part, in both of its spellings; None where it has none."""
    found: Mapping[str, str] | None = part.get("inlineData") or part.get("inline_data")
    if found and not (found.get("mimeType") or found.get("mime_type") or "").startswith("image/"):
        raise ValueError("mimeType")
    return found


def _standard(text: str) -> str:
    """Base64 in the usual alphabet: the official SDK writes it in the one for URLs."""
    return text.replace("-", "+").replace("_", "/")
