"""The fal provider. Its tickets: see `providers.fal.addresses`."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Queued, ReferenceLimits, Working
from providers.base64_pictures import linked
from providers.errors import ContentRefusedError, GenerationFailedError, InvalidRequestError, Sentence, TaskExpiredError
from providers.fal.addresses import Addresses, ticket_of
from providers.fal.options import SIZES, FalOptions, FalSettings
from providers.json_api import Fault, Maker, Rest, address, busy, failed, invalid, operator, refused
from providers.json_reader import read_json
from providers.missing import missing
from providers.polling import PollingProvider
from providers.unfetched import UnfetchedReferenceError
from providers.wire import Items, WireModel

KEY = "create a key at fal.ai (Dashboard → Keys) and set it as providers.fal.key"

TABLE: Mapping[str, Maker] = {
    # docs.fal.ai/errors: the `type` of the first entry of `detail`, or of the X-Fal-Error-Type header
    "content_policy_violation": refused("prompt"),
    "content_policy_violation.image": refused("reference"),
    "image_load_error": invalid(Sentence("The image service can't read a reference picture. Send it as JPEG or PNG.")),
    "file_download_error": lambda fault: UnfetchedReferenceError(detail=fault.detail),
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


class _Submitted(WireModel):
    request_id: str = Field(min_length=1)
    status_url: str = ""
    response_url: str = ""
    cancel_url: str = ""


class _Status(WireModel):
    status: str
    queue_position: int | None = None


class _File(BaseModel):
    url: str


class _Result(WireModel):
    images: Items[_File]
    # Of any type: a wrong one must not lose paid pictures.
    seed: Any = None
    has_nsfw_concepts: Any = None


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
        return options.model.partition("/")[2] or options.model

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
        got = await self.rest.call("POST", url, _Submitted, payload, paying=True, timeout=http.SUBMIT_TIMEOUT)
        given = (got.status_url, got.response_url, got.cancel_url)
        return ticket_of(self.settings.endpoint, app, got.request_id, given)

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the state and, when the queue has finished, the result, which may be an error."""
        status = await self.rest.call("GET", self._addresses(ticket).status, _Status)
        if status.status == "IN_QUEUE":
            return Queued(None if status.queue_position is None else status.queue_position + 1)
        if status.status != "COMPLETED":
            return Working()
        return _finished(await self._result(self._addresses(ticket).response))

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task that still waits."""
        return await self.rest.is_done("PUT", self._addresses(ticket).cancel, _Cancelled)

    async def check(self) -> None:
        """Query a request that doesn't exist: "not found" proves the key."""
        nowhere = self._addresses(f"{self.settings.models[0]}#none")
        await self.rest.check(nowhere.status, _Status, TaskExpiredError, InvalidRequestError)

    async def _result(self, url: str) -> _Result:
        """The result of a request that has ended. An error of the service's own ends the task, whatever its status;
        it is never billed (docs.fal.ai/model-apis/model-endpoints/reliability)."""
        got = await http.call(self.session, "GET", url, headers=self.rest.headers, paying=False, most=self.rest.most)
        kind = got.headers.get("X-Fal-Error-Type") or _kind(got.body)
        if got.status >= 500 and kind:
            raise GenerationFailedError(detail=Fault(got.status, kind, str(got.body[:300])).detail, paid=False)
        try:
            return self.rest.parse(got, _Result, paying=False)
        except (InvalidRequestError, ContentRefusedError) as error:
            # The document: such requests may be billed.
            error.paid = None
            raise

    def _addresses(self, ticket: str) -> Addresses:
        return Addresses.of(self.settings.endpoint, ticket)


def _finished(result: _Result) -> Finished:
    """The pictures that the safety check let pass, and a note on the others: those are black."""
    flags = result.has_nsfw_concepts if isinstance(result.has_nsfw_concepts, list) else []
    flagged = {number for number, flag in enumerate(flags) if flag is True}
    seed = result.seed if isinstance(result.seed, int) else None
    passed = [one for number, one in enumerate(result.images) if number not in flagged]
    if passed:
        pictures = tuple(replace(linked(one.url), seed=seed) for one in passed)
        return Finished(pictures, missing(held_back=len(result.images) - len(passed)))
    if result.images:
        raise ContentRefusedError("result", detail="has_nsfw_concepts", paid=True)
    raise GenerationFailedError(detail="a result without pictures")


def _kind(body: bytes) -> str:
    """The service's own name of an error; "" where it gives none, as a gateway does."""
    try:
        found = read_error(read_json(body))
    except ValueError:
        return ""
    return found[0] if found else ""


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"detail": "…", "error_type": "…"}`, or `{"detail": [{"type", "msg", "loc"}]}`: `loc` names the input."""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if not detail:
        return None
    if isinstance(detail, list) and isinstance(detail[0], dict):
        one, where = detail[0], detail[0].get("loc")
        is_about_picture = isinstance(where, list) and any(str(part).startswith("image") for part in where)
        kind = str(one.get("type") or "")
        return f"{kind}.image" if kind and is_about_picture else kind, str(one.get("msg") or "")
    known = next((code for code in TABLE if str(detail).startswith(code)), "")
    return str(answer.get("error_type") or known), str(detail)
