"""The Replicate provider: creates predictions and polls them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import FormData
from pydantic import BaseModel, Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Queued, Reference, ReferenceLimits, Working
from providers.base64_pictures import linked
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
    TaskExpiredError,
)
from providers.faults import Maker, busy, invalid, key_refused, no_credit
from providers.json_api import Rest, address, bearer
from providers.larger import larger
from providers.models import today
from providers.polling import PassingError, PollingProvider
from providers.replicate.models import MODELS, ReplicateModel
from providers.replicate.options import ReplicateOptions, ReplicateSettings
from providers.replicate.payload import payload
from providers.single_field import limits_of_field
from providers.unfetched import UnfetchedReferenceError, is_unfetched
from providers.unknown_models import is_known, refuse_unknown
from providers.wire import WireModel

KEY = "create a token at replicate.com (Account → API tokens) and set it as providers.replicate.token"

TABLE: Mapping[str, Maker] = {
    # replicate.com/docs/reference/http: each problem has a title
    "Unauthenticated": key_refused(KEY),
    "Insufficient credit": no_credit("the account has no credit left: add some at replicate.com (Account → Billing)"),
    "Monthly spend limit reached": no_credit("the account's spend limit is reached: raise it at replicate.com"),
    "Input validation failed": invalid(),
    "Request was throttled.": busy(5),
}
MOST_DATA_URI_BYTES = 1_000_000 * 3 // 4
"""A larger reference goes into a file at the service: as base64, a data URI may have 1 MB."""
_MODERATED = ("nsfw", "sensitive", "safety", "flagged", "moderat", "prohibited")
"""Words in the error of a moderated prediction; there are no codes."""

Request = ImageRequest[ReplicateOptions]


class _Prediction(WireModel):
    id: str = Field(min_length=1)
    status: str
    output: list[str | None] | str | None = None
    # Of any type: a wrong one must not lose paid pictures.
    error: Any = None
    data_removed: Any = False


class _Links(BaseModel):
    get: str = Field(min_length=1)


class _File(BaseModel):
    urls: _Links


class _Account(BaseModel):
    username: str


class _Model(BaseModel):
    name: str


class Replicate(PollingProvider[ReplicateSettings, ReplicateOptions]):
    """Image models on Replicate."""

    title: ClassVar[str] = "Replicate"
    Settings = ReplicateSettings
    Options = ReplicateOptions
    table = MODELS
    capabilities = Capabilities(pictures=4, cancels=True)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.token), read_error, TABLE, KEY)

    def model(self, options: ReplicateOptions) -> ReplicateModel:
        """The row of the model. One that is not in the table takes references as the setting says."""
        row: ReplicateModel = self.rows.get(options.model) or MODELS.of([options.model], {})[options.model]
        return row if row.reference_field else replace(row, reference_field=self.settings.references_as)

    def model_name(self, options: ReplicateOptions) -> str:
        """The model's title, or its name without its owner: "flux-krea-dev"."""
        return self.model(options).title or options.model.rpartition("/")[2]

    def reference_limits(self, options: ReplicateOptions) -> ReferenceLimits | None:
        """See `Provider.reference_limits`."""
        return limits_of_field(self.model(options))

    def enlarged(self, options: ReplicateOptions, size: tuple[int, int]) -> ReplicateOptions | None:
        """Options for the largest size of a model that takes references; it keeps their shape."""
        changed = larger((row for row in self.rows.values() if row.references), options, size)
        return self.Options.model_validate(changed) if changed else None

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make one task for each picture: not all models can make several."""
        return (request.with_options(n=1),) * request.options.n

    async def submit(self, request: Request) -> str:
        """Create a prediction of an official model."""
        addresses = [await self._address(one) for one in request.references]
        given = payload(self.model(request.options), request.prompt, request.options, addresses)
        url = f"{self._model(request.options.model)}/predictions"
        made = await self.rest.call(
            "POST", url, _Prediction, {"input": given}, paying=True, timeout=http.SUBMIT_TIMEOUT
        )
        return made.id

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the prediction's state."""
        prediction = await self.rest.call("GET", self._prediction(ticket), _Prediction)
        match prediction.status:
            case "starting":
                return Queued()
            case "succeeded":
                return Finished(_pictures(prediction))
            case "failed":
                raise _ended(str(prediction.error or ""))
            case "canceled" | "aborted":
                raise GenerationFailedError(detail=f"prediction {ticket} was cancelled")
            case _:
                return Working()

    async def cancel(self, ticket: str) -> bool:
        """Cancel a prediction, also while it runs."""
        return await self.rest.is_done("POST", f"{self._prediction(ticket)}/cancel", _Prediction)

    async def check(self) -> None:
        """Query the account of the token, and each model."""
        await self.rest.check(f"{self.settings.endpoint}/account", _Account)
        live = [name for name, row in self.rows.items() if not row.has_ended(today())]
        refuse_unknown([name for name in live if not await is_known(self.rest, self._model(name), _Model)])

    def _model(self, name: str) -> str:
        return f"{self.settings.endpoint}/models/{name}"

    async def _address(self, reference: Reference) -> str:
        """The address of a reference: its URL, else a data URI, or for a large one that of a file at the service."""
        if reference.url or reference.size <= MOST_DATA_URI_BYTES:
            return await address(reference)
        form = FormData()
        form.add_field("content", await reference.read(), filename="reference", content_type=reference.media_type)
        try:
            url = f"{self.settings.endpoint}/files"
            return (await self.rest.call("POST", url, _File, form, timeout=http.SUBMIT_TIMEOUT)).urls.get
        except (PassingError, TaskExpiredError) as error:
            # Nothing has been submitted yet, and an upload costs nothing.
            raise ProviderUnavailableError(detail=f"a reference was not uploaded: {error}") from error

    def _prediction(self, ticket: str) -> str:
        return f"{self.settings.endpoint}/predictions/{ticket}"


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"title", "detail", "status"}`; some problems have only a `detail`. An answer with an `id` is a prediction."""
    if not isinstance(answer, dict) or "id" in answer or "detail" not in answer:
        return None
    detail = str(answer["detail"])
    title = str(answer.get("title") or next((name for name in TABLE if detail.startswith(name)), ""))
    return title, detail


def _ended(words: str) -> ProviderError:
    """The error of a prediction that failed. It had been accepted; whether it is charged is not known."""
    error = _class_of(words)
    error.paid = None
    return error


def _class_of(words: str) -> ProviderError:
    lowered = words.lower()
    if "E005" in words or any(word in lowered for word in _MODERATED):
        return ContentRefusedError("prompt" if "prompt" in lowered or "input" in lowered else "result", detail=words)
    if is_unfetched(words):
        return UnfetchedReferenceError(detail=words)
    if "image" in lowered and ("load" in lowered or "identify" in lowered):
        return InvalidRequestError(
            Sentence("The image service can't read a reference picture. Send it as JPEG or PNG."), detail=words
        )
    return GenerationFailedError(detail=words)


def _pictures(prediction: _Prediction) -> tuple[Picture, ...]:
    output = prediction.output or []
    found = tuple(linked(url) for url in ([output] if isinstance(output, str) else output) if url)
    if not found and prediction.data_removed:
        raise TaskExpiredError(detail=f"the output of prediction {prediction.id} has been removed")
    if not found:
        raise GenerationFailedError(detail="a prediction without pictures")
    return found
