"""All that is read before an update is handled: the preferences of its person, above all the language and the time zone
of the answers, and who may use the bot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject, Update, User

from bot.access import Access
from bot.local_time import in_zone
from bot.telegram.i18n import Languages
from storage.settings_records import Preferences
from storage.users import Users


class LanguageMiddleware(BaseMiddleware):
    """Gives handlers `preferences` and `language`, and makes gettext use that language. `access` is refreshed here, in
    the person's turn: between this and the handlers nothing is awaited, so that messages keep their order."""

    def __init__(self, languages: Languages, users: Users, access: Access) -> None:
        self._languages = languages
        self._users = users
        self._access = access
        # Keeps the order of two messages sent in quick succession.
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Set the language of the update's person. Channel posts and anonymous admins have none: there it is the
        language of the text."""
        user: User | None = data.get("event_from_user")
        own = await self._preferences(user.id if user else None)
        data["preferences"] = own
        told = own.language or (user.language_code if user else None)
        data["language"] = self._languages.pick(told or self._languages.of_words(_words(event)))
        with self._languages.speaking(data["language"]), in_zone(own.time_zone):
            return await handler(event, data)

    async def _preferences(self, user_id: int | None) -> Preferences:
        if user_id is None:
            await self._access.refresh()
            return Preferences()
        turn = self._turns.setdefault(user_id, asyncio.Lock())
        async with turn:
            await self._access.refresh()
            return await self._users.preferences(user_id)


def _words(event: TelegramObject) -> str:
    """The text of a message or inline query, or of the message with the pressed button."""
    if not isinstance(event, Update):
        return ""
    if event.inline_query:
        return event.inline_query.query
    written = event.message or event.edited_message or event.channel_post or event.edited_channel_post
    message = written or (event.callback_query and event.callback_query.message)
    return (message.text or message.caption or "") if isinstance(message, Message) else ""
