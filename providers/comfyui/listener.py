"""The websocket of ComfyUI: progress and previews of one task while it is drawn.

It is a convenience. The truth about a task are the queue and the history, which are polled.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, WSMsgType

from providers.base import Callback, Working
from providers.json_reader import read_json

log = logging.getLogger(__name__)

MOST_FRAME_BYTES = 4 << 20
"""The longest message. A preview has about 100 KB."""
CONNECT_SECONDS = 10.0
HEARTBEAT_SECONDS = 20.0
_PREVIEW_FRAME = (1).to_bytes(4, "big")
"""The kind of a binary message that is a preview. 4 bytes with its format follow, then the picture."""
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG")


class Listener(Callback):
    """Listens on behalf of one task. Its end, as announced by ComfyUI, counts as a callback: it only triggers a poll.

    `client`: the id by which ComfyUI knows whom to send a task's messages to.
    """

    def __init__(self, session: ClientSession, endpoint: str, headers: Mapping[str, str], client: str) -> None:
        super().__init__(f"{endpoint}/ws?clientId={quote(client, safe='')}")
        self.client = client
        self._session, self._headers = session, headers
        self._running: asyncio.Task[None] | None = None
        self._seen = Working()

    @property
    def seen(self) -> Working:
        """How far the task is, as far as it was told."""
        return self._seen

    def listen(self) -> None:
        """Connect, unless it listens already. A broken connection is made anew with the next call."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop listening."""
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await self._session.ws_connect(
                    self.url, headers=self._headers, max_msg_size=MOST_FRAME_BYTES, heartbeat=HEARTBEAT_SECONDS
                )
            async with socket:
                async for message in socket:
                    self._take(message.type, message.data)
        except (ClientError, OSError, RuntimeError) as error:
            log.debug("no progress from ComfyUI: %s: %s", type(error).__name__, error)

    def _take(self, kind: WSMsgType, data: Any) -> None:
        if kind is WSMsgType.BINARY:
            picture = data[8:]
            if data[:4] == _PREVIEW_FRAME and picture.startswith(_PICTURES):
                self._seen = Working(self._seen.progress, picture)
        elif kind is WSMsgType.TEXT:
            with suppress(ValueError):
                self._tell(read_json(data.encode()))

    def _tell(self, message: Any) -> None:
        """Take a message `{"type", "data"}`. The task has ended when no node executes any more."""
        told = message.get("data") if isinstance(message, dict) else None
        if not isinstance(told, dict):
            return
        if message.get("type") == "progress":
            value, most = told.get("value"), told.get("max")
            # A node with a single step tells nothing, and a second sampler must not take the bar back.
            if isinstance(value, (int, float)) and isinstance(most, (int, float)) and most > 1 and 0 <= value <= most:
                self._seen = Working(max(self._seen.progress or 0.0, value / most), self._seen.preview)
        elif message.get("type") == "executing" and told.get("node", "") is None:
            self.call()
