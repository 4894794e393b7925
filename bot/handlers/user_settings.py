"""`/settings` in private: the service, options, language and delivery of all of a person's requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, message_of
from bot.handlers.option_menus import (
    SERVICE,
    START_PARAMETER,
    Menu,
    Pages,
    flag_title,
    is_offered,
    menu,
    offered_flags,
    option_buttons,
    option_menu,
    service_menu,
    settings_link,
)
from bot.handlers.request_service import RequestService
from bot.local_time import PLACES, in_zone, known_zones, written
from bot.telegram.callback_data import SettingCallback
from bot.telegram.formatting import labelled
from bot.telegram.i18n import NAMES, Languages
from bot.telegram.keyboards import button, in_rows, keyboard
from bot.telegram.private_reply import reply_privately
from bot.telegram.provider_labels import title
from storage.settings_records import Preferences

LANGUAGE, ZONE, DELIVERY, SPOILER, DRAFTS = ".language", ".zone", ".delivery", ".covered", ".drafts"
"""Settings that are not provider options, like `option_menus.SERVICE`."""


def make_router() -> Router:
    """A person's settings."""
    router = Router(name="settings")
    router.message.register(settings, Command("settings"), F.chat.type == ChatType.PRIVATE)
    router.message.register(
        settings, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), F.chat.type == ChatType.PRIVATE
    )
    router.message.register(link_to_private_chat, Command("settings"))
    router.callback_query.register(show, SettingCallback.filter(F.do == "show"))
    router.callback_query.register(choose, SettingCallback.filter(F.do == "set"))
    return router


async def settings(message: Message, requests: RequestService) -> None:
    """All settings on one page."""
    if message.from_user:
        text, buttons = _page(requests, await requests.store.users.preferences(message.from_user.id))
        await message.answer(text, reply_markup=buttons)


async def link_to_private_chat(message: Message, bot: Bot) -> None:
    """In a group: a link to the private chat."""
    await reply_privately(message, _("Your settings are in our private chat:"), keyboard([await settings_link(bot)]))


async def show(query: CallbackQuery, callback_data: SettingCallback, requests: RequestService, pages: Pages) -> None:
    """One setting with its choices, or all of them."""
    await answer(query)
    await _repaint(query, requests, pages, callback_data.name)


async def choose(
    query: CallbackQuery, callback_data: SettingCallback, requests: RequestService, languages: Languages, pages: Pages
) -> None:
    """Set one value, and go back to all settings."""
    users, user_id, value = requests.store.users, query.from_user.id, callback_data.value or None
    now = await users.preferences(user_id)
    language = None
    if callback_data.name == LANGUAGE:
        value = value if value in NAMES else None
        await users.speak(user_id, value)
        language = languages.pick(value or query.from_user.language_code)
    elif callback_data.name == ZONE:
        await users.live_in(user_id, value if value in PLACES else None)
    elif callback_data.name == SERVICE:
        await users.choose(user_id, value if value in requests.providers else None)
    elif callback_data.name == DELIVERY:
        await users.deliver(user_id, "files" if value == "files" else "both" if value == "both" else None)
    elif callback_data.name == SPOILER:
        await users.cover(user_id, bool(value))
    elif callback_data.name == DRAFTS:
        await users.show_drafts(user_id, bool(value))
    else:
        service = requests.service_of(now)
        if not is_offered(requests, service, now, callback_data.name, value):
            # The page belongs to another service than the person has now.
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
    lines.append(" · ".join(flag_title(flag) for flag in offered_flags(requests, service, now)))
    first = [button(_("Service"), _show(SERVICE))] if len(requests.providers) > 1 else []
    first.append(button(_("Language"), _show(LANGUAGE)))
    first.append(button(labelled(_("Time"), _clock(now, requests.store.clock())), _show(ZONE)))
    first += [
        button(labelled(setting.label, setting.choices[setting.now]), _show(name))
        for name, setting in _bot_settings(now).items()
    ]
    return "\n".join(lines), keyboard(*in_rows(first), *in_rows(option_buttons(requests, service, now)))


def _choices(requests: RequestService, now: Preferences, name: str) -> Menu | None:
    """The menu of one setting; None where the person's service has none of this name."""
    if name == LANGUAGE:
        return menu(_("Which language should I speak?"), name, NAMES, now.language, _("same as Telegram"))
    if name == ZONE:
        return _zones(now, requests.store.clock())
    if setting := _bot_settings(now).get(name):
        others = {value: label for value, label in setting.choices.items() if value}
        return menu(setting.question, name, others, setting.now, setting.choices[""])
    if name == SERVICE:
        return service_menu(
            requests, now, _("Which service should draw your pictures? /models shows what each can do.")
        )
    return option_menu(requests, requests.service_of(now), now, name)


def _zones(now: Preferences, moment: float) -> Menu:
    """The menu of time zones. Nobody knows a zone's name; everybody knows what time it is."""
    values = {name: " ".join([f"{there:%H:%M}", _(PLACES[name])]) for name, there in known_zones(moment)}
    text = _(
        "What time is it where you are? Tap a place where it's the same time, and I'll use its clock.\n"
        "Until you do, times are in UTC."
    )
    with in_zone(None):
        usual = written(moment, "%H:%M")
    return menu(text, ZONE, values, now.time_zone, usual, columns=2)


def _clock(now: Preferences, moment: float) -> str:
    """The time on the person's clock."""
    with in_zone(now.time_zone):
        return written(moment, "%H:%M")


@dataclass(frozen=True, slots=True)
class _BotSetting:
    """A setting of the bot with a few choices: their labels by value, the default ("") first."""

    label: str
    question: str
    choices: Mapping[str, str]
    now: str


def _bot_settings(now: Preferences) -> dict[str, _BotSetting]:
    return {
        DELIVERY: _BotSetting(
            _("Results"),
            _("How should I send results? Files are the originals; photos in an album are compressed by Telegram."),
            {"": _("album"), "files": _("files"), "both": _("both")},
            "" if now.delivery == "album" else now.delivery,
        ),
        SPOILER: _BotSetting(
            _("Spoiler"),
            _("Hide pictures behind a spoiler until you tap them?"),
            {"": _("no"), "yes": _("yes")},
            "yes" if now.spoiler else "",
        ),
        DRAFTS: _BotSetting(
            _("Progress"),
            _("How should I show progress in our chat? A draft disappears by itself; its Stop button cancels."),
            {"": _("message"), "yes": _("draft")},
            "yes" if now.drafts else "",
        ),
    }


def _show(name: str) -> SettingCallback:
    return SettingCallback(do="show", name=name)
