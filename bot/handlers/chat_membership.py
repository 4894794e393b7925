"""The bot's membership in chats: added, muted, blocked or removed; and groups that become supergroups."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import (
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
)
from aiogram.types.chat_member_union import ChatMemberUnion
from aiogram.utils.i18n import gettext as _

from bot.handlers.request_service import RequestService
from bot.telegram.private_reply import GROUPS
from providers.errors import Sentence

SHUT_OUT = Sentence("Cancelled, because I couldn't have posted it here. Nothing was charged.")


def make_router() -> Router:
    """Updates about the bot's membership."""
    router = Router(name="membership")
    router.my_chat_member.register(membership_changed)
    router.message.register(moved_to, F.migrate_to_chat_id)
    router.message.register(moved_from, F.migrate_from_chat_id)
    return router


async def membership_changed(event: ChatMemberUpdated, requests: RequestService, bot: Bot, allowed: bool) -> None:
    """Store whether the bot may write. Where it may not, cancel the chat's waiting jobs; greet a group that adds it."""
    chat, muted = event.chat, not _may_write(event.new_chat_member, event.chat.type)
    await requests.store.chats.set(chat.id, muted=muted)
    if muted:
        await requests.engine.cancel_waiting(chat.id, SHUT_OUT)
    elif allowed and await _is_new(event, requests):
        await _greet(bot, chat.id)


async def may_write(bot: Bot, chat_id: int) -> bool:
    """Whether the bot may write in a group, as Telegram says now."""
    try:
        member = await bot.get_chat_member(chat_id, bot.id)
    except TelegramAPIError:
        return False
    return _may_write(member, ChatType.SUPERGROUP)


async def moved_to(message: Message, requests: RequestService) -> None:
    """The service message of the old group."""
    if message.migrate_to_chat_id:
        await requests.store.chats.migrate(message.chat.id, message.migrate_to_chat_id)


async def moved_from(message: Message, requests: RequestService) -> None:
    """The service message of the new supergroup."""
    if message.migrate_from_chat_id:
        await requests.store.chats.migrate(message.migrate_from_chat_id, message.chat.id)


async def _is_new(event: ChatMemberUpdated, requests: RequestService) -> bool:
    """Whether the bot was added to a group. A group that became a supergroup has been greeted before."""
    came = event.chat.type in GROUPS and _is_out(event.old_chat_member)
    return came and await requests.store.chats.former(event.chat.id) is None


async def _greet(bot: Bot, chat_id: int) -> None:
    words = _(
        "Hi! Write <code>/imagine a red fox in the snow</code> and I'll draw it. Reply to a photo with it, "
        "and I'll work from that photo.\n"
        "Admins: /settings has the options for this group."
    )
    try:
        await bot.send_message(chat_id, words)
    except TelegramAPIError:
        # Nobody asked for the greeting. Where members may not write, an admin may allow it later.
        return


def _may_write(member: ChatMemberUnion, chat: str) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    if chat == ChatType.CHANNEL:
        return isinstance(member, ChatMemberAdministrator) and bool(member.can_post_messages)
    return not isinstance(member, ChatMemberLeft | ChatMemberBanned)


def _is_out(member: ChatMemberUnion) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return not member.is_member
    return isinstance(member, ChatMemberLeft | ChatMemberBanned)
