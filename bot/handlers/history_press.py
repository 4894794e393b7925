"""A press on a button of a history message: its owner, its picture, and the page to show."""

from dataclasses import dataclass, replace

from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, message_of, owns
from bot.handlers.history_page import HistoryEntry, filter_for, filter_of, history_entry
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import HistoryCallback
from storage.history import HistoryFilter, Step
from storage.pictures import Picture
from storage.records import Job


@dataclass(frozen=True, slots=True)
class HistoryPress:
    """A press on a history message by its owner."""

    message: Message
    picture: Picture
    job: Job
    filters: HistoryFilter


async def history_press(query: CallbackQuery, press: HistoryCallback, requests: RequestService) -> HistoryPress | None:
    """The press with its picture, job and filters; None when it was answered here."""
    picture = await requests.store.pictures.get(press.at)
    job = await requests.store.jobs.get(picture.job_id) if picture else None
    # Callback data can be forged: the store knows the picture's owner.
    if picture is None or job is None or not await owns(query, picture.user_id):
        await answer(query, _("This is someone else's history. See yours with /history."), alert=True)
        return None
    message = await message_of(query)
    return HistoryPress(message, picture, job, filter_of(message, picture.user_id)) if message else None


def context_of(query: CallbackQuery, pressed: HistoryPress, language: str) -> RequestContext:
    """The context of a request that a press makes; the answer replies to the history message."""
    return RequestContext.of_press(query, pressed.message, pressed.message.message_id, language)


async def has_file(query: CallbackQuery, pressed: HistoryPress) -> bool:
    """Whether Telegram has the picture; the press is answered if not."""
    if pressed.picture.file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
    return pressed.picture.file_id is not None


async def entry_of(pressed: HistoryPress, requests: RequestService) -> HistoryEntry | None:
    """The current page of a picture; None where the filters exclude it."""
    page = await requests.store.history.page(pressed.filters, Step(pressed.picture.id))
    return await history_entry(requests.store, page, pressed.filters) if page else None


async def entry_anywhere(pressed: HistoryPress, requests: RequestService) -> HistoryEntry | None:
    """The page of a picture; where the filters exclude it, among all of the person's pictures of the same chat."""
    everything = filter_for(pressed.message, pressed.picture.user_id, [])
    return await entry_of(pressed, requests) or await entry_of(replace(pressed, filters=everything), requests)
