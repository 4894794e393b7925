"""The newest message of each chat, as far as this process has seen."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message, TelegramObject

CHATS_REMEMBERED = 10_000


class NewestMessages:
    """The id of the newest message of each chat, among those received and those sent by the bot."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}

    def note(self, message: object) -> None:
        """Note a message that was seen; other objects are ignored."""
        if not isinstance(message, Message):
            return
        # The chat moves to the end, so that the oldest chat can be forgotten.
        before = self._newest.pop(message.chat.id, 0)
        self._newest[message.chat.id] = max(before, message.message_id)
        if len(self._newest) > CHATS_REMEMBERED:
            del self._newest[next(iter(self._newest))]

    def is_newest(self, chat_id: int, message_id: int) -> bool:
        """Whether no newer message of this chat was seen."""
        return self._newest.get(chat_id, 0) <= message_id


class NoteIncoming(BaseMiddleware):
    """An outer middleware for messages and channel posts."""

    def __init__(self, newest: NewestMessages) -> None:
        self._newest = newest

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Note a message and pass it on."""
        self._newest.note(event)
        return await handler(event, data)


class NoteOutgoing(BaseRequestMiddleware):
    """A request middleware for the bot's session."""

    def __init__(self, newest: NewestMessages) -> None:
        self._newest = newest

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Note the messages that were sent."""
        # A middleware gets the result of the call, not the whole response.
        answer = await make_request(bot, method)
        found: object = answer
        for message in found if isinstance(found, list) else [found]:
            self._newest.note(message)
        return answer
