"""`/history`: a person's pictures, one at a time, newest first; `/history words` searches, `/history 2026-11` jumps."""

import logging
from dataclasses import replace

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InputMediaPhoto, MediaUnion, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import (
    answer,
    ask,
    change_buttons,
    change_star,
    change_text,
    repeat_request,
)
from bot.handlers.history_details import show_details
from bot.handlers.history_page import (
    SEARCH_LENGTH,
    end_of_date,
    filter_for,
    group_by_time,
    history_entry,
    next_month,
    nothing_found,
    page_buttons,
    page_text,
    search_line,
    show,
    show_first,
    written_date,
)
from bot.handlers.history_press import HistoryPress, context_of, entry_anywhere, entry_of, has_file, history_press
from bot.handlers.imagine import ask_for_words
from bot.handlers.own_words import own_words
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import Overrides, RequestService
from bot.local_time import month_of
from bot.telegram.callback_data import HistoryCallback
from bot.telegram.formatting import bracketed, caption
from bot.telegram.keyboards import confirm_hide, history_dates, history_overview, keyboard, under_result
from bot.telegram.message_input import as_references
from bot.telegram.provider_labels import model_of_job, offer
from bot.telegram.uploads import Uploads
from storage.history import NEWEST, Step
from storage.records import Draft

log = logging.getLogger(__name__)

MIN_ALBUM_SIZE, OVERVIEW_SIZE = 2, 10
"""The sizes that Telegram allows for an album."""
MAX_MONTHS_SHOWN = 36
HistoryStep = HistoryCallback.filter(F.do.in_({"newer", "older"}))


def make_router() -> Router:
    """Commands and buttons of the history."""
    router = Router(name="history")
    router.message.register(history, Command("history"))
    router.callback_query.register(step, HistoryStep)
    router.callback_query.register(open_picture, HistoryCallback.filter(F.do == "open"))
    router.callback_query.register(star, HistoryCallback.filter(F.do == "star"))
    router.callback_query.register(favourites, HistoryCallback.filter(F.do.in_({"stars", "all"})))
    router.callback_query.register(show_details, HistoryCallback.filter(F.do == "details"))
    router.callback_query.register(months, HistoryCallback.filter(F.do == "months"))
    router.callback_query.register(days, HistoryCallback.filter(F.do == "days"))
    router.callback_query.register(grid, HistoryCallback.filter(F.do == "grid"))
    router.callback_query.register(hide, HistoryCallback.filter(F.do == "hide"))
    router.callback_query.register(keep, HistoryCallback.filter(F.do == "stay"))
    router.callback_query.register(hide_confirmed, HistoryCallback.filter(F.do == "hide-surely"))
    router.callback_query.register(send, HistoryCallback.filter(F.do == "send"))
    router.callback_query.register(again, HistoryCallback.filter(F.do == "again"))
    router.callback_query.register(edit, HistoryCallback.filter(F.do == "edit"))
    return router


async def history(
    message: Message, command: CommandObject, requests: RequestService, uploads: Uploads, language: str
) -> None:
    """Show the newest picture, the newest with the given words, or the newest of a date."""
    context = RequestContext.of_message(message, language)
    words = (command.args or "")[:SEARCH_LENGTH].split()
    date = written_date(words[0]) if words else None
    until = end_of_date(date) if date else None
    filters = filter_for(message, context.user_id, words if until is None else words[1:])
    step = NEWEST
    if until is not None:
        made = await requests.store.history.moments(filters, until=until)
        step = Step(made[0][0]) if made else NEWEST
    page = await requests.store.history.page(filters, step)
    if page is None and date and until is None:
        await message.reply(_("There is no such date. Write a month as 2026-11 or a day as 2026-11-03."))
    elif page is None:
        await message.reply(nothing_found(filters))
    elif until is not None and step == NEWEST:
        await message.reply(_("You hadn't made any pictures by then. /history shows your newest."))
    else:
        await show_first(message, requests, uploads, await history_entry(requests.store, page, filters))


async def step(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Show the next picture, newer or older."""
    if not (pressed := await history_press(query, callback_data, requests)):
        return
    towards = Step(pressed.picture.id, "newer" if callback_data.do == "newer" else "older")
    page = await requests.store.history.page(pressed.filters, towards)
    if page is None:
        await answer(query, _("That was the last one."))
        return
    await answer(query)
    await show(pressed.message, requests, uploads, await history_entry(requests.store, page, pressed.filters))


async def open_picture(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Show one picture; where the search doesn't contain it, among all."""
    if pressed := await history_press(query, callback_data, requests):
        await _open(query, pressed, requests, uploads)


async def star(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Add the picture to the favourites, or remove it."""
    if not (pressed := await history_press(query, callback_data, requests)):
        return
    await change_star(query, pressed.picture, requests)
    # A picture that left the favourites stays visible, among all.
    if shown := await entry_anywhere(pressed, requests):
        await change_text(pressed.message, page_text(shown), page_buttons(shown))


async def favourites(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Show only the favourites, or all pictures again."""
    if not (pressed := await history_press(query, callback_data, requests)):
        return
    filters = replace(pressed.filters, starred=callback_data.do == "stars")
    history = requests.store.history
    page = await history.page(filters, Step(pressed.picture.id)) or await history.page(filters, NEWEST)
    if page is None:
        none, gone = nothing_found(filters), _("This picture is no longer in your history.")
        await answer(query, none if filters.starred else gone, alert=True)
        return
    await answer(query)
    await show(pressed.message, requests, uploads, await history_entry(requests.store, page, filters))


async def months(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Show the months that have pictures."""
    if pressed := await history_press(query, callback_data, requests):
        made = await requests.store.history.moments(pressed.filters)
        found = [(bracketed(month, len(ids)), ids[0]) for month, ids in group_by_time(made, "%Y-%m").items()]
        await ask(
            query, pressed.message, _("Which month?"), history_dates(pressed.picture, found[:MAX_MONTHS_SHOWN], "days")
        )


async def days(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Show the days of a month that have pictures."""
    if pressed := await history_press(query, callback_data, requests):
        month = month_of(pressed.picture.created_at)
        made = await requests.store.history.moments(pressed.filters, since=month, until=next_month(month))
        found = [(bracketed(day, len(ids)), ids[0]) for day, ids in group_by_time(made, "%d").items()]
        await ask(query, pressed.message, _("Which day?"), history_dates(pressed.picture, found, "open"))


async def grid(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Send an album of ten pictures, from this one on, with a button for each; a single one left is opened instead."""
    if not (pressed := await history_press(query, callback_data, requests)):
        return
    found = await requests.store.history.find(pressed.filters, OVERVIEW_SIZE + 1, before=pressed.picture.id + 1)
    shown = [one.picture for one in found[:OVERVIEW_SIZE]]
    media: list[MediaUnion] = [InputMediaPhoto(media=one.photo_id or "") for one in shown]
    if len(media) < MIN_ALBUM_SIZE:
        if pressed.message.photo or pressed.message.document:
            await answer(query, _("There are no other pictures to show."), alert=True)
        else:
            # The press is under the ten before it.
            await _open(query, pressed, requests, uploads)
        return
    await answer(query)
    await pressed.message.answer_media_group(media)
    older = found[OVERVIEW_SIZE].picture.id if len(found) > OVERVIEW_SIZE else None
    text = "\n".join([_("Which one shall I open?"), *search_line(pressed.filters)])
    buttons = history_overview([one.id for one in shown], older)
    await pressed.message.answer(text, reply_markup=buttons)


async def hide(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Ask before a picture is deleted."""
    if pressed := await history_press(query, callback_data, requests):
        await ask(query, pressed.message, _("Delete it from your history?"), confirm_hide(pressed.picture))


async def keep(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Delete nothing; show the page again, and its picture where another one was shown with its details."""
    if pressed := await history_press(query, callback_data, requests):
        await answer(query)
        if shown := await entry_of(pressed, requests):
            await show(pressed.message, requests, uploads, shown)


async def hide_confirmed(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Delete a picture from the history and show its neighbour."""
    if not (pressed := await history_press(query, callback_data, requests)):
        return
    history, at = requests.store.history, pressed.picture.id
    await requests.store.pictures.hide(at, pressed.picture.user_id, requests.store.clock())
    await answer(query, _("Deleted from your history."))
    older, newer = Step(at, "older"), Step(at, "newer")
    if page := await history.page(pressed.filters, older) or await history.page(pressed.filters, newer):
        await show(pressed.message, requests, uploads, await history_entry(requests.store, page, pressed.filters))
    else:
        try:
            await pressed.message.delete()
        except TelegramBadRequest as error:
            # The message is older than two days, or deleted.
            log.info("deleting a history message failed; it stays without buttons: %s", error.message)
            await change_buttons(pressed.message, keyboard())


async def send(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Send a picture to the chat again, by its file id, with the buttons of a result."""
    if not (pressed := await history_press(query, callback_data, requests)) or not await has_file(query, pressed):
        return
    await answer(query)
    job, picture = pressed.job, pressed.picture
    offered = offer(model_of_job(requests.providers, job))
    words = await own_words(picture, job, requests) or job.prompt
    helps = requests.improves
    text, buttons = caption(words), under_result(job, offered, [picture], words=words, helps=helps)
    if picture.photo_id:
        await pressed.message.answer_photo(picture.photo_id, caption=text, reply_markup=buttons)
    elif picture.document_id:
        await pressed.message.answer_document(picture.document_id, caption=text, reply_markup=buttons)


async def again(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, language: str) -> None:
    """Run the request of a picture again."""
    if pressed := await history_press(query, callback_data, requests):
        overrides = Overrides(prompt=await own_words(pressed.picture, pressed.job, requests))
        await repeat_request(query, requests, context_of(query, pressed, language), pressed.job, overrides)


async def edit(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, language: str) -> None:
    """Use a picture of the history as reference."""
    if (pressed := await history_press(query, callback_data, requests)) and await has_file(query, pressed):
        message, context = pressed.message, context_of(query, pressed, language)
        await requests.check(context)
        await answer(query)
        await ask_for_words(message, context, requests, Draft(as_references([pressed.picture], message.chat.id)))


async def _open(query: CallbackQuery, pressed: HistoryPress, requests: RequestService, uploads: Uploads) -> None:
    if shown := await entry_anywhere(pressed, requests):
        await answer(query)
        await show(pressed.message, requests, uploads, shown)
    else:
        await answer(query, _("This picture is no longer in your history."), alert=True)
