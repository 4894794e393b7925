"""A strict simulator of Replicate on loopback, for the demo and the tests."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

from aiohttp import web

from providers.replicate.models import MODELS, ReplicateModel
from providers.replicate.simulated_inputs import addresses, sides
from providers.simulators.faults import Problem
from providers.simulators.received import UnfetchedError
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
    "credit": (402, "Insufficient credit"),
}
_ENDS: Mapping[Problem, str] = {
    "prompt": "The input or output was flagged as sensitive. Please try again with a different prompt. (E005)",
    "reference": "The input image was flagged as sensitive (E005)",
    "result": "NSFW content detected in the picture that was made.",
    "broken": "Prediction interrupted; please retry (code: PA)",
    "unfetched": "Failed to download image from URL: connection timed out",
}
MOST_DATA_URI_LENGTH = 1_000_000
KEPT_SECONDS = 3600.0
"""The time after its end that a prediction has its output."""
AT = "2026-11-30T08:00:00.000Z"
"""A time in the answers."""


class ReplicateSimulator(ServiceSimulator):
    """`url` + `/v1` is the endpoint. Moderation reports only through a failed prediction."""

    at_once = frozenset({"invalid", "credit"})
    key = "r8_simulated00000000000000000000000001"

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The uploaded files by their ids."""
        return {}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Create, result, cancel, files, models, and the account."""
        router.add_get("/v1/models/{owner}/{model}", self._model, name="model")
        router.add_post("/v1/models/{owner}/{model}/predictions", self._create, name="submit")
        router.add_get("/v1/predictions/{id}", self._get, name="result")
        router.add_post("/v1/predictions/{id}/cancel", self._cancel, name="cancel")
        router.add_post("/v1/files", self._upload, name="upload")
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
        return web.json_response({"type": "user", "username": "simulated", "name": "Simulated"})

    async def _create(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        given = asked.get("input") or {}
        row = self._row(request)
        listed = addresses(row, given)
        references, unfetched = await self._references(listed)
        task = self.take(given.get("prompt"), references, sides(row, given, references), model=row.name, input=given)
        task.problem = "unfetched" if unfetched else task.problem
        return web.json_response(self._shown(task), status=201)

    def _row(self, request: web.Request) -> ReplicateModel:
        name = f"{request.match_info['owner']}/{request.match_info['model']}"
        return MODELS[name] if name in MODELS else self.refuse("unknown")

    async def _model(self, request: web.Request) -> web.Response:
        owner, _slash, name = self._row(request).name.partition("/")
        about = {"owner": owner, "name": name, "visibility": "public", "run_count": 1, "default_example": None}
        return web.json_response({"url": f"https://replicate.com/{owner}/{name}", **about, "latest_version": None})

    async def _upload(self, request: web.Request) -> web.Response:
        content = (await request.post())["content"]
        if not isinstance(content, web.FileField):
            self.refuse("invalid", "content")
        name, data = f"file-{len(self.files)}", content.file.read()
        self.files[name] = data
        about = {
            "name": content.filename,
            "content_type": content.content_type,
            "size": len(data),
            "etag": name,
            "checksums": {"sha256": sha256(data).hexdigest()},
            "metadata": {},
            "created_at": AT,
            "expires_at": AT,
        }
        return web.json_response({"id": name, **about, "urls": {"get": f"{self.url}/v1/files/{name}"}}, status=201)

    async def _references(self, given: Sequence[str]) -> tuple[list[bytes], bool]:
        """The references, and whether one can't be fetched: that fails the prediction."""
        if any(one.startswith("data:") and len(one) > MOST_DATA_URI_LENGTH for one in given):
            self.refuse("invalid", "a data URI of more than 1 MB")
        stored = [self.files.get(one.rpartition("/")[2]) for one in given]
        try:
            return [kept or (await self.fetched(one))[0] for one, kept in zip(given, stored, strict=True)], False
        except UnfetchedError:
            return [], True

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self.find(request.match_info["id"])))

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        task.cancelled = self.state(task) in {"queued", "running"}
        return web.json_response(self._shown(task))

    def _shown(self, task: Task) -> dict[str, Any]:
        state = self.state(task)
        is_removed = state == "done" and self.clock() - task.finished > KEPT_SECONDS
        one = f"{self.url}/v1/predictions/{task.id}"
        names = {"queued": "starting", "running": "processing", "failed": "failed", "cancelled": "canceled"}
        return {
            "id": task.id,
            "model": task.details["model"],
            "version": "hidden",
            "status": names.get(state, "succeeded"),
            "output": self.links(task) if state == "done" and not is_removed else None,
            "data_removed": is_removed,
            "error": _ENDS[task.problem] if state == "failed" and task.problem else None,
            "input": task.details["input"],
            "logs": "",
            "metrics": {},
            "created_at": AT,
            "started_at": None if state == "queued" else AT,
            "completed_at": None if state in {"queued", "running"} else AT,
            "urls": {"get": one, "cancel": f"{one}/cancel"},
        }
