"""From what a person asked for to tasks in the queue: references fetched, all checked before anything is paid."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.background import Background
from bot.jobs.requests import Requests
from bot.jobs.retry import Sleep, T, until_stored
from bot.jobs.stage import InvalidReferenceError
from bot.jobs.watch import OURS
from providers.base import Provider
from providers.errors import ProviderError, Sentence
from storage.job_states import JobState
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)


class Preparation:
    """Prepares jobs. `queued(job, tasks)` is called when its tasks are in the queue, `refused(job, why)` otherwise."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        requests: Requests,
        queued: Callable[[Job, int], None],
        refused: Callable[[Job, Sentence], Awaitable[None]],
        *,
        background: Background,
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._requests = requests
        self._queued = queued
        self._refused = refused
        self._background = background
        self._sleep = sleep
        self._busy: set[int] = set()

    def start(self, job: Job) -> None:
        """Prepare a job; one that is being prepared already finds by itself what has joined it."""
        if job.id not in self._busy:
            self._busy.add(job.id)
            self._background.spawn(self._prepare(job), f"prepare job {job.id}")

    async def _prepare(self, job: Job) -> None:
        try:
            state: JobState | None = JobState.PREPARING
            count = 0
            while state is JobState.PREPARING:
                try:
                    state, count = await self._try(job, self._providers[job.provider])
                except Exception:
                    if not (latest := await self._changed(job)):
                        raise
                    job = latest
                else:
                    if state is JobState.PREPARING:
                        job = await self._changed(job) or job
        except (InvalidReferenceError, ProviderError) as error:
            log.info("job %d is refused: %s", job.id, error.sentence)
            await self._refused(job, error.sentence)
        except Exception:
            log.exception("job %d can't be prepared", job.id)
            await self._refused(job, OURS)
        else:
            if state is JobState.WORKING:
                self._queued(job, count)
        finally:
            self._busy.discard(job.id)

    async def _changed(self, job: Job) -> Job | None:
        """The job as another provider has it now, or with other words; None while it is what it was."""
        latest = await self._until_stored(lambda: self._store.jobs.get(job.id), job.id)
        is_other = latest is not None and (latest.provider, latest.said) != (job.provider, job.said)
        return latest if is_other else None

    async def _try(self, job: Job, provider: Provider[Any, Any]) -> tuple[JobState | None, int]:
        """The job's state afterwards (still `PREPARING`: a reference has joined), and how many tasks it has."""
        parts, ids = await self._until_stored(lambda: self._plan(job, provider), job.id)
        state = await self._until_stored(lambda: self._queue(job, parts, ids), job.id)
        return state, len(parts)

    async def _queue(self, job: Job, parts: list[dict[str, Any]], ids: list[int]) -> JobState | None:
        return await self._store.tasks.queue(job.id, job.provider, parts, ids, job.created_at, said=job.said)

    async def _plan(self, job: Job, provider: Provider[Any, Any]) -> tuple[list[dict[str, Any]], list[int]]:
        """The options of each task, and the references they are made with. Raises `InvalidReferenceError` or
        `InvalidRequestError`.
        """
        references = await self._requests.fetch_references(job, provider)
        request = await self._requests.build(job, job.options, references, provider)
        provider.validate(request)
        parts = [part.options.model_dump(mode="json") for part in provider.split(request)]
        return parts, [reference.id for reference in references]

    async def _until_stored(self, step: Callable[[], Awaitable[T]], job_id: int) -> T:
        return await until_stored(step, f"a step of job {job_id}", self._sleep)
