"""Counts the calls of the Bot API by their results."""

import logging
import time

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.metrics import Metrics

log = logging.getLogger(__name__)

OK, CANCELLED, OTHER = "ok", "cancelled", "other"
RESULTS: dict[type[TelegramAPIError], str] = {
    TelegramRetryAfter: "too_many_requests",
    TelegramMigrateToChat: "migrated",
    TelegramBadRequest: "bad_request",
    TelegramForbiddenError: "forbidden",
    TelegramUnauthorizedError: "unauthorized",
    TelegramNotFound: "not_found",
    TelegramConflictError: "conflict",
    TelegramServerError: "server_error",
    TelegramEntityTooLarge: "too_large",
    TelegramNetworkError: "network",
}


class CallCounter(BaseRequestMiddleware):
    """A request middleware for the bot's session; the innermost one, so that each attempt counts."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make the call, and count it."""
        result, demanded, began = CANCELLED, 0.0, time.perf_counter()
        try:
            response = await make_request(bot, method)
            result = OK
        except TelegramAPIError as error:
            result = RESULTS.get(type(error)) or next(
                (word for kind, word in RESULTS.items() if isinstance(error, kind)), OTHER
            )
            demanded = error.retry_after if isinstance(error, TelegramRetryAfter) else 0.0
            raise
        finally:
            name = method.__api_method__
            self._metrics.called(name, result, demanded)
            log.debug("%s: %s after %.3f s", name, result, time.perf_counter() - began)
        return response
