"""Where services announce the end of a task: a signed address for each task, which nobody can guess."""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

from bot.web.bodies import body_of
from providers.json_reader import read_json
from storage.database import StoreError

log = logging.getLogger(__name__)

# Services keep results for a day at most.
LIFETIME_SECONDS = 24 * 3600
SKEW_SECONDS = 3600
"""By how much the clocks of processes may differ."""
MOST_BYTES = 256 << 10
"""Of a call's body: it names a task and its pictures' addresses."""
PATH = "/callbacks/{key}"

Heard = Callable[[int, bytes], Awaitable[None]]


class Callbacks:
    """Addresses under `public_url`. `secret` signs them; no other secret can be read from them."""

    def __init__(self, public_url: str, secret: str) -> None:
        self._public_url = public_url
        self._signer = URLSafeTimedSerializer(secret, salt="callbacks", signer_kwargs={"digest_method": hashlib.sha256})

    def address(self, task_id: int) -> str | None:
        """Where a service can announce the end of a task; None when the world can't reach this server."""
        if not self._public_url:
            return None
        return self._public_url + PATH.format(key=self._signer.dumps(task_id))

    async def serve(self, heard: Heard, request: web.Request) -> web.Response:
        """Answer a call. `heard` gets the task and the body.

        404: the address is forged or over; 413: the body is too long; 400: it is not what the service sends.
        """
        try:
            task_id, signed = self._signer.loads(request.match_info["key"], return_timestamp=True)
            task_id = int(task_id)
        except (BadData, ValueError, TypeError) as error:
            raise web.HTTPNotFound from error
        # Another process may have signed it, by a clock of its own.
        if not -SKEW_SECONDS <= (datetime.now(UTC) - signed).total_seconds() <= LIFETIME_SECONDS:
            raise web.HTTPNotFound
        body = await body_of(request, MOST_BYTES)
        try:
            read_json(body)
            await heard(task_id, body)
        except ValueError as error:
            log.warning("a call about task %d makes no sense: %s", task_id, error)
            raise web.HTTPBadRequest from error
        except StoreError as error:
            log.warning("a call could not be passed on (%s); the task is asked for later anyway", error)
        return web.json_response({})
