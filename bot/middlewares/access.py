"""The check of access: who may use the bot (see `bot.access`), and the answer to those who may not."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberUpdated,
    InlineQuery,
    Message,
    MessageGenerationStopped,
    PollAnswer,
    TelegramObject,
    Update,
    User,
)
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.handlers import export, forget, queue_links
from bot.handlers.admin.group_question import ask_admins, waiting_text
from bot.handlers.callback_helpers import answer
from bot.handlers.joining import is_invitation, uninvited_text
from bot.telegram.callback_data import ForgetCallback, LikenessCallback, QueueCallback
from bot.telegram.message_groups import is_forward
from bot.telegram.private_reply import reply_privately
from bot.telegram.told_lately import ToldLately
from storage.store import Store

REFUSAL_SECONDS = 3600.0
"""A person is told once in this time, and not for every message, that they have no access."""
_STARTS = (forget.START_PARAMETER, export.START_PARAMETER, queue_links.START_PARAMETER)
OWN_DATA = {"/forget", "/export", "/me", "/queue", *(f"/start {word}" for word in _STARTS)}
"""Commands that stay open to those who have lost their access, or never had it: their data is theirs, and so is what
they have asked for in a group that has access."""
OWN_BUTTONS = tuple(f"{one.__prefix__}{one.__separator__}" for one in (ForgetCallback, LikenessCallback, QueueCallback))
"""The same for buttons."""


class AccessMiddleware(BaseMiddleware):
    """Passes on the updates of those who are allowed, and tells the others, once an hour, how to get access.

    Updates about a chat itself always pass, and so do invitations and the commands for one's own data.
    """

    def __init__(self, access: Access, store: Store) -> None:
        self._access = access
        self._store = store
        self._told = ToldLately(REFUSAL_SECONDS, store.clock)

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
        # Without a chat (for example in inline mode) only the person counts.
        there = chat.id if chat and chat.type != ChatType.PRIVATE else None
        is_allowed = self._access.may_use(user.id if user else None, there)
        if is_allowed or _is_about_the_chat(inner) or self._is_for_everybody(inner):
            return await handler(event, data)
        if user:
            await self._refuse(inner, user, data)
        return None

    def _is_for_everybody(self, inner: TelegramObject) -> bool:
        """Whether it is about the person's own data, or may let the person in."""
        if isinstance(inner, CallbackQuery):
            return (inner.data or "").startswith(OWN_BUTTONS)
        if not isinstance(inner, Message) or inner.chat.type != ChatType.PRIVATE or not inner.text:
            return False
        if is_forward(inner):
            return False
        # A command may name the bot: /start@its_name.
        command, space, argument = inner.text.partition(" ")
        command = command.partition("@")[0].lower()
        if self._access.awaits_first_admin and command == "/start":
            return True
        return f"{command}{space}{argument}".strip() in OWN_DATA or is_invitation(inner)

    async def _refuse(self, inner: TelegramObject, user: User, data: Mapping[str, Any]) -> None:
        is_banned = self._access.is_banned(user.id)
        if isinstance(inner, CallbackQuery):
            await answer(inner, banned_text() if is_banned else _("This bot is invitation-only."), alert=True)
        elif isinstance(inner, InlineQuery):
            # Not cached: the person may be invited later. Who has typed on meanwhile needs no answer.
            with suppress(TelegramBadRequest):
                await inner.answer([], is_personal=True, cache_time=0)
        elif isinstance(inner, Message) and inner.chat.type == ChatType.PRIVATE:
            text = banned_text() if is_banned else uninvited_text(self._access, user.id)
            if self._told.is_first((user.id, text)):
                await inner.answer(text + await self._what_stays(user.id))
        elif isinstance(inner, Message):
            await self._refuse_in_group(inner, user, data)

    async def _what_stays(self, user_id: int) -> str:
        """A sentence for those who have used the bot before."""
        if not await self._store.erasure.count(user_id):
            return ""
        return "\n" + _("Your pictures stay yours: /export sends them to you, /forget erases them.")

    async def _refuse_in_group(self, message: Message, user: User, data: Mapping[str, Any]) -> None:
        # Nobody is put to shame before a group, and from one that it left the bot wants nothing.
        is_silent = self._access.is_banned(user.id) or self._access.group(message.chat.id) == "left"
        if is_silent or message.is_automatic_forward or not await _asks(message):
            return
        if self._told.is_first((message.chat.id, user.id)):
            asked = await self._ask_admins(message.chat, user, data)
            await reply_privately(message, waiting_text(message.chat.id, asked=asked))

    async def _ask_admins(self, chat: Chat, user: User, data: Mapping[str, Any]) -> bool:
        """Ask the admins about a group that the bot was in before they were asked about groups."""
        if self._access.group(chat.id) is not None:
            return False
        bot, languages, users = data["bot"], data["languages"], self._store.users
        return bool(await ask_admins(bot, self._access, users, languages, chat=chat, by=user, has_added=False))


def banned_text() -> str:
    """The answer to a person who is kept out."""
    return _("You can't use this bot any more.")


def _is_about_the_chat(inner: TelegramObject) -> bool:
    """Whether the update is about the bot's membership in a chat, somebody's leaving, a group's migration, a poll in a
    chat, which it does not name, or a draft there: people may cancel what they have asked for, whatever they may ask
    for now."""
    if isinstance(inner, Message):
        return bool(inner.migrate_to_chat_id or inner.migrate_from_chat_id or inner.left_chat_member)
    return isinstance(inner, ChatMemberUpdated | MessageGenerationStopped | PollAnswer)


async def _asks(message: Message) -> bool:
    """Whether this is `/imagine` for this bot."""
    command, _at, name = (message.text or message.caption or "").split(" ")[0].partition("@")
    me = await message.bot.me() if message.bot and name else None
    return command.lower() == "/imagine" and (me is None or name.lower() == (me.username or "").lower())
