"""getChat, getChatMember, getChatAdministrators, leaveChat and getFile."""

from aiogram.methods import GetChat, GetChatAdministrators, GetChatMember, GetFile, LeaveChat

from bot.demo.bot_api.bot_view import account_json, full_chat_json, member_json, membership_json, standing_json
from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.methods.call_context import CallContext
from bot.demo.bot_api.model import JSON, Account, Chat
from bot.demo.bot_api.world import ANONYMOUS


async def get_chat(context: CallContext, call: GetChat) -> JSON:
    """https://core.telegram.org/bots/api#getchat."""
    return full_chat_json(context.chat(call.chat_id, "read"))


async def get_chat_member(context: CallContext, call: GetChatMember) -> JSON:
    """https://core.telegram.org/bots/api#getchatmember.

    The account behind anonymous admins is known everywhere and a member nowhere.
    """
    chat = context.chat(call.chat_id, "members")
    account = ANONYMOUS if call.user_id == ANONYMOUS.id else context.world.account(call.user_id)
    if account is None:
        raise bad_request("user not found")
    return member(context, chat, account)


async def get_chat_administrators(context: CallContext, call: GetChatAdministrators) -> list[JSON]:
    """https://core.telegram.org/bots/api#getchatadministrators: only another admin sees anonymous ones."""
    chat = context.chat(call.chat_id, "members")
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    insider = chat.bot == "administrator"
    admins = [member(context, chat, admin) for admin in chat.admins if insider or admin not in chat.anonymous]
    if insider and call.return_bots:
        admins.append(member(context, chat, context.world.bot))
    return admins


async def leave_chat(context: CallContext, call: LeaveChat) -> bool:
    """https://core.telegram.org/bots/api#leavechat: the bot hears of it as of any change of its membership."""
    chat, world = context.chat(call.chat_id, "members"), context.world
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    was, chat.bot = chat.bot, "left"
    world.updates.push("my_chat_member", membership_json(chat, world.bot, world.bot, was, world.clock()))
    if chat.type != "channel":
        world.post(chat, world.bot, service={"left_chat_member": account_json(world.bot)})
    world.events.publish("commands")
    return True


async def get_file(context: CallContext, call: GetFile) -> JSON:
    """https://core.telegram.org/bots/api#getfile."""
    return context.world.files.link(call.file_id)


def member(context: CallContext, chat: Chat, account: Account) -> JSON:
    """The standing of an account in a chat."""
    return member_json(chat, account, chat.bot) if account is context.world.bot else standing_json(chat, account)
