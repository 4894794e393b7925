"""The inbox: updates are stored before Telegram is told that they arrived, and stay until they are done with. (But
for those that are worth nothing a few seconds later: see `PASSING`.)

One that comes twice, by whatever way and to whichever process, acts once; what a process could not end goes to another.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Update

from bot.background import Background
from bot.jobs.retry import START_DELAYS, until_stored
from bot.telegram.polling import Poller
from storage import notifications
from storage.backend import EVERYTHING
from storage.column_types import clean
from storage.database import UnstorableValueError
from storage.records import NewUpdate
from storage.store import Store

log = logging.getLogger(__name__)

PASSING = frozenset({"inline_query"})
"""Updates that are answered at once or never, and change nothing: they are not stored."""
REMEMBERED = 10_000
"""Updates begun here of which it is known that they were; what is read from the store is younger."""
AT_ONCE = 100
"""Updates of one person in one chat that are at work at once. The others wait behind them."""
PATIENCE = 5.0
"""Seconds that handlers at work get when the bot stops."""


Lane = tuple[bool, int | None, int | None]
"""Whether it is a press, and the chat and the person: a press is not held up by messages that wait for something."""


class UpdateInbox:
    """Takes updates in and hands them to `dispatcher`. `worker`: the id of this process now. `work`
    handles them, `notes` stores which are done."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        store: Store,
        worker: Callable[[], int],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = store
        self._worker = worker
        self._clock = store.clock
        self.sleep = sleep
        self._handlers: dict[int, asyncio.Task[None]] = {}
        # What waits behind others of its lane, and how many of each are at work.
        self._waiting: dict[Lane, deque[NewUpdate]] = {}
        self._at_work: Counter[Lane] = Counter()
        # The album that each has begun with last: the rest of it waits for nobody.
        self._albums: dict[Lane, str | None] = {}
        self._ended: list[int] = []
        # What was begun here is not begun again, whatever was read of it meanwhile; the oldest are forgotten.
        self._begun: dict[int, None] = {}
        self.work = Background()
        self.notes = Background()
        self._polling = Background()
        self._closed = False

    @property
    def is_handling(self) -> bool:
        """Whether an update is being handled."""
        return bool(self._handlers)

    async def start(self) -> None:
        """Take up what this process, or one that is gone, could not end."""
        self._store.database.backend.listen(self._hear)
        await until_stored(self._take_up, "reading the inbox", self.sleep, START_DELAYS)

    def inherit(self) -> None:
        """There may be updates whose process is gone: take them up, soon."""
        if not self._closed:
            self.work.spawn(until_stored(self._take_up, "reading the inbox", self.sleep), "inbox")

    def poll(self) -> None:
        """Ask Telegram for updates whenever this is the process that does so."""
        poller = Poller(self._bot, self._store.database.backend, self.take, self.sleep)
        self._polling.spawn(poller.run(self._dispatcher.resolve_used_update_types()), "polling")

    async def take(self, payloads: Sequence[Mapping[str, Any]]) -> bool:
        """Store updates as Telegram sent them; their handlers run on their own. Raises `StoreError`.

        False: this process takes no more.
        """
        if self._closed:
            return False
        # From here on nobody meets a sign that can't be stored.
        clear = [clean(dict(payload)) for payload in payloads]
        new = [NewUpdate(int(payload["update_id"]), payload, _album(payload)) for payload in clear]
        for one in filter(_passes, new):
            self._begin(one)
        if kept := [one for one in new if not _passes(one)]:
            for one in await self._stored(kept):
                self._begin(one)
        return True

    async def close(self) -> None:
        """Take nothing more."""
        self._closed = True
        await self._polling.aclose()
        await self._store.database.backend.stop_leading()

    async def aclose(self) -> None:
        """Let the handlers at work come to their end (5 s at most); the rest waits in the store."""
        if self._handlers:
            await asyncio.wait(self._handlers.values(), timeout=PATIENCE)
        if self._handlers:
            log.warning("stopped while %d updates were being handled; the next start handles them", len(self._handlers))
        await self.work.aclose()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.notes.drain()
        except TimeoutError:
            log.warning("it could not be stored that some updates are done with")
        await self.notes.aclose()

    async def _stored(self, new: Sequence[NewUpdate]) -> list[NewUpdate]:
        """Store them; returns those that are this process's. One that can't be stored spoils no other."""
        try:
            return await self._store.updates.take(self._worker(), new, self._clock())
        except UnstorableValueError as error:
            if len(new) == 1:
                log.warning("update %d can never be stored (%s); it is left out", new[0].id, error)
                return []
        return [one for each in new for one in await self._stored([each])]

    # handling

    async def _take_up(self) -> None:
        for one in await self._store.updates.of(self._worker()):
            self._begin(one)

    def _begin(self, one: NewUpdate) -> None:
        # What was stored in the very moment of a stop waits for the next start.
        if not self._closed and one.id not in self._begun:
            self._begun[one.id] = None
            if len(self._begun) > REMEMBERED and not self._is_open(oldest := next(iter(self._begun))):
                del self._begun[oldest]
            lane = _lane(one.payload)
            if self._at_work[lane] < AT_ONCE or (one.album and one.album == self._albums.get(lane)):
                self._start(one, lane)
            else:
                # One chat that takes nothing now, or one person who sends a lot, fills its own lane only.
                self._waiting.setdefault(lane, deque()).append(one)

    def _is_open(self, update_id: int) -> bool:
        """Whether an update is at work, or waits for it."""
        return update_id in self._handlers or any(
            update_id == one.id for waiting in self._waiting.values() for one in waiting
        )

    def _start(self, one: NewUpdate, lane: Lane) -> None:
        self._at_work[lane] += 1
        self._albums[lane] = one.album
        task = self._handlers[one.id] = self.work.spawn(self._handle(one), f"update {one.id}")
        # Not in the task itself: cancelled at its beginning it would never come so far.
        task.add_done_callback(partial(self._over, one.id, lane))

    def _over(self, update_id: int, lane: Lane, task: asyncio.Task[None]) -> None:
        del self._handlers[update_id]
        if task.cancelled():
            # It waits in the store for whoever takes it up.
            self._begun.pop(update_id, None)
        self._at_work[lane] -= 1
        if not self._closed:
            self._go_on(lane)
        if not self._at_work[lane]:
            del self._at_work[lane], self._albums[lane]

    def _go_on(self, lane: Lane) -> None:
        """Begin what waits in a lane: the next one, and with an item of an album the items behind it."""
        waiting = self._waiting.get(lane, deque())
        if waiting:
            self._start(waiting.popleft(), lane)
        while waiting and waiting[0].album and waiting[0].album == self._albums[lane]:
            self._start(waiting.popleft(), lane)
        if not waiting:
            self._waiting.pop(lane, None)

    async def _handle(self, one: NewUpdate) -> None:
        try:
            update = Update.model_validate(one.payload, context={"bot": self._bot})
            feed = partial(self._dispatcher.feed_update, self._bot, update)
            await until_stored(feed, f"handling update {one.id}", self.sleep)
        except Exception:
            # It would fail again, also after a restart.
            log.exception("update %d could not be handled", one.id)
        if _passes(one):
            return
        self._ended.append(one.id)
        # Those that end while this is being written are written together.
        if len(self._ended) == 1:
            self.notes.spawn(self._note(), "done updates")

    async def _note(self) -> None:
        while self._ended:
            ids = list(self._ended)
            done = partial(self._store.updates.done, ids, self._clock())
            try:
                await until_stored(done, "marking updates as done", self.sleep)
            except UnstorableValueError:
                log.exception("it can't be stored that these updates are done with: %s", ids)
            del self._ended[: len(ids)]

    def _hear(self, topic: str) -> None:
        heard = notifications.parse(topic)
        mine = heard.kind == notifications.INBOX and heard.worker_id == self._worker()
        if mine or heard.kind in {notifications.ORPHANS, EVERYTHING}:
            self.inherit()

    # polling


def _passes(one: NewUpdate) -> bool:
    return not PASSING.isdisjoint(one.payload)


def _lane(payload: Mapping[str, Any]) -> Lane:
    """Whose lane an update goes through."""
    kind, event = next(((name, one) for name, one in payload.items() if isinstance(one, dict)), ("", {}))
    chat = event.get("chat") or (event.get("message") or {}).get("chat") or {}
    person = event.get("sender_chat") or event.get("from") or {}
    return kind == "callback_query", chat.get("id"), person.get("id")


def _album(payload: Mapping[str, Any]) -> str | None:
    message = payload.get("message") or payload.get("channel_post") or {}
    album = message.get("media_group_id")
    return f"{message['chat']['id']} {album}" if album else None
