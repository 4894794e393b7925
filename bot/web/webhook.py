"""The webhook for Telegram's updates: each is stored before it is answered, or refused so that it is sent again."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.web.request_body import body_of
from providers.json_reader import read_json
from storage.database import StoreError

log = logging.getLogger(__name__)

PATH = "/telegram"
MOST_BODY_BYTES = 1 << 20
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not a secret


class Webhook:
    """Answers Telegram. `take` stores updates and returns whether it did. `secret`: the token that Telegram sends."""

    def __init__(self, take: Callable[[Sequence[Mapping[str, Any]]], Awaitable[bool]], secret: str) -> None:
        self._take = take
        self._secret = secret

    async def serve(self, request: web.Request) -> web.Response:
        """Answer 200 when the update is stored; 503: send it again; 401 and 400: it is not Telegram's."""
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            return web.Response(status=401)
        try:
            update = read_json(await body_of(request, MOST_BODY_BYTES))
        except ValueError:
            return web.Response(status=400)
        number = update.get("update_id") if isinstance(update, dict) else None
        if not isinstance(number, int) or not 0 < number < 2**63:
            return web.Response(status=400)
        try:
            taken = await self._take([update])
        except StoreError as error:
            log.warning("storing an update failed; Telegram sends it again: %s", error)
            taken = False
        return web.Response(status=200 if taken else 503)
