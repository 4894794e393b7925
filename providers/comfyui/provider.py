"""The ComfyUI provider: fills workflows in, queues them, and follows them by queue, history and websocket."""

import asyncio
import hashlib
import logging
import random
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, cast
from urllib.parse import quote
from uuid import uuid4

from aiohttp import ClientSession, FormData

from providers import http
from providers.base import Capabilities, Event, Finished, ImageRequest, Picture, Queued, Reference, Working
from providers.comfyui import answers
from providers.comfyui.listener import Listener
from providers.comfyui.models import ComfyUIModel, table_of
from providers.comfyui.nodes import NodeInfo, faults
from providers.comfyui.options import ComfyUIOptions, ComfyUISettings
from providers.comfyui.sizes import size_of
from providers.errors import (
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
    TaskExpiredError,
)
from providers.faults import Fault, invalid
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, bearer
from providers.model_rules import offering
from providers.models import widest
from providers.options import N_
from providers.polling import PassingError, PollingProvider, Sleep

log = logging.getLogger(__name__)

KEY = "a login stands before ComfyUI: set its token as providers.comfyui.token"
FOLDER = "imagine-bot"
MOST_SEED = 2**31 - 1
_INTERRUPTS_ONE = (0, 3, 60)
"""The version since which ComfyUI interrupts one task. Earlier ones stop whatever runs, perhaps somebody else's."""
_BROKEN = Sentence(
    "The workflow {model} doesn't work on this image server. Use another --model, and tell whoever runs this bot."
)

Request = ImageRequest[ComfyUIOptions]


class ComfyUI(PollingProvider[ComfyUISettings, ComfyUIOptions]):
    """Workflows on a ComfyUI server. Nothing is paid there."""

    title: ClassVar[str] = "ComfyUI"
    Settings = ComfyUISettings
    Options = ComfyUIOptions
    capabilities = Capabilities(pictures=4, cancels=True, streams=True)

    def __init__(
        self,
        settings: ComfyUISettings,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(settings, session, clock=clock, sleep=sleep)
        names = tuple(settings.workflows)
        table = table_of(settings.workflows)
        self.rows = table.of(names, settings.limits)
        self.capabilities = replace(self.capabilities, **widest(self.rows.values(), self.capabilities))
        self.Options = offering(ComfyUIOptions, names, table, self.rows)

    @cached_property
    def rest(self) -> Rest:
        """The server's calls. Its queue holds all workflows that wait."""
        read = partial(answers.read_error, None)
        return Rest(self.session, self._headers, read, {}, KEY, most=MOST_BYTES_OF_PICTURES)

    def enlarged(self, options: ComfyUIOptions, size: tuple[int, int]) -> ComfyUIOptions | None:
        """Options for the workflow that enlarges, where the operator has one."""
        larger = self.settings.larger
        return self.Options.model_validate({"model": larger}) if larger and options.model != larger else None

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also refuses fewer references than the workflow needs."""
        super().validate(request)
        row, count = self._row(request.options), len(request.references)
        if row.references and count < row.references.count:
            raise InvalidRequestError(_too_few(row, count, self.rows))

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make one task for each picture, with a seed of its own; fewer where the workflow makes several."""
        options = request.options
        tasks = -(-options.n // self._row(options).pictures)
        seeds = [None if options.seed is None else (options.seed + number) % MOST_SEED for number in range(tasks)]
        return tuple(request.with_options(n=1, seed=seed) for seed in seeds)

    def most_pictures(self, request: Request) -> int:
        """As many as the workflow makes; of one that was removed meanwhile that is not known."""
        row = self.rows.get(request.options.model)
        return row.pictures if row else self.capabilities.pictures

    async def imagine(self, request: Request, ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. While it is drawn a websocket brings progress and previews.

        A task gets its id from the bot, as ComfyUI allows: the websocket of a resumed one is known by it.
        """
        listener = Listener(self.session, self.settings.endpoint, self._headers, ticket or str(uuid4()))
        watched = replace(request, callback=listener)
        async with aclosing(listener), aclosing(super().imagine(watched, ticket)) as events:
            async for event in events:
                yield event

    async def submit(self, request: Request) -> str:
        """Upload the references, fill in the workflow, and queue it. A lost answer is looked for in the queue."""
        listener = cast("Listener", request.callback)
        row, options = self._row(request.options), request.options
        seed = random.randrange(MOST_SEED) if options.seed is None else options.seed  # noqa: S311 - no secret
        payload = {
            "prompt": row.workflow.filled(await self._values(request, row, seed)),
            "prompt_id": listener.client,
            "client_id": listener.client,
            "extra_data": {answers.OURS: {"seed": seed}} if row.workflow.has("seed") else {},
        }
        listener.listen()
        rest = replace(
            self.rest,
            read=partial(answers.read_error, row.workflow),
            table={answers.VALUE: invalid(), answers.WORKFLOW: partial(self._broken, row)},
        )
        url = f"{self.settings.endpoint}/prompt"
        try:
            made = await rest.call("POST", url, answers.Made, payload, paying=True, timeout=http.SUBMIT_TIMEOUT)
        except OutcomeUnknownError:
            if await self._is_known(listener.client):
                return listener.client
            raise
        return made.prompt_id

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Look into the queue, then into the history: a task moves from one to the other, and never back."""
        listener = cast("Listener", request.callback)
        queue = await self._queue()
        if queue.runs(ticket):
            listener.listen()
            return listener.seen
        if position := queue.position(ticket):
            return Queued(position)
        entry = await self._entry(ticket)
        if entry is None:
            raise TaskExpiredError(detail=f"ComfyUI knows nothing of {ticket}: was it restarted?", paid=False)
        if entry.error:
            raise entry.error
        return Finished(tuple([await self._picture(query, entry.seed) for query in entry.pictures]))

    async def cancel(self, ticket: str) -> bool:
        """Take a task out of the queue, or interrupt it; never another one."""
        url = f"{self.settings.endpoint}/api/jobs/{quote(ticket, safe='')}/cancel"
        try:
            return (await self.rest.call("POST", url, answers.Cancelled, {})).cancelled
        except MisconfiguredError:
            return await self._cancel_in_queue(ticket)  # older servers have no such address
        except (ProviderError, PassingError):
            return False

    async def check(self) -> None:
        """Ask whether the server is there, and has all nodes and files that the workflows name."""
        endpoint = self.settings.endpoint
        await self.rest.query(f"{endpoint}/system_stats", answers.Stats)
        classes = {body["class_type"] for row in self.rows.values() for body in row.workflow.nodes.values()}
        infos: dict[str, Any] = {}
        for name in sorted(classes):
            infos |= (await self.rest.query(f"{endpoint}/object_info/{quote(name, safe='')}", NodeInfo)).root
        found = [fault for name, row in self.rows.items() for fault in faults(name, row.workflow, infos)]
        if found:
            raise MisconfiguredError("; ".join(found))

    @property
    def _headers(self) -> dict[str, str]:
        return bearer(self.settings.token) if self.settings.token else {}

    def _row(self, options: ComfyUIOptions) -> ComfyUIModel:
        row: ComfyUIModel = self.rows[options.model]
        return row

    async def _values(self, request: Request, row: ComfyUIModel, seed: int) -> dict[str, str | int]:
        """The values of the placeholders."""
        options, first = request.options, next(iter(request.references), None)
        width, height = size_of(row.workflow, options.ar, (first.width, first.height) if first else None)
        values: dict[str, str | int] = {"prompt": request.prompt, "seed": seed, "width": width, "height": height}
        values |= {"negative": options.avoid} if options.avoid else {}
        for number, reference in enumerate(request.references, 1):
            values[f"reference_{number}"] = await self._upload(reference)
        return values

    async def _upload(self, reference: Reference) -> str:
        """Upload a reference; return the name by which a node loads it. ComfyUI empties this folder at its start."""
        data = await reference.read()
        name = f"{hashlib.sha256(data).hexdigest()[:32]}.{reference.media_type.removeprefix('image/')}"
        form = FormData({"type": "temp", "subfolder": FOLDER})
        form.add_field("image", data, filename=name, content_type=reference.media_type)
        url = f"{self.settings.endpoint}/upload/image"
        try:
            return (await self.rest.call("POST", url, answers.Uploaded, form, timeout=http.SUBMIT_TIMEOUT)).value
        except (PassingError, TaskExpiredError) as error:
            raise ProviderUnavailableError(detail=f"a reference was not uploaded: {error}") from error

    def _broken(self, row: ComfyUIModel, fault: Fault) -> ProviderError:
        """A workflow that the server refuses. With others beside it, only those who chose it are told."""
        log.error('ComfyUI refuses workflow "%s": %s', row.name, fault.message)
        if len(self.rows) > 1:
            return InvalidRequestError(Sentence(_BROKEN.template, {"model": row.name}), detail=fault.detail)
        return MisconfiguredError(f'ComfyUI refuses workflow "{row.name}": {fault.message}', detail=fault.detail)

    async def _is_known(self, ticket: str) -> bool:
        """Whether a task whose acceptance was lost is there."""
        try:
            queue = await self._queue()
            return queue.runs(ticket) or bool(queue.position(ticket)) or await self._entry(ticket) is not None
        except (ProviderError, PassingError):
            return False

    async def _queue(self) -> answers.Queue:
        return await self.rest.call("GET", f"{self.settings.endpoint}/queue", answers.Queue)

    async def _entry(self, ticket: str) -> answers.Entry | None:
        url = f"{self.settings.endpoint}/history/{quote(ticket, safe='')}"
        return (await self.rest.call("GET", url, answers.History)).root.get(ticket)

    async def _picture(self, query: str, seed: int | None) -> Picture:
        """A picture at its address, or its bytes where a login stands before it."""
        url = f"{self.settings.endpoint}/view?{query}"
        if not self._headers:
            return Picture(url=url, seed=seed)
        most = MOST_BYTES_OF_PICTURES
        got = await http.call(self.session, "GET", url, paying=False, headers=self._headers, most=most)
        if got.status != 200:
            raise GenerationFailedError(detail=f"HTTP {got.status} for {query}", paid=False)
        return Picture(data=got.body, seed=seed)

    async def _cancel_in_queue(self, ticket: str) -> bool:
        """Cancel by the calls of older servers."""
        try:
            queue = await self._queue()
            waited = queue.position(ticket) is not None
            if waited:
                await self._post("queue", {"delete": [ticket]})
                queue = await self._queue()
            if queue.runs(ticket):
                return await self._interrupts_one() and await self._post("interrupt", {"prompt_id": ticket})
            return waited and queue.position(ticket) is None and await self._entry(ticket) is None
        except (ProviderError, PassingError):
            return False

    async def _interrupts_one(self) -> bool:
        stats = await self.rest.call("GET", f"{self.settings.endpoint}/system_stats", answers.Stats)
        found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", stats.system.comfyui_version)
        return found is not None and tuple(map(int, found.groups())) >= _INTERRUPTS_ONE

    async def _post(self, path: str, payload: Mapping[str, object]) -> bool:
        """A call that is answered without words. Returns whether it was taken."""
        data, url = self.rest.body(payload), f"{self.settings.endpoint}/{path}"
        got = await http.call(
            self.session, "POST", url, paying=False, data=data, headers=self.rest.headers_for(payload)
        )
        return got.status == 200


def _too_few(row: ComfyUIModel, count: int, rows: Mapping[str, ComfyUIModel]) -> Sentence:
    """The sentence about references that are missing."""
    needed = row.references.count if row.references else 0
    values: dict[str, object] = {"model": row.called, "needed": needed, "count": count}
    fitting = [name for name, one in rows.items() if (one.references.count if one.references else 0) == count]
    if fitting:
        words = N_(
            "{model} needs {needed} pictures as references, and got {count}. "
            "Send them with your words, or use --model {other}."
        )
        return Sentence(words, {**values, "other": fitting[0]})
    return Sentence(
        "{model} needs {needed} pictures as references, and got {count}. Send them with your words.", values
    )
