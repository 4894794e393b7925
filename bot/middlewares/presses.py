"""Presses on buttons that are not there: a client can send any data with any message of the bot."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.handlers.presses import answer


class PressMiddleware(BaseMiddleware):
    """Lets presses through on buttons that stand under the message, as Telegram shows it.

    Others are made up, so that a message is changed or deleted that is about somebody else's picture; or they are the
    second tap of two, after the first has changed the buttons. Nothing is said of either.
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
    """Whether the button stands under the message; so too where Telegram no longer shows that to the bot."""
    if not isinstance(query.message, Message):
        return True
    rows = query.message.reply_markup.inline_keyboard if query.message.reply_markup else []
    return any(button.callback_data == query.data for row in rows for button in row)
