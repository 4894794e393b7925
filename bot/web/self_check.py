"""A route by which `check` finds out whether a public address leads to this bot.

Whoever asks needs no secret, and learns none: the answer shows that the token is known here. So a bot that is running
answers for one that is checked, and each of several processes for the others.
"""

import hashlib
import hmac

from aiohttp import web

from bot.web.signing import derived

PATH = "/check/{nonce:[A-Za-z0-9_-]{16,64}}"


def address(base: str, nonce: str) -> str:
    """The address of a question below a server's address."""
    return f"{base}/check/{nonce}"


def answer(token: str, nonce: str) -> str:
    """The answer of a bot with this token."""
    return hmac.new(derived("check", token).encode(), nonce.encode(), hashlib.sha256).hexdigest()


class SelfCheck:
    """Answers with the token of this bot."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a question."""
        return web.Response(text=answer(self._token, request.match_info["nonce"]))
