"""`/settings`: what holds for all of a person's requests. The keyboards are made from the providers' options."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from weakref import WeakValueDictionary

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, message_of
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import SettingCallback
from bot.telegram.flag_names import label, shown
from bot.telegram.i18n import NAMES, Languages
from bot.telegram.keyboards import button, in_rows, into_private, keyboard
from bot.telegram.private_reply import reply_privately
from bot.telegram.provider_labels import title
from providers.options import Flag, flags
from storage.settings_records import ChatRules, Preferences

START = "settings"
"""What the button in a group starts the private chat with."""
MOST_BYTES = 40
Menu = tuple[str, InlineKeyboardMarkup]
SERVICE, LANGUAGE, DELIVERY, COVERED, DRAFTS = ".service", ".language", ".delivery", ".covered", ".drafts"
"""Settings that are no options; no option's name has a point."""


def make_router() -> Router:
    """A person's settings."""
    router = Router(name="settings")
    router.message.register(settings, Command("settings"), F.chat.type == ChatType.PRIVATE)
    router.message.register(
        settings, CommandStart(deep_link=True, magic=F.args == START), F.chat.type == ChatType.PRIVATE
    )
    router.message.register(elsewhere, Command("settings"))
    router.callback_query.register(show, SettingCallback.filter(F.do == "show"))
    router.callback_query.register(choose, SettingCallback.filter(F.do == "set"))
    return router


async def settings(message: Message, requests: RequestService) -> None:
    """All settings on one page."""
    if message.from_user:
        text, buttons = _page(requests, await requests.store.users.preferences(message.from_user.id))
        await message.answer(text, reply_markup=buttons)


async def elsewhere(message: Message, bot: Bot) -> None:
    """In a group: the way to one's own."""
    await reply_privately(message, _("Your settings are in our private chat:"), keyboard([await link_to_own(bot)]))


async def link_to_own(bot: Bot) -> InlineKeyboardButton:
    """A button that leads to one's own settings, whoever presses it."""
    return await into_private(bot, _("⚙️ My settings"), START)


class Pages:
    """Shows the pages of settings, in one message one after another: of two presses at once (that this process hears
    of), what is shown last has what both have set."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def show(self, message: Message, page: Callable[[], Awaitable[Menu]]) -> None:
        """Put a page, as it is by then, into the message of another one."""
        turn = self._turns.setdefault((message.chat.id, message.message_id), asyncio.Lock())
        async with turn:
            await change_text(message, *await page())


async def show(query: CallbackQuery, callback_data: SettingCallback, requests: RequestService, pages: Pages) -> None:
    """One setting with its choices, or all of them."""
    await answer(query)
    await _repaint(query, requests, pages, callback_data.name)


async def choose(
    query: CallbackQuery, callback_data: SettingCallback, requests: RequestService, languages: Languages, pages: Pages
) -> None:
    """Set one, and go back to all."""
    users, user_id, value = requests.store.users, query.from_user.id, callback_data.value or None
    now = await users.preferences(user_id)
    language = None
    if callback_data.name == LANGUAGE:
        value = value if value in NAMES else None
        await users.speak(user_id, value)
        language = languages.pick(value or query.from_user.language_code)
    elif callback_data.name == SERVICE:
        await users.choose(user_id, value if value in requests.providers else None)
    elif callback_data.name == DELIVERY:
        await users.deliver(user_id, "files" if value == "files" else "both" if value == "both" else None)
    elif callback_data.name == COVERED:
        await users.cover(user_id, bool(value))
    elif callback_data.name == DRAFTS:
        await users.show_drafts(user_id, bool(value))
    else:
        service = requests.service_of(now)
        if not is_offered(requests, service, callback_data.name, value):
            # The page is of another service than is chosen now.
            await answer(query, _("This has changed in the meantime; here's how it is now."))
            await _repaint(query, requests, pages)
            return
        await users.set_option(user_id, service, callback_data.name, value)
    with languages.speaking(language or languages.current_locale):
        await answer(query, _("Saved."))
        await _repaint(query, requests, pages)


async def _repaint(query: CallbackQuery, requests: RequestService, pages: Pages, name: str = "") -> None:
    async def page() -> Menu:
        now = await requests.store.users.preferences(query.from_user.id)
        return _choices(requests, now, name) or _page(requests, now)

    if message := await message_of(query):
        await pages.show(message, page)


def _page(requests: RequestService, now: Preferences) -> Menu:
    service = requests.service_of(now)
    lines = [
        _("⚙️ <b>Your settings</b>"),
        _("They apply to all your requests. Options in a prompt override them."),
        "",
    ]
    if len(requests.providers) > 1:
        lines.append(_("Service: {name}").format(name=escape(title(requests.providers, service))))
    lines += [f"{_code(flag)} {escape(_(flag.description))}" for flag in _offered(requests, service)]
    first = [button(_("Service"), _show(SERVICE))] if len(requests.providers) > 1 else []
    first.append(button(_("Language"), _show(LANGUAGE)))
    first += [button(_said(way.label, way.choices[way.now]), _show(name)) for name, way in _ways(now).items()]
    return "\n".join(lines), keyboard(*in_rows(first), *in_rows(option_buttons(requests, service, now)))


def _choices(requests: RequestService, now: Preferences, name: str) -> Menu | None:
    """One setting; None where this person's service has none of this name."""
    if name == LANGUAGE:
        return menu(_("Which language should I speak?"), name, NAMES, now.language, _("same as Telegram"))
    if way := _ways(now).get(name):
        usual, *others = way.choices
        return menu(way.question, name, {key: way.choices[key] for key in others}, way.now, way.choices[usual])
    if name == SERVICE:
        return service_menu(
            requests, now, _("Which service should draw your pictures? /models shows what each can do.")
        )
    return option_menu(requests, requests.service_of(now), now, name)


def option_buttons(
    requests: RequestService, service: str, now: Preferences | ChatRules, press: type[SettingCallback] = SettingCallback
) -> list[InlineKeyboardButton]:
    """A button for each option of a service, with what holds now."""
    own = now.options.get(service, {})
    return [
        button(_said(label(flag.name), own.get(flag.name) or _usual(flag)), press(do="show", name=flag.name))
        for flag in _offered(requests, service)
    ]


def service_menu(
    requests: RequestService, now: Preferences | ChatRules, text: str, press: type[SettingCallback] = SettingCallback
) -> Menu:
    """The services to choose from."""
    names = {each: title(requests.providers, each) for each in requests.providers}
    return menu(text, SERVICE, names, requests.service_of(now), press=press)


def option_menu(
    requests: RequestService,
    service: str,
    now: Preferences | ChatRules,
    name: str,
    press: type[SettingCallback] = SettingCallback,
) -> Menu | None:
    """One option with its choices; None where the service has none of this name."""
    flag = next((flag for flag in _offered(requests, service) if flag.name == name), None)
    if flag is None:
        return None
    text = f"{_code(flag)} {escape(_(flag.description))}"
    # Telegram keeps 64 bytes with a button; a longer name can still be typed.
    values = {value: value for value in flag.choices if value != flag.default and _fits(value)}
    return menu(text, name, values, now.options.get(service, {}).get(name), _usual(flag), press=press)


def is_offered(requests: RequestService, service: str, name: str, value: str | None) -> bool:
    """Whether an option of a service can have this value (None: its own default): the page may be of another one."""
    return any(name == flag.name and (not value or value in flag.choices) for flag in _offered(requests, service))


@dataclass(frozen=True, slots=True)
class _Way:
    """A setting of the bot's own with a few choices: their labels by value, the usual one ("") first."""

    label: str
    question: str
    choices: Mapping[str, str]
    now: str


def _ways(now: Preferences) -> dict[str, _Way]:
    return {
        DELIVERY: _Way(
            _("Results"),
            _("How should I send results? Files are the originals; photos in an album are compressed by Telegram."),
            {"": _("album"), "files": _("files"), "both": _("both")},
            "" if now.delivery == "album" else now.delivery,
        ),
        COVERED: _Way(
            _("Spoiler"),
            _("Hide pictures behind a spoiler until you tap them?"),
            {"": _("no"), "yes": _("yes")},
            "yes" if now.spoiler else "",
        ),
        DRAFTS: _Way(
            _("Progress"),
            _("How should I show progress in our chat? A draft disappears by itself but has no Cancel button."),
            {"": _("message"), "yes": _("draft")},
            "yes" if now.drafts else "",
        ),
    }


def menu(
    text: str,
    name: str,
    values: dict[str, str],
    now: str | None,
    usual: str = "",
    *,
    press: type[SettingCallback] = SettingCallback,
) -> Menu:
    """A question with its choices: their labels by value. `usual`: the label of how it is when nothing is set."""
    choices = [("", usual)] if usual else []
    choices += values.items()
    parts = [
        button(("✓ " if value == (now or "") else "") + label, press(do="set", name=name, value=value))
        for value, label in choices
    ]
    return text, keyboard(*in_rows(parts), [button(_("‹ Back"), press(do="show"))])


def _offered(requests: RequestService, service: str) -> list[Flag]:
    """The options that can be chosen by a button."""
    return [flag for flag in flags(requests.providers[service].Options) if flag.choices]


def _fits(value: str) -> bool:
    return len(value.encode()) <= MOST_BYTES and SettingCallback.__separator__ not in value


def _code(flag: Flag) -> str:
    """A flag as it is typed, to be copied."""
    return f"<code>{escape(shown(f'--{flag.name}'))}</code>"


def _said(name: str, value: str) -> str:
    return _("{name}: {value}").format(name=name, value=value)


def _usual(flag: Flag) -> str:
    return flag.default or _("automatic")


def _show(name: str) -> SettingCallback:
    return SettingCallback(do="show", name=name)
