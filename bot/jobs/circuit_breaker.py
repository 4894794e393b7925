"""A provider that keeps failing is paused: its jobs wait, and one task at a time tries it until one succeeds."""

import logging
import random

from bot.jobs.context import JobContext
from bot.jobs.ports import error_message
from providers.errors import (
    GenerationFailedError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
)

log = logging.getLogger(__name__)

FAILURES: dict[type[ProviderError], int] = {
    ProviderUnavailableError: 3,
    MisconfiguredError: 3,
    OutcomeUnknownError: 3,
    GenerationFailedError: 5,
}
"""After how many failures in a row, of which this is the last. (A task may fail by its own fault; that takes more.)"""
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
        is_new = await self._context.until_stored(
            lambda: services.pause(provider, why, until), f"storing the pause of {provider}"
        )
        level = logging.ERROR if is_new else logging.INFO
        log.log(level, "provider %s is paused (%s); tried again in %.0f s", provider, error.detail, until - now)
        return until

    async def succeeded(self, provider: str) -> None:
        """A task has come to its pictures."""
        recovered = self._context.store.provider_health.recovered
        if await self._context.until_stored(lambda: recovered(provider), f"storing the recovery of {provider}"):
            log.info("provider %s works again", provider)
