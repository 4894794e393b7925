"""A person's own open requests with how far each is, whichever worker has it."""

from collections import defaultdict
from dataclasses import dataclass

from bot.jobs.context import JobContext
from bot.jobs.ports import Phase, Progress
from bot.jobs.progress import OpenJob, ProgressTracker
from storage.job_states import JobState
from storage.own_queue import OwnJob

_UNKNOWN = Progress(Phase.WAITING)


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """An open request of a person, and how far it is."""

    own: OwnJob
    progress: Progress


class OwnRequests:
    """Looks at a person's requests, cancels them, and puts one of them first."""

    def __init__(self, context: JobContext, progress: ProgressTracker) -> None:
        self._context = context
        self._progress = progress

    async def of(self, user_id: int) -> list[OwnRequest]:
        """The requests of this person: what is being drawn, then what waits, in the order of their turns."""
        jobs = await self._context.store.own_queues.of(user_id)
        shown = await self._shown(jobs)
        found = [OwnRequest(one, shown.get(one.job.id, _UNKNOWN)) for one in jobs]
        return sorted(found, key=_turn)

    async def put_first(self, user_id: int, job_id: int) -> bool:
        """Let this request go before the person's others that wait. False: nothing of it waits."""
        is_first = await self._context.store.own_queues.put_first(user_id, job_id)
        self._context.queue_changed.set()
        return is_first

    async def _shown(self, jobs: list[OwnJob]) -> dict[int, Progress]:
        by_provider: dict[str, list[OpenJob]] = defaultdict(list)
        for one in jobs:
            by_provider[one.job.provider].append(_as_open(one))
        shown: dict[int, Progress] = {}
        for name, opened in by_provider.items():
            if name in self._context.providers:
                shown |= await self._of_provider(name, opened)
        return shown

    async def _of_provider(self, name: str, jobs: list[OpenJob]) -> dict[int, Progress]:
        context = self._context
        line = await context.store.tasks.line(name)
        health = await context.store.provider_health.get(name)
        slots = context.providers[name].settings.concurrency
        return self._progress.progress_of(jobs, name, line, slots, context.clock(), health)


def _as_open(one: OwnJob) -> OpenJob:
    if one.job.state is JobState.PREPARING:
        return OpenJob(one.job)
    return OpenJob(one.job, Phase.WORKING, total=max(1, one.tasks), ended=one.ended)


def _turn(request: OwnRequest) -> tuple[int, int, int]:
    """What runs stands first, then what waits by place, then what is being prepared."""
    progress = request.progress
    if progress.phase is Phase.WORKING:
        return 0, 0, request.own.job.id
    place = progress.place if progress.place is not None else len(Phase) << 32
    return 1, place, request.own.job.id
