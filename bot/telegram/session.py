"""The session to Telegram: aiogram's, without making a class anew for each answer."""

from functools import cache
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType


class Session(AiohttpSession):
    """See `AiohttpSession`.

    aiogram reads each answer with `Response[…]` of what the method returns. Pydantic forgets such a class when nobody
    holds it, and building it once more takes longer (5 ms and more, when all stands still) than all else that is done
    with an answer.
    """

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """Read an answer; see `BaseSession.check_response`."""
        _form(method.__returning__)
        return super().check_response(bot, method, status_code, content)


@cache
def _form(returned: Any) -> type[Response[Any]]:
    """The class of answers that hold this, kept for good: there are as many as methods in use."""
    return Response[returned]
