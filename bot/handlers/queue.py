"""`/queue` in private: a person's own requests that wait or are drawn, with buttons that cancel and reorder them."""

from functools import partial
from html import escape

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.paging import turn
from bot.handlers.callback_helpers import answer, message_of
from bot.handlers.forget import PRIVATE_PRESS
from bot.handlers.imagine import PRIVATE
from bot.handlers.option_menus import Menu, Pages
from bot.handlers.queue_links import START_PARAMETER, queue_link
from bot.handlers.request_service import RequestService
from bot.jobs.own_requests import OwnRequest, OwnRequests
from bot.jobs.ports import sentence
from bot.telegram.callback_data import QueueCallback
from bot.telegram.formatting import cut, plain
from bot.telegram.keyboards import button, keyboard
from bot.telegram.private_reply import reply_privately
from bot.telegram.progress_text import words
from bot.telegram.provider_labels import title

ON_PAGE = 5
"""Requests on one page."""
LISTED_PROMPT_LENGTH = 100


def make_router() -> Router:
    """A person's own queue."""
    router = Router(name="queue")
    router.message.register(queue, Command("queue"), PRIVATE)
    router.message.register(queue, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), PRIVATE)
    router.message.register(link_to_private_chat, Command("queue"))
    router.callback_query.register(open_page, QueueCallback.filter(F.do == "open"), PRIVATE_PRESS)
    router.callback_query.register(show, QueueCallback.filter(F.do == "show"), PRIVATE_PRESS)
    router.callback_query.register(cancel, QueueCallback.filter(F.do == "cancel"), PRIVATE_PRESS)
    router.callback_query.register(put_first, QueueCallback.filter(F.do == "first"), PRIVATE_PRESS)
    router.callback_query.register(ask_about_all, QueueCallback.filter(F.do == "all"), PRIVATE_PRESS)
    router.callback_query.register(cancel_all, QueueCallback.filter(F.do == "all-surely"), PRIVATE_PRESS)
    return router


async def queue(message: Message, requests: RequestService, own_requests: OwnRequests) -> None:
    """The first page."""
    if message.from_user:
        text, buttons = await _page(message, requests, own_requests, message.from_user.id, 0)
        await message.answer(text, reply_markup=buttons)


async def link_to_private_chat(message: Message, bot: Bot) -> None:
    """In a group: where it is. What a person asks for elsewhere is not for everybody."""
    await reply_privately(message, _("Your queue is in our private chat:"), keyboard([await queue_link(bot)]))


async def open_page(query: CallbackQuery, requests: RequestService, own_requests: OwnRequests) -> None:
    """The first page as a message of its own, for a button under another message."""
    if message := await message_of(query):
        await answer(query)
        text, buttons = await _page(message, requests, own_requests, query.from_user.id, 0)
        await message.answer(text, reply_markup=buttons)


async def show(
    query: CallbackQuery,
    callback_data: QueueCallback,
    requests: RequestService,
    own_requests: OwnRequests,
    pages: Pages,
) -> None:
    """A page, as it is now."""
    await answer(query)
    await _repaint(query, requests, own_requests, pages, callback_data.page)


async def cancel(
    query: CallbackQuery,
    callback_data: QueueCallback,
    requests: RequestService,
    own_requests: OwnRequests,
    pages: Pages,
) -> None:
    """Cancel one request, and say whether it is charged."""
    said = await _cancelled(requests, query.from_user.id, callback_data.job)
    await answer(query, said or _("Too late: it has already finished."), alert=True)
    await _repaint(query, requests, own_requests, pages, callback_data.page)


async def put_first(
    query: CallbackQuery,
    callback_data: QueueCallback,
    requests: RequestService,
    own_requests: OwnRequests,
    pages: Pages,
) -> None:
    """Let one request go before the person's others."""
    is_first = await own_requests.put_first(query.from_user.id, callback_data.job)
    await answer(
        query, _("It's now first among your requests.") if is_first else _("Too late: it has already started.")
    )
    await _repaint(query, requests, own_requests, pages, callback_data.page)


async def ask_about_all(query: CallbackQuery, own_requests: OwnRequests, pages: Pages) -> None:
    """Ask before all requests are cancelled: each was waited for."""
    found = await own_requests.of(query.from_user.id)

    async def page() -> Menu:
        text = _("Cancel all {count} of your requests?").format(count=len(found))
        if any(one.own.is_begun for one in found):
            text += "\n" + _("What is already being drawn is charged anyway; you'll find it in /history.")
        sure = button(_("Yes, cancel them"), QueueCallback(do="all-surely"), "danger")
        return text, keyboard([sure], [button(_("‹ Back"), QueueCallback(do="show"))])

    if message := await message_of(query):
        await answer(query)
        await pages.show(message, page)


async def cancel_all(query: CallbackQuery, requests: RequestService, own_requests: OwnRequests, pages: Pages) -> None:
    """Cancel all requests of the person, in every chat. Each says in its chat whether it is charged."""
    found = await own_requests.of(query.from_user.id)
    count = sum([await requests.engine.cancel(one.own.job.id) for one in found])
    await answer(query, _("Cancelled: {count}").format(count=count))
    await _repaint(query, requests, own_requests, pages, 0)


async def _cancelled(requests: RequestService, user_id: int, job_id: int) -> str | None:
    """Cancel a request of the person; returns what they are told. None: it is not theirs, or has ended."""
    job = await requests.store.jobs.get(job_id)
    if job is None or job.user_id != user_id or not await requests.engine.cancel_request(job):
        return None
    ended = await requests.store.jobs.get(job_id)
    return plain(sentence(ended.error_message)) if ended and ended.error_message else _("Cancelled")


async def _repaint(
    query: CallbackQuery, requests: RequestService, own_requests: OwnRequests, pages: Pages, number: int
) -> None:
    if message := await message_of(query):
        await pages.show(message, partial(_page, message, requests, own_requests, query.from_user.id, number))


async def _page(
    message: Message, requests: RequestService, own_requests: OwnRequests, user_id: int, number: int
) -> Menu:
    """One page; the last one where there are fewer now."""
    found = await own_requests.of(user_id)
    number = min(number, max(0, len(found) - 1) // ON_PAGE)
    first = number * ON_PAGE
    listed = list(enumerate(found, 1))[first : first + ON_PAGE]
    lines = [await _entry(place, one, requests, message) for place, one in listed]
    head = _("🚦 <b>Your queue</b>")
    text = "\n\n".join([head, *(lines or [_("Your queue is empty.")])])
    return text, _buttons(found, listed, number)


def _buttons(found: list[OwnRequest], listed: list[tuple[int, OwnRequest]], number: int) -> InlineKeyboardMarkup:
    movable = [one for one in found if one.own.can_move]
    rows = [_row(place, one, number, can_move=one in movable[1:]) for place, one in listed]
    pages = turn(found, number, lambda other: QueueCallback(do="show", page=other), ON_PAGE)
    every = [button(_("Cancel all"), QueueCallback(do="all"), "danger")] if len(found) > 1 else []
    return keyboard(*rows, pages, [*every, button(_("🔄 Refresh"), QueueCallback(do="show", page=number))])


def _row(place: int, one: OwnRequest, number: int, *, can_move: bool) -> list[InlineKeyboardButton]:
    job_id = one.own.job.id
    stop = button(_("✖️ Cancel {number}").format(number=place), QueueCallback(do="cancel", job=job_id, page=number))
    if not can_move:
        return [stop]
    first = _("⏫ {number} first").format(number=place)
    return [stop, button(first, QueueCallback(do="first", job=job_id, page=number))]


async def _entry(place: int, one: OwnRequest, requests: RequestService, message: Message) -> str:
    """A request in three lines: its words, where it is, and how far."""
    own = one.own
    prompt = escape(cut(own.job.prompt, LISTED_PROMPT_LENGTH), quote=False)
    # Who takes part in a duel is not said before it is over.
    service = "⚔️" if own.job.duel_id else escape(title(requests.providers, own.job.provider), quote=False)
    where = [service, await _chat(one, message)]
    lines = [f"{place}. {prompt}", f"<i>{' · '.join(part for part in where if part)}</i>", words(one.progress)]
    if own.is_begun:
        lines.append(_("What is being drawn is charged even if you cancel."))
    return "\n".join(lines)


async def _chat(one: OwnRequest, message: Message) -> str:
    """The chat that gets the pictures; empty for this one."""
    chat_id = one.own.job.chat_id
    if one.own.job.inline_message_id:
        return _("in another chat")
    if chat_id == message.chat.id:
        return ""
    known = one.own.title
    if known is None and message.bot:
        try:
            known = (await message.bot.get_chat(chat_id)).title
        except TelegramAPIError:
            # The bot was removed there.
            known = None
    return escape(known, quote=False) if known else _("in a group")
