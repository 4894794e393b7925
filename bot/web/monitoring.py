"""`/metrics` for Prometheus, and `/ready`, which says in plain words what is not well. Not for the public."""

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.metrics import Metrics
from bot.web.private_pages import METRICS, READY
from bot.web.store_probe import StoreProbe
from storage.backend import Backend
from storage.migrate import newest_revision

Parts = Mapping[str, tuple[bool, str]]
"""For each part whether it is well, and a sentence."""


class Updates(Protocol):
    """How Telegram's updates arrive. `leads`: whether this process polls; None: that is not known."""

    leads: bool | None

    def parts(self) -> Parts:
        """For `/ready`."""


class Monitoring:
    """Both pages."""

    def __init__(self, metrics: Metrics, probe: StoreProbe, backend: Backend, updates: Updates) -> None:
        self._metrics = metrics
        self._probe = probe
        self._backend = backend
        self._updates = updates
        self._revision = newest_revision()

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(READY, self.ready)
        app.router.add_get(METRICS, self.metrics)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Answer a scrape."""
        page = self._metrics.page(await self._probe.counts(), self._backend.clock(), leads=bool(self._updates.leads))
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def ready(self, _request: web.Request) -> web.Response:
        """200: all is well; 503: something is not. The body says what, by part."""
        parts = {**await self._of_store(), **self._updates.parts()}
        problems = {name: says for name, (is_well, says) in parts.items() if not is_well}
        well = {name: says for name, (is_well, says) in parts.items() if is_well}
        return web.json_response(
            {"ready": not problems, "problems": problems, "well": well}, status=503 if problems else 200
        )

    async def _of_store(self) -> Parts:
        counts = await self._probe.counts()
        is_connected = self._backend.is_connected
        notifications = "arrive" if is_connected else "the connection for them is lost; it is being restored"
        parts = {"notifications": (is_connected, notifications)}
        if counts is None:
            return {"store": (False, self._probe.trouble), **parts}
        is_migrated = counts.revision == self._revision
        revision = f"revision {counts.revision}"
        if not is_migrated:
            revision = f"the database is at {revision}, this version needs {self._revision}: update this process"
        return {"store": (True, "answers"), "migrations": (is_migrated, revision), **parts}
