"""The fal provider. Its tickets: see `providers.fal.addresses`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Queued, ReferenceLimits, Working
from providers.base64_pictures import linked
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    ProviderBusyError,
    Sentence,
    TaskExpiredError,
)
from providers.fal.addresses import Addresses, ticket_of
from providers.fal.models import MODELS, FalModel, editor
from providers.fal.options import FalOptions, FalSettings
from providers.fal.payload import payload
from providers.faults import Fault, Maker, busy, failed, invalid, no_credit, refused
from providers.json_api import Rest, address
from providers.json_reader import read_json
from providers.larger import larger
from providers.missing import missing
from providers.models import today
from providers.polling import PassingError, PollingProvider
from providers.single_field import limits_of_field
from providers.unfetched import UnfetchedReferenceError
from providers.unknown_models import refuse_unknown
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
    "User is locked": no_credit("the account has no balance left: top it up at fal.ai (Dashboard → Billing)"),
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


class _About(WireModel):
    status: str = ""


class _App(WireModel):
    endpoint_id: str
    metadata: _About = _About()


class _Catalogue(WireModel):
    models: Items[_App]


class Fal(PollingProvider[FalSettings, FalOptions]):
    """fal's image apps."""

    title: ClassVar[str] = "fal"
    Settings = FalSettings
    Options = FalOptions
    table = MODELS
    capabilities = Capabilities(cancels=True)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(
            self.session, {"Authorization": f"Key {self.settings.key.get_secret_value()}"}, read_error, TABLE, KEY
        )

    def model(self, options: FalOptions) -> FalModel:
        """The row of the app; also of one that is not set up any more."""
        row: FalModel | None = self.rows.get(options.model)
        return row or MODELS.of([options.model], {})[options.model]

    def model_name(self, options: FalOptions) -> str:
        """The app's title, or its name without its owner: "flux/krea"."""
        return self.model(options).title or options.model.partition("/")[2] or options.model

    def reference_limits(self, options: FalOptions) -> ReferenceLimits | None:
        """See `Provider.reference_limits`."""
        return limits_of_field(self.model(options))

    def enlarged(self, options: FalOptions, size: tuple[int, int]) -> FalOptions | None:
        """Options for the largest size of an app that takes references; it keeps their shape."""
        changed = larger((row for row in self.rows.values() if row.edit_app and row.references), options, size)
        return self.Options.model_validate(changed) if changed else None

    def split(self, request: Request) -> tuple[Request, ...]:
        """As few tasks as the app that draws it allows: some make one picture each."""
        most, count = self._drawing(request)[1].pictures, request.options.n
        return tuple(request.with_options(n=min(most, count - made)) for made in range(0, count, most))

    async def submit(self, request: Request) -> str:
        """Put the request into the app's queue; one with references goes to the app that takes them."""
        app, row = self._drawing(request)
        addresses = [await address(one) for one in request.references]
        given = payload(row, request.prompt, request.options, request.references, addresses)
        url = f"{self.settings.endpoint}/{app}"
        got = await self.rest.call("POST", url, _Submitted, given, paying=True, timeout=http.SUBMIT_TIMEOUT)
        named = (got.status_url, got.response_url, got.cancel_url)
        return ticket_of(self.settings.endpoint, app, got.request_id, named)

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
        """Query a request that doesn't exist: "not found" proves the key. Then look the apps up."""
        nowhere = self._addresses(f"{self.settings.models[0]}#none")
        await self.rest.check(nowhere.status, _Status, TaskExpiredError, InvalidRequestError)
        live = [row for row in self.rows.values() if not row.has_ended(today())]
        wanted = list(dict.fromkeys([*(row.name for row in live), *map(self._edit_app, live)]))
        found = await self._statuses(wanted)
        lost = [name for name in wanted if name not in found]
        refuse_unknown([*lost, *(f"{name} (deprecated)" for name in wanted if found.get(name) == "deprecated")])

    async def _statuses(self, apps: Sequence[str]) -> dict[str, str]:
        """The status of each of these apps that the catalogue has: "active" or "deprecated"."""
        query = urlencode([("endpoint_id", app) for app in apps])
        try:
            # The catalogue is public: it doesn't need the key.
            catalogue = replace(self.rest, headers={})
            listed = await catalogue.call("GET", f"{self.settings.catalogue}/models?{query}", _Catalogue)
        except TaskExpiredError:  # one of them, or all, is not found
            alone = [await self._statuses([app]) for app in apps if len(apps) > 1]
            return {name: status for one in alone for name, status in one.items()}
        except PassingError as error:
            raise ProviderBusyError(detail=error.error.detail) from error
        return {one.endpoint_id: one.metadata.status for one in listed.models}

    def _drawing(self, request: Request) -> tuple[str, FalModel]:
        """The app that draws a request, and its row."""
        row = self.model(request.options)
        if not request.references:
            return row.name, row
        return self._edit_app(row), row if row.edit_app else editor(self.settings.edit_model)

    def _edit_app(self, row: FalModel) -> str:
        """The app that takes the references for this one."""
        return row.edit_app or self.settings.edit_model

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
