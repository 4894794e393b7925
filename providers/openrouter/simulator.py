"""A strict simulator of OpenRouter's images on loopback, for the demo and the tests."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.openrouter.models import MODELS, OpenRouterModel
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

_ERRORS: Mapping[Problem, tuple[int, str, dict[str, object] | None]] = {
    "prompt": (
        403,
        "Your chosen model requires moderation and your input was flagged",
        {"reasons": ["violence"], "flagged_input": "a forb…", "provider_name": "OpenAI", "model_slug": "openai/…"},
    ),
    "reference": (
        403,
        "Your chosen model requires moderation and your input was flagged",
        {"reasons": ["sexual"], "flagged_input": "[image]", "provider_name": "OpenAI", "model_slug": "openai/…"},
    ),
    "broken": (502, "Provider returned error", {"provider_name": "Google", "raw": '{"error": {"code": 500}}'}),
    "invalid": (400, "Invalid input", None),
    "busy": (429, "Rate limit exceeded", None),
    "credentials": (401, "No auth credentials found", None),
    "credit": (402, "Insufficient credits. Add more using https://openrouter.ai/credits", None),
    "unknown": (404, "No endpoints found", None),
    "unfetched": (400, "Provider returned error", None),
}
_KNOWN = {"model", "messages", "modalities", "image_config", "stream", "n", "seed", "user", "usage", "provider"}
_SIDES = {"1K": 1024, "2K": 2048, "4K": 4096}
_USAGE = {"prompt_tokens": 9, "completion_tokens": 1290, "total_tokens": 1299, "cost": 0.039}
_EMPTY = {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9, "cost": 0}
WITHOUT_PICTURE: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # Words of a prompt, with the choice and the usage that answer them.
    "only words": (
        {"finish_reason": "stop", "message": {"role": "assistant", "content": "A fox is red.", "images": None}},
        {**_USAGE, "completion_tokens": 20, "cost": 0.0001},
    ),
    "unsafe result": (
        {
            "finish_reason": "content_filter",
            "native_finish_reason": "IMAGE_SAFETY",
            "message": {"role": "assistant", "content": ""},
        },
        _EMPTY,
    ),
    "broken result": (
        {
            "finish_reason": "error",
            "native_finish_reason": None,
            "error": {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": "Google"}},
            "message": {"role": "assistant", "content": ""},
        },
        _EMPTY,
    ),
}


class OpenRouterSimulator(ServiceSimulator):
    """`url` + `/api/v1` is the endpoint. What goes wrong after a model has begun is inside a successful answer.

    More words of a prompt: `only words` (the answer is a text).
    """

    key = "sk-or-v1-simulated000000000000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Chat completions make pictures; the key and the catalogue are free."""
        router.add_post("/api/v1/chat/completions", self._complete, name="submit")
        router.add_get("/api/v1/models", self._models, name="models")
        router.add_get("/api/v1/key", self._key, name="key")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"error": {"code", "message", "metadata"}}`."""
        status, words, metadata = _ERRORS.get(problem, _ERRORS["broken"])
        error: dict[str, object] = {"code": status, "message": f"{words} {detail}".strip()}
        return web.json_response({"error": error | ({"metadata": metadata} if metadata else {})}, status=status)

    async def _key(self, _request: web.Request) -> web.Response:
        data = {"label": "sk-or-v1-sim…001", "usage": 1.5, "limit": None, "limit_remaining": None}
        return web.json_response({"data": {**data, "is_free_tier": False}})

    async def _models(self, request: web.Request) -> web.Response:
        # Without the parameter there are only models that answer with text.
        is_all = "image" in request.query.get("output_modalities", "text")
        data = [_described(row) for row in MODELS if not row.ends and (is_all or row.speaks)]
        return web.json_response({"data": data})

    async def _complete(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = {name: value for name, value in (await request.json()).items() if value is not None}
        if set(asked) - _KNOWN or asked.get("stream") or asked.get("n", 1) != 1:
            self.refuse("invalid", f"parameters: {sorted(set(asked) - _KNOWN)}")
        row = self._row(asked)
        words, urls = self._content(asked["messages"])
        references = await self.references(urls)
        if len(references) > (row.references.count if row.references else 0):
            self.refuse("invalid", "too many images")
        task = self.take(words, references, self._size(row, asked.get("image_config") or {}))
        await self.sleep(max(0.0, task.finished - self.clock()))
        return web.json_response(await self._answered(task, row))

    def _row(self, asked: Mapping[str, Any]) -> OpenRouterModel:
        """The model that was asked for, if it can answer in these modalities."""
        name = asked.get("model")
        if name not in MODELS or MODELS[str(name)].ends:
            self.refuse("invalid", f"{name} is not a valid model ID")
        row = MODELS[str(name)]
        modalities = asked.get("modalities") or ["text"]
        if "image" not in modalities or not set(modalities) <= {"image", *(("text",) if row.speaks else ())}:
            self.refuse("unknown", f"that support the requested output modalities: {', '.join(modalities)}")
        return row

    def _content(self, messages: Any) -> tuple[str, list[str]]:
        """The words and the addresses of the pictures of the only message."""
        if not isinstance(messages, list) or len(messages) != 1 or messages[0].get("role") != "user":
            self.refuse("invalid", "messages")
        content = messages[0]["content"]
        parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if any(part["type"] not in {"text", "image_url"} for part in parts):
            self.refuse("invalid", "a part of the content")
        words = " ".join(part["text"] for part in parts if part["type"] == "text")
        return words, [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]

    def _size(self, row: OpenRouterModel, config: Mapping[str, str]) -> tuple[int, int]:
        """Width and height in pixels."""
        ratio, size = config.get("aspect_ratio", "1:1"), config.get("image_size", "1K")
        if set(config) - {"aspect_ratio", "image_size"} or ratio not in row.choices["ar"]:
            self.refuse("invalid", "image_config")
        if "image_size" in config and size.lower() not in row.choices["size"]:
            self.refuse("invalid", "image_size")
        width, _colon, height = ratio.partition(":")
        return _SIDES[size], round(_SIDES[size] * int(height) / int(width))

    async def _answered(self, task: Task, row: OpenRouterModel) -> dict[str, Any]:
        found = next((answer for words, answer in WITHOUT_PICTURE.items() if words in task.prompt), None)
        if found is None:
            picture = b64encode(await self.drawn(task, 0)).decode("ascii")
            url = {"url": f"data:image/jpeg;base64,{picture}"}
            images = [{"type": "image_url", "image_url": url, "index": 0}]
            message = {"role": "assistant", "content": "", "refusal": None, "reasoning": None, "images": images}
            found = {"finish_reason": "stop", "native_finish_reason": "STOP", "message": message}, _USAGE
        choice, usage = found
        return {
            "id": f"gen-{task.id}",
            "provider": "Google AI Studio",
            "model": row.name,
            "object": "chat.completion",
            "created": 1_790_000_000,
            "choices": [{"index": 0, "logprobs": None, **choice}],
            "usage": usage,
        }


def _described(row: OpenRouterModel) -> dict[str, Any]:
    """A model as the catalogue describes it."""
    inputs = ["text", "image"] if row.references else ["text"]
    modalities = {"input_modalities": inputs, "output_modalities": row.modalities}
    return {"id": row.name, "name": row.called, "architecture": modalities, "expiration_date": None}
