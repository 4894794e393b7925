"""A strict simulated assistant on loopback: chat completions and transcriptions as OpenAI's API has them.

It adds a few words to a prompt, tells the colours of a picture, and reads what is said in a simulated voice message.
"""

import io
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from PIL import Image

from bot.assistant.settings import AssistantSettings
from bot.demo.bot_api.voice import words_in
from bot.demo.calls import CallLog
from providers.simulators import received
from providers.simulators.calls import Call
from providers.simulators.faults import Problem, problem_of
from providers.simulators.service import ServiceSimulator

NAME = "assistant"
CHAT, SEES, HEARS = "helper-1", "helper-1-sees", "helper-1-hears"
MOST_TOKENS = 16_000
_ERRORS: Mapping[Problem, tuple[int, str, str]] = {
    "prompt": (400, "invalid_request_error", "content_filter"),
    "broken": (500, "server_error", "server_error"),
    "invalid": (400, "invalid_request_error", "invalid_value"),
    "busy": (429, "requests", "rate_limit_exceeded"),
    "credentials": (401, "invalid_request_error", "invalid_api_key"),
    "credit": (429, "insufficient_quota", "insufficient_quota"),
    "unknown": (404, "invalid_request_error", "model_not_found"),
}
_KNOWN = {"model", "messages", "max_tokens", "max_completion_tokens"}
_HAN = re.compile("[\u3400-\u9fff]")
_IN_ENGLISH = {"雪地里的红狐狸": "a red fox in the snow", "рыжая лиса в снегу": "a red fox in the snow"}
_COLOURS = {"red": (200, 60, 50), "green": (70, 150, 70), "blue": (60, 100, 190), "grey": (128, 128, 128)}
_IN_CHINESE = {"red": "红色", "green": "绿色", "blue": "蓝色", "grey": "灰色"}


class AssistantSimulator(ServiceSimulator):
    """`url` + `/v1` is the base URL. `says`: what it says next instead, as fields of a message; `asked`: all prompts.

    The `durations` are the seconds that it takes.
    """

    key = "sk-helper-000000000000000000000001"

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.says: list[Mapping[str, Any]] = []
        self.asked: list[str] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The routes."""
        router.add_post("/v1/chat/completions", self._chat, name="chat")
        router.add_post("/v1/audio/transcriptions", self._listen, name="listen")
        router.add_get("/v1/models", self._models, name="models")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"error": …}`."""
        status, kind, code = _ERRORS.get(problem, _ERRORS["invalid"])
        error = {"message": f"{code} {detail}".strip(), "type": kind, "param": None, "code": code}
        return web.json_response({"error": error}, status=status)

    async def _models(self, _request: web.Request) -> web.Response:
        listed = [
            {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "demo"}
            for name in (CHAT, SEES, HEARS)
        ]
        return web.json_response({"object": "list", "data": listed})

    async def _chat(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self._check(asked)
        task, content = asked["messages"][0]["content"], asked["messages"][-1]["content"]
        if isinstance(content, str):
            await self._hear(content)
            said = _improved(content, task)
        else:
            await self._hear("")
            said = _described(self._picture_in(asked["model"], content), task)
        message = {"role": "assistant", "content": said, "refusal": None, **(self.says.pop(0) if self.says else {})}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return web.json_response(
            {
                "id": f"chatcmpl-{len(self.asked)}",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": asked["model"],
                "choices": [choice],
                "usage": {"prompt_tokens": 180, "completion_tokens": 60, "total_tokens": 240},
            }
        )

    async def _listen(self, request: web.Request) -> web.Response:
        fields = await request.post()
        file = fields.get("file")
        if fields.get("model") != HEARS:
            self.refuse("unknown", str(fields.get("model")))
        if set(fields) - {"model", "file"} or not isinstance(file, web.FileField) or not file.filename.endswith(".ogg"):
            self.refuse("invalid", "file")
        words = words_in(file.file.read())
        if words is None:
            self.refuse("invalid", "The audio file could not be decoded or its format is not supported.")
        await self._hear(words)
        said = self.says.pop(0) if self.says else {"text": words or "a red fox in the snow"}
        return web.json_response(dict(said))

    async def _hear(self, words: str) -> None:
        """Take a question, or refuse it by its words; an answer takes its time."""
        problem = problem_of(words, has_references=False)
        if problem is None and self.next_problems:
            problem = self.next_problems.pop(0)
        if problem:
            self.refuse(problem)
        self.asked.append(words)
        await self.sleep(self.durations(self._random) / self._speed)

    def _check(self, asked: Mapping[str, Any]) -> None:
        """Refuse what the API refuses."""
        if asked.get("model") not in {CHAT, SEES}:
            self.refuse("unknown", f"The model `{asked.get('model')}` does not exist.")
        if unknown := set(asked) - _KNOWN:
            self.refuse("invalid", f"Unrecognized request argument supplied: {', '.join(sorted(unknown))}")
        limits = [asked[name] for name in ("max_tokens", "max_completion_tokens") if name in asked]
        if len(limits) > 1 or not all(isinstance(one, int) and 0 < one <= MOST_TOKENS for one in limits):
            self.refuse("invalid", "max_tokens")
        roles = [one["role"] for one in asked["messages"]]
        if roles != ["system", "user"] or not isinstance(asked["messages"][0]["content"], str):
            self.refuse("invalid", "messages")

    def _picture_in(self, model: str, content: Sequence[Mapping[str, Any]]) -> bytes:
        (part,) = content
        if part["type"] != "image_url" or model != SEES:
            self.refuse("invalid", "this model sees no pictures")
        head, _comma, data = part["image_url"]["url"].partition(",")
        if head != "data:image/jpeg;base64":
            self.refuse("invalid", "image_url")
        return received.picture(b64decode(data, validate=True))


@asynccontextmanager
async def serving(calls: CallLog, speed: float) -> AsyncIterator[AssistantSimulator]:
    """Start it. `speed` divides the time that it takes; calls are recorded in `calls`."""

    def record(call: Call) -> None:
        calls.record(
            "assistant", call.name, status=call.status, ms=call.ms, request=call.request, response=call.response
        )

    assistant = AssistantSimulator(durations=lambda source: source.uniform(2, 5), speed=speed, on_call=record)
    calls.hide(assistant.key)
    try:
        await assistant.start()
        yield assistant
    finally:
        await assistant.aclose()


def table_of(assistant: ServiceSimulator) -> dict[str, str]:
    """The table `[assistant]` that points the bot to the simulator. The prices are made up."""
    return {
        "base_url": f"{assistant.url}/v1",
        "api_key": assistant.key,
        "model": CHAT,
        "vision_model": SEES,
        "transcription_model": HEARS,
        "price": "0.01",
        "minute_price": "0.06",
        "currency": "CNY",
    }


def settings_of(assistant: ServiceSimulator) -> AssistantSettings:
    """The same as settings."""
    return AssistantSettings.model_validate(table_of(assistant))


def _improved(words: str, task: str) -> str:
    if _HAN.search(words):
        better, english = (
            f"{words}，柔和的晨光，近景，毛发细节清晰",
            _IN_ENGLISH.get(words, "a picture of the same words"),
        )
        wants_english = "understands English." in task
    else:
        better, english = f"{words}, soft morning light, close-up, fine detail", _IN_ENGLISH.get(words, "")
        wants_english = "understands English" in task and not words.isascii()
    translated = f"\n=> {english}, soft morning light, close-up, fine detail"
    return better + translated if wants_english and english else better


def _described(picture: bytes, task: str) -> str:
    with Image.open(io.BytesIO(picture)) as image:
        mean = image.convert("RGB").resize((1, 1)).tobytes()
    name = min(_COLOURS, key=lambda one: _distance(_COLOURS[one], mean))
    if ", in Chinese:" in task:
        return f"以{_IN_CHINESE[name]}为主色调的画面，柔和的光线，简洁的构图"
    return f"a scene in {name} tones, soft light, a simple composition"


def _distance(one: Sequence[int], other: Sequence[int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
