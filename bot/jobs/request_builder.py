"""From a stored job to the request a provider gets: references fetched and checked, options validated, parts split."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

from pydantic import ValidationError

from bot.jobs.calls import Calls
from bot.jobs.context import JobContext
from bot.jobs.likeness_references import TAKEN_BACK, is_taken_back, meant, with_people
from bot.jobs.ports import InvalidReferenceError
from bot.jobs.retry import until_fetched
from providers.base import ImageRequest, Provider, Reference, ReferenceLimits
from providers.errors import InvalidRequestError, Sentence
from providers.options import Options
from storage.records import CheckedReference, Job, NewJob, StoredReference, Task


class RequestBuilder:
    """Makes the requests that providers get."""

    def __init__(self, context: JobContext, calls: Calls) -> None:
        self._context = context
        self._store = context.store
        self._calls = calls

    async def fetch_references(self, job: Job, limits: ReferenceLimits | None) -> list[StoredReference]:
        """Fetch and check the references that are not there yet; returns all of them. Raises
        `InvalidReferenceError`.
        """
        while True:
            found = await self._store.references.of_job(job.id)
            missing = [stored for stored in found if stored.media_type is None]
            # More than the service takes is refused by `validate`; that needs no fetching.
            if not missing or limits is None or len(found) > limits.count:
                return found
            # Others may join meanwhile.
            if not await self._fetch_all(job, missing, limits):
                return found

    async def of_task(
        self, job: Job, task: Task, references: Iterable[StoredReference], provider: Provider[Any, Any]
    ) -> ImageRequest[Any]:
        """The request of one of a job's tasks. Raises `ValidationError`, but not of one that has its ticket: that is
        paid, and is polled also where its model is not offered any more. Raises `InvalidRequestError` where somebody
        whom it depicts has taken their likeness back.
        """
        references = list(references)
        if task.ticket is None and any(map(is_taken_back, references)):
            raise InvalidRequestError(TAKEN_BACK)
        options = _read(provider, task.options, is_paid=task.ticket is not None)
        # One that has its ticket is not submitted any more.
        own = job if task.prompt is None else replace(job, prompt=task.prompt)
        references = references if task.prompt is None else meant(task.prompt, references)
        request = await self.build(own, options, references, provider, publish=task.ticket is None)
        callback = self._calls.callback(task.id, task.provider) if provider.capabilities.callbacks else None
        return replace(request, callback=callback)

    async def callback_missed(self, provider: str) -> None:
        """A task has ended without the call that its request asked for."""
        await self._calls.missed(provider)

    async def build(
        self,
        job: Job,
        options: Options,
        stored_references: Iterable[StoredReference],
        provider: Provider[Any, Any],
        *,
        publish: bool = True,
    ) -> ImageRequest[Any]:
        """A request with these options and fetched references; `publish`: with addresses, if the service fetches."""
        stored_references = list(stored_references)
        limits = provider.reference_limits(options) if publish else None
        by_url = limits is not None and limits.by_url
        references = await asyncio.gather(
            *(self._reference(job, stored, publish=by_url) for stored in stored_references)
        )
        prompt = with_style(with_people(job.prompt, stored_references), job.style)
        return ImageRequest(prompt, options, tuple(references))

    async def _fetch_all(self, job: Job, missing: Iterable[StoredReference], limits: ReferenceLimits) -> bool:
        """False: the job is another provider's now."""
        try:
            async with asyncio.TaskGroup() as group:
                fetches = [group.create_task(self._fetch(job, stored, limits)) for stored in missing]
        except ExceptionGroup as group:
            # One reason is enough, for a person the first picture's.
            raise next(
                (one for one in group.exceptions if isinstance(one, InvalidReferenceError)), group.exceptions[0]
            ) from None
        return all(fetch.result() for fetch in fetches)

    async def _reference(self, job: Job, stored: StoredReference, *, publish: bool) -> Reference:
        read, url = partial(self._read, stored), None
        if publish and stored.media_type:
            url = await self._context.addresses.references.publish(job.id, stored, read)
        return Reference(
            media_type=stored.media_type or "",
            width=stored.width or 0,
            height=stored.height or 0,
            size=stored.size or 0,
            read=read,
            url=url,
        )

    async def _read(self, stored: StoredReference) -> bytes:
        found = await self._store.references.data(stored.id)
        if found is None and stored.likeness_id is not None:
            # Taken back at this moment.
            raise InvalidRequestError(TAKEN_BACK)
        if found is None:
            raise FileNotFoundError(stored.id)
        return found[0]

    async def _fetch(self, job: Job, stored: StoredReference, limits: ReferenceLimits) -> bool:
        """False: the job is another provider's now. Raises `InvalidReferenceError`."""
        fetch = partial(self._context.notifier.fetch, stored.file_id, limits, job.user_id)
        if stored.likeness_id is not None:
            fetch = partial(self._likeness, stored.likeness_id, limits, job.user_id)
        try:
            checked = await until_fetched(fetch, self._context.sleep)
        except OSError:
            raise InvalidReferenceError(
                Sentence("I couldn't get one of the pictures from Telegram. Please send it again.")
            ) from None
        is_kept = await self._store.references.store(stored.id, checked, job.provider)
        if not is_kept and stored.likeness_id and await self._store.likenesses.data(stored.likeness_id) is None:
            raise InvalidReferenceError(TAKEN_BACK)
        return is_kept

    async def _likeness(self, likeness_id: int, limits: ReferenceLimits, person: int) -> CheckedReference:
        found = await self._store.likenesses.data(likeness_id)
        if found is None:
            raise InvalidReferenceError(TAKEN_BACK)
        return await self._context.notifier.fit(found[0], limits, person)


def _read(provider: Provider[Any, Any], stored: Mapping[str, Any], *, is_paid: bool) -> Options:
    try:
        options: Options = provider.Options.model_validate(stored)
    except ValidationError:
        if not is_paid:
            raise
        known = {name: value for name, value in stored.items() if name in provider.Options.model_fields}
        return cast("Options", provider.Options.model_construct(**known))
    return options


def would_be(asked: NewJob | Job, options: Options, references: int) -> list[ImageRequest[Any]]:
    """The requests that a job with these options is to become: one, or one for each of its choices. Of its references
    the number is right; they are fetched and looked at when it is prepared."""
    request = ImageRequest(with_style(asked.prompt, asked.style), options, (FITTING,) * references)
    return [request for _words, request in for_each_choice(asked, request)]


def for_each_choice(asked: NewJob | Job, request: ImageRequest[Any]) -> list[tuple[str | None, ImageRequest[Any]]]:
    """A request for the words of each choice, with these words; the one request with None where there are none."""
    if not asked.choices:
        return [(None, request)]
    return [(words, replace(request, prompt=with_style(words, asked.style))) for words in asked.choices]


async def _no_bytes() -> bytes:
    return b""


FITTING = Reference("image/jpeg", 1024, 1024, 1, _no_bytes)


def with_style(prompt: str, style: Mapping[str, str] | None) -> str:
    """A style is not part of the person's words: it is said after them."""
    return f"{prompt}, {style['words']}" if style else prompt
