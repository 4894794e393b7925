"""Looks now and then at what Telegram says of the webhook: whether it is this bot's, and whether it is reached."""

from collections.abc import Callable

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import WebhookInfo

from bot.telegram.update_health import NO_WEBHOOK, OTHER_ADDRESS, Trouble, UpdateHealth
from storage.retry_loop import Sleep

WATCH_SECONDS = 300.0
AGAIN_SECONDS = 60.0
"""The same while something is wrong."""


class WebhookWatch:
    """Watches the webhook. `address`: its URL. `clock`: seconds since 1970."""

    def __init__(self, bot: Bot, address: str, health: UpdateHealth, clock: Callable[[], float], sleep: Sleep) -> None:
        self._bot = bot
        self._address = address
        self._health = health
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look until cancelled. It only tells: setting the webhook again could be a fight between two bots."""
        while True:
            await self._sleep(WATCH_SECONDS if await self._is_well() else AGAIN_SECONDS)

    async def _is_well(self) -> bool:
        try:
            trouble = self._trouble(await self._bot.get_webhook_info())
        except TelegramAPIError as error:
            self._health.failed(error)
            return False
        if trouble:
            self._health.suffers(trouble)
        else:
            self._health.answered()
        return trouble is None

    def _trouble(self, info: WebhookInfo) -> Trouble | None:
        if info.url != self._address:
            return OTHER_ADDRESS if info.url else NO_WEBHOOK
        # Telegram keeps the latest error, also when it is over.
        failed_at = info.last_error_date.timestamp() if info.last_error_date else 0.0
        if not info.pending_update_count or self._clock() - failed_at > 2 * WATCH_SECONDS:
            return None
        said = f"Telegram says: {info.last_error_message}; {info.pending_update_count} updates wait there"
        return Trouble("Telegram can't deliver updates to web.public_url", said)
