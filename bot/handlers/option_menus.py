"""The option menus that personal settings and group settings share; the keyboards come from the providers' options."""

import asyncio
from collections.abc import Awaitable, Callable
from html import escape
from weakref import WeakValueDictionary

from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import change_text
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import SettingCallback
from bot.telegram.flag_names import label, shown, value_label
from bot.telegram.formatting import labelled
from bot.telegram.keyboards import button, in_rows, into_private, keyboard
from bot.telegram.provider_labels import chosen_options, flags_of, title
from providers.options import Flag
from storage.settings_records import ChatRules, Preferences

START_PARAMETER = "settings"
"""The deep-link parameter of the button in a group."""
MAX_VALUE_BYTES = 40
"""Telegram keeps 64 bytes with a button, and the option's name needs some."""
SERVICE = ".service"
"""A setting that is no option; an option's name has no point."""
Menu = tuple[str, InlineKeyboardMarkup]


class Pages:
    """Shows pages of settings, one at a time in each message: after two presses at once (in this process), the last
    page has both changes."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def show(self, message: Message, page: Callable[[], Awaitable[Menu]]) -> None:
        """Replace the page of a message by `page()`, which is called in its turn."""
        turn = self._turns.setdefault((message.chat.id, message.message_id), asyncio.Lock())
        async with turn:
            await change_text(message, *await page())


async def settings_link(bot: Bot) -> InlineKeyboardButton:
    """A button that opens the presser's own settings in private."""
    return await into_private(bot, _("⚙️ My settings"), START_PARAMETER)


def menu(
    text: str,
    name: str,
    values: dict[str, str],
    now: str | None,
    usual: str = "",
    *,
    press: type[SettingCallback] = SettingCallback,
    columns: int | None = None,
) -> Menu:
    """A question with its choices. `values`: labels by value; `now`: the current value; `usual`: the label of the
    default value "" (no such choice without it); `columns`: the buttons in each row (None: as many as fit)."""
    choices = [("", usual)] if usual else []
    choices += values.items()
    parts = [
        button(("✓ " if value == (now or "") else "") + label, press(do="set", name=name, value=value))
        for value, label in choices
    ]
    rows = [parts[at : at + columns] for at in range(0, len(parts), columns)] if columns else in_rows(parts)
    return text, keyboard(*rows, [button(_("‹ Back"), press(do="show"))])


def service_menu(
    requests: RequestService, now: Preferences | ChatRules, text: str, press: type[SettingCallback] = SettingCallback
) -> Menu:
    """The menu of services."""
    names = {each: title(requests.providers, each) for each in requests.providers}
    return menu(text, SERVICE, names, requests.service_of(now), press=press)


def option_menu(
    requests: RequestService,
    service: str,
    now: Preferences | ChatRules,
    name: str,
    press: type[SettingCallback] = SettingCallback,
    *,
    usual: str = "",
    chosen: str | None = None,
) -> Menu | None:
    """The menu of one option; None where the service has none of this name. `usual`: the label of the choice to leave
    it open, where that is not the service's default; `chosen`: the value that is marked, where `now` has it from
    elsewhere."""
    flag = next((flag for flag in offered_flags(requests, service, now) if flag.name == name), None)
    if flag is None:
        return None
    text = f"{flag_title(flag)}\n{escape(_(flag.description))}"
    # A value too long for a button can still be typed.
    choices = (value for value in flag.choices if (usual or value != flag.default) and _fits(value))
    values = {value: value_label(value) for value in choices}
    marked = now.options.get(service, {}).get(name) if chosen is None else chosen
    return menu(text, name, values, marked, usual or _usual(flag), press=press)


def option_buttons(
    requests: RequestService, service: str, now: Preferences | ChatRules, press: type[SettingCallback] = SettingCallback
) -> list[InlineKeyboardButton]:
    """A button for each option of a service, with its current value."""
    own = now.options.get(service, {})
    return [
        button(
            labelled(label(flag.name), value_label(own.get(flag.name, "")) or _usual(flag)),
            press(do="show", name=flag.name),
        )
        for flag in offered_flags(requests, service, now)
    ]


def is_offered(
    requests: RequestService, service: str, now: Preferences | ChatRules, name: str, value: str | None
) -> bool:
    """Whether an option of the service can have this value (None: its default). The page may be of another service."""
    offered = offered_flags(requests, service, now)
    return any(name == flag.name and (not value or value in flag.choices) for flag in offered)


def offered_flags(requests: RequestService, service: str, now: Preferences | ChatRules) -> list[Flag]:
    """The options of the model in these settings that have choices, which buttons can set."""
    provider = requests.providers[service]
    options = chosen_options(provider, now.options.get(service, {}))
    return [flag for flag in flags_of(provider, options) if flag.choices]


def _fits(value: str) -> bool:
    return len(value.encode()) <= MAX_VALUE_BYTES and SettingCallback.__separator__ not in value


def flag_title(flag: Flag) -> str:
    """A flag's name in words, unless it is typed so, and as it is typed, as HTML to copy."""
    typed, words = shown(f"--{flag.name}"), label(flag.name)
    code = f"<code>{escape(typed)}</code>"
    return code if typed.endswith(words) else f"<b>{escape(words)}</b> {code}"


def _usual(flag: Flag) -> str:
    return value_label(flag.default) or _("automatic")
