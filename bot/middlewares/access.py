"""Who may use the bot: `[access]` of the settings."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, InlineQuery, Message, TelegramObject, Update, User
from aiogram.utils.i18n import gettext as _

from bot.settings import AccessSettings
from bot.telegram.notices import notice
from storage.chats import Chats

REMEMBERED = 100


class AccessMiddleware(BaseMiddleware):
    """Lets through who is allowed and tells the others what to ask for.

    What Telegram itself tells of a chat always comes through: handlers get `allowed`.
    """

    def __init__(self, access: AccessSettings, chats: Chats) -> None:
        self._access = access
        self._chats = chats
        self._refused: deque[str] = deque(maxlen=REMEMBERED)

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
        """Nobody (None) is on no list: what is posted in a channel's name needs the channel's being on one."""
        access = self._access
        if user_id in access.admins:
            return True
        # Where there is no chat (a search by inline mode, say), only the person counts.
        if chat and chat.type != "private" and access.chats:
            return chat.id in access.chats or await self._chats.former(chat.id) in access.chats
        return not access.users or user_id in access.users

    def _is_refused_already(self, inner: TelegramObject) -> bool:
        """An album is refused once, not once for each of its pictures."""
        album = inner.media_group_id if isinstance(inner, Message) else None
        if album is None or album in self._refused:
            return album is not None
        self._refused.append(album)
        return False


async def _refuse(inner: TelegramObject, user: User) -> None:
    if isinstance(inner, CallbackQuery):
        await inner.answer(_("This bot is invitation-only."), show_alert=True)
    elif isinstance(inner, InlineQuery):
        # Whoever is invited later must not find this answer kept.
        await inner.answer([], is_personal=True, cache_time=0)
    elif isinstance(inner, Message) and inner.chat.type == "private":
        text = _("This bot is invitation-only. Ask whoever runs it to add your ID: {id}")
        await inner.answer(text.format(id=f"<code>{user.id}</code>"))
    elif isinstance(inner, Message) and not inner.is_automatic_forward and await _asks(inner):
        text = _("This bot isn't open to this group yet. Ask whoever runs it to add its ID: {id}")
        await notice(inner, text.format(id=f"<code>{inner.chat.id}</code>"))


def _is_about_the_chat(inner: TelegramObject) -> bool:
    """Whether it tells how the bot stands in a chat, or where a group has gone."""
    if isinstance(inner, Message):
        return bool(inner.migrate_to_chat_id or inner.migrate_from_chat_id)
    return isinstance(inner, ChatMemberUpdated)


async def _asks(message: Message) -> bool:
    """Whether this is `/imagine`, and not another bot's."""
    command, _at, name = (message.text or message.caption or "").split(" ")[0].partition("@")
    me = await message.bot.me() if message.bot and name else None
    return command.lower() == "/imagine" and (me is None or name.lower() == (me.username or "").lower())
