"""Inline mode, `@bot words` in any chat: a search for a person's own pictures, to send there."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineQuery,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InlineQueryResultUnion,
    Message,
)
from aiogram.utils.i18n import gettext as _

from bot.handlers.imagine import ask_for_words
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.formatting import caption, cut
from bot.telegram.message_input import traced
from bot.telegram.telegram_errors import is_too_late
from storage.history import HistoryFilter
from storage.pictures import PictureWithPrompt
from storage.records import Draft

PAGE_SIZE = 50
"""Telegram takes at most so many results at once."""
CACHE_SECONDS = 2
"""The time for which Telegram may cache an answer: new and deleted pictures count at once."""
START_PARAMETER = "make"
"""The deep-link parameter of the button that an empty result has."""
TITLE_LENGTH = 64
MAX_OFFSET_DIGITS = 18


def make_router() -> Router:
    """Inline mode."""
    router = Router(name="inline")
    router.inline_query.register(search)
    router.message.register(sent_here, is_own_result)
    return router


async def search(query: InlineQuery, requests: RequestService) -> None:
    """Answer with the newest pictures whose prompts contain all these words; without words, with the newest."""
    filters = HistoryFilter(query.from_user.id, words=tuple(query.query.split()))
    before = int(query.offset) if query.offset.isdecimal() and len(query.offset) <= MAX_OFFSET_DIGITS else None
    # One extra result tells whether there is another page.
    found = await requests.store.history.find(filters, PAGE_SIZE + 1, before)
    shown, more = found[:PAGE_SIZE], found[PAGE_SIZE:]
    try:
        await query.answer(
            _results(shown),
            cache_time=CACHE_SECONDS,
            is_personal=True,
            next_offset=str(shown[-1].picture.id) if more else "",
            button=None if found or before else _make_one(filters),
        )
    except TelegramBadRequest as error:
        # The person has typed on meanwhile.
        if not is_too_late(error):
            raise


def is_own_result(message: Message) -> bool:
    """Whether a message is one of this bot's inline results."""
    return bool(message.via_bot and message.bot and message.via_bot.id == message.bot.id)


async def sent_here(message: Message, requests: RequestService, language: str) -> None:
    """An inline result: its caption is no new request, which would be paid. In private its picture becomes a draft."""
    if message.chat.type == ChatType.PRIVATE:
        context = RequestContext.of_message(message, language)
        if known := await traced(message, requests.store, context.user_id):
            await ask_for_words(message, context, requests, Draft(known))


def _results(found: Sequence[PictureWithPrompt]) -> list[InlineQueryResultUnion]:
    return [
        InlineQueryResultCachedPhoto(
            id=str(one.picture.id),
            photo_file_id=one.picture.photo_id or "",
            title=cut(one.prompt, TITLE_LENGTH),
            caption=caption(one.prompt),
        )
        for one in found
    ]


def _make_one(filters: HistoryFilter) -> InlineQueryResultsButton:
    text = _("Nothing found. Make one") if filters.words else _("Nothing here yet. Make your first picture")
    return InlineQueryResultsButton(text=text, start_parameter=START_PARAMETER)
