"""Fast time: `speed_up` shortens the waits of a real bot for tests."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from bot.app import App
from bot.demo.telegram import TelegramSimulator
from bot.jobs.progress_loop import TICK
from bot.middlewares.message_groups import AlbumMiddleware
from bot.telegram.inline_notifier import InlineNotifier
from bot.telegram.rate_limiter import RateLimiter
from providers.polling import PollingProvider, Sleep

SPEED = 100
TICK_SPEED = 20
"""Of the progress ticker: at `SPEED` it would keep the machine busy."""
QUIET_ALBUM = 0.05


class AlbumTimer:
    """Keeps an album open as long as a part of it is on its way, however busy the machine is."""

    CHECKS = 5

    def __init__(self, telegram: TelegramSimulator) -> None:
        self._telegram = telegram

    def time(self) -> float:
        return time.monotonic()

    def call_later(self, delay: float, callback: Callable[[], object], /) -> asyncio.Task[None]:
        return asyncio.create_task(self._wait(delay, callback))

    async def _wait(self, delay: float, callback: Callable[[], object]) -> None:
        calm = 0
        while calm < self.CHECKS:
            await asyncio.sleep(delay / self.CHECKS)
            calm = 0 if on_its_way(self._telegram) else calm + 1
        callback()


def on_its_way(telegram: TelegramSimulator) -> bool:
    """Whether Telegram has an update that the bot has not fetched yet."""
    return bool(len(telegram.world.updates)) or "deliver an album" in telegram.acts.background.running


async def _fast_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / SPEED)


def speed_up(app: App, telegram: TelegramSimulator, poll_sleep: Sleep = _fast_sleep) -> None:
    """Let the bot's waits pass `SPEED` times as fast. `poll_sleep`: sleeps between two polls of a service."""
    flood = next(one for one in app.bot.session.middleware if isinstance(one, RateLimiter))
    flood.clock, flood.sleep = _fast_clock, _fast_sleep
    flood.limiters.clear()
    albums = albums_of(app)
    albums.quiet, albums.timer = QUIET_ALBUM, AlbumTimer(telegram)
    context = app.engine.context
    context.sleep = _fast_engine_sleep
    app.inbox.sleep = _fast_sleep
    stage = cast("InlineNotifier", context.notifier)
    stage.status.sleep = stage.status.queues.sleep = stage.there.sleep = _fast_sleep
    for provider in context.providers.values():
        if isinstance(provider, PollingProvider):
            provider.clock, provider.sleep = _fast_clock, poll_sleep
            # On a busy machine a test that holds a task would exceed the limit otherwise.
            patient = {"time_limit": provider.settings.time_limit * SPEED}
            provider.settings = provider.settings.model_copy(update=patient)


def albums_of(app: App) -> AlbumMiddleware:
    return next(one for one in app.dispatcher.message.outer_middleware if isinstance(one, AlbumMiddleware))


def _fast_clock() -> float:
    return time.monotonic() * SPEED


async def _fast_engine_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / (TICK_SPEED if seconds == TICK else SPEED))
