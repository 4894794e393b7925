"""Where services announce the ends of tasks, and whether their calls can be relied on.

A public address proves nothing: a firewall may stand before it, and the service may never call. Calls are waited for
once one has come, until one is missed, also after a restart. A provider whose calls are not waited for is asked at the
usual pace.
"""

import logging

from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.retry import START_DELAYS
from providers.base import Callback
from storage.database import StoreError

log = logging.getLogger(__name__)

LATE_SECONDS = 10.0
"""A call so long after its task has ended comes too late to be waited for."""


class Calls(Component):
    """The providers whose calls arrive, by name."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._address = context.addresses.callback
        # What the addresses of all tasks have in common: at another one nothing has arrived yet.
        self._base = (self._address(0) or "").rpartition("/")[0]
        self._arriving: set[str] = set()

    async def open(self) -> None:
        """Remember what was known before the start."""
        await self._context.until_stored(self._load, "reading which providers call back", START_DELAYS)

    async def _load(self) -> None:
        for name in self._context.providers:
            if self._base and (await self._context.store.provider_health.get(name)).calls_at == self._base:
                self._arriving.add(name)

    def callback(self, task_id: int, provider: str) -> Callback | None:
        """How this provider can announce the end of a task; None where the world can't reach the bot."""
        url = self._address(task_id)
        return Callback(url, lambda: provider in self._arriving) if url else None

    def heard(self, provider: str) -> None:
        """Another process has got a call of this provider in time."""
        self._arriving.add(provider)

    async def arrived(self, provider: str) -> None:
        """A call of this provider has come in time."""
        if provider not in self._arriving:
            self._arriving.add(provider)
            log.info("the calls of provider %s arrive; its tasks wait for them", provider)
            await self._remember(provider, self._base)

    async def missed(self, provider: str) -> None:
        """A task of this provider has ended without a call."""
        if provider in self._arriving:
            self._arriving.discard(provider)
            log.warning("provider %s did not call when a task had ended; it is asked at the usual pace", provider)
            await self._remember(provider, None)

    async def _remember(self, provider: str, address: str | None) -> None:
        try:
            await self._context.store.provider_health.calls_arrive(provider, address)
        except StoreError as error:
            log.info("whether provider %s calls could not be stored: %s", provider, error)
