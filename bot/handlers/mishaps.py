"""What nobody thought of: it is logged, and the person hears of it instead of waiting."""

import logging
from contextlib import suppress

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.types import ErrorEvent
from aiogram.utils.i18n import gettext as _

from bot.telegram.language import ENGLISH, Languages
from storage.database import StoreError

log = logging.getLogger(__name__)


def make_router() -> Router:
    """The last resort."""
    router = Router(name="mishaps")
    router.errors.register(mishap)
    return router


async def mishap(event: ErrorEvent, languages: Languages, language: str = ENGLISH) -> None:
    """Answer a press, or a message in private; in a group nobody knows whether it was meant for the bot."""
    error = event.exception
    if isinstance(error, StoreError):
        # The inbox keeps the update and hands it over again.
        raise error
    if isinstance(error, TelegramForbiddenError):
        log.info("an answer reaches nobody any more: %s", error.message)
        return
    log.error("update %d could not be handled", event.update.update_id, exc_info=error)
    query, message = event.update.callback_query, event.update.message
    with languages.speaking(language), suppress(TelegramAPIError):
        words = _("Something went wrong in the bot itself. Please try again in a while.")
        if query:
            await query.answer(words, show_alert=True)
        elif message and message.chat.type == ChatType.PRIVATE:
            await message.reply(words)
