"""Pausing and resuming a service by an admin, at once for all workers."""

import logging

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.failover import Failover
from bot.jobs.ports import ServiceEvent, ServiceNews

log = logging.getLogger(__name__)


class ServiceSwitch(Component):
    """Pauses services: no worker begins another task, those under way go on, and what waits waits or goes to the
    fallback."""

    def __init__(self, context: JobContext, failover: Failover) -> None:
        self._context = context
        self._health = context.store.provider_health
        self._failover = failover
        self._background = Background()

    @property
    def is_idle(self) -> bool:
        """Whether nothing goes to a fallback at this moment."""
        return not self._background.running

    async def start(self) -> None:
        """What waits for a paused service goes to its fallback: the process in which it was paused may have died."""
        self._background.spawn(self._hand_over_left(), "jobs of paused services")

    async def aclose(self) -> None:
        """Hand nothing more over."""
        await self._background.aclose()

    async def pause(self, provider: str, user_id: int) -> bool:
        """Pause a service for an admin. False: it was paused by one before. Raises `StoreError`."""
        if not await self._health.pause_by_admin(provider, user_id):
            return False
        log.info("provider %s is paused by an admin", provider)
        self._tell(provider, ServiceEvent.PAUSED, user_id)
        # It may be many jobs, each of a few steps.
        self._background.spawn(self._failover.paused(provider), f"jobs of {provider}")
        return True

    async def resume(self, provider: str, user_id: int) -> bool:
        """End an admin's pause. False: there is none. Raises `StoreError`."""
        if not await self._health.resume_by_admin(provider):
            return False
        log.info("provider %s is resumed by an admin", provider)
        self._context.queue_changed.set()
        self._tell(provider, ServiceEvent.RESUMED, user_id)
        return True

    def _tell(self, provider: str, event: ServiceEvent, user_id: int) -> None:
        self._context.admins.tell(ServiceNews(provider, event, by=user_id))

    async def _hand_over_left(self) -> None:
        known = await self._context.until_stored(self._health.all, "reading the health of all services")
        for name, health in known.items():
            if health.paused_by is not None:
                await self._failover.paused(name)
