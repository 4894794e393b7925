"""The queue of updates for the bot, from which getUpdates and the webhook take them."""

import asyncio
from collections import deque

from aiogram.types import Update

from bot.demo.bot_api.change_signal import Signal
from bot.demo.bot_api.errors import ApiError, conflict
from bot.demo.bot_api.model import JSON

KINDS = frozenset(Update.model_fields) - {"update_id"}
KINDS_OFF_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
MAX_POLL_SECONDS = 50
"""LONG_POLL_MAX_TIMEOUT of the official server."""
OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
SET_WEBHOOK = "terminated by setWebhook request"


class UpdateQueue:
    """Updates in their order, kept until they are confirmed by a higher offset or by the webhook's answer.

    `changed` is notified of every change. `polls`: how many calls of getUpdates have begun or were broken off.
    """

    def __init__(self, changed: Signal) -> None:
        self.polls = 0
        self._next_id = 100_000_001
        self._pending: deque[JSON] = deque()
        self._again: deque[JSON] = deque()
        self.sent: deque[JSON] = deque(maxlen=1000)
        self._changed = changed
        self._why_ended = conflict(OTHER_POLL)
        self._closed = False
        self.allowed = KINDS - KINDS_OFF_BY_DEFAULT

    def __len__(self) -> int:
        return len(self._pending)

    def allow(self, kinds: list[str] | None) -> None:
        """`allowed_updates` of getUpdates and setWebhook: None leaves it as it is, an empty list is the default."""
        if kinds is not None:
            self.allowed = KINDS.intersection(kinds) or KINDS - KINDS_OFF_BY_DEFAULT

    def push(self, kind: str, payload: JSON) -> int | None:
        """Queue an update and return its id; None when the bot doesn't want this kind."""
        if kind not in self.allowed:
            return None
        update: JSON = {"update_id": self._next_id, kind: payload}
        self._next_id += 1
        self._pending.append(update)
        self.sent.append(update)
        self._changed.notify()
        return int(update["update_id"])

    def redeliver(self, update_id: int | None = None) -> None:
        """Deliver an update (None: the latest) once more, as Telegram does when an answer got lost.

        Raises `KeyError` when there was none.
        """
        update = next((update for update in reversed(self.sent) if update_id in {None, update["update_id"]}), None)
        if update is None:
            raise KeyError(update_id)
        self._again.append(update)
        self._changed.notify()

    def drop(self) -> None:
        """Forget all updates (`drop_pending_updates`)."""
        self._pending.clear()
        self._again.clear()

    def close(self) -> None:
        """Wake the polls that wait: the server stops."""
        self._closed = True
        self._changed.notify()

    def confirm(self, offset: int) -> None:
        """Forget the updates below `offset`; a negative one keeps only so many of the latest."""
        if offset < 0:
            offset = self._pending[max(offset, -len(self._pending))]["update_id"] if self._pending else 0
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()

    async def poll(self, offset: int, limit: int, timeout: float) -> list[JSON]:
        """The updates from `offset` on; waits up to `timeout` seconds for one.

        Raises `ApiError` in the call that waits: 409 when another one begins, else as `end_polls` says.
        """
        self.end_polls(conflict(OTHER_POLL))
        mine = self.polls
        self.confirm(offset)
        until = asyncio.get_running_loop().time() + min(max(timeout, 0), MAX_POLL_SECONDS)
        while not (found := self._take(min(max(limit, 1), 100))) and not self._closed:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._changed.wait(left)
            if mine != self.polls:
                raise self._why_ended
        return found

    async def next(self) -> JSON:
        """The next update for the webhook; it stays until `done` is called."""
        while not (self._again or self._pending):
            await self._changed.wait()
        return (self._again or self._pending)[0]

    def done(self, update: JSON) -> None:
        """Remove an update that the webhook took."""
        for queue in (self._again, self._pending):
            if queue and queue[0] is update:
                queue.popleft()
                return

    def end_polls(self, why: ApiError) -> None:
        """Break off the poll that waits, with this error."""
        self._why_ended = why
        self.polls += 1
        self._changed.notify()

    def _take(self, limit: int) -> list[JSON]:
        again = [self._again.popleft() for _ in range(min(limit, len(self._again)))]
        return again + list(self._pending)[: limit - len(again)]
