"""The session to Telegram: aiogram's, with errors that tell what became of a call whatever stands in between.

What was not sent for want of a connection is told apart from what was sent and not answered; a page of a gateway, in
place of Telegram's JSON, counts by its status.
"""

from functools import cache
from http import HTTPStatus
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError

CONNECTIONS = 300
"""More than those who count what they send take together: see `sender` and `stage`."""
CONNECT_SECONDS = 10.0
"""For a connection to be free, and to be made."""
GATEWAY_WAIT = 5
"""Seconds to wait when a gateway says that there are too many calls, and not for how long."""


class NotConnectedError(TelegramNetworkError):
    """There was no connection: nothing was sent."""


class Session(AiohttpSession):
    """See `AiohttpSession`. `getUpdates` has connections of its own: whatever waits, people are heard.

    aiogram reads each answer with `Response[…]` of what the method returns. Pydantic forgets such a class when nobody
    holds it, and building it once more takes longer (5 ms and more, when all stands still) than all else that is done
    with an answer.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(limit=CONNECTIONS, **kwargs)
        self._polling: ClientSession | None = None
        # Nothing is open yet that would have to be closed first.
        self._should_reset_connector = False

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """Call. `timeout` in seconds, from when there is a connection. Raises aiogram's errors.

        They have none of the transport's below them: its words may name the address, and with it the token.
        """
        session = await self._connections(method)
        seconds = float(timeout or self.timeout)
        connect = min(CONNECT_SECONDS, seconds)
        try:
            async with session.post(
                self.api.api_url(token=bot.token, method=method.__api_method__),
                data=self.build_form_data(bot, method),
                timeout=ClientTimeout(total=connect + seconds, connect=connect),
            ) as answer:
                content = await answer.text(errors="replace")
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise NotConnectedError(method, f"no connection: {type(error).__name__}") from None
        except (ClientError, TimeoutError) as error:
            raise TelegramNetworkError(method, f"no answer: {type(error).__name__}") from None
        return cast("TelegramType", self.check_response(bot, method, answer.status, content).result)

    async def close(self) -> None:
        """Close all connections."""
        if self._polling:
            await self._polling.close()
        await super().close()

    async def _connections(self, method: TelegramMethod[Any]) -> ClientSession:
        if method.__api_method__ != GetUpdates.__api_method__:
            return await self.create_session()
        if self._polling is None or self._polling.closed:
            self._polling = ClientSession(connector=self._connector_type(**self._connector_init))
        return self._polling

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """Read an answer; see `BaseSession.check_response`."""
        _form(method.__returning__)
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError:
            raise _of_gateway(method, status_code) from None


@cache
def _form(returned: Any) -> type[Response[Any]]:
    """The class of answers that hold this, kept for good: there are as many as methods in use."""
    return Response[returned]


def _of_gateway(method: TelegramMethod[Any], status: int) -> TelegramAPIError:
    """What an answer means that is none of Telegram's."""
    if status < HTTPStatus.BAD_REQUEST:
        return TelegramNetworkError(method, "the answer can't be read")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TelegramEntityTooLarge(method, "Request Entity Too Large")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return TelegramRetryAfter(method, "Too Many Requests", GATEWAY_WAIT)
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return TelegramServerError(method, "Gateway Timeout")
    # Also for 403 and 404: Telegram itself says of a chat in JSON that it is gone.
    return TelegramServerError(method, f"a gateway says {status}")
