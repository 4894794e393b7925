"""The bot's profile at Telegram: the commands in each kind of chat, and the description of an empty chat."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BotCommandScopeUnion,
)
from aiogram.utils.i18n import gettext as _
from tenacity import retry_if_exception_type, wait_exception

from bot.telegram.i18n import Languages
from storage.retry_loop import Sleep, repeat

log = logging.getLogger(__name__)

IN_PRIVATE = (
    "imagine", "duel", "history", "queue", "style", "me", "settings", "models", "usage", "export", "forget", "help"
)  # fmt: skip
IN_GROUPS = ("imagine", "duel", "history", "style", "me", "settings", "help")


async def publish(
    bot: Bot,
    languages: Languages,
    sleep: Sleep = asyncio.sleep,
    *,
    admins: Iterable[int] = (),
    more: Sequence[str] = (),
) -> None:
    """Send Telegram the commands and descriptions that it doesn't have yet, in every language; obey `retry_after`.

    `admins`: the ids of the bot's admins, whose menus have one command more; `more`: commands of help with words.
    """
    for locale, code in _codes(languages):
        with languages.speaking(locale):
            for scope, commands in _menus(more):
                await _until_allowed(partial(_command, bot, scope, commands, code), sleep)
            await _until_allowed(partial(_describe, bot, code), sleep)
    for admin in admins:
        # One who has never started the bot has no chat with it; another one has blocked it.
        with suppress(TelegramBadRequest, TelegramForbiddenError):
            await _publish_for_admin(bot, languages, admin, sleep, more)


def commands_of(chat_type: str, *, is_admin: bool, more: Sequence[str] = ()) -> list[BotCommand]:
    """The commands as the menu of a chat lists them, in the current language. `is_admin`: of the bot, or in a group of
    the group; `more`: see `publish`."""
    _default, (_all_private, private), (_all_groups, groups), (_all_admins, admins) = _menus(more)
    if chat_type != ChatType.PRIVATE:
        return admins if is_admin else groups
    return [*private, _admin_command()] if is_admin else private


async def renew(bot: Bot, languages: Languages, user_id: int, *, is_admin: bool, more: Sequence[str] = ()) -> None:
    """Show a person the commands of an admin, or those of everybody; `more`: see `publish`. Where Telegram does not
    take them now, the next start sends those of an admin again."""
    try:
        if is_admin:
            await _publish_for_admin(bot, languages, user_id, sleep=None, more=more)
        else:
            for _locale, code in _codes(languages):
                await bot.delete_my_commands(BotCommandScopeChat(chat_id=user_id), code)
    except TelegramAPIError as error:
        log.info("the commands of one person could not be changed (%s)", type(error).__name__)


async def _publish_for_admin(
    bot: Bot, languages: Languages, user_id: int, sleep: Sleep | None, more: Sequence[str] = ()
) -> None:
    scope = BotCommandScopeChat(chat_id=user_id)
    for locale, code in _codes(languages):
        with languages.speaking(locale):
            step = partial(_command, bot, scope, commands_of(ChatType.PRIVATE, is_admin=True, more=more), code)
            await (_until_allowed(step, sleep) if sleep else step())


def _codes(languages: Languages) -> list[tuple[str, str | None]]:
    """The languages with Telegram's codes for them; the default has none.

    It comes last: Telegram reports it for languages without their own text, which would look up to date.
    """
    default = languages.default_locale
    return [*((one, one) for one in languages.available_locales if one != default), (default, None)]


async def _until_allowed(step: Callable[[], Awaitable[None]], sleep: Sleep) -> None:
    await repeat(step, when=retry_if_exception_type(TelegramRetryAfter), wait=wait_exception(_demanded), sleep=sleep)


def _demanded(error: BaseException) -> float:
    return float(error.retry_after) if isinstance(error, TelegramRetryAfter) else 0.0


async def _command(bot: Bot, scope: BotCommandScopeUnion, commands: list[BotCommand], code: str | None) -> None:
    # Reading is not limited; writing is.
    known = [(one.command, one.description) for one in await bot.get_my_commands(scope, code)]
    if known != [(one.command, one.description) for one in commands]:
        await bot.set_my_commands(commands, scope, code)


async def _describe(bot: Bot, code: str | None) -> None:
    """Fill in empty descriptions: those that the operator wrote with @BotFather stay."""
    if not (await bot.get_my_description(code)).description:
        await bot.set_my_description(_long(), code)
    if not (await bot.get_my_short_description(code)).short_description:
        await bot.set_my_short_description(_short(), code)


def _menus(more: Sequence[str] = ()) -> list[tuple[BotCommandScopeUnion, list[BotCommand]]]:
    said = _commands()
    private, groups = _entries(IN_PRIVATE, more, said), _entries(IN_GROUPS, more, said)
    admins = _entries(IN_GROUPS, more, {**said, "settings": _("settings of this group (admins)")})
    return [
        (BotCommandScopeDefault(), private),
        (BotCommandScopeAllPrivateChats(), private),
        (BotCommandScopeAllGroupChats(), groups),
        (BotCommandScopeAllChatAdministrators(), admins),
    ]


def _entries(names: Sequence[str], more: Sequence[str], said: Mapping[str, str]) -> list[BotCommand]:
    """The entries of a menu: help with words comes after the first command."""
    first, *others = names
    return [BotCommand(command=name, description=said[name]) for name in (first, *more, *others)]


def _admin_command() -> BotCommand:
    return BotCommand(command="admin", description=_("look after this bot"))


def _commands() -> dict[str, str]:
    return {
        "imagine": _("turn your words into a picture"),
        "duel": _("several services draw your words; vote for the best"),
        "improve": _("better words, before anything is drawn"),
        "describe": _("as a reply to a picture: words that would make it"),
        "history": _("your pictures; add words to search"),
        "queue": _("your waiting and running requests"),
        "style": _("styles, built-in and your own"),
        "me": _("your photo, for pictures with you in them"),
        "settings": _("your settings"),
        "models": _("the services and what they can do"),
        "usage": _("this month's pictures and cost"),
        "export": _("all your data as a file"),
        "forget": _("erase all your data"),
        "help": _("help and options"),
    }


def _long() -> str:
    return _(
        "I turn your words into pictures.\n\n"
        "✏️ Write what you want to see.\n"
        "📷 Add photos, and I'll work from them.\n"
        "↩️ Reply to a picture and say what to change.\n"
        "👥 In groups: /imagine followed by your words."
    )


def _short() -> str:
    return _("Tell me what you want to see and I'll draw it. You can add photos.")
