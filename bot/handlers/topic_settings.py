"""The page "For this topic" of a group's settings: the service, the style and the options of one topic of a forum."""

from functools import partial
from html import escape

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer
from bot.handlers.group_admins import pressed_by_admin
from bot.handlers.option_menus import (
    SERVICE,
    Menu,
    Pages,
    is_offered,
    menu,
    option_buttons,
    option_menu,
)
from bot.handlers.request_service import RequestService
from bot.handlers.style_catalog import BUILT_IN_STYLES, NO_STYLE
from bot.telegram.callback_data import GroupCallback, TopicCallback
from bot.telegram.flag_names import shown
from bot.telegram.formatting import labelled
from bot.telegram.keyboards import button, in_rows, keyboard
from bot.telegram.message_input import topic_of
from bot.telegram.provider_labels import title
from storage.settings_records import ChatRules, TopicDefaults
from storage.topics import GENERAL_TOPIC

STYLE = ".style"
"""A setting that is no option of a service, like `option_menus.SERVICE`."""


def make_router() -> Router:
    """The settings of a group's topics."""
    router = Router(name="topics")
    router.callback_query.register(show, TopicCallback.filter(F.do == "show"))
    router.callback_query.register(choose, TopicCallback.filter(F.do == "set"))
    router.callback_query.register(clear, TopicCallback.filter(F.do == "clear"))
    return router


async def show(
    query: CallbackQuery, callback_data: TopicCallback, requests: RequestService, bot: Bot, pages: Pages
) -> None:
    """One setting of the topic with its choices, or all of them."""
    if message := await pressed_by_admin(query, bot):
        await answer(query)
        await pages.show(message, partial(_show, message, requests, callback_data.name))


async def choose(
    query: CallbackQuery, callback_data: TopicCallback, requests: RequestService, bot: Bot, pages: Pages
) -> None:
    """Set one value for the topic that has the page, and go back to all of them."""
    if message := await pressed_by_admin(query, bot):
        is_set = await _set(message, requests, callback_data.name, callback_data.value or None)
        await answer(query, _("Saved.") if is_set else _("This has changed in the meantime; here's how it is now."))
        await pages.show(message, partial(_page, message, requests))


async def clear(query: CallbackQuery, requests: RequestService, bot: Bot, pages: Pages) -> None:
    """The topic has no defaults of its own any more."""
    if message := await pressed_by_admin(query, bot):
        await requests.store.topics.clear(*_where(message))
        await answer(query, _("Saved."))
        await pages.show(message, partial(_page, message, requests))


async def topic_button(message: Message, requests: RequestService) -> list[InlineKeyboardButton]:
    """The way to the page, for the settings of a group; none where the group has no topics."""
    topic = await requests.store.topics.get(*_where(message))
    # A group that was a forum still shows what holds in it.
    if not message.chat.is_forum and topic.is_empty:
        return []
    text = _("🧵 For this topic") if topic.is_empty else _("🧵 For this topic ✓")
    return [button(text, TopicCallback(do="show"))]


def _where(message: Message) -> tuple[int, int]:
    """A press applies to the topic that has the message."""
    return message.chat.id, topic_of(message) or GENERAL_TOPIC


async def _set(message: Message, requests: RequestService, name: str, value: str | None) -> bool:
    """Store one value. False: the page belongs to another service than the topic has now."""
    topics, where = requests.store.topics, _where(message)
    if name == STYLE:
        await topics.set(*where, {"style": value if value in _styles() else None})
    elif name == SERVICE:
        await topics.set(*where, {"provider": value if value in requests.providers else None})
    else:
        now = await requests.store.chats.rules(*where)
        service = requests.service_of(now)
        if not is_offered(requests, service, now, name, value):
            return False
        await topics.set_option(*where, provider=service, name=name, value=value)
    return True


async def _read(message: Message, requests: RequestService) -> tuple[TopicDefaults, ChatRules]:
    """The defaults of the topic, and the rules that hold in it."""
    store, where = requests.store, _where(message)
    return await store.topics.get(*where), await store.chats.rules(*where)


async def _show(message: Message, requests: RequestService, name: str) -> Menu:
    return await _choices(message, requests, name) or await _page(message, requests)


async def _page(message: Message, requests: RequestService) -> Menu:
    topic, now = await _read(message, requests)
    service = requests.service_of(now)
    lines = [
        _("🧵 <b>Settings of this topic</b>"),
        _(
            "They apply in this topic to everyone who hasn't chosen their own, and override the group's. Options in a "
            "prompt override them."
        ),
        "",
        _("Service: {name}").format(name=escape(title(requests.providers, service))),
    ]
    first = [_button(_("Service"), SERVICE)] if len(requests.providers) > 1 else []
    first.append(_button(labelled(_("Style"), _styles().get(topic.style or "") or _none()), STYLE))
    same = [button(_("↺ Same as the group"), TopicCallback(do="clear"))] if not topic.is_empty else []
    back = [button(_("‹ Back"), GroupCallback(do="show"))]
    options = in_rows(option_buttons(requests, service, now, TopicCallback))
    return "\n".join(lines), keyboard(first, *options, same, back)


async def _choices(message: Message, requests: RequestService, name: str) -> Menu | None:
    """One setting; None where nothing has this name (any more)."""
    topic, now = await _read(message, requests)
    if name == STYLE:
        text = _("Which style should pictures have here? {code} in a prompt draws without it.")
        text = text.format(code=f"<code>{escape(shown('--style'))} {escape(_none())}</code>")
        return menu(text, name, _styles(), topic.style, _none(), press=TopicCallback)
    if name == SERVICE:
        names = {each: title(requests.providers, each) for each in requests.providers}
        text = _("Which service should draw this topic's pictures? /models shows what each can do.")
        return menu(text, name, names, topic.provider, _as_group(), press=TopicCallback)
    service = requests.service_of(now)
    own = topic.options.get(service, {}).get(name, "")
    return option_menu(requests, service, now, name, TopicCallback, usual=_as_group(), chosen=own)


def _button(text: str, name: str) -> InlineKeyboardButton:
    return button(text, TopicCallback(do="show", name=name))


def _styles() -> dict[str, str]:
    """The built-in styles: their names in the current language by their English ones, which are stored."""
    return {name: _(name) for name, _words in BUILT_IN_STYLES}


def _none() -> str:
    return _(NO_STYLE)


def _as_group() -> str:
    return _("same as the group")
