"""The OpenRouter provider: chat completions that answer with pictures."""

import logging
from collections.abc import AsyncGenerator
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Working
from providers.base64_pictures import linked
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    NoCreditError,
    ProviderError,
    Sentence,
)
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, address, bearer
from providers.models import NEAR_END, today
from providers.openrouter.errors import KEY, TABLE, read_error
from providers.openrouter.models import MODELS, OpenRouterModel
from providers.openrouter.options import OpenRouterOptions, OpenRouterSettings
from providers.options import nearest_shape
from providers.synchronous import SynchronousProvider
from providers.unfetched import UnfetchedReferenceError, with_bytes
from providers.wire import Items, WireModel

log = logging.getLogger(__name__)

_ONLY_WORDS = Sentence(
    "The service answered with words instead of a picture. Please say more clearly what it should show."
)
_NO_IMAGE = Sentence("The service made no picture from this. Please say more clearly what it should show.")

Request = ImageRequest[OpenRouterOptions]


# Any type where one that is not as documented must not lose a paid picture.


class _Image(WireModel):
    image_url: Any = None

    @property
    def url(self) -> str:
        """Its address, or a data URI."""
        url = self.image_url.get("url") if isinstance(self.image_url, dict) else self.image_url
        return url if isinstance(url, str) else ""


class _Message(WireModel):
    content: Any = None
    refusal: Any = None
    images: Items[_Image] = Field([])


class _Choice(WireModel):
    finish_reason: Any = ""
    native_finish_reason: Any = ""
    message: _Message = _Message()


class _Answer(WireModel):
    choices: Items[_Choice]
    usage: Any = None

    @property
    def cost(self) -> float | None:
        """The charge, where it is told."""
        cost = self.usage.get("cost") if isinstance(self.usage, dict) else None
        return cost if isinstance(cost, (int, float)) else None


class _Model(WireModel):
    id: str
    expiration_date: str | None = None


class _Models(WireModel):
    data: Items[_Model]


class _KeyData(WireModel):
    limit_remaining: float | None = None


class _Key(WireModel):
    data: _KeyData


class OpenRouter(SynchronousProvider[OpenRouterSettings, OpenRouterOptions]):
    """The image models of OpenRouter."""

    title: ClassVar[str] = "OpenRouter"
    Settings = OpenRouterSettings
    Options = OpenRouterOptions
    table = MODELS
    capabilities = Capabilities(pictures=4, resumes=False)
    names_references = False

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), read_error, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model_name(self, options: OpenRouterOptions) -> str:
        """The model's title, or its name without its maker: "recraft-v4"."""
        row = self.rows.get(options.model)
        return (row.title if row else "") or options.model.rpartition("/")[2]

    def enlarged(self, options: OpenRouterOptions, size: tuple[int, int]) -> OpenRouterOptions | None:
        """Options for 4K, by another model where this one can't, in the shape nearest to the picture's."""
        rows = (self.model(options), *self.rows.values())
        able = next((row for row in rows if "4k" in row.choices.get("size", ()) and not row.has_ended(today())), None)
        if able is None or options.size == "4k":
            return None
        ar = nearest_shape(able.choices.get("ar", ()), size)
        return self.Options.model_validate({"ar": ar, "size": "4k", "model": able.name})

    def split(self, request: Request) -> tuple[Request, ...]:
        """One picture a call."""
        return (request.with_options(n=1),) * request.options.n

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Ask for one picture. References that can't be fetched by their addresses are sent once more as bytes."""
        try:
            answer = await self._ask(request)
        except UnfetchedReferenceError as error:
            answer = await self._ask(with_bytes(request, error))
        yield Finished(_pictures(answer))

    async def check(self) -> None:
        """Query the key and the catalogue. Both are free."""
        key = await self.rest.query(f"{self.settings.endpoint}/key", _Key)
        if key.data.limit_remaining is not None and key.data.limit_remaining <= 0:
            raise NoCreditError("the key's limit is used up: raise it at openrouter.ai/keys")
        models = await self.rest.query(f"{self.settings.endpoint}/models?output_modalities=image", _Models)
        offered = {one.id: one for one in models.data}
        # A variant such as ":free" is in the catalogue under its own name, or under the model's.
        unknown = [name for name in self.rows if name not in offered and name.partition(":")[0] not in offered]
        if unknown:
            raise MisconfiguredError(
                f"OpenRouter has no image model {', '.join(unknown)}: check providers.openrouter.models"
            )
        for name in self.rows:
            if name in offered:
                _warn(offered[name])

    async def _ask(self, request: Request) -> _Answer:
        url = f"{self.settings.endpoint}/chat/completions"
        payload = await payload_of(request, self.rows[request.options.model])
        return await self.rest.call("POST", url, _Answer, payload, paying=True, timeout=self.answer_timeout)


async def payload_of(request: Request, row: OpenRouterModel) -> dict[str, object]:
    """The body of a chat completion that asks for one picture."""
    options = request.options
    parts: list[dict[str, object]] = [{"type": "text", "text": request.prompt}]
    parts += [{"type": "image_url", "image_url": {"url": await address(one)}} for one in request.references]
    shape: str = options.ar
    if shape == "auto" and request.references and not row.keeps_shape and row.choices.get("ar"):
        first = request.references[0]
        shape = nearest_shape(row.choices["ar"], (first.width, first.height))
    config = {"aspect_ratio": shape} if shape != "auto" else {}
    config |= {"image_size": options.size.upper()} if options.size != "auto" else {}
    return {
        "model": options.model,
        "messages": [{"role": "user", "content": parts}],
        "modalities": row.modalities,
        **({"image_config": config} if config else {}),
    }


def _pictures(answer: _Answer) -> tuple[Picture, ...]:
    urls = [image.url for choice in answer.choices for image in choice.message.images]
    found = tuple(linked(url) for url in urls if url)
    if found:
        return found
    if not answer.choices:
        raise http.lost("an answer without choices", paying=True)
    error = _why(answer.choices[0])
    # The answer tells what was charged for it; words cost tokens.
    error.paid = None if answer.cost is None else answer.cost > 0
    raise error


def _why(choice: _Choice) -> ProviderError:
    """The error for an answer without a picture."""
    reason = f"no picture: {choice.finish_reason} {choice.native_finish_reason}"
    if choice.finish_reason == "content_filter":
        return ContentRefusedError("result" if "IMAGE" in reason else "prompt", detail=reason)
    if choice.message.refusal:
        return ContentRefusedError("prompt", detail=f"refusal: {choice.message.refusal}")
    if choice.finish_reason == "error":
        return GenerationFailedError(detail=reason)
    return InvalidRequestError(_ONLY_WORDS if choice.message.content else _NO_IMAGE, detail=reason)


def _warn(model: _Model) -> None:
    """Log that a model will be shut down soon."""
    try:
        ends = date.fromisoformat((model.expiration_date or "")[:10])
    except ValueError:
        return
    if ends <= today() + NEAR_END:
        log.warning("OpenRouter will shut %s down on %s", model.id, ends)
