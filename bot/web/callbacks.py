"""Where services announce the end of a task: a signed address for each task, which nobody can guess."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.web.bodies import body_of
from bot.web.signing import Signer
from providers.json_reader import read_json
from storage.database import StoreError

log = logging.getLogger(__name__)

# Services keep results for a day at most.
LIFETIME_SECONDS = 24 * 3600
MOST_BYTES = 256 << 10
"""Of a call's body: it names a task and its pictures' addresses."""
PATH = "/callbacks/{key}"

Heard = Callable[[int, bytes], Awaitable[None]]


class Callbacks:
    """Addresses under `public_url`, which `signer` signs."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def address(self, task_id: int) -> str | None:
        """Where a service can announce the end of a task; None when the world can't reach this server."""
        if not self._public_url:
            return None
        return self._public_url + PATH.format(key=self._signer.sign(task_id))

    async def serve(self, heard: Heard, request: web.Request) -> web.Response:
        """Answer a call. `heard` gets the task and the body.

        404: the address is forged or over; 413: the body is too long; 400: it is not what the service sends; 503: the
        store does not take it, and the service had better call again.
        """
        task_id = self._signer.read(request.match_info["key"], LIFETIME_SECONDS)
        if task_id is None:
            raise web.HTTPNotFound
        body = await body_of(request, MOST_BYTES)
        try:
            read_json(body)
            await heard(task_id, body)
        except ValueError as error:
            log.warning("a call about task %d makes no sense: %s", task_id, error)
            raise web.HTTPBadRequest from error
        except StoreError as error:
            # A task that has lost its ticket is found only by its call.
            log.warning("a call about task %d could not be taken: %s", task_id, error)
            raise web.HTTPServiceUnavailable from error
        return web.json_response({})
