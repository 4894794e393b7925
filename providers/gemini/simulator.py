"""A strict simulator of Gemini's images on loopback, for the demo and the tests."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.gemini.options import MODELS, GeminiOptions
from providers.simulators import received
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "broken": (500, "INTERNAL"),
    "invalid": (400, "INVALID_ARGUMENT"),
    "busy": (429, "RESOURCE_EXHAUSTED"),
    "credentials": (400, "INVALID_ARGUMENT"),
    "credit": (429, "RESOURCE_EXHAUSTED"),
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
_SIDES = {"1K": 1024, "2K": 2048, "4K": 4096}


class GeminiSimulator(ServiceSimulator):
    """`url` + `/v1beta` is the endpoint. Moderation reports inside a successful answer.

    More words of a prompt: `only words` (the answer is a text), `nothing to see` (no picture), `protected work`.
    """

    key = "AIzaSimulated000000000000000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """One route makes pictures, one describes a model."""
        router.add_post("/v1beta/models/{model}:generateContent", self._generate, name="submit")
        router.add_get("/v1beta/models/{model}", self._model, name="model")

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
        return web.json_response({"name": f"models/{request.match_info['model']}"})

    async def _generate(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        config = asked.get("generationConfig", {})
        shape = config.get("imageConfig", {})
        if request.match_info["model"] not in MODELS or set(config) - {"responseModalities", "imageConfig"}:
            self.refuse("invalid", "unknown model or configuration")
        ratio = GeminiOptions(ar=shape.get("aspectRatio", "1:1")).ar
        parts = asked["contents"][0]["parts"]
        words = " ".join(part["text"] for part in parts if "text" in part)
        inline = [part["inlineData"] for part in parts if "inlineData" in part]
        references = [received.decoded(one["data"]) for one in inline if one["mimeType"].startswith("image/")]
        width, _colon, height = ratio.partition(":")
        side = _SIDES[shape.get("imageSize", "1K")]
        task = self.take(words, references, (side, round(side * int(height) / int(width))))
        (picture,) = await self.made(task)
        inlined = {"mimeType": "image/jpeg", "data": b64encode(picture).decode("ascii")}
        drawn = {"content": {"role": "model", "parts": [{"inlineData": inlined}]}, "finishReason": "STOP"}
        candidate = next((answer for spoken, answer in _WITHOUT_PICTURE.items() if spoken in words), drawn)
        return web.json_response({"candidates": [candidate], "usageMetadata": {"totalTokenCount": 1300}})
