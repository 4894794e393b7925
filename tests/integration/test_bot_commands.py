"""The bot's profile at Telegram: commands by language and kind of chat, and descriptions."""

from aiogram import Bot

from bot.demo.telegram import Flood, Refusal, TelegramSimulator
from bot.handlers import command_menu
from bot.telegram.i18n import Languages

SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


async def test_all_is_told_once(telegram: TelegramSimulator, bot: Bot) -> None:
    await command_menu.publish(bot, Languages())
    known, texts = telegram.bot_user.commands, telegram.bot_user.texts
    assert set(known) == {(scope, code) for scope in SCOPES for code in ("", "zh")}
    private, group, admins = (known[scope, ""] for scope in SCOPES[1:])
    assert known["default", ""] == private
    names = [one["command"] for one in private]
    own = ["settings", "models", "usage", "export", "forget", "help"]
    assert names == ["imagine", "duel", "history", "queue", "style", "me", *own]
    assert [one["command"] for one in group] == ["imagine", "duel", "history", "style", "me", "settings", "help"]
    told = [one["command"] for one, other in zip(group, admins, strict=True) if one != other]
    assert told == ["settings"]
    assert known["default", "zh"] != known["default", ""]
    assert set(texts) == {(kind, code) for kind in ("description", "short_description") for code in ("", "zh")}
    before = len([call for call in telegram.calls if call.name.startswith("set")])
    await command_menu.publish(bot, Languages())
    assert len([call for call in telegram.calls if call.name.startswith("set")]) == before == 12


async def test_what_the_operator_has_written_stays(telegram: TelegramSimulator, bot: Bot) -> None:
    await bot.set_my_description("The bot of our club.")
    await command_menu.publish(bot, Languages())
    assert telegram.bot_user.texts["description", ""] == "The bot of our club."
    assert telegram.bot_user.texts["short_description", ""]


async def test_too_much_at_once_is_told_after_a_while(telegram: TelegramSimulator, bot: Bot) -> None:
    telegram.play(Flood(method="setMyCommands", retry_after=3600, times=2))
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    await command_menu.publish(bot, Languages(), sleep)
    assert waited == [3600, 3600]
    assert len(telegram.bot_user.commands) == 8


async def test_an_admin_who_has_blocked_the_bot_keeps_no_other_from_their_command(
    telegram: TelegramSimulator, bot: Bot
) -> None:
    await command_menu.publish(bot, Languages())
    telegram.play(Refusal(method="setMyCommands", code=403, description="Forbidden: bot was blocked by the user"))
    await command_menu.publish(bot, Languages(), admins=(telegram.ann.id, telegram.ming.id))
    assert (f"chat:{telegram.ming.id}", "") in telegram.bot_user.commands
