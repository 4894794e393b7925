"""answerInlineQuery: checks and keeps the results for an inline query."""

import re
from typing import Any

from aiogram.methods import AnswerInlineQuery
from aiogram.types import (
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
)

from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.inline_cache import keep
from bot.demo.bot_api.keyboards import inline_keyboard
from bot.demo.bot_api.methods.answering import too_old
from bot.demo.bot_api.methods.call_context import MAX_TEXT_LENGTH, CallContext
from bot.demo.bot_api.model import JSON, InlineAnswer, InlineResult
from bot.demo.bot_api.params import given

MAX_RESULTS, MAX_ID_BYTES, MAX_OFFSET_BYTES = 50, 64, 64
ANSWER_SECONDS = 10.0
"""From the query."""
CACHE_SECONDS = 300
"""Telegram keeps an answer so long unless the bot says otherwise."""
PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def answer_inline_query(context: CallContext, call: AnswerInlineQuery) -> bool:
    """https://core.telegram.org/bots/api#answerinlinequery: once, and in time."""
    query = context.world.inline_queries.get(call.inline_query_id)
    if query is None or query.answer is not None or context.world.clock() - query.at > ANSWER_SECONDS:
        raise too_old()
    check_ids([result.id for result in call.results])
    offset = call.next_offset or ""
    if len(offset.encode()) > MAX_OFFSET_BYTES:
        raise bad_request("NEXT_OFFSET_INVALID")
    button = checked_button(call.button) if call.button else None
    query.answer = InlineAnswer([read_result(context, result) for result in call.results], offset, button)
    seconds = CACHE_SECONDS if call.cache_time is None else call.cache_time
    keep(context.world, query, query.answer, seconds, personal=bool(call.is_personal))
    context.world.changed.notify()
    return True


def check_ids(ids: list[str]) -> None:
    """Check the number of results and their ids. Raises `ApiError`."""
    if len(ids) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    if "" in ids:
        raise bad_request("RESULT_ID_EMPTY")
    if any(len(id_.encode()) > MAX_ID_BYTES for id_ in ids):
        raise bad_request("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")


def checked_button(button: InlineQueryResultsButton) -> JSON:
    """The button over the results. Raises `ApiError`."""
    if (button.web_app is None) == (button.start_parameter is None):
        raise bad_request("InlineQueryResultsButton must have exactly one optional field")
    if not button.text.strip():
        raise bad_request("SWITCH_PM_TEXT_EMPTY")
    if button.web_app:
        if not button.web_app.url.startswith("https://"):
            raise bad_request("SWITCH_WEBVIEW_URL_INVALID")
        return {"text": button.text, "url": button.web_app.url}
    if not PARAMETER.fullmatch(button.start_parameter or ""):
        raise bad_request("START_PARAM_INVALID")
    return {"text": button.text, "start_parameter": button.start_parameter}


def read_result(context: CallContext, result: InlineQueryResult) -> InlineResult:
    """One result with the message it stands for. Raises `ApiError`."""
    if isinstance(result, InlineQueryResultArticle):
        if not result.title.strip():
            raise bad_request("ARTICLE_TITLE_EMPTY")
        fields: dict[str, Any] = {"title": result.title, "shown": None, "photo": None, "caption_above": False}
        text, entities = content(context, result.input_message_content)
    elif isinstance(result, InlineQueryResultCachedPhoto):
        photo = context.world.files.photo(result.photo_file_id)
        above = bool(given(result.show_caption_above_media))
        fields = {"title": result.title or "", "shown": photo, "photo": photo, "caption_above": above}
        text, entities = context.words(result.caption, result.parse_mode, result.caption_entities)
        if result.input_message_content:
            fields |= {"photo": None, "caption_above": False}
            text, entities = content(context, result.input_message_content)
    else:
        raise bad_request("inline results of this simulator are articles and cached photos only")
    fields |= {"description": result.description or "", "keyboard": inline_keyboard(result.reply_markup)}
    return InlineResult(id=result.id, text=text, entities=entities, **fields)


def content(context: CallContext, wanted: object) -> tuple[str, list[JSON]]:
    """The text that a result sends, with its entities. Raises `ApiError`."""
    if not isinstance(wanted, InputTextMessageContent):
        raise bad_request("inline results of this simulator send photos and texts only")
    text, entities = context.words(wanted.message_text, wanted.parse_mode, wanted.entities, MAX_TEXT_LENGTH)
    if not text:
        raise bad_request("MESSAGE_EMPTY")
    return text, entities
