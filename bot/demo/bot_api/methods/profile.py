"""Methods about the bot itself: its name, commands and descriptions."""

import re

from aiogram.methods import (
    DeleteMyCommands,
    GetMe,
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    GetUserProfilePhotos,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import BotCommandScopeUnion

from bot.demo.bot_api.bot_view import account_json, size_json
from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.methods.call_context import CallContext
from bot.demo.bot_api.model import JSON, Chat, Person
from bot.demo.bot_api.world import BotAccount

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MAX_COMMANDS, MAX_COMMAND_TEXT_LENGTH, MAX_DESCRIPTION_LENGTH, MAX_SHORT_LENGTH, MAX_NAME_LENGTH = (
    100,
    256,
    512,
    120,
    64,
)


async def get_me(context: CallContext, _: GetMe) -> JSON:
    """https://core.telegram.org/bots/api#getme."""
    bot = context.world.bot
    can = {
        "can_join_groups": True,
        "can_read_all_group_messages": not bot.privacy,
        "supports_inline_queries": bot.inline,
    }
    never = ("can_connect_to_business", "has_main_web_app", "has_topics_enabled", "allows_users_to_create_topics")
    return {**account_json(bot), **can, **dict.fromkeys(never, False)}


async def get_user_profile_photos(context: CallContext, call: GetUserProfilePhotos) -> JSON:
    """https://core.telegram.org/bots/api#getuserprofilephotos: only the bot has a photo here."""
    account = context.world.account(call.user_id)
    if account is None:
        raise bad_request("user not found")
    photo = account.photo if isinstance(account, BotAccount) else None
    return {
        "total_count": int(photo is not None),
        "photos": [[size_json(size) for size in photo.sizes]] if photo else [],
    }


async def set_my_commands(context: CallContext, call: SetMyCommands) -> bool:
    """https://core.telegram.org/bots/api#setmycommands."""
    if len(call.commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in call.commands:
        if not COMMAND.fullmatch(command.command.removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= MAX_COMMAND_TEXT_LENGTH:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    listed = [{"command": one.command.removeprefix("/"), "description": one.description} for one in call.commands]
    context.world.bot.commands[scope(context, call.scope), language(call.language_code)] = listed
    context.world.events.publish("commands")
    return True


async def get_my_commands(context: CallContext, call: GetMyCommands) -> list[JSON]:
    """https://core.telegram.org/bots/api#getmycommands."""
    return context.world.bot.commands.get((scope(context, call.scope), language(call.language_code)), [])


async def delete_my_commands(context: CallContext, call: DeleteMyCommands) -> bool:
    """https://core.telegram.org/bots/api#deletemycommands."""
    context.world.bot.commands.pop((scope(context, call.scope), language(call.language_code)), None)
    context.world.events.publish("commands")
    return True


async def set_my_name(context: CallContext, call: SetMyName) -> bool:
    """https://core.telegram.org/bots/api#setmyname."""
    if not call.name and not call.language_code:
        raise bad_request("BOT_TITLE_INVALID")
    return describe(context, "name", call.name, call.language_code, MAX_NAME_LENGTH)


async def get_my_name(context: CallContext, call: GetMyName) -> JSON:
    """https://core.telegram.org/bots/api#getmyname."""
    return {"name": described(context.world.bot, "name", call.language_code)}


async def set_my_description(context: CallContext, call: SetMyDescription) -> bool:
    """https://core.telegram.org/bots/api#setmydescription."""
    return describe(context, "description", call.description, call.language_code, MAX_DESCRIPTION_LENGTH)


async def set_my_short_description(context: CallContext, call: SetMyShortDescription) -> bool:
    """https://core.telegram.org/bots/api#setmyshortdescription."""
    return describe(context, "short_description", call.short_description, call.language_code, MAX_SHORT_LENGTH)


async def get_my_description(context: CallContext, call: GetMyDescription) -> JSON:
    """https://core.telegram.org/bots/api#getmydescription."""
    return {"description": described(context.world.bot, "description", call.language_code)}


async def get_my_short_description(context: CallContext, call: GetMyShortDescription) -> JSON:
    """https://core.telegram.org/bots/api#getmyshortdescription."""
    return {"short_description": described(context.world.bot, "short_description", call.language_code)}


def describe(context: CallContext, kind: str, text: str | None, code: str | None, most: int) -> bool:
    """Store a text about the bot; the name for all languages is the account's name."""
    if len(text or "") > most:
        raise bad_request(f"bot {kind.replace('_', ' ')} is too long")
    context.world.bot.texts[kind, language(code)] = text or ""
    if kind == "name" and not code:
        context.world.bot.name = text or ""
    context.world.events.publish("commands")
    return True


def described(bot: BotAccount, kind: str, code: str | None) -> str:
    """A text about the bot in a language, else the one for all languages."""
    everywhere = bot.name if kind == "name" else bot.texts.get((kind, ""), "")
    return bot.texts.get((kind, language(code))) or everywhere


def language(code: str | None) -> str:
    """A two-letter code, or "" for all languages (validate_bot_language_code of TDLib refuses anything else)."""
    if code and not re.fullmatch("[a-z]{2}", code):
        raise bad_request("Invalid language code specified")
    return code or ""


def scope(context: CallContext, wanted: BotCommandScopeUnion | None) -> str:
    """The name under which the commands of a scope are kept (get_bot_command_scope of TDLib)."""
    if wanted is None:
        return "default"
    if (chat_id := getattr(wanted, "chat_id", None)) is None:
        return wanted.type
    user_id = getattr(wanted, "user_id", None)
    if user_id is not None and context.world.account(user_id) is None:
        raise bad_request("user not found")
    chat = context.chat(chat_id, "read")
    if chat.type == "private" and wanted.type != "chat":
        raise bad_request("Can't use specified scope in private chats")
    if chat.type == "channel":
        raise bad_request("Can't change commands in channel chats")
    return f"{wanted.type}:{chat.id}" + ("" if user_id is None else f":{user_id}")


def commands_in(bot: BotAccount, chat: Chat, person: Person | None = None) -> list[JSON]:
    """The commands that the menu of a chat shows to a person; in a group without one, those for all its members."""
    person = person or chat.person
    code = spoken(person) if person else ""
    pairs = [(name, wanted) for name in scopes(chat, person) for wanted in dict.fromkeys([code, ""])]
    return next((bot.commands[pair] for pair in pairs if bot.commands.get(pair)), [])


def scopes(chat: Chat, person: Person | None) -> list[str]:
    """The scopes that hold for a person in a chat, the narrowest first.

    https://core.telegram.org/bots/api#determining-list-of-commands
    """
    if chat.type == "private":
        return [f"chat:{chat.id}", "all_private_chats", "default"]
    admin = person in chat.admins
    return [
        *([f"chat_member:{chat.id}:{person.id}"] if person else []),
        *([f"chat_administrators:{chat.id}"] if admin else []),
        f"chat:{chat.id}",
        *(["all_chat_administrators"] if admin else []),
        "all_group_chats",
        "default",
    ]


def spoken(person: Person) -> str:
    """A person's language as the bot's texts are kept: two letters, or "" when it isn't known."""
    return (person.language_code or "")[:2]
