"""Which updates are being handled just now, so that a stop can let them come to their end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject

log = logging.getLogger(__name__)

PATIENCE = 5.0


class UnderwayMiddleware(BaseMiddleware):
    """Counts the updates in the handlers' hands: to Telegram they are confirmed already, and it sends them no more."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Pass an update on."""
        task = asyncio.current_task()
        if task is None:
            return await handler(event, data)
        self._tasks.add(task)
        try:
            return await handler(event, data)
        finally:
            self._tasks.discard(task)

    async def aclose(self) -> None:
        """Wait for the handlers at work (5 s at most), before what they use is closed; then they are cancelled."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=PATIENCE)
        if left:
            log.warning("stopped while %d updates were being handled", len(left))
            for task in left:
                task.cancel()
            await asyncio.wait(left)
