"""The fal provider. A ticket is app and request id: `fal-ai/flux/dev#764c…`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Queued, ReferenceLimits, Working
from providers.errors import ContentRefusedError, GenerationFailedError, InvalidRequestError, Sentence, TaskExpiredError
from providers.fal.options import SIZES, FalOptions, FalSettings
from providers.json_api import Maker, Rest, address, busy, failed, invalid, operator, refused
from providers.polling import PollingProvider

KEY = "create a key at fal.ai (Dashboard → Keys) and set it as providers.fal.key"

TABLE: Mapping[str, Maker] = {
    # docs.fal.ai/errors: the `type` of the first entry of `detail`, or of the X-Fal-Error-Type header
    "content_policy_violation": refused("prompt"),
    "image_load_error": invalid(Sentence("The image service can't read a reference picture. Send it as JPEG or PNG.")),
    "file_download_error": invalid(
        Sentence("The image service couldn't fetch the reference pictures. Try again, or without them.")
    ),
    "image_too_small": invalid(Sentence("A reference picture is too small for the image service.")),
    "image_too_large": invalid(Sentence("A reference picture is too large for the image service. Send a smaller one.")),
    "concurrent_requests_limit": busy(5),
    "no_media_generated": failed,
    "generation_timeout": failed,
    "internal_server_error": failed,
    "downstream_service_error": failed,
    "User is locked": operator("the account has no balance left: top it up at fal.ai (Dashboard → Billing)"),
}

Request = ImageRequest[FalOptions]


class _Submitted(BaseModel):
    request_id: str = Field(min_length=1)


class _Status(BaseModel):
    status: str
    queue_position: int | None = None


class _File(BaseModel):
    url: str


class _Result(BaseModel):
    images: list[_File]
    # Of any type: a wrong one must not lose paid pictures.
    seed: Any = None
    has_nsfw_concepts: list[bool] | None = None


class _Cancelled(BaseModel):
    status: str


class Fal(PollingProvider[FalSettings, FalOptions]):
    """fal's image apps."""

    title: ClassVar[str] = "fal"
    Settings = FalSettings
    Options = FalOptions
    capabilities = Capabilities(
        prompt_length=2000,
        pictures=4,
        references=ReferenceLimits(count=4, size=10 << 20, side=4096, ratio=(1 / 4, 4), by_url=True),
        cancels=True,
    )

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(
            self.session, {"Authorization": f"Key {self.settings.key.get_secret_value()}"}, read_error, TABLE, KEY
        )

    def model_name(self, options: FalOptions) -> str:
        """The app's name without its owner: "flux/dev"."""
        return options.model.removeprefix("fal-ai/")

    async def submit(self, request: Request) -> str:
        """Put the request into the app's queue; one with references goes to the editing app."""
        options = request.options
        app, payload = options.model, {"prompt": request.prompt, "num_images": options.n, "output_format": "jpeg"}
        if request.references:
            app, payload["image_urls"] = self.settings.edit_model, [await address(one) for one in request.references]
        else:
            payload["image_size"] = SIZES[options.ar]
            payload |= {} if options.seed is None else {"seed": options.seed}
        url = f"{self.settings.endpoint}/{app}"
        submitted = await self.rest.call("POST", url, _Submitted, payload, paying=True, timeout=http.SUBMIT_TIMEOUT)
        return f"{app}#{submitted.request_id}"

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the state and, when the queue has finished, the result, which may be an error."""
        status = await self.rest.call("GET", f"{self._address(ticket)}/status", _Status)
        if status.status == "IN_QUEUE":
            return Queued(None if status.queue_position is None else status.queue_position + 1)
        if status.status != "COMPLETED":
            return Working()
        try:
            result = await self.rest.call("GET", self._address(ticket), _Result)
        except InvalidRequestError as error:
            error.paid = None
            raise
        if result.has_nsfw_concepts and all(result.has_nsfw_concepts):
            raise ContentRefusedError("result", detail="has_nsfw_concepts", paid=True)
        if not result.images:
            raise GenerationFailedError(detail="a result without pictures")
        seed = result.seed if isinstance(result.seed, int) else None
        return Finished(tuple(Picture(url=one.url, seed=seed) for one in result.images))

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task that still waits."""
        return await self.rest.is_done("PUT", f"{self._address(ticket)}/cancel", _Cancelled)

    async def check(self) -> None:
        """Query a request that doesn't exist: "not found" proves the key."""
        nowhere = self._address(f"{self.settings.models[0]}#none")
        await self.rest.check(f"{nowhere}/status", _Status, TaskExpiredError, InvalidRequestError)

    def _address(self, ticket: str) -> str:
        """A request's address; it uses only the first two parts of an app's name."""
        app, _mark, request_id = ticket.partition("#")
        return f"{self.settings.endpoint}/{'/'.join(app.split('/')[:2])}/requests/{request_id}"


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"detail": "…"}`, or `{"detail": [{"type", "msg", "loc"}]}`."""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if not detail:
        return None
    if isinstance(detail, list) and isinstance(detail[0], dict):
        return str(detail[0].get("type") or ""), str(detail[0].get("msg") or "")
    return next((code for code in TABLE if str(detail).startswith(code)), ""), str(detail)
