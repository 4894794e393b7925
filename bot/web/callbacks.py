"""Callback addresses, where services announce the end of a task: signed, one for each task."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.web.request_body import body_of
from bot.web.signing import Signer
from providers.json_reader import read_json
from storage.database import StoreError

log = logging.getLogger(__name__)

# Services keep results for a day at most.
ADDRESS_SECONDS = 24 * 3600
MOST_BODY_BYTES = 256 << 10
"""The longest body of a callback: it names a task and its pictures' addresses."""
PATH = "/callbacks/{key}"

Heard = Callable[[int, bytes], Awaitable[None]]


class Callbacks:
    """Callback addresses under `public_url`, signed by `signer`."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def address(self, task_id: int) -> str | None:
        """The callback address of a task; None when this server has no public address."""
        if not self._public_url:
            return None
        return self._public_url + PATH.format(key=self._signer.sign(task_id))

    async def serve(self, heard: Heard, request: web.Request) -> web.Response:
        """Answer a callback. `heard` gets the task's id and the body.

        404: the address is forged or expired; 413: the body is too long; 400: the service sends no such body; 503: the
        store fails, and the service should call again.
        """
        task_id = self._signer.read(request.match_info["key"], ADDRESS_SECONDS)
        if task_id is None:
            raise web.HTTPNotFound
        body = await body_of(request, MOST_BODY_BYTES)
        try:
            read_json(body)
            await heard(task_id, body)
        except ValueError as error:
            log.warning("the callback for task %d is invalid; answering 400: %s", task_id, error)
            raise web.HTTPBadRequest from error
        except StoreError as error:
            # A task that has lost its ticket can be found only by its callback.
            log.warning("storing the callback for task %d failed; answering 503: %s", task_id, error)
            raise web.HTTPServiceUnavailable from error
        return web.json_response({})
