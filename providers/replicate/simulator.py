"""A strict simulator of Replicate on loopback, for the demo and the tests."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.replicate.options import MODELS, ReplicateOptions
from providers.simulators.faults import Problem
from providers.simulators.service import ServiceSimulator, Task

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "prompt": (422, "Input validation failed"),
    "reference": (422, "Input validation failed"),
    "result": (422, "Input validation failed"),
    "broken": (422, "Input validation failed"),
    "invalid": (422, "Input validation failed"),
    "busy": (429, "Request was throttled."),
    "credentials": (401, "Unauthenticated"),
    "unknown": (404, "The requested resource could not be found."),
}
_ENDS: Mapping[Problem, str] = {
    "prompt": "The input or output was flagged as sensitive. Please try again with a different prompt. (E005)",
    "reference": "The input image was flagged as sensitive (E005)",
    "result": "NSFW content detected in the picture that was made.",
    "broken": "Prediction interrupted; please retry (code: PA)",
}
_SIDE = 1024


class ReplicateSimulator(ServiceSimulator):
    """`url` + `/v1` is the endpoint. Moderation reports only through a failed prediction."""

    at_once = frozenset({"invalid"})
    key = "r8_simulated00000000000000000000000001"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Create, result, cancel, and the account."""
        router.add_post("/v1/models/{owner}/{model}/predictions", self._create, name="submit")
        router.add_get("/v1/predictions/{id}", self._get, name="result")
        router.add_post("/v1/predictions/{id}/cancel", self._cancel, name="cancel")
        router.add_get("/v1/account", self._account, name="account")

    def credential(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """A problem with a title."""
        status, title = _ERRORS[problem]
        return web.json_response(
            {"title": title, "detail": f"{title} {detail}".strip(), "status": status}, status=status
        )

    async def _account(self, _request: web.Request) -> web.Response:
        return web.json_response({"type": "user", "username": "simulated"})

    async def _create(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        given = asked.get("input") or {}
        model = f"{request.match_info['owner']}/{request.match_info['model']}"
        if model not in MODELS or set(given) - {"prompt", "aspect_ratio", "image_input"}:
            self.refuse("invalid", "unknown model or input")
        ReplicateOptions(ar=given.get("aspect_ratio", "1:1"))
        width, _colon, height = given.get("aspect_ratio", "1:1").partition(":")
        references = await self.references(given.get("image_input"))
        size = (_SIDE, round(_SIDE * int(height) / int(width)))
        task = self.take(given.get("prompt"), references, size)
        return web.json_response(self._shown(task), status=201)

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self.find(request.match_info["id"])))

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        task.cancelled = self.state(task) in {"queued", "running"}
        return web.json_response(self._shown(task))

    def _shown(self, task: Task) -> dict[str, Any]:
        state = self.state(task)
        names = {"queued": "starting", "running": "processing", "failed": "failed", "cancelled": "canceled"}
        return {
            "id": task.id,
            "status": names.get(state, "succeeded"),
            "output": self.links(task) if state == "done" else None,
            "error": _ENDS[task.problem] if state == "failed" and task.problem else None,
            "input": {"prompt": task.prompt},
        }
