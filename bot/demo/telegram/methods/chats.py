"""Methods that ask about chats, their members and files."""

from aiogram.methods import GetChat, GetChatAdministrators, GetChatMember, GetFile

from bot.demo.telegram.bot_view import full_chat_json, member_json, standing_json
from bot.demo.telegram.errors import bad_request
from bot.demo.telegram.methods.desk import Desk
from bot.demo.telegram.model import JSON, Account, Chat
from bot.demo.telegram.world import ANONYMOUS


async def get_chat(desk: Desk, call: GetChat) -> JSON:
    """https://core.telegram.org/bots/api#getchat."""
    return full_chat_json(desk.chat(call.chat_id, "read"))


async def get_chat_member(desk: Desk, call: GetChatMember) -> JSON:
    """https://core.telegram.org/bots/api#getchatmember.

    The account behind anonymous admins is known everywhere and a member nowhere.
    """
    chat = desk.chat(call.chat_id, "members")
    account = ANONYMOUS if call.user_id == ANONYMOUS.id else desk.world.account(call.user_id)
    if account is None:
        raise bad_request("user not found")
    return member(desk, chat, account)


async def get_chat_administrators(desk: Desk, call: GetChatAdministrators) -> list[JSON]:
    """https://core.telegram.org/bots/api#getchatadministrators: only another admin is told of anonymous ones."""
    chat = desk.chat(call.chat_id, "members")
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    insider = chat.bot == "administrator"
    admins = [member(desk, chat, admin) for admin in chat.admins if insider or admin not in chat.anonymous]
    if insider and call.return_bots:
        admins.append(member(desk, chat, desk.world.bot))
    return admins


async def get_file(desk: Desk, call: GetFile) -> JSON:
    """https://core.telegram.org/bots/api#getfile."""
    return desk.world.files.link(call.file_id)


def member(desk: Desk, chat: Chat, account: Account) -> JSON:
    """The standing of an account in a chat."""
    return member_json(chat, account, chat.bot) if account is desk.world.bot else standing_json(chat, account)
