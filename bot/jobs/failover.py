"""When a provider can't work for reasons of its own, another one takes over: never after something may be paid."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from bot.jobs.context import JobContext
from bot.jobs.prices import is_much, is_within, price_of
from bot.jobs.request_builder import would_be
from bot.jobs.retry import T
from providers.base import Provider
from providers.models import today
from providers.options import Options
from storage.money import BudgetRules, Charge, Owner
from storage.records import Cost, Job, Task

log = logging.getLogger(__name__)

MUST_STAY = ("n", "set")
"""Options that say how much is made: where they can't be kept, something else would be paid than was asked for."""


class Failover:
    """Hands jobs over as the operator's settings say (`fallback`)."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._store = context.store
        self._providers = context.providers

    def second(self, provider: str) -> str | None:
        """The provider that takes over for another one."""
        known = self._providers.get(provider)
        name: str | None = known.settings.fallback if known else None
        return name if name in self._providers else None

    async def at_entry(self, job: Job) -> bool:
        """A job that comes while its provider is paused goes elsewhere; one that comes when it may be tried, tries."""
        if self.second(job.provider) is None:
            return False
        services = self._store.provider_health
        state = await self._until_stored(lambda: services.get(job.provider), f"reading the health of {job.provider}")
        return state.takes_nothing(self._context.clock()) and await self._hand_over(job, None)

    async def refused(self, task: Task) -> bool:
        """The service turned a task away for reasons of its own. True: its job is another provider's now."""
        if self.second(task.provider) is None:
            return False
        job = await self._until_stored(lambda: self._store.jobs.get(task.job_id), f"reading job {task.job_id}")
        return job is not None and job.provider == task.provider and await self._hand_over(job, task.id)

    async def over_budget(self, task: Task) -> bool:
        """The budget of a service has no room for a task that waits. True: its job is another provider's now."""
        if self.second(task.provider) is None:
            return False
        job = await self._until_stored(lambda: self._store.jobs.get(task.job_id), f"reading job {task.job_id}")
        return job is not None and job.provider == task.provider and await self._hand_over(job, None)

    async def paused(self, provider: str) -> None:
        """All that waits for a provider that was paused goes on with the other one."""
        if self.second(provider) is None:
            return
        waiting = await self._until_stored(lambda: self._store.jobs.waiting_for(provider), "reading the waiting jobs")
        for job in waiting:
            await self._hand_over(job, None)

    async def _hand_over(self, job: Job, trying: int | None) -> bool:
        # In a duel the other one may take part already.
        name = self.second(job.provider) if job.duel_id is None else None
        if name is None or (options := carried(job.options, self._providers[name])) is None:
            return False
        services, references = self._store.provider_health, self._store.references
        state = await self._until_stored(lambda: services.get(name), f"reading the health of {name}")
        if state.error_message is not None or state.paused_by is not None:
            return False
        to = self._providers[name]
        limits = to.reference_limits(options)
        count = len(
            await self._until_stored(lambda: references.of_job(job.id), f"reading the references of job {job.id}")
        )
        row = to.model(options)
        fits = row.least_references <= count <= (limits.count if limits else 0)
        if not fits or _longest(job) > row.prompt_length or row.has_ended(today()):
            return False
        price = price_of(to, *would_be(job, options, count))
        cost = price.cost if price else None
        if cost and not (self._is_agreed_to(job, cost, count) and await self._has_room(job, name, cost)):
            return False
        hand_over, stored = self._store.jobs.hand_over, options.model_dump(mode="json", exclude_unset=True)
        moved = await self._until_stored(
            lambda: hand_over(job.id, name, stored, trying), f"moving job {job.id} to {name}"
        )
        if moved:
            log.info("job %d goes from %s to %s", job.id, job.provider, name)
            self._context.wake(moved.id)
        return moved is not None

    def _is_agreed_to(self, job: Job, cost: Cost, references: int) -> bool:
        """Whether a job may cost this: its person is not asked any more, so it is little, or no more than before."""
        if not is_much(cost, self._context.confirm):
            return True
        before, provider = None, self._providers[job.provider]
        with suppress(ValidationError):
            options = provider.Options.model_validate(job.options)
            before = price_of(provider, *would_be(job, options, references))
        is_agreed_to = before is not None and is_within(cost, before.cost)
        if not is_agreed_to:
            log.info("job %d stays at %s: the other one asks a price that nobody agreed to", job.id, job.provider)
        return is_agreed_to

    async def _has_room(self, job: Job, name: str, cost: Cost) -> bool:
        """Whether the budget of this provider has room for a job."""
        budgets = self._context.budgets.services.get(name)
        if not budgets:
            return True
        charge, rules = Charge(name, job.user_id, job.chat_id, cost), BudgetRules(services={name: budgets})
        find, now = self._store.budgets.shortage, self._context.clock()
        short = await self._until_stored(lambda: find(rules, charge, now), f"reading the budget of {name}")
        # Budgets of the person's own are not asked here.
        return short is None or short.owner is not Owner.SERVICE

    async def _until_stored(self, step: Callable[[], Awaitable[T]], name: str) -> T:
        return await self._context.until_stored(step, name)


def _longest(job: Job) -> int:
    """The length of the longest words that are sent."""
    return max(map(len, job.choices or [job.prompt]))


def carried(options: Mapping[str, Any], to: Provider[Any, Any]) -> Options | None:
    """Of options of one provider what another takes, too; None where more or less would be made than was asked for."""
    kept: Options = to.Options()
    for name, value in options.items():
        try:
            kept = to.Options.model_validate({**kept.model_dump(exclude_unset=True), name: value})
        except ValidationError:
            if name in MUST_STAY and value != 1:
                return None
    return kept
