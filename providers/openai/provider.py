"""OpenAI Images behind the contract: generations, edits with references, and previews by server-sent events."""

import binascii
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar

from aiohttp import ClientSession, FormData
from pydantic import BaseModel, ValidationError

from providers import http
from providers.answering import AnsweringProvider
from providers.base import Capabilities, Finished, ImageRequest, Picture, ReferenceLimits, Working
from providers.errors import Failed, ProviderError
from providers.openai.options import SIZES, OpenAIOptions, OpenAISettings
from providers.options import offering
from providers.polling import PassingError
from providers.rest import Fault, Maker, Rest, busy, failed, invalid, operator, refused, unreadable

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


class OpenAI(AnsweringProvider[OpenAISettings, OpenAIOptions]):
    """OpenAI's image models."""

    title: ClassVar[str] = "OpenAI"
    Settings = OpenAISettings
    Options = OpenAIOptions

    def __init__(self, settings: OpenAISettings, session: ClientSession) -> None:
        super().__init__(settings, session)
        self.Options = offering(OpenAIOptions, model=settings.models)
        self.capabilities = Capabilities(
            prompt_length=32_000,
            pictures=10,
            references=ReferenceLimits(
                count=16,
                media_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
                size=20 << 20,
                side=4096,
                ratio=(1 / 4, 4),
            ),
            resumes=False,
            streams=settings.previews > 0,
        )
        headers = {"Authorization": f"Bearer {settings.api_key.get_secret_value()}"}
        self.rest = Rest(session, headers, read_error, TABLE, KEY)

    def model_name(self, options: OpenAIOptions) -> str:
        """The model's own name: "gpt-image-1"."""
        return options.model

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Generations without references, edits with them; one picture is streamed where previews are wanted."""
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
            images = await self.rest.call("POST", url, _Images, body, paying=True, timeout=self.patience)
            yield Finished(_pictures(images))
            return
        async with aclosing(self._streamed(url, body)) as events:
            async for event in events:
                yield event

    async def _streamed(
        self, url: str, payload: Mapping[str, object] | FormData
    ) -> AsyncGenerator[Working | Finished, None]:
        data = self.rest.body(payload) or b""
        streamed = http.stream(self.session, url, data=data, headers=self.rest.heads(payload), timeout=self.patience)
        async with aclosing(streamed) as parts:
            async for part in parts:
                if isinstance(part, http.Answer):
                    # An error, or a compatible service that doesn't stream.
                    yield Finished(_pictures(self.rest.understood(part, _Images, paying=True)))
                    return
                event = _event(part.data)
                if event.error is not None:
                    code, message = read_error({"error": event.error}) or ("", "")
                    raise self.rest.explain(Fault(200, code, message, paying=True))
                if event.type.endswith(".partial_image") and event.b64_json:
                    yield Working(preview=_decoded(event.b64_json))
                elif event.type.endswith(".completed") and event.b64_json:
                    yield Finished((Picture(data=_decoded(event.b64_json)),))
                    return
        raise http.lost("the stream ended without a picture", paying=True)

    async def check(self) -> None:
        """List the models, which is free."""
        try:
            await self.rest.call("GET", f"{self.settings.base_url}/models", _Models)
        except PassingError as error:
            raise error.error from error


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"error": {"message", "type", "param", "code"}}`; compatible services leave parts out."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not error:
        return None
    if not isinstance(error, dict):
        return "", str(error)
    return str(error.get("code") or error.get("type") or ""), str(error.get("message") or "")


async def _form(payload: Mapping[str, object], request: Request) -> FormData:
    form = FormData()
    for name, value in payload.items():
        form.add_field(name, str(value).lower() if isinstance(value, bool) else str(value))
    for number, reference in enumerate(request.references):
        ending = reference.media_type.removeprefix("image/")
        data = await reference.read()
        form.add_field("image[]", data, filename=f"{number}.{ending}", content_type=reference.media_type)
    return form


def _event(data: str) -> _Event:
    try:
        return _Event.model_validate_json(data) if data != "[DONE]" else _Event()
    except ValidationError as error:
        raise _lost(data) from error


def _lost(data: str) -> Exception:
    return unreadable(data, paying=True)


def _pictures(images: _Images) -> tuple[Picture, ...]:
    found = [
        Picture(data=_decoded(one.b64_json)) if one.b64_json else Picture(url=one.url)
        for one in images.data
        if one.b64_json or one.url
    ]
    if not found:
        raise _nothing()
    return tuple(found)


def _nothing() -> ProviderError:
    return Failed(detail="an answer without pictures")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise Failed(detail=f"a picture is not base64: {error}") from error
