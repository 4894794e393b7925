"""Who may use the bot: `[access]` of the settings."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User
from aiogram.utils.i18n import gettext as _

from bot.settings import AccessSettings


class AccessMiddleware(BaseMiddleware):
    """Lets through who is allowed and tells the others what to ask for."""

    def __init__(self, access: AccessSettings) -> None:
        self._access = access

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Pass an update on, or answer it here."""
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if user is None or chat is None or self._allowed(user.id, chat):
            return await handler(event, data)
        return await _refuse(event, user, chat)

    def _allowed(self, user_id: int, chat: Chat) -> bool:
        access = self._access
        if user_id in access.admins:
            return True
        if chat.type != "private" and access.chats:
            return chat.id in access.chats
        return not access.users or user_id in access.users


async def _refuse(event: TelegramObject, user: User, chat: Chat) -> None:
    inner = event.event if isinstance(event, Update) else event
    if isinstance(inner, CallbackQuery):
        await inner.answer(_("You are not on this bot's list."), show_alert=True)
    elif isinstance(inner, Message) and chat.type == "private":
        text = _("This bot is for invited people. Ask whoever runs it to add your id: {id}")
        await inner.answer(text.format(id=f"<code>{user.id}</code>"))
    elif isinstance(inner, Message) and (inner.text or inner.caption or "").startswith("/imagine"):
        text = _("This bot is not open to this group yet. Ask whoever runs it to add its id: {id}")
        await inner.reply(text.format(id=f"<code>{chat.id}</code>"))
