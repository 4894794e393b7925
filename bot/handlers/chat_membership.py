"""The bot's membership in chats: added, muted, blocked or removed; and groups that become supergroups."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import (
    Chat,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
)
from aiogram.types.chat_member_union import ChatMemberUnion
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.group_question import ask_admins, waiting_text
from bot.handlers.request_service import RequestService
from bot.telegram.i18n import Languages
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


async def membership_changed(
    event: ChatMemberUpdated, requests: RequestService, bot: Bot, languages: Languages
) -> None:
    """Store whether the bot may write. Where it may not, cancel the chat's waiting jobs; a chat that adds the bot is
    greeted, or its admins are asked."""
    chat, muted = event.chat, not _may_write(event.new_chat_member, event.chat.type)
    await requests.store.chats.set(chat.id, muted=muted)
    if muted:
        await requests.engine.cancel_waiting(chat.id, SHUT_OUT)
    elif await _is_new(event, requests):
        await _added(event, requests, bot, languages)


async def _added(event: ChatMemberUpdated, requests: RequestService, bot: Bot, languages: Languages) -> None:
    """Somebody has added the bot to a group or channel."""
    chat, by, access = event.chat, event.from_user, requests.access
    await requests.store.members.name_group(chat.id, chat.title)
    if access.is_admin(by.id):
        await access.decide_group(chat.id, "allowed", chat.title)
    if access.is_open_to(chat.id):
        await greet(bot, chat)
    elif access.group(chat.id) == "left" or access.is_banned(by.id):
        await leave(bot, chat.id)
    else:
        users = requests.store.users
        asked = await ask_admins(bot, access, users, languages, chat=chat, by=by, has_added=True)
        # A group that has been asked about hears nothing more, however often it adds the bot.
        if asked is not None:
            await _send(bot, chat, waiting_text(chat.id, asked=asked))


async def leave(bot: Bot, chat_id: int) -> bool:
    """Leave a group or channel. False: Telegram did not let the bot, or it was not there."""
    try:
        return await bot.leave_chat(chat_id)
    except TelegramAPIError:
        return False


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
    """Whether the bot was added to a group or channel. A group that became a supergroup has been greeted before."""
    came = event.chat.type != ChatType.PRIVATE and _is_out(event.old_chat_member)
    return came and await requests.store.chats.former(event.chat.id) is None


async def greet(bot: Bot, chat: Chat) -> None:
    """Tell a group how to use the bot."""
    words = _(
        "Hi! Write <code>/imagine a red fox in the snow</code> and I'll draw it. Reply to a photo with it, "
        "and I'll work from that photo.\n"
        "Admins: /settings has the options for this group."
    )
    await _send(bot, chat, words)


async def _send(bot: Bot, chat: Chat, words: str) -> None:
    if chat.type not in GROUPS:
        # The readers of a channel have not added the bot.
        return
    try:
        await bot.send_message(chat.id, words)
    except TelegramAPIError:
        # Nobody asked for these words. Where members may not write, an admin may allow it later.
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
