"""From what a person asked for to tasks in the queue: references fetched, all checked before anything is paid."""

import logging
from collections.abc import KeysView
from typing import Any

from pydantic import ValidationError

from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.ports import InvalidReferenceError, Phase, Progress, error_message
from bot.jobs.prices import price_of_part
from bot.jobs.progress import ProgressTracker
from bot.jobs.request_builder import RequestBuilder, for_each_choice
from bot.jobs.steps import JobSteps
from bot.jobs.task_failures import OURS
from providers.base import ImageRequest, Provider
from providers.errors import ProviderError, Sentence
from providers.options import explained
from storage.job_states import JobState
from storage.records import Job

log = logging.getLogger(__name__)

Planned = tuple[str | None, ImageRequest[Any]]
"""The request of a task, and its own words where its job has choices."""


class Preparer(Component):
    """Prepares jobs. Afterwards a job's tasks are in the queue, or it has failed."""

    def __init__(self, context: JobContext, requests: RequestBuilder, progress: ProgressTracker) -> None:
        self._context = context
        self._store = context.store
        self._requests = requests
        self._progress = progress
        self._steps = JobSteps(context, "prepare")

    @property
    def job_ids(self) -> KeysView[int]:
        """The jobs that are being prepared."""
        return self._steps.job_ids

    @property
    def is_idle(self) -> bool:
        """Whether no job is being prepared."""
        return not self.job_ids

    def prepare(self, job: Job) -> None:
        """Prepare a job that was just read, unless it is being prepared."""
        self._progress.open(job)
        self._context.notifier.show(job, Progress(Phase.PREPARING))
        self._steps.start(job.id, lambda: self._prepare(job))

    def leave(self, job_id: int) -> None:
        """The job is another worker's."""
        self._steps.leave(job_id)

    async def aclose(self) -> None:
        """The next start begins anew."""
        await self._steps.aclose()

    async def _prepare(self, job: Job) -> Job | None:
        try:
            await self._queue(job, self._context.providers[job.provider])
        except Exception as error:
            # As another provider has it now, or with other words, it may well be prepared: it is read again.
            if not await self._is_changed(job):
                return await self._refuse(job, error)
        return None

    async def _queue(self, job: Job, provider: Provider[Any, Any]) -> None:
        """Where a reference has joined meanwhile, or the job has changed, nothing is queued."""
        planned, ids = await self._context.until_stored(lambda: self._plan(job, provider), f"planning job {job.id}")
        prompts = [words for words, _part in planned]
        options = [part.options.model_dump(mode="json") for _words, part in planned]
        prices = [price_of_part(provider, part) for _words, part in planned]
        if job.asked_message_id is not None:
            await self._context.companions.gathered(job)
        queue = self._store.tasks.queue
        state = await self._context.until_stored(
            lambda: queue(
                job.id, job.provider, options, ids, job.created_at, said=job.said, prices=prices, prompts=prompts
            ),
            f"queueing job {job.id}",
        )
        if state is JobState.WORKING:
            self._context.queue_changed.set()

    async def _plan(self, job: Job, provider: Provider[Any, Any]) -> tuple[list[Planned], list[int]]:
        """The request of each task, and the references they are made with. Nothing is queued where the words of one
        choice are refused. Raises `InvalidReferenceError`,
        `InvalidRequestError`, or `ValidationError` for options that an older version stored.
        """
        options = provider.Options.model_validate(job.options)
        references = await self._requests.fetch_references(job, provider.reference_limits(options))
        request = await self._requests.build(job, options, references, provider)
        planned: list[Planned] = []
        for words, one in for_each_choice(job, request):
            provider.validate(one)
            planned += [(words, part) for part in provider.split(one)]
        return planned, [reference.id for reference in references]

    async def _is_changed(self, job: Job) -> bool:
        latest = await self._context.until_stored(lambda: self._store.jobs.get(job.id), f"reading job {job.id}")
        return latest is not None and (latest.provider, latest.said) != (job.provider, job.said)

    async def _refuse(self, job: Job, error: Exception) -> Job | None:
        words = _why(error, self._context.providers[job.provider])
        self._context.metrics.refused(job.provider, error)
        if words:
            log.info("job %d is refused: %s", job.id, words)
        else:
            words = OURS
            log.error("job %d can't be prepared", job.id, exc_info=error)
        fail = self._store.jobs.fail
        return await self._context.until_stored(lambda: fail(job.id, error_message(words)), f"ending job {job.id}")


def _why(error: Exception, provider: Provider[Any, Any]) -> Sentence | None:
    """The sentence for a person in an error; None where it has none."""
    if isinstance(error, InvalidReferenceError | ProviderError):
        return error.sentence
    return explained(error) or _not_offered(error, provider) if isinstance(error, ValidationError) else None


def _not_offered(error: ValidationError, provider: Provider[Any, Any]) -> Sentence | None:
    """The sentence about a model that the operator has taken out since the job's options were stored."""
    name = next((one["input"] for one in error.errors(include_url=False) if one["loc"] == ("model",)), None)
    values = {"model": name, "other": getattr(provider.Options(), "model", "")}
    return Sentence("This bot doesn't offer {model} any more. Use --model {other}.", values) if name else None
