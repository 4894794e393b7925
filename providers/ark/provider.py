"""The Ark provider (Seedream): one answer for one picture, a stream of results for a set."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel

from providers import http
from providers.ark.options import MOST_TOGETHER, SIZES, ArkOptions, ArkSettings
from providers.base import Capabilities, Finished, ImageRequest, ReferenceLimits, Working
from providers.base64_pictures import linked, picture
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    ProviderError,
    Sentence,
)
from providers.json_api import (
    MOST_BYTES_OF_PICTURES,
    Maker,
    Rest,
    address,
    bearer,
    busy,
    error_object,
    event,
    failed,
    invalid,
    operator,
    refused,
)
from providers.missing import missing
from providers.options import nearest_shape
from providers.synchronous import SynchronousProvider
from providers.unfetched import UnfetchedReferenceError, unfetched, with_bytes
from providers.wire import Items, WireModel

KEY = "create an API key in the Ark console (API Key 管理) and set it as providers.ark.api_key"
_MODEL = operator("activate the model in the Ark console (开通管理), or leave it out of providers.ark.models")
_CREDIT = operator("the account has unpaid bills or no balance: settle them in the Volcengine console")
_BUSY = busy(5)

MOST_INLINE_BYTES = 40 << 20
"""References that fit, as base64, into a body of at most 64 MB."""

TABLE: Mapping[str, Maker] = {
    # docs/82379/1299023 (error codes); suffixes tell more: `InputTextSensitiveContentDetected.PolicyViolation`
    "AuthenticationError": operator(KEY),
    "InvalidAccountStatus": operator("the account is blocked or not verified: see the Volcengine console"),
    "AccessDenied": operator("the key may not use this model: check its permissions in the Ark console"),
    "AccountOverdueError": _CREDIT,
    "InvalidSubscription": _CREDIT,
    "OperationDenied.ServiceOverdue": _CREDIT,
    "OperationDenied.ServiceNotOpen": _MODEL,
    "ModelNotOpen": _MODEL,
    "InvalidEndpoint": operator("the inference endpoint is closed or doesn't exist: check it in the Ark console"),
    "InvalidEndpointOrModel": _MODEL,
    "InputTextSensitiveContentDetected": refused("prompt"),
    "InputTextRiskDetection": refused("prompt"),
    "InputImageSensitiveContentDetected": refused("reference"),
    "InputImageRiskDetection": refused("reference"),
    "OutputImageSensitiveContentDetected": refused("result"),
    "OutputImageRiskDetection": refused("result"),
    "SensitiveContentDetected": refused("prompt"),
    "InvalidParameter": unfetched(invalid()),
    "MissingParameter": invalid(),
    "RateLimitExceeded": _BUSY,
    "RequestBurstTooFast": _BUSY,
    "SetLimitExceeded": operator("the account's own limit for this model is reached: raise it in the Ark console"),
    "QuotaExceeded": _CREDIT,
    "ServerOverloaded": _BUSY,
    "InternalServiceError": failed,
}

Request = ImageRequest[ArkOptions]


class _Item(WireModel):
    url: str | None = None
    b64_json: str | None = None
    error: dict[str, Any] | None = None


class _Images(WireModel):
    data: Items[_Item]


class _Event(_Item):
    type: str = ""


class _Nothing(BaseModel):
    pass


class Ark(SynchronousProvider[ArkSettings, ArkOptions]):
    """Seedream 4.0, 4.5 and 5.0."""

    title: ClassVar[str] = "Seedream"
    Settings = ArkSettings
    Options = ArkOptions
    capabilities = Capabilities(
        prompt_length=2000,
        pictures=MOST_TOGETHER,
        references=ReferenceLimits(count=14, size=10 << 20, side=6000, ratio=(1 / 16, 16), by_url=True),
        resumes=False,
    )

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), error_object, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model_name(self, options: ArkOptions) -> str:
        """ "Seedream 4.5" of `doubao-seedream-4-5-251128`."""
        parts = options.model.removeprefix("doubao-seedream-").split("-")
        return f"{self.title} {'.'.join(parts[:2])}" if parts[0].isdecimal() else options.model

    def enlarged(self, options: ArkOptions, size: tuple[int, int]) -> ArkOptions | None:
        """Options for 4K in the shape nearest to the picture's."""
        if options.size == "4k":
            return None
        shape = nearest_shape(SIZES["4k"], size)
        return self.Options.model_validate({"ar": shape, "size": "4k", "model": options.model})

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also checks the total of pictures."""
        super().validate(request)
        count, pictures = len(request.references), request.options.set
        if count + pictures > MOST_TOGETHER:
            values = {"count": count, "pictures": pictures, "most": MOST_TOGETHER, "left": MOST_TOGETHER - count}
            raise InvalidRequestError(
                Sentence(
                    "References and new pictures together: at most {most}. With {count} references, ask for at most "
                    "{left}.",
                    values,
                )
            )

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make `n` tasks; a set is one task."""
        return (request.with_options(n=1),) * request.options.n

    def most_pictures(self, request: Request) -> int:
        """The size of the set."""
        return request.options.set

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Make one picture in one answer, or a set by a stream. References that the service can't fetch are sent once
        more as bytes: it has refused the first request as a whole."""
        try:
            async with aclosing(self._answer(request)) as events:
                async for event in events:
                    yield event
        except UnfetchedReferenceError as error:
            again = with_bytes(request, error, MOST_INLINE_BYTES)
        else:
            return
        async with aclosing(self._answer(again)) as events:
            async for event in events:
                yield event

    async def _answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        url, most = f"{self.settings.endpoint}/images/generations", request.options.set
        payload = await self._payload(request)
        if most == 1:
            images = await self.rest.call("POST", url, _Images, payload, paying=True, timeout=self.answer_timeout)
            yield self._finished(images.data)
            return
        async with aclosing(self._streamed(url, payload, most)) as events:
            async for event in events:
                yield event

    async def _payload(self, request: Request) -> dict[str, object]:
        """The body. Some models refuse any parameter of sets, so only a set has them."""
        options = request.options
        payload: dict[str, object] = {
            "model": options.model,
            "prompt": request.prompt,
            "size": SIZES[options.size].get(options.ar, options.size.upper()),
            "response_format": "url",
            "watermark": self.settings.watermark,
        }
        if request.references:
            payload["image"] = [await address(reference) for reference in request.references]
        if options.set > 1:
            payload["sequential_image_generation"] = "auto"
            payload["sequential_image_generation_options"] = {"max_images": options.set}
            payload["stream"] = True
        return payload

    async def _streamed(
        self, url: str, payload: Mapping[str, object], most: int
    ) -> AsyncGenerator[Working | Finished, None]:
        """The events of a set. Pictures that came before the stream broke off or ended with an error are kept."""
        items: list[_Item] = []
        data, heads = self.rest.body(payload) or b"", self.rest.headers_for(payload)
        streamed = http.stream(self.session, url, data=data, headers=heads, timeout=self.answer_timeout)
        try:
            async with aclosing(streamed) as parts:
                async for part in parts:
                    if isinstance(part, http.Answer):
                        items += self.rest.parse(part, _Images, paying=True).data
                        break
                    spoken = event(part.data, _Event)
                    if spoken.type.endswith((".partial_succeeded", ".partial_failed")):
                        items.append(spoken)
                        yield Working(progress=min(0.99, len(items) / most))
                    elif spoken.type.endswith(".completed"):
                        break
                    elif spoken.type == "error":
                        raise self.rest.event_error(*(error_object({"error": spoken.error}) or ("", part.data)))
                else:
                    raise http.lost("the stream ended early", paying=True)
        except ProviderError:
            # The pictures that have arrived are paid.
            if not any(item.url or item.b64_json for item in items):
                raise
        yield self._finished(items)

    def _finished(self, items: Sequence[_Item]) -> Finished:
        """The pictures that were made, and a note on those that were not. Without any, the first error is raised."""
        made = [item for item in items if not item.error and (item.url or item.b64_json)]
        errors = [error for item in items if (error := self._error_of(item))]
        if not made:
            raise errors[0] if errors else GenerationFailedError(detail="an answer without pictures")
        held_back = sum(isinstance(error, ContentRefusedError) for error in errors)
        found = tuple(linked(item.url) if item.url else picture(item.b64_json or "") for item in made)
        return Finished(found, missing(held_back=held_back, failed=len(errors) - held_back))

    def _error_of(self, item: _Item) -> ProviderError | None:
        """The error of one picture. The task was accepted."""
        known = error_object({"error": item.error})
        return self.rest.task_error(*known) if known else None

    async def check(self) -> None:
        """Send a request without a prompt: its refusal for that proves the key."""
        url = f"{self.settings.endpoint}/images/generations"
        await self.rest.check(url, _Nothing, InvalidRequestError, payload={"model": self.settings.models[0]})
