"""A strict simulator of Seedream on Ark on loopback, for the demo and the tests."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.ark.options import MODELS, MOST_TOGETHER, SIZES
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "prompt": (400, "InputTextSensitiveContentDetected.PolicyViolation"),
    "reference": (400, "InputImageSensitiveContentDetected.PrivacyInformation"),
    "result": (400, "OutputImageSensitiveContentDetected.DeepFake"),
    "broken": (500, "InternalServiceError"),
    "invalid": (400, "InvalidParameter"),
    "busy": (429, "RateLimitExceeded"),
    "credentials": (401, "AuthenticationError"),
    "credit": (403, "AccountOverdueError"),
    "unfetched": (400, "InvalidParameter"),
}
BREAKS_OFF = "breaks off"
"""These words make a stream end with an error after its first picture, or at once where it makes none."""
_KNOWN = {
    "model",
    "prompt",
    "image",
    "size",
    "sequential_image_generation",
    "sequential_image_generation_options",
    "response_format",
    "watermark",
    "stream",
}


class ArkSimulator(ServiceSimulator):
    """`url` + `/api/v3` is the endpoint."""

    key = "ark-simulated-0000-0000-000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """One route serves all requests."""
        router.add_post("/api/v3/images/generations", self._generate, name="submit")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """`{"error": …}`."""
        return web.json_response({"error": _error(problem, detail)}, status=_ERRORS[problem][0])

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        # The official SDK sends nulls for parameters that are not set.
        asked = {name: value for name, value in (await request.json()).items() if value is not None}
        sequential, options = asked.get("sequential_image_generation"), asked.get("sequential_image_generation_options")
        most = (options or {}).get("max_images", MOST_TOGETHER) if sequential == "auto" else 1
        references = await self.references(asked.get("image"))
        if set(asked) - _KNOWN or asked.get("model") not in MODELS or not 1 <= most <= MOST_TOGETHER - len(references):
            self.refuse("invalid", "unknown parameter or model, or too many images")
        if sequential is not None and "-pro-" in asked["model"]:
            self.refuse("invalid", "sequential_image_generation is not supported by this model")
        task = self.take(asked.get("prompt"), references, self._size(asked.get("size")), most)
        if asked.get("stream"):
            return await self._streamed(request, task)
        await self.made(task)
        items = [_item(task, url, is_held_back=held) for url, held in self._pictures(task)]
        return web.json_response({"model": asked["model"], "created": 1_700_000_000, "data": items, "usage": {}})

    def _pictures(self, task: Task) -> list[tuple[str, bool]]:
        return list(zip(self.links(task), self.held_back(task), strict=True))

    def _size(self, given: object) -> tuple[int, int]:
        text = {"1K": "1024x1024", "2K": "2048x2048", "4K": "4096x4096"}.get(str(given), str(given))
        known = {size for sizes in SIZES.values() for size in sizes.values()} | {"1024x1024"}
        if text not in known:
            self.refuse("invalid", "size")
        width, _x, height = text.partition("x")
        return int(width), int(height)

    async def _streamed(self, request: web.Request, task: Task) -> web.StreamResponse:
        response, send = await self.open_stream(request)

        if task.problem and BREAKS_OFF in task.prompt:
            await send("error", error=_error(task.problem))
            return response
        seconds = task.finished - task.started
        for number, (url, is_held_back) in enumerate(self._pictures(task)):
            await self.sleep(seconds / task.count)
            problem = task.problem or ("result" if is_held_back else None)
            if problem:
                await send("image_generation.partial_failed", image_index=number, error=_error(problem))
            else:
                await send("image_generation.partial_succeeded", image_index=number, url=url)
            if BREAKS_OFF in task.prompt:
                await send("error", error=_error("broken"))
                return response
        await self.sleep(max(0.0, task.finished - self.clock()))
        await send("image_generation.completed", usage={"generated_images": task.count})
        await response.write(b"data: [DONE]\n\n")
        return response


def _item(task: Task, url: str, *, is_held_back: bool) -> dict[str, Any]:
    return {"error": _error("result")} if is_held_back else {"url": url, "size": f"{task.width}x{task.height}"}


def _error(problem: Problem, detail: str = "") -> dict[str, str]:
    code = _ERRORS[problem][1]
    return {"code": code, "message": f"{code} {detail}".strip(), "param": "", "type": "BadRequest"}
