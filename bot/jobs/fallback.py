"""When a provider can't work for reasons of its own, another one takes over: never after something may be paid."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from bot.jobs.retry import Sleep, until_stored
from providers.base import Provider
from storage.records import Job, Task
from storage.store import Store

log = logging.getLogger(__name__)

MUST_STAY = ("n", "set")
"""Options that say how much is made: where they can't be kept, something else would be paid than was asked for."""


class Fallback:
    """Hands jobs over as the operator's settings say (`fallback`). `moved` is told of each job."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        moved: Callable[[Job], None],
        *,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._moved = moved
        self._clock = clock
        self._sleep = sleep

    def second(self, provider: str) -> str | None:
        """Who takes over for a provider."""
        known = self._providers.get(provider)
        name: str | None = known.settings.fallback if known else None
        return name if name in self._providers else None

    async def at_entry(self, job: Job) -> bool:
        """A job that comes while its provider is paused goes elsewhere; one that comes when it may be tried, tries."""
        if self.second(job.provider) is None:
            return False
        services = self._store.provider_health
        state = await until_stored(
            lambda: services.get(job.provider), f"reading the health of {job.provider}", self._sleep
        )
        return state.error_message is not None and state.is_held(self._clock()) and await self._hand_over(job, None)

    async def refused(self, task: Task) -> bool:
        """The service turned a task away for reasons of its own. True: its job is another provider's now."""
        if self.second(task.provider) is None:
            return False
        job = await until_stored(lambda: self._store.jobs.get(task.job_id), f"reading job {task.job_id}", self._sleep)
        return job is not None and job.provider == task.provider and await self._hand_over(job, task.id)

    async def paused(self, provider: str) -> None:
        """All that waits for a provider that was paused goes on with the other one."""
        if self.second(provider) is None:
            return
        waiting = await until_stored(
            lambda: self._store.jobs.waiting_for(provider), "reading the waiting jobs", self._sleep
        )
        for job in waiting:
            await self._hand_over(job, None)

    async def _hand_over(self, job: Job, trying: int | None) -> bool:
        name = self.second(job.provider)
        if name is None or (options := carried(job.options, self._providers[name])) is None:
            return False
        services, references = self._store.provider_health, self._store.references
        state = await until_stored(lambda: services.get(name), f"reading the health of {name}", self._sleep)
        if state.error_message is not None:
            return False
        to = self._providers[name]
        limits = to.reference_limits(to.Options.model_validate(options))
        count = len(
            await until_stored(
                lambda: references.of_job(job.id), f"reading the references of job {job.id}", self._sleep
            )
        )
        if count > (limits.count if limits else 0) or len(job.prompt) > to.capabilities.prompt_length:
            return False
        hand_over = self._store.jobs.hand_over
        moved = await until_stored(
            lambda: hand_over(job.id, name, options, trying), f"moving job {job.id} to {name}", self._sleep
        )
        if moved:
            log.info("job %d goes from %s to %s", job.id, job.provider, name)
            self._moved(moved)
        return moved is not None


def carried(options: Mapping[str, Any], to: Provider[Any, Any]) -> dict[str, Any] | None:
    """Of options of one provider what another takes, too; None where more or less would be made than was asked for."""
    kept: dict[str, Any] = {}
    for name, value in options.items():
        try:
            to.Options.model_validate({**kept, name: value})
        except ValidationError:
            if name in MUST_STAY and value != 1:
                return None
        else:
            kept[name] = value
    return kept
