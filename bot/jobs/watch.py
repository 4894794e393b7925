"""Following one task: from its submit, or from its ticket after a restart, to its end in the store."""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

from bot.jobs.bounds import bounded
from bot.jobs.breaker import Breaker
from bot.jobs.calls import Calls
from bot.jobs.fallback import Fallback
from bot.jobs.outlook import Flight, Outlook
from bot.jobs.requests import Requests
from bot.jobs.retry import Sleep, T, until_stored
from bot.jobs.stage import error_message_of
from providers.base import Accepted, Event, Finished, ImageRequest, Provider
from providers.errors import (
    GenerationFailedError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
    TaskTimeoutError,
)
from storage.database import StoreError, UnstorableValueError
from storage.job_states import TaskState
from storage.records import Cost, Job, NewPicture, Task
from storage.store import Store

log = logging.getLogger(__name__)

OURS = Sentence("Something went wrong on my side. Nothing was charged. Please tell whoever runs this bot.")
OURS_PAID = Sentence("Something went wrong on my side. The picture may be ready all the same; look again.")
BUSY_DELAY = 2.0
BUSY_MOST = 60.0
MOST_WAIT = 600.0
"""Seconds. A service that asks for a longer wait is paused for so long: then one task tries it again."""
ANOTHER_FIRST = 5.0
"""Seconds that a task which a paused service has turned away lets others go first."""


class Watcher:
    """Runs tasks through their providers and writes each step down. `worker`: the id of this process now."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        requests: Requests,
        calls: Calls,
        outlook: Outlook,
        *,
        fallback: Fallback,
        worker: Callable[[], int],
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._worker = worker
        self._providers = providers
        self._requests = requests
        self._calls = calls
        self._outlook = outlook
        self._clock = clock
        self._sleep = sleep
        self._refusals: dict[str, int] = {}
        self._breaker = Breaker(store, clock, sleep)
        self._fallback = fallback

    async def watch(self, flight: Flight) -> None:
        """Follow a task until it has ended or waits in the queue again. Cancelling leaves it as it is."""
        task = flight.task
        try:
            await self._try(flight)
        except ProviderBusyError as busy:
            await self._put_back(task, busy)
        except OutcomeUnknownError as error:
            log.warning("task %d of job %d: outcome unknown: %s", task.id, task.job_id, error.detail)
            await self._end(task, TaskState.INTERRUPTED, error)
            await self._breaker.failed(task.provider, error)
        except TaskTimeoutError as error:
            log.warning("task %d of job %d: %s; its ticket is kept", task.id, task.job_id, error.detail)
            await self._end(task, TaskState.OVERDUE, error)
        except ProviderError as error:
            await self._fail(flight, error)
        finally:
            self._outlook.flights.pop(task.id, None)
            flight.safe.set()
        if flight.callback and flight.callback.is_missed:
            await self._call_missed(task.provider)

    async def _call_missed(self, provider: str) -> None:
        await self._calls.missed(provider)
        for other in self._outlook.flights.values():
            if other.task.provider == provider and other.callback:
                other.callback.wake()

    async def _fail(self, flight: Flight, error: ProviderError) -> None:
        task, operators = flight.task, isinstance(error, MisconfiguredError)
        level = logging.ERROR if operators else logging.INFO
        log.log(level, "task %d of job %d: %s: %s", task.id, task.job_id, type(error).__name__, error.detail)
        paused = await self._breaker.failed(task.provider, error)
        if operators and not flight.ticket and await self._fallback.refused(task):
            return
        if operators and flight.ticket:
            # The operator's mistake is not the task's end: its picture can be had later.
            await self._end(task, TaskState.OVERDUE, error)
        elif operators and paused:
            # Another task may be the next to try, in case it is about this one.
            await self._wait(task, paused + ANOTHER_FIRST)
            await self._fallback.paused(task.provider)
        else:
            cost = self._cost(task, 1) if error.paid else None
            await self._end(task, TaskState.FAILED, error, cost)

    async def _try(self, flight: Flight) -> None:
        provider = self._providers[flight.task.provider]
        request = await self._until_stored(lambda: self._request(flight.task, provider), flight.task)
        flight.callback = request.callback
        events = provider.imagine(request, flight.task.ticket)
        try:
            async with aclosing(events):
                most, name = provider.most_pictures(request), f"task {flight.task.id} of job {flight.task.job_id}"
                async for said in events:
                    event = bounded(said, most, name)
                    await self._note(flight, event)
                    if isinstance(event, Finished):
                        return
        except OutcomeUnknownError as error:
            if flight.ticket:
                raise _broken(flight, error.detail) from error
            raise
        except ProviderError:
            raise
        except UnstorableValueError as error:
            log.error("what task %d of job %d gave can never be stored: %s", flight.task.id, flight.task.job_id, error)  # noqa: TRY400
            raise _broken(flight, str(error)) from error
        except Exception as error:
            # A provider may raise nothing else. If it does all the same, nobody knows what it did before.
            log.exception("provider %s broke its contract in task %d", flight.task.provider, flight.task.id)
            raise _broken(flight, repr(error)) from error
        raise _broken(flight, "the provider ended without a result")

    async def _request(self, task: Task, provider: Provider[Any, Any]) -> ImageRequest[Any]:
        try:
            job = cast("Job", await self._store.jobs.get(task.job_id))
            return await self._requests.of_task(job, task, provider)
        except StoreError:
            raise
        except Exception as error:
            # An older version stored options that this one no longer knows, say. Nothing was submitted here.
            log.exception("task %d of job %d can't be built", task.id, task.job_id)
            if task.ticket:
                raise TaskTimeoutError(OURS_PAID, detail=repr(error)) from error
            raise GenerationFailedError(OURS, detail=repr(error), paid=False) from error

    async def _note(self, flight: Flight, event: Event) -> None:
        now = self._clock()
        match event:
            case Accepted(ticket):
                log.info("task %d of job %d has the ticket %.100r", flight.task.id, flight.task.job_id, ticket)
                flight.since, flight.ticket = now, ticket
                wanted = await self._until_stored(lambda: self._accepted(flight.task.id, ticket, now), flight.task)
                flight.safe.set()
                self._refusals.pop(flight.task.provider, None)
                if not wanted:
                    await self.cancel(flight)
            case Finished(pictures):
                if not pictures:
                    raise ValueError("a result without pictures")
                results = [NewPicture(picture.url, picture.data, picture.seed) for picture in pictures]
                cost, finish = self._cost(flight.task, len(results)), self._store.tasks.finish_task
                seconds = flight.seconds(now)
                await self._until_stored(lambda: finish(flight.task.id, results, now, cost, seconds), flight.task)
                if seconds is not None:
                    self._outlook.durations[flight.task.provider].add(seconds, flight.task.options)
                await self._breaker.succeeded(flight.task.provider)
            case _:
                flight.note(event)

    async def cancel(self, flight: Flight) -> None:
        """Tell the service that nobody wants this task any more, where it can be told."""
        if flight.ticket is None:
            return
        try:
            await self._providers[flight.task.provider].cancel(flight.ticket)
        except ProviderError as error:
            log.info("task %d was not cancelled at the service: %s", flight.task.id, error.detail)

    async def _accepted(self, task_id: int, ticket: str, now: float) -> bool:
        try:
            return await self._store.tasks.accepted(task_id, ticket, now, worker_id=self._worker())
        except UnstorableValueError:
            # It is watched all the same. Should this process end meanwhile, nobody knows what became of it.
            log.exception("the ticket %r of task %d can never be stored", ticket, task_id)
            return True

    async def _put_back(self, task: Task, busy: ProviderBusyError) -> None:
        paused = await self._breaker.failed(task.provider, busy) if isinstance(busy, ProviderUnavailableError) else None
        if busy.retry_after is not None and busy.retry_after > MOST_WAIT:
            paused = await self._breaker.pause(task.provider, busy, MOST_WAIT)
        if paused:
            await self._wait(task, paused)
            await self._fallback.paused(task.provider)
            return
        refusals = self._refusals[task.provider] = self._refusals.get(task.provider, 0) + 1
        delay = busy.retry_after or min(BUSY_MOST, BUSY_DELAY * 2 ** (refusals - 1))
        again = self._clock() + delay * random.uniform(1.0, 1.5)  # noqa: S311 - jitter, not a secret
        # The whole provider waits: the next in line would be refused as well.
        await self._until_stored(lambda: self._store.provider_health.hold(task.provider, again), task)
        log.info("provider %s is busy (%s); asked again in %.0f s", task.provider, busy.detail, again - self._clock())
        await self._wait(task, again)

    async def _wait(self, task: Task, until: float) -> None:
        await self._until_stored(lambda: self._store.tasks.put_back(task.id, until), task)

    async def _end(self, task: Task, state: TaskState, error: ProviderError, cost: Cost | None = None) -> None:
        now, end = self._clock(), self._store.tasks.end_task
        await self._until_stored(lambda: end(task.id, state, error_message_of(error), now, cost), task)

    def _cost(self, task: Task, pictures: int) -> Cost | None:
        """What a task has cost, where the operator has set a price."""
        provider = self._providers[task.provider]
        price = provider.price(provider.Options.model_validate(task.options))
        return None if price is None else Cost(round(price * pictures * 10_000), provider.settings.currency)

    async def _until_stored(self, step: Callable[[], Awaitable[T]], task: Task) -> T:
        return await until_stored(step, f"a step of task {task.id}", self._sleep)


def _broken(flight: Flight, detail: str) -> ProviderError:
    """What a provider's own fault comes to: with a ticket the picture may still be had; without, nothing is known."""
    return TaskTimeoutError(OURS_PAID, detail=detail) if flight.ticket else OutcomeUnknownError(detail=detail)
