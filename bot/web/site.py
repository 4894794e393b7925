"""All that the bot's own web server serves: references, callbacks, the webhook, monitoring."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bot.metrics import Metrics
from bot.settings import Settings, SettingsError
from bot.web import callbacks, references, self_check, webhook
from bot.web.callbacks import Callbacks, Heard
from bot.web.monitoring import Monitoring, Updates
from bot.web.private_pages import PRIVATE, private_pages
from bot.web.references import WebPublisher
from bot.web.self_check import SelfCheck
from bot.web.server import WebServer
from bot.web.signing import Signer, derived
from bot.web.store_probe import StoreProbe
from bot.web.webhook import Webhook
from storage.store import Store

log = logging.getLogger(__name__)


class Site:
    """The web server and its pages. Add those of the other parts before `start`.

    `references`: publishes references; `callbacks`: gives callback addresses; `webhook_secret`: what Telegram sends.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        token, public_url = settings.telegram.token.get_secret_value(), settings.web.public_url
        self._store = store
        self._probe = StoreProbe(store.counts.queue)
        self._is_needed = bool(public_url)
        self.server = WebServer(settings.web.host, settings.web.port)
        self.server.app.middlewares.append(private_pages(PRIVATE, public_url))
        self.references = WebPublisher(store.references, public_url, Signer("references", token, store.clock))
        self.callbacks = Callbacks(public_url, Signer("callbacks", token, store.clock))
        self.webhook_secret = derived("webhook", token)
        self.server.app.router.add_get(references.PATH, self.references.serve)
        self.server.app.router.add_get(self_check.PATH, SelfCheck(token).serve)

    def take_callbacks(self, heard: Heard) -> None:
        """Services announce the ends of tasks."""
        self.server.app.router.add_post(callbacks.PATH, partial(self.callbacks.serve, heard))

    def take_updates(self, take: Callable[[Sequence[Mapping[str, Any]]], Awaitable[bool]]) -> None:
        """Telegram sends updates."""
        self.server.app.router.add_post(webhook.PATH, Webhook(take, self.webhook_secret).serve)

    def show(self, metrics: Metrics, updates: Updates) -> None:
        """Show the figures, and whether all is well."""
        Monitoring(metrics, self._probe, self._store.database.backend, updates).add_to(self.server.app)

    async def start(self) -> None:
        """Listen. Raises `SettingsError` when that fails and something that is set needs it; else it is only logged: a
        second process on one machine works without `/health`, too."""
        try:
            await self.server.start()
        except SettingsError as error:
            if self._is_needed:
                raise
            log.warning("%s The bot works on, without /health, /ready and /metrics.", error)

    async def aclose(self) -> None:
        """Stop listening."""
        await self.server.aclose()
        await self._probe.aclose()
