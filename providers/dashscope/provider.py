"""The DashScope provider: submits tasks and polls them; some models answer with the picture instead."""

import logging
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import ClassVar
from urllib.parse import quote

from aiohttp import ClientTimeout

from providers import http
from providers.base import Accepted, Capabilities, Event, Finished, ImageRequest, Picture, Queued, Working, is_ticket
from providers.dashscope.answers import Answer, ModelsAnswer, Nothing, Result, TaskAnswer, TaskOutput
from providers.dashscope.errors import (
    CHECK_TABLE,
    KEY,
    SUBMIT_TABLE,
    TABLE,
    NoTasksError,
    UnknownModelError,
    read_error,
)
from providers.dashscope.models import MODELS, DashScopeModel
from providers.dashscope.options import DashScopeOptions, DashScopeSettings
from providers.dashscope.payload import payload, refuse_size, tier
from providers.errors import GenerationFailedError, InvalidRequestError, MisconfiguredError, TaskExpiredError
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, bearer
from providers.models import today
from providers.polling import PassingError, PollingProvider
from providers.unfetched import UnfetchedReferenceError, with_bytes

log = logging.getLogger(__name__)

AT_ONCE = "/services/aigc/multimodal-generation/generation"
AS_TASK = "/services/aigc/image-generation/generation"
FROM_TEXT = "/services/aigc/text2image/image-synthesis"
MOST_INLINE_BYTES = 20 << 20
"""References that are sent as base64 within a body."""
_KEPT = "kept:"
"""Begins the ticket of a picture that stays in memory."""
_NEARLY = 0.8
"""A picture with this part of the pixels is not worth another payment."""

Request = ImageRequest[DashScopeOptions]


class DashScope(PollingProvider[DashScopeSettings, DashScopeOptions]):
    """Qwen Image and Wan.

    A model without tasks answers with the address of its picture. That address is the ticket: with it the picture is
    found again, as long as the service keeps it (24 hours). An answer that is lost on the way is `OutcomeUnknownError`.
    """

    title: ClassVar[str] = "DashScope"
    Settings = DashScopeSettings
    Options = DashScopeOptions
    table = MODELS
    capabilities = Capabilities(pictures=4)

    @cached_property
    def _without_tasks(self) -> set[tuple[str, bool]]:
        """The models that were found to make no tasks, each without or with references."""
        return set()

    @cached_property
    def _kept(self) -> dict[str, Picture]:
        """Pictures that were made at once, and whose address is no ticket."""
        return {}

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), read_error, TABLE, KEY)

    @cached_property
    def submitting(self) -> Rest:
        """The calls with the header that makes the service create a task."""
        return replace(self.rest, headers={**self.rest.headers, "X-DashScope-Async": "enable"}, table=SUBMIT_TABLE)

    def model(self, options: DashScopeOptions) -> DashScopeModel:
        """See `Provider.model`."""
        name = options.model
        row: DashScopeModel = self.rows[name] if name in self.rows else MODELS.of([name], {})[name]
        return row

    def enlarged(self, options: DashScopeOptions, size: tuple[int, int]) -> DashScopeOptions | None:
        """Options for the model's largest tier, or for that of another model where it is larger."""
        row = self.model(options)
        now = size[0] * size[1] / _NEARLY if options.size is None else row.areas[tier(row, options)]
        larger = [
            one
            for one in self.rows.values()
            if one.references and not one.has_ended(today()) and one.areas[one.largest] > now
        ]
        if not larger:
            return None
        same = [one for one in larger if one.name == options.model]
        chosen = same[0] if same else max(larger, key=lambda one: one.areas[one.largest])
        return self.Options.model_validate({"size": chosen.largest or None, "model": chosen.name})

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also checks the size of an edit."""
        super().validate(request)
        refuse_size(self.model(request.options), request)

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make one task for each picture: some models make one picture at a time."""
        return (request.with_options(n=1),) * request.options.n

    async def imagine(self, request: Request, ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. A picture that is made at once needs no poll."""
        if ticket is None and not self._makes_tasks(self.model(request.options), request):
            ticket = await self.submit(request)
            yield Accepted(ticket)
            yield self._made(ticket)
            return
        async with aclosing(super().imagine(request, ticket)) as events:
            async for event in events:
                yield event

    async def submit(self, request: Request) -> str:
        """Submit a task, or make the picture at once. References that the service can't fetch are sent once more as
        bytes: it has refused the first request as a whole."""
        try:
            return await self._submit(request)
        except UnfetchedReferenceError as error:
            return await self._submit(with_bytes(request, error, MOST_INLINE_BYTES))

    async def _submit(self, request: Request) -> str:
        row = self.model(request.options)
        marks, extend = self.settings.watermark, self.settings.prompt_extend
        body = await payload(row, request, watermark=marks, prompt_extend=extend)
        if self._makes_tasks(row, request):
            try:
                return await self._submit_task(row, body)
            except NoTasksError as error:
                if row.protocol == "text":
                    raise
                # The service took nothing.
                log.warning("%s makes no tasks; asking for the picture at once: %s", row.name, error.detail)
                self._without_tasks.add((row.name, bool(request.references)))
        return await self._make(body)

    def _makes_tasks(self, row: DashScopeModel, request: Request) -> bool:
        return row.tasks and (row.name, bool(request.references)) not in self._without_tasks

    async def _submit_task(self, row: DashScopeModel, body: Mapping[str, object]) -> str:
        timeout = http.SUBMIT_TIMEOUT
        answer = await self.submitting.call("POST", self._url(row), TaskAnswer, body, paying=True, timeout=timeout)
        return answer.output.task_id

    async def _make(self, body: Mapping[str, object]) -> str:
        """Wait for the picture. Returns its address as the ticket."""
        timeout = ClientTimeout(total=self.settings.time_limit, connect=10)
        url = f"{self.settings.endpoint}{AT_ONCE}"
        rest = replace(self.rest, most=MOST_BYTES_OF_PICTURES)  # some answer with the picture's bytes
        output = (await rest.call("POST", url, Answer, body, paying=True, timeout=timeout)).output
        if not output.pictures:
            raise GenerationFailedError(detail="an answer without pictures")
        picture = output.pictures[0]
        if picture.url and is_ticket(picture.url):
            return picture.url
        ticket = f"{_KEPT}{uuid.uuid4()}"
        self._kept[ticket] = picture
        return ticket

    def _url(self, row: DashScopeModel) -> str:
        if row.protocol == "text":
            return f"{self.settings.endpoint}{FROM_TEXT}"
        return f"{self.settings.endpoint}{AS_TASK if row.tasks else AT_ONCE}"

    def _made(self, ticket: str) -> Finished:
        """The picture that was made at once. Raises `TaskExpiredError`."""
        if ticket.startswith(_KEPT) and ticket not in self._kept:
            raise TaskExpiredError(detail=f"{ticket} was in memory only")
        return Finished((self._kept.pop(ticket, Picture(url=ticket)),))

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the state. A successful answer can contain a failure (`output.code`)."""
        if _is_made(ticket):
            return self._made(ticket)
        output = (await self.rest.call("GET", self._task(ticket), TaskAnswer)).output
        match output.task_status:
            case "PENDING":
                return Queued()
            case "SUCCEEDED":
                return Finished(self._pictures(output))
            case "FAILED":
                raise self.rest.task_error(str(output.code or ""), str(output.message or ""))
            case "CANCELED":
                raise GenerationFailedError(detail=f"task {ticket} was cancelled", paid=False)
            case "UNKNOWN":
                raise TaskExpiredError(detail=f"task {ticket} is not known")
            case _:
                return Working()

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task that still waits."""
        return not _is_made(ticket) and await self.rest.is_done("POST", f"{self._task(ticket)}/cancel", Nothing)

    def _task(self, ticket: str) -> str:
        return f"{self.settings.endpoint}/tasks/{ticket}"

    def _pictures(self, output: TaskOutput) -> tuple[Picture, ...]:
        if output.pictures:
            return output.pictures
        first = output.results[0] if output.results else Result()
        raise self.rest.task_error(str(first.code or ""), str(first.message or ""))

    async def check(self) -> None:
        """Ask for each model: in the service's list and, where it isn't there, without a prompt."""
        asked = [row for row in self.rows.values() if not row.has_ended(today())]
        if unknown := [row.name for row in asked if not (await self._lists(row) or await self._knows(row))]:
            raise MisconfiguredError(
                f"the account can't use {', '.join(unknown)}: activate them in the Model Studio console (百炼), "
                "or leave them out of providers.dashscope.models"
            )

    async def _lists(self, row: DashScopeModel) -> bool:
        url = f"{self.settings.endpoint}/models?model={quote(row.name, safe='')}&page_no=1&page_size=1"
        try:
            return bool((await self.rest.call("GET", url, ModelsAnswer)).output.models)
        except (PassingError, TaskExpiredError, InvalidRequestError):
            return False

    async def _knows(self, row: DashScopeModel) -> bool:
        """Whether the service refuses the lack of a prompt, and not the model."""
        asking = replace(self.submitting if row.tasks else self.rest, table=CHECK_TABLE)
        try:
            await asking.check(self._url(row), Nothing, InvalidRequestError, payload={"model": row.name})
        except UnknownModelError:
            return False
        return True


def _is_made(ticket: str) -> bool:
    """Whether a ticket stands for a picture and no task."""
    return ticket.startswith((_KEPT, "https://", "http://"))
