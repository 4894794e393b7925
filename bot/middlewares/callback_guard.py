"""The check of button presses: a client can send any data with any message of the bot."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.handlers.callback_helpers import answer
from bot.telegram.inline_buttons import is_of_inline


class CallbackGuardMiddleware(BaseMiddleware):
    """Passes on only presses of buttons that the message has, as Telegram reports it.

    Any other press is forged, to change or delete a message about another person's picture, or is the second of two
    taps, after the first has changed the buttons. Both are answered without a text.

    A press under a message of inline mode comes without the message. Only buttons for that pass: their handlers need
    none, and check who presses.
    """

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Pass a press on, or answer it here."""
        if isinstance(event, CallbackQuery) and not _is_there(event):
            return await answer(event)
        return await handler(event, data)


def _is_there(query: CallbackQuery) -> bool:
    """Whether the message has the button, or may have it where Telegram does not show the message to the bot."""
    if query.inline_message_id:
        return is_of_inline(query)
    if not isinstance(query.message, Message):
        return True
    rows = query.message.reply_markup.inline_keyboard if query.message.reply_markup else []
    return any(button.callback_data == query.data for row in rows for button in row)
