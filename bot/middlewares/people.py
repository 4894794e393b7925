"""Who is speaking, and in which language: remembered, and set for all that is said in answer."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.telegram.language import Languages
from storage.people import People

REMEMBERED = 10_000


class PeopleMiddleware(BaseMiddleware):
    """Gives handlers `language`, speaks it in the answers, and stores people as they come by."""

    def __init__(self, people: People, languages: Languages) -> None:
        self._people = people
        self._languages = languages
        self._known: OrderedDict[int, tuple[str, str | None]] = OrderedDict()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Set the language of whoever caused the update."""
        user: User | None = data.get("event_from_user")
        data["language"] = self._languages.pick(user.language_code if user else None)
        if user:
            await self._remember(user)
        with self._languages.speaking(data["language"]):
            return await handler(event, data)

    async def _remember(self, user: User) -> None:
        looks = (user.full_name, user.language_code)
        if self._known.get(user.id) == looks:
            return
        self._known[user.id] = looks
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        await self._people.seen(user.id, *looks)
