"""The OpenAI provider: generations, edits with references, and previews by server-sent events."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import ClientSession, FormData

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Working
from providers.base64_pictures import decode, linked, picture
from providers.errors import ContentRefusedError, GenerationFailedError, ProviderError, Sentence
from providers.faults import (
    ZERO_LIMIT,
    Fault,
    Maker,
    busy,
    failed,
    invalid,
    key_refused,
    no_credit,
    operator,
    refused,
    unusable,
    when,
)
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, bearer, error_object, event
from providers.larger import larger
from providers.models import today
from providers.openai.models import MODELS, PICTURES, PROMPT_LENGTH, REFERENCES, OpenAIModel
from providers.openai.options import OpenAIOptions, OpenAISettings
from providers.openai.payload import form, most_at_once, payload
from providers.synchronous import SynchronousProvider
from providers.unknown_models import refuse_unknown
from providers.wire import Items, WireModel

log = logging.getLogger(__name__)

KEY = "create an API key at platform.openai.com and set it as providers.openai.api_key"
_BILL = no_credit("the account has no credit left, or a bill to pay: see its billing settings")
_CLOSED = operator("the account is closed or suspended: see platform.openai.com")
_UNREADABLE = invalid(Sentence("The image service can't read a reference picture. Send it as JPEG or PNG."))
_TOO_LARGE = invalid(Sentence("A reference picture is too large for the image service. Send a smaller one."))
_OVERLOADED = busy(10)


def _moderated(fault: Fault) -> ProviderError:
    """A refusal that doesn't say at which stage: a picture may have been made. Azure's words may tell of one."""
    of_result = "generated image" in fault.message.lower()
    error = ContentRefusedError("result" if of_result else "prompt", detail=fault.detail)
    error.paid = None
    return error


TABLE: Mapping[str, Maker] = {
    # platform.openai.com/docs/guides/error-codes and /docs/guides/image-generation (content moderation): the `code`,
    # with the stage of the moderation where that is told, or the `type`
    "moderation_blocked": _moderated,
    "moderation_blocked.input": refused("prompt"),
    "moderation_blocked.output": refused("result"),
    "content_policy_violation": _moderated,
    "image_content_policy_violation": refused("reference"),
    # Azure
    "content_filter": _moderated,
    "contentFilter": _moderated,
    # the account
    "insufficient_quota": _BILL,
    "insufficient_user_quota": _BILL,
    "billing_hard_limit_reached": _BILL,
    "billing_limit_user_error": _BILL,
    "billing_not_active": _BILL,
    "account_deactivated": _CLOSED,
    "access_terminated": _CLOSED,
    "invalid_api_key": key_refused(KEY),
    "unsupported_country_region_territory": operator("OpenAI does not serve the country that this machine is in"),
    "model_not_found": unusable("the account may not use this model: check providers.openai.models"),
    # for a while
    "rate_limit_exceeded": when(
        ZERO_LIMIT, operator("the account's limit for this model is 0: see its limits"), busy(10)
    ),
    "server_is_overloaded": _OVERLOADED,
    "slow_down": _OVERLOADED,
    "server_error": failed,
    # the request
    "image_generation_user_error": invalid(),
    "invalid_image": _UNREADABLE,
    "invalid_image_file": _UNREADABLE,
    "invalid_image_format": _UNREADABLE,
    "image_parse_error": _UNREADABLE,
    "unsupported_image_media_type": _UNREADABLE,
    "image_too_large": _TOO_LARGE,
    "image_file_too_large": _TOO_LARGE,
    "image_too_small": invalid(Sentence("A reference picture is too small for the image service.")),
}

Request = ImageRequest[OpenAIOptions]


class _Image(WireModel):
    b64_json: str | None = None
    url: str | None = None


class _Images(WireModel):
    data: Items[_Image]


class _Model(WireModel):
    id: str = ""
    shutdown_date: str | None = None


class _Models(WireModel):
    data: Items[_Model]


class _Event(WireModel):
    type: str = ""
    b64_json: str | None = None
    error: Any = None


class OpenAI(SynchronousProvider[OpenAISettings, OpenAIOptions]):
    """OpenAI's image models."""

    title: ClassVar[str] = "OpenAI"
    Settings = OpenAISettings
    Options = OpenAIOptions
    table = MODELS
    capabilities = Capabilities(
        prompt_length=PROMPT_LENGTH,
        pictures=PICTURES,
        references=REFERENCES,
        resumes=False,
    )
    names_references = False

    def __init__(self, settings: OpenAISettings, session: ClientSession) -> None:
        super().__init__(settings, session)
        self.capabilities = replace(self.capabilities, streams=settings.previews > 0)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), read_error, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model(self, options: OpenAIOptions) -> OpenAIModel:
        """The row of the model; also of one that is not set up any more."""
        row: OpenAIModel | None = self.rows.get(options.model)
        return row or MODELS.of((options.model,), {})[options.model]

    def enlarged(self, options: OpenAIOptions, size: tuple[int, int]) -> OpenAIOptions | None:
        """Options for the largest size that a model has; it keeps the reference's shape."""
        changed = larger((row for row in self.rows.values() if row.references), options, size)
        if changed is None:
            return None
        qualities = self.rows[changed["model"]].choices.get("quality", ())
        kept = {"quality": options.quality} if options.quality in qualities else {}
        return self.Options.model_validate({**changed, "background": options.background, **kept})

    def split(self, request: Request) -> tuple[Request, ...]:
        """As few calls as their answers can contain the pictures of."""
        count = request.options.n
        most = most_at_once(payload(self.model(request.options), request, self.settings))
        return tuple(request.with_options(n=min(most, count - made)) for made in range(0, count, most))

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Call generations, or edits with references. A single picture is streamed where previews are enabled."""
        asked = payload(self.model(request.options), request, self.settings)
        previews = min(self.settings.previews, most_at_once(asked) - 1) if request.options.n == 1 else 0
        if previews:
            asked |= {"stream": True, "partial_images": previews}
        url = f"{self.settings.base_url}/images/{'edits' if request.references else 'generations'}"
        body = await form(asked, request.references) if request.references else asked
        if not previews:
            images = await self.rest.call("POST", url, _Images, body, paying=True, timeout=self.answer_timeout)
            yield Finished(_pictures(images))
            return
        async with aclosing(self._streamed(url, body)) as events:
            async for event in events:
                yield event

    async def _streamed(
        self, url: str, payload: Mapping[str, object] | FormData
    ) -> AsyncGenerator[Working | Finished, None]:
        data = self.rest.body(payload) or b""
        streamed = http.stream(
            self.session, url, data=data, headers=self.rest.headers_for(payload), timeout=self.answer_timeout
        )
        async with aclosing(streamed) as parts:
            async for part in parts:
                if isinstance(part, http.Answer):
                    # An error, or a compatible service that doesn't stream.
                    yield Finished(_pictures(self.rest.parse(part, _Images, paying=True)))
                    return
                spoken = event(part.data, _Event)
                if spoken.error is not None:
                    raise self.rest.event_error(*(read_error({"error": spoken.error}) or ("", "")))
                if spoken.type.endswith(".partial_image") and spoken.b64_json:
                    yield Working(preview=decode(spoken.b64_json))
                elif spoken.type.endswith(".completed") and spoken.b64_json:
                    yield Finished((picture(spoken.b64_json),))
                    return
        raise http.lost("the stream ended without a picture", paying=True)

    async def check(self) -> None:
        """List the models, which is free. An empty list says nothing about them."""
        listed = await self.rest.query(f"{self.settings.base_url}/models", _Models)
        dates = {one.id: one.shutdown_date for one in listed.data}
        asked = [row for row in self.rows.values() if not row.has_ended(today())]
        wrong = [row.name for row in asked if dates and row.name not in dates]
        for row in asked:
            if day := _day(dates.get(row.name)):
                if day <= today():
                    wrong.append(f"{row.name} (shut down on {day})")
                elif row.ends is None:
                    log.warning("OpenAI will shut down %s on %s", row.name, day)
        refuse_unknown(wrong)


def _day(text: str | None) -> date | None:
    """The day that the service names; None where it names none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"error": {"message", "type", "code", "moderation_details": {"moderation_stage"}}}`: the code with the stage, or
    the type where only that is known."""
    found = error_object(answer)
    if found is None or not isinstance(answer["error"], dict):
        return found
    code, message = found
    kind, details = answer["error"].get("type"), answer["error"].get("moderation_details")
    if code not in TABLE and isinstance(kind, str) and kind in TABLE:
        code = kind
    stage = details.get("moderation_stage") if isinstance(details, dict) else None
    return f"{code}.{stage}" if isinstance(stage, str) else code, message


def _pictures(images: _Images) -> tuple[Picture, ...]:
    found = [
        picture(one.b64_json) if one.b64_json else linked(one.url or "")
        for one in images.data
        if one.b64_json or one.url
    ]
    if not found:
        raise GenerationFailedError(detail="an answer without pictures")
    return tuple(found)
