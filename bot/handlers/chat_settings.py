"""`/settings` in a group, for its admins: the group's rules and its queue. Every press is checked anew."""

from functools import partial
from html import escape

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer
from bot.handlers.group_admins import ByAdmin, pressed_by_admin
from bot.handlers.option_menus import (
    SERVICE,
    Menu,
    Pages,
    is_offered,
    menu,
    option_buttons,
    option_menu,
    service_menu,
    settings_link,
)
from bot.handlers.request_service import RequestService
from bot.handlers.topic_settings import topic_button
from bot.telegram.callback_data import GroupCallback
from bot.telegram.formatting import cut, labelled
from bot.telegram.keyboards import button, in_rows, keyboard
from bot.telegram.message_input import topic_of
from bot.telegram.private_reply import GROUPS
from bot.telegram.provider_labels import title
from providers.errors import Sentence
from storage.records import OpenInChat
from storage.settings_records import ChatRules, Replies
from storage.topics import GENERAL_TOPIC

ACCESS, QUIET, TOPIC, PAUSED, QUEUE, REPLIES = ".access", ".quiet", ".topic", ".paused", ".queue", ".replies"
"""Settings that are not provider options, like `option_menus.SERVICE`."""
DUEL_POLLS = ".duels"
SWITCHES = {ACCESS: "admins_only", QUIET: "quiet", PAUSED: "paused", DUEL_POLLS: "duel_polls"}
ON = "1"
MAX_JOBS_LISTED, LISTED_PROMPT_LENGTH = 15, 60
CLEARED = Sentence("A group admin cancelled the waiting requests. Nothing was charged.")


def make_router() -> Router:
    """A group's settings."""
    router = Router(name="groups")
    router.message.register(settings, Command("settings"), F.chat.type.in_(GROUPS), ByAdmin())
    router.callback_query.register(show, GroupCallback.filter(F.do == "show"))
    router.callback_query.register(choose, GroupCallback.filter(F.do == "set"))
    router.callback_query.register(clear, GroupCallback.filter(F.do == "clear"))
    router.callback_query.register(clear_confirmed, GroupCallback.filter(F.do == "clear-surely"))
    return router


async def settings(message: Message, requests: RequestService, bot: Bot) -> None:
    """All settings of the group on one page."""
    text, buttons = await _page(message, requests, bot)
    await message.reply(text, reply_markup=buttons)


async def show(
    query: CallbackQuery, callback_data: GroupCallback, requests: RequestService, bot: Bot, pages: Pages
) -> None:
    """One setting with its choices, the queue, or all settings."""
    if not (message := await pressed_by_admin(query, bot)):
        return
    await answer(query)

    async def page() -> Menu:
        return await _choices(message, requests, callback_data.name) or await _page(message, requests, bot)

    await pages.show(message, page)


async def choose(
    query: CallbackQuery, callback_data: GroupCallback, requests: RequestService, bot: Bot, pages: Pages
) -> None:
    """Set one value, and go back to all settings."""
    if not (message := await pressed_by_admin(query, bot)):
        return
    is_set = await _set(message, requests, callback_data.name, callback_data.value)
    await answer(query, _("Saved.") if is_set else _("This has changed in the meantime; here's how it is now."))
    await pages.show(message, partial(_page, message, requests, bot))


async def clear(query: CallbackQuery, bot: Bot, pages: Pages) -> None:
    """Ask before the queue is cleared."""

    async def page() -> Menu:
        text = _("Cancel all waiting requests in this group? Pictures already being drawn will still come.")
        sure = button(_("Yes, cancel them"), GroupCallback(do="clear-surely"), "danger")
        return text, keyboard([sure], [_back(QUEUE)])

    if message := await pressed_by_admin(query, bot):
        await answer(query)
        await pages.show(message, page)


async def clear_confirmed(query: CallbackQuery, requests: RequestService, bot: Bot, pages: Pages) -> None:
    """Cancel all waiting jobs."""
    if message := await pressed_by_admin(query, bot):
        count = await requests.engine.cancel_waiting(message.chat.id, CLEARED)
        await answer(query, _("Cancelled: {count}").format(count=count))
        await pages.show(message, partial(_queue, message, requests))


async def _set(message: Message, requests: RequestService, name: str, value: str) -> bool:
    """Store one value. False: the page belongs to another service than the group has now."""
    chats, chat_id = requests.store.chats, message.chat.id
    if name in SWITCHES:
        await chats.set(chat_id, **{SWITCHES[name]: value == ON})
    elif name == TOPIC:
        await chats.set(chat_id, thread_id=topic_of(message) or GENERAL_TOPIC if value == ON else None)
    elif name == REPLIES:
        await chats.set(chat_id, replies=value if value in {"all", "none"} else None)
    elif name == SERVICE:
        await chats.set(chat_id, provider=value if value in requests.providers else None)
    else:
        now = await chats.rules(chat_id)
        service = requests.service_of(now)
        if not is_offered(requests, service, now, name, value):
            return False
        await chats.set_option(chat_id, service, name, value or None)
    return True


async def _page(message: Message, requests: RequestService, bot: Bot) -> Menu:
    now, queue = (
        await requests.store.chats.rules(message.chat.id),
        await requests.store.chats.open_jobs(message.chat.id),
    )
    lines = [
        _("⚙️ <b>Settings of this group</b>"),
        _("Service and options apply to everyone who hasn't chosen their own."),
        *([_("⏸ I'm paused: nobody can ask me for pictures.")] if now.paused else []),
        "",
        *_explained(has_topics=bool(message.chat.is_forum) or now.thread_id is not None),
    ]
    access = _("Who can use me: admins only") if now.admins_only else _("Who can use me: everyone")
    rows = [[_switch(access, ACCESS, now.admins_only)], [_switch(_("Quiet: {state}"), QUIET, now.quiet)]]
    replies = _("Replies: {choice}").format(choice=_whose_replies()[now.replies])
    rows.append([button(replies, GroupCallback(do="show", name=REPLIES))])
    rows.append([_switch(_("Vote on duels in a poll: {state}"), DUEL_POLLS, now.duel_polls)])
    if message.chat.is_forum or now.thread_id is not None:
        rows.append([_switch(_("Only in this topic: {state}"), TOPIC, _is_in_topic(message, now))])
    service = requests.service_of(now)
    if len(requests.providers) > 1:
        lines += ["", _("Service: {name}").format(name=escape(title(requests.providers, service)))]
        rows.append([button(_("Service"), GroupCallback(do="show", name=SERVICE))])
    rows += in_rows(option_buttons(requests, service, now, GroupCallback))
    rows.append(await topic_button(message, requests))
    waiting = button(_("🚦 Queue: {count}").format(count=len(queue)), GroupCallback(do="show", name=QUEUE))
    pause = _("▶️ Resume") if now.paused else _("⏸ Pause")
    rows.append([waiting, _switch(pause, PAUSED, now.paused)])
    return "\n".join(lines), keyboard(*rows, [await settings_link(bot)])


def _explained(*, has_topics: bool) -> list[str]:
    """A sentence for each button that has no page of its own."""
    return [
        _("<b>Who can use me</b>: everyone here, or only this group's admins."),
        _("<b>Quiet</b>: pictures come without a sound, and no progress is shown."),
        _("<b>Replies</b>: whose replies to a picture count as requests."),
        *([_("<b>Only in this topic</b>: in all other topics I don't answer requests.")] if has_topics else []),
        _("<b>Pause</b>: I take no requests here until an admin taps Resume."),
    ]


def _whose_replies() -> dict[Replies, str]:
    """The choices of whose replies count, the default first."""
    return {"own": _("who asked for it"), "all": _("everyone"), "none": _("only commands")}


def _is_in_topic(message: Message, now: ChatRules) -> bool:
    return now.thread_id == (topic_of(message) or GENERAL_TOPIC)


def _switch(label: str, name: str, is_on: bool) -> InlineKeyboardButton:
    """A button that turns a setting on or off. Its data holds the new value, so a double tap acts once."""
    text = label.format(state=_("on") if is_on else _("off"))
    return button(text, GroupCallback(do="set", name=name, value="" if is_on else ON))


def _back(name: str = "") -> InlineKeyboardButton:
    return button(_("‹ Back"), GroupCallback(do="show", name=name))


async def _choices(message: Message, requests: RequestService, name: str) -> Menu | None:
    """One setting, or the queue; None where nothing has this name (any more)."""
    if name == QUEUE:
        return await _queue(message, requests)
    now = await requests.store.chats.rules(message.chat.id)
    if name == REPLIES:
        text = _(
            "Whose replies to a picture count as requests? Messages that begin with /imagine always do. With "
            "“only commands”, mentions don't."
        )
        own, *others = _whose_replies().items()
        return menu(text, name, dict(others), "" if now.replies == own[0] else now.replies, own[1], press=GroupCallback)
    if name == SERVICE:
        text = _("Which service should draw this group's pictures? /models shows what each can do.")
        return service_menu(requests, now, text, GroupCallback)
    return option_menu(requests, requests.service_of(now), now, name, GroupCallback)


async def _queue(message: Message, requests: RequestService) -> Menu:
    waiting = await requests.store.chats.open_jobs(message.chat.id)
    names = {one.user_id: await _name(message, one.user_id) for one in waiting[:MAX_JOBS_LISTED]}
    lines = [_line(number, one, names[one.user_id]) for number, one in enumerate(waiting[:MAX_JOBS_LISTED], 1)]
    if (more := len(waiting) - MAX_JOBS_LISTED) > 0:
        lines.append(_("… and {count} more").format(count=more))
    lines = lines or [_("The queue is empty.")]
    text = "\n".join([_("🚦 <b>Queue of this group</b>"), "", *lines])
    sweep = [button(_("Clear the queue"), GroupCallback(do="clear"))] if any(not one.begun for one in waiting) else []
    return text, keyboard(sweep, [button(_("🔄 Refresh"), GroupCallback(do="show", name=QUEUE)), _back()])


def _line(number: int, one: OpenInChat, name: str) -> str:
    state = _("🎨 drawing") if one.begun else _("⏳ waiting")
    return f"{number}. {labelled(name, escape(cut(one.prompt, LISTED_PROMPT_LENGTH), quote=False))} · {state}"


async def _name(message: Message, user_id: int) -> str:
    """A person's name, as HTML. It is no mention: nobody is notified of the page."""
    if user_id == message.chat.id:
        return _("an admin")
    if user_id > 0 and message.bot:
        try:
            return escape((await message.bot.get_chat_member(message.chat.id, user_id)).user.full_name, quote=False)
        except TelegramAPIError:
            # The person may have left.
            return f'<a href="tg://user?id={user_id}">{user_id}</a>'
    return _("a channel")
