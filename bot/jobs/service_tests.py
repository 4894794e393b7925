"""Testing a service's credentials when an admin asks for it, at no cost.

A good test ends the pause that it refutes.
"""

import asyncio
import logging
from dataclasses import dataclass

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.ports import ServiceEvent, ServiceNews
from providers.errors import ProviderError
from storage.database import StoreError
from storage.provider_health import Problem

log = logging.getLogger(__name__)

TEST_SECONDS = 20.0
"""A test that takes longer has failed."""
WAIT_SECONDS = 5.0
"""An admin waits so long for the end of a test; then it goes on in the background."""


@dataclass(frozen=True, slots=True)
class ServiceTest:
    """The latest test of a service. `ended_at`: None while it runs; `error`: why it failed: a `ProviderError`, a
    `TimeoutError`, or one of the bot's own; `has_resumed`: it has ended the pause of the service."""

    ended_at: float | None = None
    error: Exception | None = None
    has_resumed: bool = False


class ServiceTests(Component):
    """Tests services, each once at a time. The latest tests of this process are in `latest`, by name."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._background = Background()
        self._running: dict[str, asyncio.Task[None]] = {}
        self.latest: dict[str, ServiceTest] = {}

    async def aclose(self) -> None:
        """Test nothing more."""
        await self._background.aclose()

    async def test(self, provider: str, user_id: int) -> None:
        """Test a service that is set up, or join the test that runs; wait for its end, for `WAIT_SECONDS` at most.

        `user_id`: the admin who asks.
        """
        if provider not in self._running:
            self.latest[provider] = ServiceTest()
            work = self._background.spawn(self._test(provider, user_id), f"test of {provider}")
            self._running[provider] = work
            work.add_done_callback(lambda _: self._running.pop(provider))
        await asyncio.wait({self._running[provider]}, timeout=WAIT_SECONDS)

    async def _test(self, provider: str, user_id: int) -> None:
        error, has_resumed = await self._check(provider), False
        if error is None:
            try:
                has_resumed = await self._resume(provider, user_id)
            except StoreError as unstored:
                log.warning("the good test of %s could not be stored: %s", provider, unstored)
        self.latest[provider] = ServiceTest(self._context.clock(), error, has_resumed)

    async def _check(self, provider: str) -> Exception | None:
        try:
            async with asyncio.timeout(TEST_SECONDS):
                await self._context.providers[provider].check()
        except (ProviderError, TimeoutError) as error:
            log.info("the test of %s failed: %s", provider, str(error) or "no answer in time")
            return error
        except Exception as error:
            log.exception("the test of %s failed", provider)
            return error
        return None

    async def _resume(self, provider: str, user_id: int) -> bool:
        """The service accepts the credentials. Where the pause was about something else, a task tries it at once."""
        health = self._context.store.provider_health
        known = await health.get(provider)
        if known.error_message is None:
            return False
        is_refuted = known.problem in {Problem.KEY, Problem.SETUP}
        if not is_refuted:
            await health.try_now(provider)
        elif (await health.recovered(provider)).is_news:
            self._context.admins.tell(ServiceNews(provider, ServiceEvent.WORKS, by=user_id))
        self._context.queue_changed.set()
        return is_refuted
