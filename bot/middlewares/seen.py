"""Notes who uses the bot, for the pages of its admins."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, InlineQuery, Message, TelegramObject, Update, User

from bot.telegram.told_lately import ToldLately
from storage.store import Store
from storage.store_errors import StoreError, describe_error

log = logging.getLogger(__name__)

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
        """Pass the update on, and note the person."""
        user: User | None = data.get("event_from_user")
        inner = event.event if isinstance(event, Update) else event
        if not isinstance(inner, Message):
            # Before a press that erases the person.
            await self._note(user, inner)
            return await handler(event, data)
        result = await handler(event, data)
        # Afterwards: the messages of an album must not overtake each other on their way to the handler.
        await self._note(user, inner)
        return result

    async def _note(self, user: User | None, inner: TelegramObject) -> None:
        # Anonymous admins and channels write through a bot of Telegram's.
        if user is None or user.is_bot or not _is_for_the_bot(inner):
            return
        is_first = self._noted.is_first((user.id, user.full_name, user.username))
        # A bot that was in a group before it knew groups by name has missed how it was added.
        group = inner.chat if isinstance(inner, Message) and inner.chat.type != ChatType.PRIVATE else None
        try:
            if is_first:
                note, now = self._store.people.seen, self._store.clock()
                await note(user.id, user.full_name, user.language_code, now, user.username)
            if group and self._noted.is_first((group.id, group.title or "")):
                await self._store.members.name_group(group.id, group.title)
        except StoreError as error:
            # The update must not be handled again for this.
            log.warning("noting when a person was seen failed (%s); it is noted in an hour", describe_error(error))


def _is_for_the_bot(inner: TelegramObject) -> bool:
    if isinstance(inner, Message):
        return inner.chat.type == ChatType.PRIVATE or (inner.text or inner.caption or "").startswith("/")
    return isinstance(inner, CallbackQuery | InlineQuery)
