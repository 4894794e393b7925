"""Middleware that repeats a refused message without the topic or the replied message that is gone."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.telegram.rate_limiter import is_permitted
from bot.telegram.telegram_errors import Refusal, meaning

_FIELDS = {Refusal.TOPIC: "message_thread_id", Refusal.REPLY: "reply_parameters"}


class MissingTargetMiddleware(BaseRequestMiddleware):
    """A request middleware for the bot's session: the topic or the replied message is gone, but the chat is not.

    A refused call with a permit (see `rate_limiter`) has used it up: its sender begins again.
    """

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Send; if the target is gone, send again without it."""
        try:
            return await make_request(bot, method)
        except TelegramBadRequest as error:
            rest = None if is_permitted() else without_missing_target(method, error)
            if rest is None:
                raise
            return await self(make_request, bot, rest)


def without_missing_target(
    method: TelegramMethod[TelegramType], error: TelegramAPIError
) -> TelegramMethod[TelegramType] | None:
    """The method without the target that is gone; None: it was refused for another reason."""
    name = _FIELDS.get(meaning(error).why)
    if name is None or getattr(method, name, None) is None:
        return None
    nothing: dict[str, Any] = {name: None}
    return method.model_copy(update=nothing)
