"""Errors of handlers: a chat that accepts no requests, a price to ask about, or an unexpected error. The person gets an
answer.

Only this module tells people that a chat is closed, so no handler can forget it.
"""

import logging
from contextlib import suppress

from aiogram import Bot, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import CallbackQuery, ErrorEvent, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer
from bot.handlers.chat_policy import ChatNotAllowedError
from bot.handlers.confirmations import ask_about_price
from bot.handlers.depicted_people import PictureNotAllowedError
from bot.handlers.price_check import ConfirmationNeededError
from bot.handlers.request_reader import NO_DRAFT
from bot.handlers.request_service import RequestService
from bot.jobs.likeness_references import TAKEN_BACK
from bot.telegram.i18n import ENGLISH, Languages
from bot.telegram.private_reply import reply_privately
from bot.telegram.telegram_errors import is_gone
from storage.database import StoreError, UnstorableValueError
from storage.likeness_records import LikenessGoneError
from storage.records import Draft

log = logging.getLogger(__name__)


def make_router() -> Router:
    """Errors that no handler catches."""
    router = Router(name="errors")
    router.errors.register(handle_error)
    return router


async def handle_error(
    event: ErrorEvent, languages: Languages, bot: Bot, requests: RequestService, language: str = ENGLISH
) -> None:
    """Answer a press, or a message in private. In a group the message may not have been meant for the bot."""
    error, query, message = event.exception, event.update.callback_query, _message(event)
    if isinstance(error, LikenessGoneError):
        with languages.speaking(language):
            error = PictureNotAllowedError(TAKEN_BACK)
    if isinstance(error, StoreError) and not isinstance(error, UnstorableValueError):
        # The inbox keeps the update and passes it on again.
        raise error
    if isinstance(error, TelegramForbiddenError) or (isinstance(error, TelegramBadRequest) and is_gone(error)):
        log.info("an answer was dropped, its chat or message is gone: %s", error.message)
        if query:
            with suppress(TelegramAPIError):
                await query.answer()
        return
    if isinstance(error, ChatNotAllowedError):
        with languages.speaking(language), suppress(TelegramAPIError):
            await _tell_not_allowed(error, query, message or _post(event))
        return
    if isinstance(error, ConfirmationNeededError):
        with languages.speaking(language):
            await _ask_about_price(error, query, bot, requests, NO_DRAFT if _is_of_channel(event) else error.draft)
        return
    log.error("handling update %d failed; it is not repeated", event.update.update_id, exc_info=error)
    with languages.speaking(language), suppress(TelegramAPIError):
        words = _("Something went wrong on my side. Please try again in a while.")
        if isinstance(error, UnstorableValueError):
            words = _("I can't store this. Please try it another way.")
        if query:
            await query.answer(words, show_alert=True)
        elif message and message.chat.type == ChatType.PRIVATE:
            await message.reply(words)


async def _ask_about_price(
    error: ConfirmationNeededError, query: CallbackQuery | None, bot: Bot, requests: RequestService, draft: Draft
) -> None:
    try:
        if query:
            await answer(query)
        await ask_about_price(error, draft, bot, requests)
    except TelegramAPIError as unsent:
        log.warning("a question about a price was not sent, its request is not made: %s", unsent)


def _message(event: ErrorEvent) -> Message | None:
    return event.update.message or event.update.edited_message


def _post(event: ErrorEvent) -> Message | None:
    return event.update.channel_post or event.update.edited_channel_post


def _is_of_channel(event: ErrorEvent) -> bool:
    query = event.update.callback_query
    return bool(_post(event) or (query and query.message and query.message.chat.type == ChatType.CHANNEL))


async def _tell_not_allowed(error: ChatNotAllowedError, query: CallbackQuery | None, message: Message | None) -> None:
    """Tell why the chat accepts no requests; a press is answered even without a reason."""
    if query:
        await query.answer(error.why, show_alert=bool(error.why))
    elif message and error.why:
        await reply_privately(message, error.text)
