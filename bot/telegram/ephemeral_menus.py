"""Ephemeral menus in groups replace each other: each member sees the latest one only."""

import logging
from collections.abc import Callable

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import Response, SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InlineKeyboardMarkup, Message

from storage.database import StoreError
from storage.menus import Menus

log = logging.getLogger(__name__)


class EphemeralMenusMiddleware(BaseRequestMiddleware):
    """A request middleware for the bot's session: after an ephemeral message with buttons it deletes the former one of
    the same person in the same group.

    The store remembers them, so that this also holds after a restart and over all processes. Ephemeral messages without
    buttons stay: each answers a message of its own. `clock` gives seconds since 1970.
    """

    def __init__(self, menus: Menus, clock: Callable[[], float]) -> None:
        self._menus = menus
        self._clock = clock

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Send, then delete the former menu. The new one is there even if that fails."""
        answer = await make_request(bot, method)
        # A middleware gets the result of the call, not the whole response.
        sent: object = answer
        if isinstance(method, SendMessage) and isinstance(sent, Message) and (receiver := _receiver(method)):
            await self._replace(bot, sent, receiver)
        return answer

    async def _replace(self, bot: Bot, sent: Message, receiver: int) -> None:
        if sent.ephemeral_message_id is None:
            return
        chat_id = sent.chat.id
        try:
            former = await self._menus.replace(chat_id, receiver, sent.ephemeral_message_id, self._clock())
            if former is not None:
                await bot.delete_ephemeral_message(chat_id, receiver, former)
        except (StoreError, TelegramAPIError) as error:
            log.info("the former ephemeral menu could not be deleted (%s); it stays", type(error).__name__)


def _receiver(method: SendMessage) -> int | None:
    """The only person who sees this message, if it is a menu."""
    to = method.ephemeral_message_parameters
    return to.receiver_user_id if to and isinstance(method.reply_markup, InlineKeyboardMarkup) else None
