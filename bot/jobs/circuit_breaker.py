"""A provider that keeps failing is paused: its jobs wait, and one task at a time tries it until one succeeds."""

import logging
import random

from bot.jobs.context import JobContext
from bot.jobs.ports import ServiceEvent, ServiceNews, error_message
from providers.errors import (
    GenerationFailedError,
    KeyRefusedError,
    MisconfiguredError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
)
from storage.provider_health import Problem

log = logging.getLogger(__name__)

FAILURES: dict[type[ProviderError], int] = {
    ProviderUnavailableError: 3,
    MisconfiguredError: 3,
    OutcomeUnknownError: 3,
    GenerationFailedError: 5,
}
"""After how many failures in a row, of which this is the last. (A task may fail by its own fault; that takes more.)"""
PROBLEMS: dict[type[ProviderError], Problem] = {
    KeyRefusedError: Problem.KEY,
    NoCreditError: Problem.BALANCE,
    MisconfiguredError: Problem.SETUP,
    ProviderUnavailableError: Problem.DOWN,
    ProviderBusyError: Problem.BUSY,
    ProviderError: Problem.DOWN,
}
"""What the admins are told of an error: by the first of its classes."""
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 600.0
UNWELL = Sentence("The image service isn't working properly right now.")


class CircuitBreaker:
    """Counts failures over all workers."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def failed(self, provider: str, error: ProviderError) -> float | None:
        """A task failed. Returns until when the provider is paused, None when it is not."""
        limit = next((count for kind, count in FAILURES.items() if isinstance(error, kind)), None)
        if limit is None:
            return None
        services, now = self._context.store.provider_health, self._context.clock()
        state = await self._context.until_stored(
            lambda: services.stumbled(provider, now), f"storing a failure of {provider}"
        )
        if state.is_held(now):
            # Others of the same moment; one failure is enough for all.
            until: float = state.not_before
            return until if state.error_message else None
        if state.failures < limit and state.error_message is None:
            return None
        # After a thousand failures in a row, the power would be too large for a number.
        doublings = min(10, max(0, state.failures - limit))
        return await self.pause(provider, error, min(LONGEST_PAUSE, FIRST_PAUSE * 2**doublings))

    async def pause(self, provider: str, error: ProviderError, seconds: float) -> float:
        """Submit nothing for about so long, then let one task at a time try. Returns until when it is paused."""
        services, now = self._context.store.provider_health, self._context.clock()
        until = now + seconds * random.uniform(1.0, 1.25)  # noqa: S311 - jitter, not a secret
        why = error_message(error.sentence if isinstance(error, ProviderBusyError | MisconfiguredError) else UNWELL)
        problem = next(found for kind, found in PROBLEMS.items() if isinstance(error, kind))
        advice = error.advice if isinstance(error, MisconfiguredError) else ""
        paused = await self._context.until_stored(
            lambda: services.pause(provider, why, until, problem, advice), f"storing the pause of {provider}"
        )
        if paused.is_news:
            self._context.admins.tell(ServiceNews(provider, problem, advice))
        level = logging.ERROR if paused.is_new else logging.INFO
        log.log(level, "provider %s is paused (%s); tried again in %.0f s", provider, error.detail, until - now)
        return until

    async def succeeded(self, provider: str) -> None:
        """A task has come to its pictures."""
        recovered = self._context.store.provider_health.recovered
        change = await self._context.until_stored(lambda: recovered(provider), f"storing the recovery of {provider}")
        if change.is_news:
            self._context.admins.tell(ServiceNews(provider, ServiceEvent.WORKS))
        if change.is_new:
            log.info("provider %s works again", provider)
