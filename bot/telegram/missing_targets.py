"""What is sent to a topic, or in answer to a message, that is gone meanwhile is sent without it."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.telegram.rate_limiter import is_permitted
from bot.telegram.telegram_errors import Refusal, meaning

_FIELDS = {Refusal.TOPIC: "message_thread_id", Refusal.REPLY: "reply_parameters"}


class WithoutLostTargets(BaseRequestMiddleware):
    """A request middleware for the bot's session: only the topic or the message is gone, the chat is not.

    What goes with a permit (see `flood`) has used it up: its sender begins again.
    """

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Send, and once more without what is gone."""
        try:
            return await make_request(bot, method)
        except TelegramBadRequest as error:
            rest = None if is_permitted() else without_lost_target(method, error)
            if rest is None:
                raise
            return await self(make_request, bot, rest)


def without_lost_target(
    method: TelegramMethod[TelegramType], error: TelegramAPIError
) -> TelegramMethod[TelegramType] | None:
    """The method without what is gone by this refusal; None: it is not refused for that."""
    name = _FIELDS.get(meaning(error).why)
    if name is None or getattr(method, name, None) is None:
        return None
    nothing: dict[str, Any] = {name: None}
    return method.model_copy(update=nothing)
