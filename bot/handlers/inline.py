"""Inline mode, `@bot words` in any chat: offers to draw the words there, and searches a person's own pictures."""

import logging
from collections.abc import Sequence

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import CommandStart
from aiogram.types import (
    InlineKeyboardButton,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InlineQueryResultUnion,
    InputTextMessageContent,
    Message,
)
from aiogram.utils.i18n import gettext as _

from bot.handlers.chat_policy import ChatNotAllowedError
from bot.handlers.imagine import PRIVATE, ask_for_words
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.jobs.prices import Price
from bot.money import shown as shown_money
from bot.telegram.formatting import caption, cut, plain, together
from bot.telegram.inline_buttons import START_PARAMETER, to_begin
from bot.telegram.inline_messages import with_words
from bot.telegram.keyboards import keyboard
from bot.telegram.message_input import traced
from bot.telegram.private_chats import PrivateChats
from bot.telegram.telegram_errors import is_too_late
from storage.history import HistoryFilter
from storage.inline_offers import offer_id
from storage.pictures import PictureWithPrompt
from storage.records import Draft
from storage.settings_records import Preferences
from storage.store_errors import StoreError

log = logging.getLogger(__name__)

PAGE_SIZE = 50
"""Telegram takes at most so many results at once."""
CACHE_SECONDS = 2
"""The time for which Telegram may cache an answer: new and deleted pictures count at once."""
FIRST_PICTURE = "make"
"""The deep-link parameter of the button that an empty result has."""
OFFER_PREFIX = "make:"
"""Begins the id of the result that draws the words; other results are pictures."""
TITLE_LENGTH = 64
MAX_OFFSET_DIGITS = 18

Offered = InlineQueryResultArticle | InlineQueryResultsButton
"""An offer to draw the words, or the button that says why there is none."""


def make_router() -> Router:
    """Inline mode, but for the buttons of its messages."""
    router = Router(name="inline")
    router.inline_query.register(search)
    router.message.register(welcome, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), PRIVATE)
    router.message.register(sent_here, is_own_result)
    # The bot's own edits of its message must not count as a new prompt.
    router.edited_message.register(changed_here, is_own_result)
    return router


async def search(
    query: InlineQuery,
    requests: RequestService,
    private_chats: PrivateChats,
    language: str,
    preferences: Preferences,
) -> None:
    """Answer with an offer to draw the words, and the newest pictures whose prompts contain all of them; without
    words, with the newest."""
    filters = HistoryFilter(query.from_user.id, words=tuple(query.query.split()))
    before = int(query.offset) if query.offset.isdecimal() and len(query.offset) <= MAX_OFFSET_DIGITS else None
    offered = None if before else await _offered(query, requests, private_chats, language, preferences)
    # One extra result tells whether there is another page.
    found = await requests.store.history.find(filters, PAGE_SIZE + 1, before)
    most = PAGE_SIZE - isinstance(offered, InlineQueryResultArticle)
    shown, more = found[:most], found[most:]
    results: list[InlineQueryResultUnion] = [offered] if isinstance(offered, InlineQueryResultArticle) else []
    nothing = None if found or before or results else _make_one(filters)
    try:
        await query.answer(
            [*results, *_results(shown)],
            cache_time=CACHE_SECONDS,
            is_personal=True,
            next_offset=str(shown[-1].picture.id) if more else "",
            button=offered if isinstance(offered, InlineQueryResultsButton) else nothing,
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


async def changed_here(message: Message) -> None:
    """The bot has changed its inline result, for example to show progress."""


async def welcome(message: Message) -> None:
    """The answer to those who came because the bot could not write to them."""
    back = InlineKeyboardButton(text=_("↩️ Choose a chat"), switch_inline_query="")
    text = _(
        "👋 Now I can send you your pictures here. Go back to your other chat and tap “Draw it”, or start again: "
        "write my name and what you'd like to see in any chat."
    )
    await message.answer(text, reply_markup=keyboard([back]))


async def _offered(
    query: InlineQuery,
    requests: RequestService,
    private_chats: PrivateChats,
    language: str,
    preferences: Preferences,
) -> Offered | None:
    """The offer to draw the words. None: there are none."""
    words = requests.scan(query.query)
    if not words.prompt:
        return None
    try:
        price = await requests.price_of(RequestContext.of_inline(query.from_user, "", language, preferences), words)
    except FlagError as error:
        return InlineQueryResultsButton(
            text=cut(together(*map(plain, error.sentences)), TITLE_LENGTH), start_parameter=FIRST_PICTURE
        )
    except ChatNotAllowedError:
        return None
    if not await private_chats.is_open(query.from_user.id):
        # Pictures go to the private chat first.
        return InlineQueryResultsButton(text=_("Start me first to draw here"), start_parameter=START_PARAMETER)
    try:
        await requests.store.inline_offers.add(query.from_user.id, query.query, requests.store.clock())
    except StoreError as error:
        log.warning("storing the words of an inline query failed (%s); they are not offered", error)
        return None
    return _article(query, words.prompt, price)


def _article(query: InlineQuery, prompt: str, price: Price | None) -> InlineQueryResultArticle:
    offer = offer_id(query.from_user.id, query.query)
    text = _("If it doesn't begin by itself, tap the button.")
    return InlineQueryResultArticle(
        id=f"{OFFER_PREFIX}{offer}",
        title=_("🎨 Make it"),
        description=" · ".join(part for part in (cut(prompt, TITLE_LENGTH), _priced(price)) if part),
        input_message_content=InputTextMessageContent(message_text=with_words(prompt, text)),
        reply_markup=to_begin(offer),
    )


def _priced(price: Price | None) -> str:
    if price is None or price.cost is None:
        return ""
    if price.pictures == 1:
        return _("1 picture, {price}").format(price=shown_money(price.cost))
    words = _("up to {count} pictures, up to {price}") if price.is_most else _("{count} pictures, {price}")
    return words.format(count=price.pictures, price=shown_money(price.cost))


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
    return InlineQueryResultsButton(text=text, start_parameter=FIRST_PICTURE)
