"""The Jimeng provider: turns a request into a submit, and results into events."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from aiohttp import ClientSession

from providers.base import Capabilities, Event, Finished, ImageRequest, Picture, Queued, Working, is_ticket
from providers.base64_pictures import linked, picture
from providers.errors import (
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    ProviderBusyError,
    Sentence,
    TaskExpiredError,
)
from providers.jimeng.client import Client, Result
from providers.jimeng.models import MODELS, MOST_TOGETHER, UPSCALED, UPSCALER, JimengModel, known
from providers.jimeng.options import JimengOptions
from providers.jimeng.payload import fields, refuse_size, refuse_upscaling
from providers.jimeng.settings import JimengSettings
from providers.jimeng.sizes import LEAST_RATIO, MOST_RATIO
from providers.json_reader import read_json
from providers.model_rules import refuse_together
from providers.models import ModelTable
from providers.options import N_
from providers.polling import PassingError, PollingProvider, Sleep
from providers.unfetched import UnfetchedReferenceError, with_bytes

log = logging.getLogger(__name__)

MOST_INLINE_BYTES = 7 << 20
"""Reference pictures that fit, as base64, into a body of at most 10 MB."""
EMPTY_ANSWERS = 3
"""So many answers without pictures end a task that is done: now and then they come a little later."""
MOST_EMPTY_TASKS = 100
"""Of so many tasks the empty answers are counted: one may be given up, and looked at again, after the first."""
NOT_ACTIVATED, UNKNOWN_KEY = "50400 ", "50204 "
"""The beginning of the details of an error about a model that the account, or the service, doesn't have."""

Request = ImageRequest[JimengOptions]


class Jimeng(PollingProvider[JimengSettings, JimengOptions]):
    """Jimeng of Volcengine's visual API. `clock` and `sleep`: see `PollingProvider`."""

    title: ClassVar[str] = N_("Jimeng")
    Settings = JimengSettings
    Options = JimengOptions
    table = MODELS
    capabilities = Capabilities(pictures=MOST_TOGETHER, callbacks=True)

    def __init__(
        self,
        settings: JimengSettings,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(settings, session, clock=clock, sleep=sleep)
        self.client = Client(settings, session)
        self.rows = {
            name: row if name in MODELS else replace(row, req_key=name, editor=None) for name, row in self.rows.items()
        }
        self.upscaler = ModelTable([UPSCALER], UPSCALER).of([UPSCALER.name], settings.limits)[UPSCALER.name]
        self._empty: dict[str, int] = {}  # answers in a row without pictures, by ticket
        self._not_activated: set[str] = set()  # `req_key`s that the account was found not to have
        result = {"return_url": True, **_marks(settings)}
        # A result query takes this as JSON within JSON; a submit with a callback takes each part that way.
        self._req_json = json.dumps(result, ensure_ascii=False)
        self._marks_as_text = {
            key: value if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
            for key, value in result.items()
        }

    def model(self, options: JimengOptions) -> JimengModel:
        """The row of the model, also of one that is not set up any more: its paid tasks are still polled."""
        if options.size == UPSCALED:
            return self.upscaler
        row: JimengModel = self.rows.get(options.model) or known(options.model)
        return row

    def price(self, options: JimengOptions) -> Decimal | None:
        """See `Provider.price`. The upscaler has its own, if `prices` names it."""
        return self.settings.prices.get(self.model(options).name, self.settings.price)

    def enlarged(self, options: JimengOptions, size: tuple[int, int]) -> JimengOptions | None:
        """Options for the upscaler; without one for a remake at 4K, in the picture's shape."""
        if options.size in {"4k", UPSCALED}:
            return None
        if self.settings.upscaler and UPSCALER.req_key not in self._not_activated:
            if not LEAST_RATIO * size[1] <= size[0] <= MOST_RATIO * size[1]:
                return None
            # Variations of the larger picture need a model that takes it. An operator may have limited the sizes.
            rows = [row for row in (self.model(options), *self.rows.values()) if "size" not in row.choices]
            name = next((row.name for row in rows if row.references), rows[0].name if rows else None)
            # Each caption asks for this: what is known to be valid is not validated.
            chosen: JimengOptions | None = self.Options.model_construct(model=name, size=UPSCALED) if name else None
            return chosen
        name = next((row.name for row in (self.model(options), *self.rows.values()) if "4k" in row.sizes), None)
        return self.Options(ar=f"{size[0]}:{size[1]}", size="4k", scale=0, model=name) if name else None

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also checks the total of pictures, and the size of references without a URL."""
        super().validate(request)
        refuse_upscaling(request)
        model, pictures = self.model(request.options), request.options.n
        if pictures != "auto":
            refuse_together(model, len(request.references), pictures)
        refuse_size(model.working_with(len(request.references)), request.options)
        if not _by_url(request):
            _check_fit(sum(reference.size for reference in request.references))

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make `n` tasks of one picture each; with "auto" the model decides in one task."""
        if request.options.n == "auto":
            return (request,)
        return (request.with_options(n=1),) * request.options.n

    def most_pictures(self, request: Request) -> int:
        """With "auto" the service's total less the references."""
        return MOST_TOGETHER - len(request.references) if request.options.n == "auto" else request.options.n

    def imagine(self, request: Request, ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. A model that doesn't call back is polled as often as without a callback."""
        calls = self._called(request).calls_back
        return super().imagine(request if calls else replace(request, callback=None), ticket)

    def _called(self, request: Request) -> JimengModel:
        """The model that is called. It follows from what is stored of a request: a result query must name it again."""
        return self.model(request.options).working_with(len(request.references))

    async def submit(self, request: Request) -> str:
        """Submit one task. References go by URL when all have one, else inside the body; there also when the service
        has refused the task because it can't fetch them."""
        try:
            return await self._submit(request)
        except UnfetchedReferenceError as error:
            return await self._submit(with_bytes(request, error, MOST_INLINE_BYTES))
        except MisconfiguredError as error:
            await self._refuse_not_activated(request, error)
            raise

    async def _submit(self, request: Request) -> str:
        payload = fields(self._called(request), request)
        if request.callback:
            payload |= {"callback_url": request.callback.url, **self._marks_as_text}
        if not request.references:
            return await self.client.submit(payload)
        if _by_url(request):
            payload["image_urls"] = [reference.url for reference in request.references]
            return await self.client.submit(payload)
        pictures = [await reference.read() for reference in request.references]
        _check_fit(sum(map(len, pictures)))
        return await self.client.submit(payload, pictures)

    async def _refuse_not_activated(self, request: Request, error: MisconfiguredError) -> None:
        """Refuse a request whose model only the account doesn't have, as `InvalidRequestError`: others still work, and
        one person's choice must not pause them. Nothing was paid."""
        called, first = self._called(request), next(iter(self.rows.values()))
        if not error.detail.startswith(NOT_ACTIVATED) or called.req_key == first.req_key:
            return
        try:
            await self._probe(first.req_key)
        except (MisconfiguredError, ProviderBusyError):
            return
        self._not_activated.add(called.req_key)
        log.warning("the account has not activated %s; its requests are refused: %s", called.req_key, error.detail)
        if called.req_key == UPSCALER.req_key:
            words = Sentence("This bot's account has no upscaler. Tap “Larger” again, and I'll have it drawn anew.")
            raise InvalidRequestError(words, detail=error.detail) from error
        values = {"model": called.called, "other": first.name}
        words = Sentence("{model} isn't set up for this bot's account. Use --model {other}.", values)
        raise InvalidRequestError(words, detail=error.detail) from error

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """One result query, read as an event."""
        result = await self.client.result(self._called(request).req_key, ticket, self._req_json)
        match result.status:
            case "in_queue":
                return Queued()
            case "done":
                return Finished(self._pictures(result, ticket))
            case "not_found" | "expired":
                raise TaskExpiredError(detail=f"task {ticket}: {result.status}")
            case _:  # "generating", or a state that is not documented: a paid task is not given up for that
                return Working()

    def _pictures(self, result: Result, ticket: str) -> tuple[Picture, ...]:
        """The pictures of a finished task: at least one. Raises `PassingError`, then `GenerationFailedError`."""
        pictures = [linked(url) for url in result.image_urls or () if url]
        pictures = pictures or [picture(text) for text in result.binary_data_base64 or () if text]
        if not pictures:
            raise self._without_pictures(ticket)
        self._empty.pop(ticket, None)
        return tuple(pictures)

    def _without_pictures(self, ticket: str) -> Exception:
        error = GenerationFailedError(detail="the task is done and has no pictures")
        answers = self._empty.pop(ticket, 0) + 1
        if answers >= EMPTY_ANSWERS:
            return error
        self._empty[ticket] = answers
        if len(self._empty) > MOST_EMPTY_TASKS:
            del self._empty[next(iter(self._empty))]
        return PassingError(error)

    def called_back(self, body: bytes) -> str | None:
        """The `task_id` of the body. The service calls at the end of a task, successful or failed."""
        spoken = read_json(body)
        if not isinstance(spoken, dict):
            raise ValueError("not an object")  # noqa: TRY004 - wrong input, not a wrong type in the code
        ticket: str | None = spoken.get("task_id")
        if ticket is not None and not is_ticket(ticket):
            raise ValueError("task_id is no ticket")
        return ticket

    async def _probe(self, req_key: str) -> None:
        """Query a task that doesn't exist. Raises `MisconfiguredError` or `ProviderBusyError`."""
        try:
            await self.client.result(req_key, "1", self._req_json)
        except PassingError as error:
            raise ProviderBusyError(detail=error.error.detail) from error
        except InvalidRequestError as error:
            if error.detail.startswith(UNKNOWN_KEY):
                raise MisconfiguredError(f"the service doesn't know {req_key}", detail=error.detail) from error
        except GenerationFailedError:
            return

    async def check(self) -> None:
        """Query a task that doesn't exist, of each model: an answer about the task proves key, signature and
        permission."""
        faults: dict[str, MisconfiguredError] = {}
        rows = [*self.rows.values(), *([self.upscaler] if self.settings.upscaler else [])]
        keys = [key for row in rows for key in row.all_keys]
        for key in keys:
            try:
                await self._probe(key)
            except MisconfiguredError as error:
                if not error.detail.startswith((NOT_ACTIVATED, UNKNOWN_KEY)):
                    raise
                faults[key] = error
        if len(faults) == len(keys):
            raise next(iter(faults.values()))
        if faults:
            raise MisconfiguredError(
                f"this account can't use {', '.join(faults)}: activate them in the Volcengine console, or leave them "
                "out of providers.jimeng.models (the upscaler: upscaler = false)",
                detail="; ".join(error.detail for error in faults.values()),
            )


def _marks(settings: JimengSettings) -> dict[str, object]:
    """The marks to put on the pictures."""
    return settings.model_dump(include={"logo_info", "aigc_meta"}, exclude_none=True, mode="json")


def _by_url(request: Request) -> bool:
    return all(reference.url for reference in request.references)


def _check_fit(size: int) -> None:
    """Raise `InvalidRequestError` when references of `size` bytes in total don't fit into a body."""
    if size > MOST_INLINE_BYTES:
        values = {"size": f"{size / 2**20:.1f}", "most": MOST_INLINE_BYTES >> 20}
        raise InvalidRequestError(
            Sentence(
                "The reference pictures are {size} MB together; at most {most} MB can be sent along. Send fewer or "
                "smaller ones. (Whoever runs this bot can lift this limit by setting web.public_url.)",
                values,
            )
        )
