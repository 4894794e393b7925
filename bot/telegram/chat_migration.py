"""Middleware that sends calls to a migrated group's new chat, and silently where its admins want that."""

import logging
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InputFile

from bot.telegram.rate_limiter import DroppedError, is_permitted, is_progress
from storage.chats import Chats
from storage.database import StoreError
from storage.settings_records import ChatRules

log = logging.getLogger(__name__)


class ChatMigratedError(TelegramBadRequest):
    """The message is in a group that has become a supergroup, so it can't be changed any more."""


class ChatMigrationMiddleware(BaseRequestMiddleware):
    """A request middleware for the bot's session, outside of the rate limiter, which counts by chat.

    A job may still have the old id of its group: each call gets the new one here. Calls about messages of the old
    group raise `ChatMigratedError`.
    """

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Send to the right chat. Raises `DroppedError` for progress in a quiet group."""
        chat = getattr(method, "chat_id", None)
        if not isinstance(chat, int) or chat > 0:
            return await make_request(bot, method)
        now, rules = await self._now(chat)
        if rules.quiet and is_progress():
            raise DroppedError
        call = _quietly(method) if rules.quiet else method
        if now != chat:
            if is_permitted():
                # The permit belongs to the old group.
                raise TelegramMigrateToChat(method, "the group has moved", now)
            return await make_request(bot, _moved(call, now))
        try:
            return await make_request(bot, call)
        except TelegramMigrateToChat as error:
            await self._chats.migrate(chat, error.migrate_to_chat_id)
            call = _moved(call, error.migrate_to_chat_id)
            if is_permitted() or _is_used_up(call):
                # The refused call has used up the permit or the upload; its sender can begin again.
                raise
            return await make_request(bot, call)

    async def _now(self, chat: int) -> tuple[int, ChatRules]:
        try:
            return await self._chats.now(chat)
        except StoreError as error:
            # Sending matters more than the rules.
            log.warning("reading the rules of chat %d failed (%s); sending without them", chat, error)
            return chat, ChatRules()


def _quietly(method: TelegramMethod[TelegramType]) -> TelegramMethod[TelegramType]:
    if "disable_notification" not in type(method).model_fields:
        return method
    return method.model_copy(update={"disable_notification": True})


def _moved(method: TelegramMethod[TelegramType], chat: int) -> TelegramMethod[TelegramType]:
    """The same call for the new group, without ids of the old one's messages. Raises `ChatMigratedError`."""
    fields = type(method).model_fields.keys()
    if fields & {"message_id", "message_ids"} and "from_chat_id" not in fields:
        raise ChatMigratedError(method, "the message is in the old group")
    there: dict[str, Any] = {"chat_id": chat, "reply_parameters": None, "message_thread_id": None}
    return method.model_copy(update={name: there[name] for name in there.keys() & fields})


def _is_used_up(method: TelegramMethod[Any]) -> bool:
    media = getattr(method, "media", None)
    items = [getattr(item, "media", None) for item in media] if isinstance(media, list) else []
    files = (*items, getattr(method, "photo", None), getattr(method, "document", None))
    return any(isinstance(file, InputFile) for file in files)
