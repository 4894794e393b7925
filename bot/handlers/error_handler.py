"""What stops a handler: a chat that takes nothing now, or what nobody thought of. The person hears of it.

That chats are closed is told here and nowhere else, so that no way to a job can forget it.
"""

import logging
from contextlib import suppress

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import CallbackQuery, ErrorEvent, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.chat_policy import ChatNotAllowedError
from bot.telegram.i18n import ENGLISH, Languages
from bot.telegram.private_reply import reply_privately
from bot.telegram.telegram_errors import is_gone
from storage.database import StoreError, UnstorableValueError

log = logging.getLogger(__name__)


def make_router() -> Router:
    """The last resort."""
    router = Router(name="mishaps")
    router.errors.register(handle_error)
    return router


async def handle_error(event: ErrorEvent, languages: Languages, language: str = ENGLISH) -> None:
    """Answer a press, or a message in private; in a group nobody knows whether it was meant for the bot."""
    error, query, message = event.exception, event.update.callback_query, _message(event)
    if isinstance(error, StoreError) and not isinstance(error, UnstorableValueError):
        # The inbox keeps the update and hands it over again.
        raise error
    if isinstance(error, TelegramForbiddenError) or (isinstance(error, TelegramBadRequest) and is_gone(error)):
        log.info("an answer reaches nobody any more: %s", error.message)
        if query:
            with suppress(TelegramAPIError):
                await query.answer()
        return
    if isinstance(error, ChatNotAllowedError):
        with languages.speaking(language), suppress(TelegramAPIError):
            await _not_here(error, query, message or _post(event))
        return
    log.error("update %d could not be handled", event.update.update_id, exc_info=error)
    with languages.speaking(language), suppress(TelegramAPIError):
        words = _("Something went wrong on my side. Please try again in a while.")
        if isinstance(error, UnstorableValueError):
            words = _("I can't store this. Please try it another way.")
        if query:
            await query.answer(words, show_alert=True)
        elif message and message.chat.type == ChatType.PRIVATE:
            await message.reply(words)


def _message(event: ErrorEvent) -> Message | None:
    return event.update.message or event.update.edited_message


def _post(event: ErrorEvent) -> Message | None:
    return event.update.channel_post or event.update.edited_channel_post


async def _not_here(error: ChatNotAllowedError, query: CallbackQuery | None, message: Message | None) -> None:
    """Nothing is taken in this chat; where nobody can be told why, a press is answered all the same."""
    if query:
        await query.answer(error.why, show_alert=bool(error.why))
    elif message and error.why:
        await reply_privately(message, error.text)
