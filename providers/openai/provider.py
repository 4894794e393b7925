"""The OpenAI provider: generations, edits with references, and previews by server-sent events."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import ClientSession, FormData
from pydantic import BaseModel

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, ReferenceLimits, Working
from providers.base64_pictures import decode, linked, picture
from providers.errors import GenerationFailedError
from providers.json_api import (
    MOST_BYTES_OF_PICTURES,
    Maker,
    Rest,
    bearer,
    busy,
    error_object,
    event,
    failed,
    invalid,
    operator,
    refused,
)
from providers.openai.options import SIZES, OpenAIOptions, OpenAISettings
from providers.synchronous import SynchronousProvider

KEY = "create an API key at platform.openai.com and set it as providers.openai.api_key"
_ACCOUNT = operator("the account has no credit left: add some in its billing settings")

TABLE: Mapping[str, Maker] = {
    # platform.openai.com/docs/guides/error-codes and /docs/guides/image-generation (content moderation)
    "moderation_blocked": refused("prompt"),
    "content_policy_violation": refused("prompt"),
    "rate_limit_exceeded": busy(10),
    "insufficient_quota": _ACCOUNT,
    "billing_hard_limit_reached": _ACCOUNT,
    "invalid_api_key": operator(KEY),
    "unsupported_country_region_territory": operator("OpenAI does not serve the country that this machine is in"),
    "model_not_found": operator("the account may not use this model: check providers.openai.models"),
    "image_generation_user_error": invalid(),
    "server_error": failed,
}

Request = ImageRequest[OpenAIOptions]


class _Image(BaseModel):
    b64_json: str | None = None
    url: str | None = None


class _Images(BaseModel):
    data: list[_Image]


class _Models(BaseModel):
    data: list[Any]


class _Event(BaseModel):
    type: str = ""
    b64_json: str | None = None
    error: dict[str, Any] | None = None


class OpenAI(SynchronousProvider[OpenAISettings, OpenAIOptions]):
    """OpenAI's image models."""

    title: ClassVar[str] = "OpenAI"
    Settings = OpenAISettings
    Options = OpenAIOptions
    capabilities = Capabilities(
        prompt_length=32_000,
        pictures=10,
        references=ReferenceLimits(count=16, size=20 << 20, side=4096, ratio=(1 / 4, 4)),
        resumes=False,
    )

    def __init__(self, settings: OpenAISettings, session: ClientSession) -> None:
        super().__init__(settings, session)
        self.capabilities = replace(self.capabilities, streams=settings.previews > 0)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), error_object, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model_name(self, options: OpenAIOptions) -> str:
        """The model's own name: "gpt-image-1"."""
        return options.model

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Call generations, or edits with references. A single picture is streamed where previews are enabled."""
        options = request.options
        payload: dict[str, object] = {
            "model": options.model,
            "prompt": request.prompt,
            "n": options.n,
            "size": SIZES[options.ar],
            "quality": options.quality,
            "background": options.background,
        }
        if previews := self.settings.previews if options.n == 1 else 0:
            payload |= {"stream": True, "partial_images": previews}
        url = f"{self.settings.base_url}/images/{'edits' if request.references else 'generations'}"
        body = await _form(payload, request) if request.references else payload
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
                    raise self.rest.task_error(*(error_object({"error": spoken.error}) or ("", "")))
                if spoken.type.endswith(".partial_image") and spoken.b64_json:
                    yield Working(preview=decode(spoken.b64_json))
                elif spoken.type.endswith(".completed") and spoken.b64_json:
                    yield Finished((picture(spoken.b64_json),))
                    return
        raise http.lost("the stream ended without a picture", paying=True)

    async def check(self) -> None:
        """List the models, which is free."""
        await self.rest.check(f"{self.settings.base_url}/models", _Models)


async def _form(payload: Mapping[str, object], request: Request) -> FormData:
    form = FormData()
    for name, value in payload.items():
        form.add_field(name, str(value).lower() if isinstance(value, bool) else str(value))
    for number, reference in enumerate(request.references):
        ending = reference.media_type.removeprefix("image/")
        data = await reference.read()
        form.add_field("image[]", data, filename=f"{number}.{ending}", content_type=reference.media_type)
    return form


def _pictures(images: _Images) -> tuple[Picture, ...]:
    found = [
        picture(one.b64_json) if one.b64_json else linked(one.url or "")
        for one in images.data
        if one.b64_json or one.url
    ]
    if not found:
        raise GenerationFailedError(detail="an answer without pictures")
    return tuple(found)
