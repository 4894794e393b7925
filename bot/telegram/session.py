"""The HTTP session to Telegram: aiogram's, with errors that tell whether a call may have been carried out.

A call without a connection was not sent; one that was sent and not answered may have been carried out. A gateway's
page in place of Telegram's JSON is judged by its status.
"""

from functools import cache, partial
from http import HTTPStatus
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError

from providers.http import PROXY_REFUSES_LOGIN
from providers.proxies import ProxyFailedError, Way, connector_of

CONNECTIONS = 300
"""More than all limited transfers take together: see `message_sender` and `notifier`."""
CONNECT_SECONDS = 10.0
"""The time limit for getting a free connection and connecting."""
GATEWAY_RETRY_SECONDS = 5
"""The wait after a gateway's "too many requests" that names none."""


# The server's own texts, not those of methods.
_STATES = {
    "Logged out": "the bot was logged out of the server at telegram.api_url: after 10 minutes it is logged in again",
    "Unauthorized: invalid api-id/api-hash": "the Bot API server at telegram.api_url runs with a wrong --api-id or "
    "--api-hash: see https://my.telegram.org/apps",
}


class NotConnectedError(TelegramNetworkError):
    """There was no connection, so nothing was sent."""


class NoProxyError(NotConnectedError):
    """There was no connection through the proxy. `message` tells the operator why, without a secret."""


class ServerStateError(TelegramServerError):
    """The Bot API server takes no calls with this token now. `message` tells the operator why."""


def said(error: BaseException) -> str:
    """The words of an error for the log. The text of a transport's error may contain the address, and with it the
    token."""
    return error.message if isinstance(error, NoProxyError | ServerStateError) else type(error).__name__


class Session(AiohttpSession):
    """See `AiohttpSession`. `getUpdates` has separate connections: updates arrive even while all other calls wait.

    aiogram parses each answer with `Response[…]` of the method's return type. Pydantic drops such a class when it is
    unreferenced, and rebuilding it blocks the event loop for 5 ms and more, longer than all other work on an answer.

    `way`: the proxy to Telegram, if any.
    """

    def __init__(self, *, way: Way | None = None, **kwargs: Any) -> None:
        super().__init__(limit=CONNECTIONS, **kwargs)
        if way:
            self._connector_type = cast("Any", partial(connector_of, way))
        self._polling: ClientSession | None = None
        # No connector is open yet that would have to be closed first.
        self._should_reset_connector = False

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """Make a call. `timeout`: seconds from when there is a connection. Raises aiogram's errors.

        They have no cause: the text of a transport's error may contain the address, and with it the token.
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
        except ProxyFailedError as error:
            raise NoProxyError(method, error.words) from None
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
        _response_class(method.__returning__)
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError:
            raise _of_gateway(method, status_code) from None
        except (TelegramBadRequest, TelegramUnauthorizedError) as error:
            if words := _STATES.get(error.message):
                raise ServerStateError(method, words) from None
            raise


@cache
def _response_class(returned: Any) -> type[Response[Any]]:
    """The class of answers that hold this type, cached for good: one for each return type in use."""
    return Response[returned]


def _of_gateway(method: TelegramMethod[Any], status: int) -> TelegramAPIError:
    """The error for an answer that is not Telegram's JSON."""
    if status < HTTPStatus.BAD_REQUEST:
        return TelegramNetworkError(method, "the answer can't be read")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TelegramEntityTooLarge(method, "Request Entity Too Large")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return TelegramRetryAfter(method, "Too Many Requests", GATEWAY_RETRY_SECONDS)
    if status == PROXY_REFUSES_LOGIN:
        return NoProxyError(method, "the proxy refuses the user name and the password")
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return TelegramServerError(method, "Gateway Timeout")
    # Also for 403 and 404: Telegram itself reports a chat that is gone in JSON.
    return TelegramServerError(method, f"a gateway says {status}")
