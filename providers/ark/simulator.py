"""A strict simulator of Seedream on Ark on loopback, for the demo and the tests."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.ark.models import MODELS, MOST_RATIO, TIERS, ArkModel
from providers.models import today
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
    "unknown": (404, "InvalidEndpointOrModel.NotFound"),
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
    """`url` + `/api/v3` is the endpoint. `models`: those of the account, by the names it knows them by."""

    key = "ark-simulated-0000-0000-000000000001"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.models: dict[str, ArkModel] = {row.name: row for row in MODELS if not row.has_ended(today())}

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
        if "model" not in asked:
            self.refuse("invalid", "model is missing")
        row = self.models.get(asked["model"])
        if row is None:
            self.refuse("unknown", f"the model {asked['model']} does not exist")
        references = await self.references(asked.get("image"))
        most = self._most(row, asked, len(references))
        task = self.take(asked.get("prompt"), references, self._size(row, asked.get("size")), most)
        if asked.get("stream"):
            return await self._streamed(request, task)
        await self.made(task)
        items = [_item(task, url, is_held_back=held) for url, held in self._pictures(task)]
        return web.json_response(
            {"model": asked["model"], "created": 1_700_000_000, "data": items, "usage": _usage(task)}
        )

    def _most(self, row: ArkModel, asked: Mapping[str, Any], references: int) -> int:
        """The most pictures. Refuses parameters and numbers that the model doesn't take."""
        is_set = asked.get("sequential_image_generation") == "auto"
        options = asked.get("sequential_image_generation_options") or {}
        most: int = options.get("max_images", row.series - references) if is_set else 1
        unknown = set(asked) - _KNOWN
        if row.series == 1:
            unknown |= {name for name in asked if name.startswith("sequential_")} | ({"stream"} & set(asked))
        if unknown:
            self.refuse("invalid", f"{', '.join(sorted(unknown))} is not supported by this model")
        if (
            references > (row.references.count if row.references else 0)
            or not 1 <= most <= row.series - references * is_set
        ):
            self.refuse("invalid", "too many images")
        return most

    def _pictures(self, task: Task) -> list[tuple[str, bool]]:
        return list(zip(self.links(task), self.held_back(task), strict=True))

    def _size(self, row: ArkModel, given: object) -> tuple[int, int]:
        """The pixels of a size, or of the square of a tier."""
        text = str(given or "2K")
        if text.lower() in row.sizes:
            text = row.sizes[text.lower()][0]
        elif text.lower() in TIERS:
            self.refuse("invalid", "size is not supported by this model")
        width, height = map(int, text.split("x"))
        least, most = row.pixels
        if not least <= width * height <= most or max(width / height, height / width) > MOST_RATIO:
            self.refuse("invalid", f"size must have {least} to {most} pixels")
        return width, height

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
        await send("image_generation.completed", usage=_usage(task))
        await response.write(b"data: [DONE]\n\n")
        return response


def _item(task: Task, url: str, *, is_held_back: bool) -> dict[str, Any]:
    return {"error": _error("result")} if is_held_back else {"url": url, "size": f"{task.width}x{task.height}"}


def _usage(task: Task) -> dict[str, int]:
    return {"generated_images": task.count, "output_tokens": 4096, "total_tokens": 4096}


def _error(problem: Problem, detail: str = "") -> dict[str, str]:
    code = _ERRORS[problem][1]
    return {"code": code, "message": f"{code} {detail}".strip(), "param": "", "type": "BadRequest"}
