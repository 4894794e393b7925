"""A strict simulator of fal's queue on loopback, for the demo and the tests."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.fal.simulated_inputs import asked_for, known_app
from providers.simulators.faults import Problem
from providers.simulators.received import UnfetchedError
from providers.simulators.service import ServiceSimulator

_ERRORS: Mapping[Problem, tuple[int, str]] = {
    "prompt": (422, "content_policy_violation"),
    "reference": (422, "content_policy_violation"),
    "result": (422, "content_policy_violation"),
    "broken": (500, "internal_server_error"),
    "invalid": (422, "value_error"),
    "busy": (429, "concurrent_requests_limit"),
    "credentials": (401, ""),
    "unknown": (404, ""),
    "credit": (403, ""),
    "unfetched": (422, "file_download_error"),
}
_PLACES: Mapping[Problem, list[Any]] = {"prompt": ["body", "prompt"], "reference": ["body", "image_urls", 0]}
_PLAIN = {
    401: "Authentication is required to access this application.",
    403: "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
    404: "Request not found",
}
CATALOGUE = "/v1/models"


class FalSimulator(ServiceSimulator):
    """`url` is the endpoint. Moderation is told with the result; pictures held back are flagged."""

    at_once = frozenset({"invalid", "credit"})
    key = "00000000-0000-0000-0000-000000000001:simulated"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Submit, status, result, cancel, catalogue. A request's address has only two parts of the app's name."""
        router.add_get(CATALOGUE, self._catalogue, name="catalogue")
        one = "/{owner}/{app}/requests/{id}"
        router.add_get(f"{one}/status", self._status, name="result")
        router.add_put(f"{one}/cancel", self._cancel, name="cancel")
        router.add_get(one, self._result, name="fetch")
        router.add_post("/{owner}/{app:.+}", self._submit, name="submit")

    def credential(self, request: web.Request) -> str | None:
        """The key of `Authorization: Key …`. The catalogue needs none."""
        if request.path == CATALOGUE:
            return self.key
        return request.headers.get("Authorization", "").removeprefix("Key ")

    def error(self, problem: Problem, detail: str = "") -> web.Response:
        """A list of errors, or a sentence."""
        status, kind = _ERRORS[problem]
        if not kind:
            return web.json_response({"detail": detail or _PLAIN[status]}, status=status)
        found = [{"loc": _PLACES.get(problem, ["body"]), "msg": f"{kind} {detail}".strip(), "type": kind}]
        return web.json_response({"detail": found}, status=status)

    async def _catalogue(self, request: web.Request) -> web.Response:
        asked = request.query.getall("endpoint_id", [])
        found = [name for name in asked if known_app(name)]
        about = [{"endpoint_id": name, "metadata": {"display_name": name, "status": "active"}} for name in found]
        return web.json_response({"models": about, "next_cursor": None, "has_more": False})

    async def _submit(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        owner, path = request.match_info["owner"], request.match_info["app"]
        app = known_app(f"{owner}/{path}") or self.refuse("unknown", f"Application '{path}' not found")
        references, unfetched = await self._references(asked.get(app.row.reference_field) if app.edits else None)
        size, count = asked_for(app, asked, references)
        task = self.take(asked.get("prompt"), references, size, count)
        task.problem = "unfetched" if unfetched else task.problem
        base = f"{self.url}/{owner}/{path.partition('/')[0]}/requests/{task.id}"
        links = {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
        return web.json_response({"request_id": task.id, "queue_position": 0, **links})

    async def _references(self, given: object) -> tuple[list[bytes], bool]:
        """The references, and whether one can't be fetched: that is told with the result."""
        try:
            return await self.fetched(given), False
        except UnfetchedError:
            return [], True

    async def _status(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        state = self.state(task)
        if state == "queued":
            return web.json_response({"status": "IN_QUEUE", "queue_position": 0, "logs": None}, status=202)
        if state == "running":
            return web.json_response({"status": "IN_PROGRESS", "logs": []}, status=202)
        return web.json_response({"status": "COMPLETED", "logs": [], "metrics": {"inference_time": 1.5}})

    async def _result(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        state = self.state(task)
        if state == "cancelled":
            return web.json_response({"detail": "Request was cancelled"}, status=499)
        if state != "done" and task.problem != "result":
            self.refuse(task.problem or "invalid", "still in progress")
        flags = [True] * task.count if task.problem else self.held_back(task)
        images = [{"url": url, "width": task.width, "height": task.height} for url in self.links(task)]
        return web.json_response({"images": images, "seed": task.seed, "has_nsfw_concepts": flags})

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self.find(request.match_info["id"])
        if self.state(task) not in {"queued", "running"}:
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        task.cancelled = True
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)
