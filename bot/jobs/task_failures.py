"""The end of a task that its provider did not finish: it waits again, has failed, or can be taken up later."""

import logging
import random
from typing import Any

from bot.jobs.circuit_breaker import CircuitBreaker
from bot.jobs.context import JobContext
from bot.jobs.failover import Failover
from bot.jobs.ports import error_message_of
from bot.jobs.prices import cost_of
from bot.jobs.progress import TaskRun
from providers.base import Provider
from providers.errors import (
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
    TaskTimeoutError,
    UnusableModelError,
)
from storage.job_states import TaskState
from storage.records import Cost, Task

log = logging.getLogger(__name__)

OURS = Sentence("Something went wrong on my side. Nothing was charged. Please tell whoever runs this bot.")
BUSY_FOR_LONG = Sentence("The image service has answered every request with “busy” for a while. I'll keep trying.")
BUSY_FIRST_SECONDS, BUSY_LONGEST_SECONDS = 2.0, 60.0
LONGEST_WAIT_SECONDS = 600.0
"""A service that asks for a longer wait is paused for so long: then one task tries it again."""
OTHERS_FIRST_SECONDS = 5.0
"""For so long a task that a paused service has turned away lets others go first."""


class TaskFailures:
    """Stores how tasks have failed, and what that says of their providers."""

    def __init__(self, context: JobContext, breaker: CircuitBreaker, failover: Failover) -> None:
        self._context = context
        self._store = context.store
        self._breaker = breaker
        self._failover = failover
        # How often in a row each provider was too busy.
        self._refusals: dict[str, int] = {}

    def accepted(self, provider: str) -> None:
        """The service has taken a task."""
        self._refusals.pop(provider, None)

    async def succeeded(self, provider: str) -> None:
        """A task has come to its pictures."""
        await self._breaker.succeeded(provider)

    async def store(self, run: TaskRun, error: ProviderError) -> None:
        """Store what this error makes of the task."""
        task = run.task
        self._context.metrics.refused(task.provider, error)
        match error:
            case ProviderBusyError():
                await self._put_back(task, error)
            case OutcomeUnknownError():
                log.warning("task %d of job %d: outcome unknown: %s", task.id, task.job_id, error.detail)
                await self._end(task, TaskState.INTERRUPTED, error)
                await self._breaker.failed(task.provider, error)
            case TaskTimeoutError():
                log.warning("task %d of job %d: %s; its ticket is kept", task.id, task.job_id, error.detail)
                await self._end(task, TaskState.OVERDUE, error)
            case _:
                await self._fail(run, error)

    async def _fail(self, run: TaskRun, error: ProviderError) -> None:
        task, operators = run.task, isinstance(error, MisconfiguredError)
        level = logging.ERROR if operators else logging.INFO
        log.log(level, "task %d of job %d: %s: %s", task.id, task.job_id, type(error).__name__, error.detail)
        provider = self._context.providers[task.provider]
        paused = None if _is_of_one_model(run, provider, error) else await self._breaker.failed(task.provider, error)
        if operators and not run.ticket and await self._failover.refused(task):
            return
        if operators and run.ticket:
            # The operator's mistake is not the task's end: its picture can be had later.
            await self._end(task, TaskState.OVERDUE, error)
        elif operators and paused:
            # Another task may be the next to try, in case it is about this one.
            await self._wait(task, paused + OTHERS_FIRST_SECONDS)
            await self._failover.paused(task.provider)
        else:
            cost = cost_of(run, provider, 1) if error.paid else None
            await self._end(task, TaskState.FAILED, error, cost, is_free=error.paid is False)

    async def _put_back(self, task: Task, busy: ProviderBusyError) -> None:
        paused = await self._breaker.failed(task.provider, busy) if isinstance(busy, ProviderUnavailableError) else None
        if busy.retry_after is not None and busy.retry_after > LONGEST_WAIT_SECONDS:
            paused = await self._breaker.pause(task.provider, busy, LONGEST_WAIT_SECONDS)
        if paused:
            await self._wait(task, paused)
            await self._failover.paused(task.provider)
            return
        now, delay = self._context.clock(), self._delay(task.provider, busy)
        # The whole provider waits: the next in line would be refused as well.
        hold = self._store.provider_health.hold
        health = await self._context.until_stored(
            lambda: hold(task.provider, now + delay, now), f"pausing provider {task.provider}"
        )
        log.info("provider %s is busy (%s); asked again in %.0f s", task.provider, busy.detail, delay)
        if health.busy_seconds < self._context.providers[task.provider].settings.busy_limit:
            await self._wait(task, now + delay)
            if health.paused_by is not None:
                # It was under way when an admin paused the provider; now it waits as the others did.
                await self._failover.paused(task.provider)
            return
        # Nothing else for so long is no rush hour. People are told, and another provider may take over.
        lasting = ProviderBusyError(BUSY_FOR_LONG, detail=busy.detail)
        paused = await self._breaker.pause(task.provider, lasting, max(delay, BUSY_LONGEST_SECONDS))
        await self._wait(task, paused)
        await self._failover.paused(task.provider)

    def _delay(self, provider: str, busy: ProviderBusyError) -> float:
        refusals = self._refusals[provider] = self._refusals.get(provider, 0) + 1
        delay = busy.retry_after or min(BUSY_LONGEST_SECONDS, BUSY_FIRST_SECONDS * 2 ** (refusals - 1))
        return delay * random.uniform(1.0, 1.5)  # noqa: S311 - jitter, not a secret

    async def _wait(self, task: Task, until: float) -> None:
        put_back = self._store.tasks.put_back
        await self._context.until_stored(lambda: put_back(task.id, until), f"putting back task {task.id}")

    async def _end(
        self, task: Task, state: TaskState, error: ProviderError, cost: Cost | None = None, *, is_free: bool = False
    ) -> None:
        now, end, words = self._context.clock(), self._store.tasks.end_task, error_message_of(error)
        ended = await self._context.until_stored(
            lambda: end(task.id, state, words, now, cost, is_free=is_free), f"storing the end of task {task.id}"
        )
        if ended:
            self._context.metrics.paid(task.provider, cost)


def _is_of_one_model(run: TaskRun, provider: Provider[Any, Any], error: ProviderError) -> bool:
    """Whether an error is about a model that one person has chosen: the default one and all who use it go on."""
    model, usual = (getattr(options, "model", None) for options in (run.options, provider.Options()))
    return isinstance(error, UnusableModelError) and model != usual
