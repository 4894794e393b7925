"""Members of chats, the bot's profile, and its commands by scope and language."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.demo.bot_api.methods.profile import commands_in
from bot.demo.chat import groups
from bot.demo.telegram import TelegramSimulator


async def test_members_and_chats(bot: Bot, telegram: TelegramSimulator) -> None:
    group, ann, ming = telegram.group, telegram.ann, telegram.ming
    full = await bot.get_chat(group.id)
    assert (full.title, full.type, full.id) == ("Picture club", "supergroup", group.id)
    statuses = [(await bot.get_chat_member(group.id, who)).status for who in (ann.id, ming.id, bot.id)]
    assert statuses == ["creator", "member", "member"]
    groups.set_bot_status(telegram.world, group, "restricted")
    assert (await bot.get_chat_member(group.id, bot.id)).status == "restricted"
    assert [admin.user.id for admin in await bot.get_chat_administrators(group.id)] == [ann.id]
    groups.set_bot_status(telegram.world, group, "administrator")
    assert len(await bot.get_chat_administrators(group.id, return_bots=True)) == 2
    with pytest.raises(TelegramBadRequest, match="user not found"):
        await bot.get_chat_member(group.id, 42)
    with pytest.raises(TelegramBadRequest, match="no administrators in the private chat"):
        await bot.get_chat_administrators(ann.id)
    groups.set_bot_status(telegram.world, group, "left")
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the supergroup chat"):
        await bot.get_chat(group.id)


async def test_the_profile(bot: Bot, telegram: TelegramSimulator) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.can_read_all_group_messages) == (bot.id, "imagine_demo_bot", False)
    await bot.set_my_description("Draws", language_code="en")
    await bot.set_my_description("All")
    await bot.set_my_short_description("short")
    assert (await bot.get_my_description(language_code="en")).description == "Draws"
    assert (await bot.get_my_description(language_code="de")).description == "All"
    assert (await bot.get_my_short_description()).short_description == "short"
    with pytest.raises(TelegramBadRequest, match="description is too long"):
        await bot.set_my_description("x" * 513)


async def test_commands_have_scopes_and_languages(bot: Bot, telegram: TelegramSimulator) -> None:
    scopes: list[tuple[str, BotCommandScopeUnion | None, str | None]] = [
        ("any", None, None),
        ("zh", None, "zh"),
        ("private", BotCommandScopeAllPrivateChats(), None),
        ("here", BotCommandScopeChat(chat_id=telegram.group.id), None),
    ]
    for name, scope, code in scopes:
        await bot.set_my_commands([BotCommand(command=name, description=name)], scope, code)
        assert [command.command for command in await bot.get_my_commands(scope, code)] == [name]

    def menu(chat: Any) -> list[str]:
        return [command["command"] for command in commands_in(telegram.bot_user, chat)]

    assert (menu(telegram.ann.chat), menu(telegram.group)) == (["private"], ["here"])
    await bot.delete_my_commands(BotCommandScopeAllPrivateChats())
    assert (menu(telegram.ann.chat), menu(telegram.ming.chat)) == (["any"], ["zh"])
    for command, code, reason in (
        ("Big", None, "BOT_COMMAND_INVALID"),
        ("ok", "zh-hans", "invalid language code specified"),
    ):
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.set_my_commands([BotCommand(command=command, description="x")], None, code)
