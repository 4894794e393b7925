"""The Ark provider (Seedream): one answer for one picture, a stream of results for a set."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel

from providers import http
from providers.ark.errors import CHECK_TABLE, KEY, TABLE, UnknownModelError
from providers.ark.models import MODELS, MOST_TOGETHER, TIERS, ArkModel
from providers.ark.options import ArkOptions, ArkSettings
from providers.ark.payload import payload, tier
from providers.base import Capabilities, Finished, ImageRequest, Working
from providers.base64_pictures import linked, picture
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    ProviderError,
    Sentence,
)
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, bearer, error_object, event
from providers.missing import missing
from providers.model_rules import refuse_together
from providers.models import today
from providers.synchronous import SynchronousProvider
from providers.unfetched import UnfetchedReferenceError, with_bytes
from providers.wire import Items, WireModel

MOST_INLINE_BYTES = 40 << 20
"""References that fit, as base64, into a body of at most 64 MB."""

Request = ImageRequest[ArkOptions]


class _Item(WireModel):
    url: str | None = None
    b64_json: str | None = None
    error: Any = None  # another type than the documented one must not lose the paid pictures


class _Images(WireModel):
    data: Items[_Item]


class _Event(_Item):
    type: str = ""


class _Nothing(BaseModel):
    pass


class Ark(SynchronousProvider[ArkSettings, ArkOptions]):
    """Seedream."""

    title: ClassVar[str] = "Seedream"
    Settings = ArkSettings
    Options = ArkOptions
    table = MODELS
    capabilities = Capabilities(pictures=MOST_TOGETHER, resumes=False)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), error_object, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model(self, options: ArkOptions) -> ArkModel:
        """See `Provider.model`."""
        name = options.model
        row: ArkModel = self.rows[name] if name in self.rows else MODELS.of([name], {})[name]
        return row

    def enlarged(self, options: ArkOptions, size: tuple[int, int]) -> ArkOptions | None:
        """Options for the model's largest tier, or for that of another model where it is larger."""
        now = TIERS[tier(self.model(options), options)]
        larger = [row for row in self.rows.values() if TIERS[row.largest] > now and not row.has_ended(today())]
        if not larger:
            return None
        same = [row for row in larger if row.name == options.model]
        chosen = same[0] if same else max(larger, key=lambda row: TIERS[row.largest])
        return self.Options.model_validate({"size": chosen.largest, "model": chosen.name})

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also checks the series, and the total of pictures."""
        super().validate(request)
        row, count = self.model(request.options), request.options.set
        if count > row.series:
            values = {"model": row.called, "most": row.series}
            raise InvalidRequestError(Sentence("{model} makes series of at most {most} pictures.", values))
        refuse_together(row, len(request.references), count)

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
        body = await payload(self.model(request.options), request, watermark=self.settings.watermark)
        if most == 1:
            images = await self.rest.call("POST", url, _Images, body, paying=True, timeout=self.answer_timeout)
            yield self._finished(images.data)
            return
        async with aclosing(self._streamed(url, body, most)) as events:
            async for event in events:
                yield event

    async def _streamed(
        self, url: str, body: Mapping[str, object], most: int
    ) -> AsyncGenerator[Working | Finished, None]:
        """The events of a set. Pictures that came before the stream broke off or ended with an error are kept."""
        items: list[_Item] = []
        data, heads = self.rest.body(body) or b"", self.rest.headers_for(body)
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
        """Ask each model without a prompt: its refusal for that proves the key and the model."""
        asked = [name for name, row in self.rows.items() if not row.has_ended(today())]
        if unknown := [name for name in asked if not await self._knows(name)]:
            raise MisconfiguredError(
                f"the account can't use {', '.join(unknown)}: activate them in the Ark console (开通管理), or "
                "leave them out of providers.ark.models"
            )

    async def _knows(self, model: str) -> bool:
        asking = replace(self.rest, table=CHECK_TABLE)
        url = f"{self.settings.endpoint}/images/generations"
        try:
            await asking.check(url, _Nothing, InvalidRequestError, payload={"model": model})
        except UnknownModelError:
            return False
        return True
