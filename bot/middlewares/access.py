"""The check of access: only people and chats of `[access]` in the settings may use the bot."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, InlineQuery, Message, TelegramObject, Update, User
from aiogram.utils.i18n import gettext as _

from bot.settings import AccessSettings
from bot.telegram.private_reply import reply_privately
from storage.chats import Chats

ALBUMS_REMEMBERED = 100


class AccessMiddleware(BaseMiddleware):
    """Passes on the updates of those who are allowed, and tells the others how to get access.

    Updates about a chat itself always pass; handlers get `allowed`.
    """

    def __init__(self, access: AccessSettings, chats: Chats) -> None:
        self._access = access
        self._chats = chats
        self._refused: deque[str] = deque(maxlen=ALBUMS_REMEMBERED)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Pass an update on, or answer it here."""
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        inner = event.event if isinstance(event, Update) else event
        data["allowed"] = await self._allowed(user.id if user else None, chat)
        if data["allowed"] or _is_about_the_chat(inner):
            return await handler(event, data)
        if user and not self._is_refused_already(inner):
            await _refuse(inner, user)
        return None

    async def _allowed(self, user_id: int | None, chat: Chat | None) -> bool:
        """Whether a person may use the bot in a chat. None, for a post in a channel's name, is on no list of people."""
        access = self._access
        if user_id in access.admins:
            return True
        # Without a chat (for example in inline mode) only the person counts.
        if chat and chat.type != "private" and access.chats:
            return chat.id in access.chats or await self._chats.former(chat.id) in access.chats
        return not access.users or user_id in access.users

    def _is_refused_already(self, inner: TelegramObject) -> bool:
        """Whether this album was refused before: it is refused once, not once for each picture."""
        album = inner.media_group_id if isinstance(inner, Message) else None
        if album is None or album in self._refused:
            return album is not None
        self._refused.append(album)
        return False


async def _refuse(inner: TelegramObject, user: User) -> None:
    if isinstance(inner, CallbackQuery):
        await inner.answer(_("This bot is invitation-only."), show_alert=True)
    elif isinstance(inner, InlineQuery):
        # Not cached: the person may be invited later.
        await inner.answer([], is_personal=True, cache_time=0)
    elif isinstance(inner, Message) and inner.chat.type == "private":
        text = _("This bot is invitation-only. Ask whoever runs it to add your ID: {id}")
        await inner.answer(text.format(id=f"<code>{user.id}</code>"))
    elif isinstance(inner, Message) and not inner.is_automatic_forward and await _asks(inner):
        text = _("This bot isn't open to this group yet. Ask whoever runs it to add its ID: {id}")
        await reply_privately(inner, text.format(id=f"<code>{inner.chat.id}</code>"))


def _is_about_the_chat(inner: TelegramObject) -> bool:
    """Whether the update is about the bot's membership in a chat, or a group's migration."""
    if isinstance(inner, Message):
        return bool(inner.migrate_to_chat_id or inner.migrate_from_chat_id)
    return isinstance(inner, ChatMemberUpdated)


async def _asks(message: Message) -> bool:
    """Whether this is `/imagine` for this bot."""
    command, _at, name = (message.text or message.caption or "").split(" ")[0].partition("@")
    me = await message.bot.me() if message.bot and name else None
    return command.lower() == "/imagine" and (me is None or name.lower() == (me.username or "").lower())
