"""`/history`: one's own pictures, one at a time, newest first; `/history words` searches, `/history 2026-11` jumps."""

import logging
from dataclasses import dataclass, replace

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InputMediaPhoto, MediaUnion, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, change_star, change_text, message_of, once_more, owns
from bot.handlers.history_page import (
    SEARCH_LENGTH,
    HistoryEntry,
    by_time,
    details,
    end_of,
    filter_for,
    filter_of,
    history_entry,
    month_of,
    next_month,
    nothing_found,
    page_buttons,
    page_text,
    search_line,
    show,
    show_first,
    written_date,
)
from bot.handlers.imagine import ask_for_words
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import HistoryCallback
from bot.telegram.formatting import caption
from bot.telegram.keyboards import confirm_hide, history_dates, history_overview, in_details, keyboard, under_result
from bot.telegram.message_input import as_references
from bot.telegram.provider_labels import offer
from bot.telegram.uploads import Uploads
from storage.history import NEWEST, HistoryFilter, Step
from storage.pictures import Picture
from storage.records import Draft, Job

log = logging.getLogger(__name__)

FEWEST, TEN = 2, 10
"""Of an album."""
MOST_MONTHS = 36
HistoryStep = HistoryCallback.filter(F.do.in_({"newer", "older"}))


def make_router() -> Router:
    """The history."""
    router = Router(name="history")
    router.message.register(history, Command("history"))
    router.callback_query.register(step, HistoryStep)
    router.callback_query.register(open_, HistoryCallback.filter(F.do == "open"))
    router.callback_query.register(star, HistoryCallback.filter(F.do == "star"))
    router.callback_query.register(favourites, HistoryCallback.filter(F.do.in_({"stars", "all"})))
    router.callback_query.register(tell, HistoryCallback.filter(F.do == "details"))
    router.callback_query.register(months, HistoryCallback.filter(F.do == "months"))
    router.callback_query.register(days, HistoryCallback.filter(F.do == "days"))
    router.callback_query.register(grid, HistoryCallback.filter(F.do == "grid"))
    router.callback_query.register(hide, HistoryCallback.filter(F.do == "hide"))
    router.callback_query.register(stay, HistoryCallback.filter(F.do == "stay"))
    router.callback_query.register(hide_confirmed, HistoryCallback.filter(F.do == "hide-surely"))
    router.callback_query.register(send, HistoryCallback.filter(F.do == "send"))
    router.callback_query.register(again, HistoryCallback.filter(F.do == "again"))
    router.callback_query.register(edit, HistoryCallback.filter(F.do == "edit"))
    return router


async def history(
    message: Message, command: CommandObject, requests: RequestService, uploads: Uploads, language: str
) -> None:
    """Show the newest picture; `/history words` the newest one with these words, `/history 2026-11` of that time."""
    context = RequestContext.of_message(message, language)
    words = (command.args or "")[:SEARCH_LENGTH].split()
    date = written_date(words[0]) if words else None
    until = end_of(date) if date else None
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
    """To the next picture, newer or older."""
    if not (pressed := await _pressed(query, callback_data, requests)):
        return
    towards = Step(pressed.picture.id, "newer" if callback_data.do == "newer" else "older")
    page = await requests.store.history.page(pressed.filters, towards)
    if page is None:
        await answer(query, _("That was the last one."))
        return
    await answer(query)
    await show(pressed.message, requests, uploads, await history_entry(requests.store, page, pressed.filters))


async def open_(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """To a certain picture; where the search doesn't have it, among all."""
    if pressed := await _pressed(query, callback_data, requests):
        await _open(query, pressed, requests, uploads)


async def star(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Make the picture a favourite, or not any more."""
    if not (pressed := await _pressed(query, callback_data, requests)):
        return
    await change_star(query, pressed.picture, requests)
    # One that is no favourite any more stays in sight, among all.
    if shown := await _history_entry_anywhere(pressed, requests):
        await change_text(pressed.message, page_text(shown), page_buttons(shown))


async def favourites(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Only the favourites, or all pictures again."""
    if not (pressed := await _pressed(query, callback_data, requests)):
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


async def tell(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """All that is known of a picture, and each step on the way to it."""
    if (pressed := await _pressed(query, callback_data, requests)) and (
        shown := await _history_entry(pressed, requests)
    ):
        await answer(query)
        steps = [step.picture for step in reversed(shown.origins)]
        text = await details(requests, shown, pressed.job)
        await change_text(pressed.message, text, in_details(pressed.picture, steps))


async def months(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """The months that have pictures."""
    if pressed := await _pressed(query, callback_data, requests):
        made = await requests.store.history.moments(pressed.filters)
        found = [(f"{month} ({len(ids)})", ids[0]) for month, ids in by_time(made, "%Y-%m").items()]
        await answer(query, _("Which month?"))
        await change_buttons(pressed.message, history_dates(pressed.picture, found[:MOST_MONTHS], "days"))


async def days(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """The days of a month that have pictures."""
    if pressed := await _pressed(query, callback_data, requests):
        month = month_of(pressed.picture.created_at)
        made = await requests.store.history.moments(pressed.filters, since=month, until=next_month(month))
        found = [(f"{day} ({len(ids)})", ids[0]) for day, ids in by_time(made, "%d").items()]
        await answer(query, _("Which day?"))
        await change_buttons(pressed.message, history_dates(pressed.picture, found, "open"))


async def grid(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Ten pictures at a glance, from this one on, and a button for each; the last one of all, if it alone is left."""
    if not (pressed := await _pressed(query, callback_data, requests)):
        return
    found = await requests.store.history.find(pressed.filters, TEN + 1, before=pressed.picture.id + 1)
    shown = [one.picture for one in found[:TEN]]
    media: list[MediaUnion] = [InputMediaPhoto(media=one.photo_id or "") for one in shown]
    if len(media) < FEWEST:
        if pressed.message.photo or pressed.message.document:
            await answer(query, _("There are no other pictures to show."), alert=True)
        else:
            # Under the ten before it.
            await _open(query, pressed, requests, uploads)
        return
    await answer(query)
    await pressed.message.answer_media_group(media)
    older = found[TEN].picture.id if len(found) > TEN else None
    text = "\n".join([_("Which one shall I open?"), *search_line(pressed.filters)])
    buttons = history_overview([one.id for one in shown], older)
    await pressed.message.answer(text, reply_markup=buttons)


async def hide(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Ask before a picture is deleted."""
    if pressed := await _pressed(query, callback_data, requests):
        await answer(query, _("Delete it from your history?"))
        await change_buttons(pressed.message, confirm_hide(pressed.picture))


async def stay(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """It is not deleted."""
    if pressed := await _pressed(query, callback_data, requests):
        await answer(query)
        if shown := await _history_entry(pressed, requests):
            await change_text(pressed.message, page_text(shown), page_buttons(shown))


async def hide_confirmed(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, uploads: Uploads
) -> None:
    """Delete a picture from the history and show its neighbour."""
    if not (pressed := await _pressed(query, callback_data, requests)):
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
            # It is older than two days, or gone.
            log.info("a history message stays: %s", error.message)
            await change_buttons(pressed.message, keyboard())


async def send(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService) -> None:
    """Send a picture to the chat again, by its file id, with the buttons of a result."""
    if not (pressed := await _pressed(query, callback_data, requests)) or not await _has_file(query, pressed):
        return
    await answer(query)
    job, picture = pressed.job, pressed.picture
    text, buttons = caption(job.prompt), under_result(job, offer(requests.providers, job), [picture])
    if picture.photo_id:
        await pressed.message.answer_photo(picture.photo_id, caption=text, reply_markup=buttons)
    elif picture.document_id:
        await pressed.message.answer_document(picture.document_id, caption=text, reply_markup=buttons)


async def again(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, language: str) -> None:
    """Run the request of a picture again."""
    if pressed := await _pressed(query, callback_data, requests):
        await once_more(query, requests, _context(query, pressed, language), pressed.job)


async def edit(query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, language: str) -> None:
    """Use a picture of the history as reference."""
    if (pressed := await _pressed(query, callback_data, requests)) and await _has_file(query, pressed):
        message, context = pressed.message, _context(query, pressed, language)
        await requests.check(context)
        await answer(query)
        await ask_for_words(message, context, requests, Draft(as_references([pressed.picture], message.chat.id)))


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A history message whose owner has pressed a button."""

    message: Message
    picture: Picture
    job: Job
    filters: HistoryFilter


async def _pressed(query: CallbackQuery, press: HistoryCallback, requests: RequestService) -> _Pressed | None:
    """What a press is about; None when it was answered here."""
    picture = await requests.store.pictures.get(press.at)
    job = await requests.store.jobs.get(picture.job_id) if picture else None
    # What a button carries can be forged: whose picture it is, only the store knows.
    if picture is None or job is None or not await owns(query, picture.user_id):
        await answer(query, _("This is someone else's history. See yours with /history."), alert=True)
        return None
    message = await message_of(query)
    return _Pressed(message, picture, job, filter_of(message, picture.user_id)) if message else None


async def _open(query: CallbackQuery, pressed: _Pressed, requests: RequestService, uploads: Uploads) -> None:
    if shown := await _history_entry_anywhere(pressed, requests):
        await answer(query)
        await show(pressed.message, requests, uploads, shown)
    else:
        await answer(query, _("This picture is no longer in your history."), alert=True)


def _context(query: CallbackQuery, pressed: _Pressed, language: str) -> RequestContext:
    return RequestContext.of_press(query, pressed.message, pressed.message.message_id, language)


async def _has_file(query: CallbackQuery, pressed: _Pressed) -> bool:
    if pressed.picture.file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
    return pressed.picture.file_id is not None


async def _history_entry(pressed: _Pressed, requests: RequestService) -> HistoryEntry | None:
    """The page of a picture as it is now; None where it is not on the shelf."""
    page = await requests.store.history.page(pressed.filters, Step(pressed.picture.id))
    return await history_entry(requests.store, page, pressed.filters) if page else None


async def _history_entry_anywhere(pressed: _Pressed, requests: RequestService) -> HistoryEntry | None:
    """The page of a picture; where it is not on the shelf, among all of the same person in the same place."""
    everything = filter_for(pressed.message, pressed.picture.user_id, [])
    return await _history_entry(pressed, requests) or await _history_entry(
        replace(pressed, filters=everything), requests
    )
