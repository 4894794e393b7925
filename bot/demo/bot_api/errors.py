"""The simulator's errors: `ApiError` for the bot in the Bot API's own words, `PeopleError` for people."""

from collections.abc import Mapping


class ApiError(Exception):
    """An answer with `ok: false`. The texts are those of the official server (tdlib/telegram-bot-api, Client.cpp)."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})
        super().__init__(f"{code} {description}")


def bad_request(reason: str) -> ApiError:
    """400. The official server lowers the first letter of a sentence and leaves CODES_LIKE_THIS alone."""
    if not (len(reason) > 1 and (reason[1] == "_" or reason[1].isupper())):
        reason = reason[:1].lower() + reason[1:]
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """403: the bot was blocked, removed or never invited."""
    return ApiError(403, f"Forbidden: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """429 with the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def conflict(reason: str) -> ApiError:
    """409: the updates go elsewhere."""
    return ApiError(409, f"Conflict: {reason}")


def unauthorized() -> ApiError:
    """401: the token is not, or not any more, a bot's."""
    return ApiError(401, "Unauthorized")


class PeopleError(Exception):
    """A person tried what Telegram's apps do not offer. The text is a sentence for the user of the page."""


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


class GatewayPageError(DroppedError):
    """A gateway answers with an HTML page, in place of the Bot API."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
