"""Where services announce the end of a task: a signed address for each task, which nobody can guess."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.web.signing import Signer
from storage.database import StoreError

log = logging.getLogger(__name__)

# Services keep results for a day at most.
LIFETIME_SECONDS = 24 * 3600
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
        """Answer a call: 404 for anything that is forged or over. `heard` gets the task and the body."""
        task_id = self._signer.read(request.match_info["key"], LIFETIME_SECONDS)
        if task_id is None:
            raise web.HTTPNotFound
        try:
            await heard(task_id, await request.read())
        except StoreError as error:
            log.warning("a call could not be passed on (%s); the task is asked for later anyway", error)
        return web.json_response({})
