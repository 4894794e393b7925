"""The Jimeng provider: turns a request into a submit, and results into events."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from aiohttp import ClientSession

from providers.base import (
    Capabilities,
    Finished,
    ImageRequest,
    Picture,
    Queued,
    ReferenceLimits,
    Working,
    is_ticket,
)
from providers.base64_pictures import linked, picture
from providers.errors import GenerationFailedError, InvalidRequestError, ProviderBusyError, Sentence, TaskExpiredError
from providers.jimeng.client import Client, Result
from providers.jimeng.models import MODELS, SIDES
from providers.jimeng.options import MOST_TOGETHER, JimengOptions
from providers.jimeng.settings import JimengSettings
from providers.jimeng.sizes import best_size, parse_ratio, parse_size
from providers.json_reader import read_json
from providers.options import N_
from providers.polling import PassingError, PollingProvider, Sleep
from providers.unfetched import UnfetchedReferenceError, with_bytes

MOST_INLINE_BYTES = 7 << 20
"""Reference pictures that fit, as base64, into a body of at most 10 MB."""
EMPTY_ANSWERS = 3
"""So many answers without pictures end a task that is done: now and then they come a little later."""

Request = ImageRequest[JimengOptions]


class Jimeng(PollingProvider[JimengSettings, JimengOptions]):
    """Jimeng 4.0 and 4.6 of Volcengine's visual API. `clock` and `sleep`: see `PollingProvider`."""

    title: ClassVar[str] = N_("Jimeng")
    Settings = JimengSettings
    Options = JimengOptions

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
        self._empty = Counter[str]()  # answers in a row without pictures, by ticket
        self.capabilities = Capabilities(
            prompt_length=800,
            pictures=MOST_TOGETHER,
            references=ReferenceLimits(
                count=MODELS["4.0"].references,
                media_types=frozenset({"image/jpeg", "image/png"}),
                size=15 << 20,
                side=4096,
                ratio=(1 / 3, 3),
                by_url=True,
            ),
            callbacks=True,
        )
        result = {"return_url": True, **_marks(settings)}
        # A result query takes this as JSON within JSON; a submit with a callback takes each part that way.
        self._req_json = json.dumps(result, ensure_ascii=False)
        self._marks_as_text = {
            key: value if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
            for key, value in result.items()
        }

    def model_name(self, options: JimengOptions) -> str:
        """ "Jimeng 4.0" or "Jimeng 4.6"."""
        return f"{self.title} {options.model}"

    def enlarged(self, options: JimengOptions, size: tuple[int, int]) -> JimengOptions | None:
        """Options for 4K in the shape that is closest to the picture's among those of the service."""
        if options.size == "4k":
            return None
        shape = f"{size[0]}:{size[1]}"
        return JimengOptions(ar=shape, size="4k", scale=0, model=options.model)

    def reference_limits(self, options: JimengOptions) -> ReferenceLimits | None:
        """See `Provider.reference_limits`: the models differ in their number of references."""
        limits = self.capabilities.references
        return limits and replace(limits, count=MODELS[options.model].references)

    def validate(self, request: Request) -> None:
        """See `Provider.validate`; also checks the total of pictures, and the size of references without a URL."""
        super().validate(request)
        count, pictures = len(request.references), request.options.n
        if pictures != "auto" and count + pictures > MOST_TOGETHER:
            values = {"count": count, "pictures": pictures, "most": MOST_TOGETHER, "left": MOST_TOGETHER - count}
            raise InvalidRequestError(
                Sentence(
                    "References and new pictures together: at most {most}. With {count} references, ask for at most "
                    "{left}.",
                    values,
                )
            )
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

    async def submit(self, request: Request) -> str:
        """Submit one task. References go by URL when all have one, else inside the body; there also when the service
        has refused the task because it can't fetch them."""
        try:
            return await self._submit(request)
        except UnfetchedReferenceError as error:
            return await self._submit(with_bytes(request, error, MOST_INLINE_BYTES))

    async def _submit(self, request: Request) -> str:
        payload: dict[str, object] = {
            "req_key": MODELS[request.options.model].req_key,
            "prompt": request.prompt,
            **_shape(request.options),
            "scale": MODELS[request.options.model].scaled(request.options.scale),
        }
        if request.options.n != "auto":
            payload["force_single"] = True
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

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """One result query, read as an event."""
        req_key = MODELS[request.options.model].req_key
        result = await self.client.result(req_key, ticket, self._req_json)
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
        del self._empty[ticket]
        return tuple(pictures)

    def _without_pictures(self, ticket: str) -> Exception:
        error = GenerationFailedError(detail="the task is done and has no pictures")
        self._empty[ticket] += 1
        if self._empty[ticket] < EMPTY_ANSWERS:
            return PassingError(error)
        del self._empty[ticket]
        return error

    def called_back(self, body: bytes) -> str | None:
        """The `task_id` of the body. The service calls at the end of a task, successful or failed."""
        spoken = read_json(body)
        if not isinstance(spoken, dict):
            raise ValueError("not an object")  # noqa: TRY004 - wrong input, not a wrong type in the code
        ticket: str | None = spoken.get("task_id")
        if ticket is not None and not is_ticket(ticket):
            raise ValueError("task_id is no ticket")
        return ticket

    async def check(self) -> None:
        """Query a task that doesn't exist: an answer about the task proves key, signature and permission."""
        try:
            await self.client.result(MODELS["4.0"].req_key, "1", self._req_json)
        except PassingError as error:
            raise ProviderBusyError(detail=error.error.detail) from error
        except (GenerationFailedError, InvalidRequestError):
            return


def _marks(settings: JimengSettings) -> dict[str, object]:
    """The marks to put on the pictures."""
    return settings.model_dump(include={"logo_info", "aigc_meta"}, exclude_none=True, mode="json")


def _shape(options: JimengOptions) -> dict[str, int]:
    """`width` and `height`, or `size` as an area, or nothing: then the model chooses the shape, at 2K."""
    exact = parse_size(options.size) if options.size else None
    ratio = parse_ratio(options.ar) if options.ar else None
    if exact is None and ratio is not None:
        exact = best_size(MODELS[options.model], ratio, options.size or "2k")
    if exact is not None:
        return {"width": exact[0], "height": exact[1]}
    return {"size": SIDES[options.size] ** 2} if options.size else {}


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
