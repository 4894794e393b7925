"""The Sketch provider: submits tasks and polls them."""

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, Field

from imagine_bot_sketch.models import MODELS
from imagine_bot_sketch.options import SketchOptions, SketchSettings
from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Queued, Working
from providers.errors import GenerationFailedError, TaskExpiredError
from providers.faults import Maker, busy, failed, invalid, key_refused, refused
from providers.json_api import Rest, address, bearer, error_object
from providers.polling import PollingProvider

KEY = "create a key at sketch.example (Account → Keys) and set it as providers.sketch.key"

TABLE: Mapping[str, Maker] = {
    # sketch.example/docs/errors: the service's own codes, and the errors that they mean
    "bad_key": key_refused(KEY),
    "bad_request": invalid(),
    "too_many_tasks": busy(5),
    "words_refused": refused("prompt"),
    "reference_refused": refused("reference"),
    "result_refused": refused("result"),
    "drawing_failed": failed,
}

Request = ImageRequest[SketchOptions]


class _Task(BaseModel):
    id: str = Field(min_length=1)
    state: str
    pictures: list[str] = []
    failure: str = ""


class Sketch(PollingProvider[SketchSettings, SketchOptions]):
    """Sketch's pencils."""

    title: ClassVar[str] = "Sketch"
    Settings = SketchSettings
    Options = SketchOptions
    table = MODELS
    capabilities = Capabilities(cancels=True)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.key), error_object, TABLE, KEY)

    async def submit(self, request: Request) -> str:
        """Submit the task: the only call that pays."""
        payload = {
            "model": request.options.model,
            "prompt": request.prompt,
            "shape": request.options.ar,
            "count": request.options.n,
            "references": [await address(one) for one in request.references],
        }
        url = f"{self.settings.endpoint}/tasks"
        task = await self.rest.call("POST", url, _Task, payload, paying=True, timeout=http.SUBMIT_TIMEOUT)
        return task.id

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the task once; the base class decides when."""
        task = await self.rest.call("GET", self._task(ticket), _Task)
        if task.state == "waiting":
            return Queued()
        if task.state == "drawing":
            return Working()
        if task.state == "cancelled":
            raise GenerationFailedError(detail="cancelled")
        if task.state == "failed":
            raise self.rest.task_error(task.failure)
        if not task.pictures:
            raise GenerationFailedError(detail=f"{task.state} without pictures")
        return Finished(tuple(Picture(url=url) for url in task.pictures))

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task that still waits."""
        return await self.rest.is_done("POST", f"{self._task(ticket)}/cancel", _Task)

    async def check(self) -> None:
        """Query a task that doesn't exist: "not found" proves the key."""
        await self.rest.check(self._task("none"), _Task, TaskExpiredError)

    def _task(self, ticket: str) -> str:
        return f"{self.settings.endpoint}/tasks/{ticket}"
