"""Notes who uses the bot, for the pages of its admins."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, InlineQuery, Message, TelegramObject, Update, User

from bot.telegram.told_lately import ToldLately
from storage.store import Store

SEEN_SECONDS = 3600.0
"""A person is noted once in this time, and when their name changes."""


class SeenMiddleware(BaseMiddleware):
    """Notes the people who speak to the bot; others in a group, whose messages it may see, are none of its business."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted = ToldLately(SEEN_SECONDS, store.clock)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Note the person, and pass the update on."""
        user: User | None = data.get("event_from_user")
        inner = event.event if isinstance(event, Update) else event
        # Anonymous admins and channels write through a bot of Telegram's.
        if user and not user.is_bot and _is_for_the_bot(inner) and self._noted.is_first((user.id, user.full_name)):
            await self._store.people.seen(user.id, user.full_name, user.language_code, self._store.clock())
        return await handler(event, data)


def _is_for_the_bot(inner: TelegramObject) -> bool:
    if isinstance(inner, Message):
        return inner.chat.type == ChatType.PRIVATE or (inner.text or inner.caption or "").startswith("/")
    return isinstance(inner, CallbackQuery | InlineQuery)
