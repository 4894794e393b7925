"""The language of whoever speaks, set for all that is said in answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.telegram.language import Languages
from storage.people import People


class LanguageMiddleware(BaseMiddleware):
    """Gives handlers `language`, and speaks it in the answers."""

    def __init__(self, languages: Languages, people: People) -> None:
        self._languages = languages
        self._people = people

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Set the language of whoever caused the update."""
        user: User | None = data.get("event_from_user")
        own = (await self._people.preferences(user.id)).language if user else None
        data["language"] = self._languages.pick(own or (user.language_code if user else None))
        with self._languages.speaking(data["language"]):
            return await handler(event, data)
