"""The inbox: updates are stored before Telegram gets their confirmation, and deleted only after they are handled.
(Except kinds that are useless a few seconds later: see `NOT_STORED`.)

An update that arrives twice, in any way and at any process, is handled once. Another process takes over the updates
of one that is gone.
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
from bot.log_subject import Subject
from bot.telegram.polling import Poller
from bot.telegram.update_health import UpdateHealth
from storage import notifications
from storage.backend import EVERYTHING
from storage.column_types import clean
from storage.database import UnstorableValueError
from storage.store import Store
from storage.updates import NewUpdate

log = logging.getLogger(__name__)

NOT_STORED = frozenset({"inline_query"})
"""Kinds of updates that are answered at once or never, and change nothing."""
UPDATES_REMEMBERED = 10_000
"""How many started updates are remembered, so that none is started twice; the store holds younger ones."""
UPDATES_AT_ONCE = 100
"""How many updates with the same queue key are handled at once. Further ones wait."""
STOP_SECONDS = 5.0
"""The time that running handlers get when the bot stops."""


QueueKey = tuple[bool, int | None, int | None]
"""Whether it is a button press, the chat, and the person: a press does not wait behind messages."""


class UpdateInbox:
    """Stores updates and hands them to `dispatcher`. `worker`: gives this process's present worker id. `work` runs
    the handlers, `notes` stores which updates are done. `health`: is told of how polling goes."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        store: Store,
        worker: Callable[[], int],
        *,
        health: UpdateHealth | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = store
        self._worker = worker
        self._clock = store.clock
        self.health = health or UpdateHealth()
        self.sleep = sleep
        self._handlers: dict[int, asyncio.Task[None]] = {}
        # The waiting updates of each key, and how many of each are being handled.
        self._waiting: dict[QueueKey, deque[NewUpdate]] = {}
        self._at_work: Counter[QueueKey] = Counter()
        # The album started last for each key: the rest of it does not wait.
        self._albums: dict[QueueKey, str | None] = {}
        self._ended: list[int] = []
        # Updates started here are not started again if the store is read meanwhile; the oldest are forgotten.
        self._started: dict[int, None] = {}
        self.work = Background()
        self.notes = Background()
        self._polling = Background()
        self._is_started = False
        self._closed = False

    @property
    def is_handling(self) -> bool:
        """Whether an update is being handled."""
        return bool(self._handlers)

    async def start(self) -> None:
        """Handle the stored updates that this process, or one that is gone, has not finished."""
        self._store.database.backend.listen(self._on_notification)
        await until_stored(self._handle_stored, "reading the inbox", self.sleep, START_DELAYS)
        self._is_started = True
        # Those that came meanwhile: an update must not overtake an older one of its person.
        await until_stored(self._handle_stored, "reading the inbox", self.sleep, START_DELAYS)

    def recover(self) -> None:
        """Take over updates whose process is gone, in the background."""
        if not self._closed:
            self.work.spawn(until_stored(self._handle_stored, "reading the inbox", self.sleep), "inbox")

    def poll(self) -> None:
        """Poll Telegram for updates while this process is the leader."""
        poller = Poller(self._bot, self._store.database.backend, self.take, self.health, self.sleep)
        self._polling.spawn(poller.run(self._dispatcher.resolve_used_update_types()), "polling")

    async def take(self, payloads: Sequence[Mapping[str, Any]]) -> bool:
        """Store updates as Telegram sent them and start their handlers; before the start they are only stored. Raises
        `StoreError`.

        False: this process takes no more updates.
        """
        if self._closed:
            return False
        # Remove characters that can't be stored.
        clear = [clean(dict(payload)) for payload in payloads]
        new = [NewUpdate(int(payload["update_id"]), payload, _album(payload)) for payload in clear]
        for one in filter(_is_not_stored, new):
            self._begin(one)
        if kept := [one for one in new if not _is_not_stored(one)]:
            for one in await self._stored(kept):
                if self._is_started:
                    self._begin(one)
        return True

    async def close(self) -> None:
        """Take no more updates."""
        self._closed = True
        await self._polling.aclose()
        await self._store.database.backend.stop_leading()

    async def aclose(self) -> None:
        """Wait for running handlers, `STOP_SECONDS` at most; the rest stays in the store."""
        if self._handlers:
            await asyncio.wait(self._handlers.values(), timeout=STOP_SECONDS)
        if self._handlers:
            log.warning("stopped while %d updates were being handled; the next start handles them", len(self._handlers))
        await self.work.aclose()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.notes.drain()
        except TimeoutError:
            log.warning("storing which updates are done failed; the next start handles them once more")
        await self.notes.aclose()

    async def _stored(self, new: Sequence[NewUpdate]) -> list[NewUpdate]:
        """Store updates; returns those that this process is to handle. One that can't be stored is left out."""
        try:
            return await self._store.updates.take(self._worker(), new, self._clock())
        except UnstorableValueError as error:
            if len(new) == 1:
                log.warning("storing update %d failed for good (%s); it is left out", new[0].id, error)
                return []
        return [one for each in new for one in await self._stored([each])]

    async def _handle_stored(self) -> None:
        for one in await self._store.updates.of(self._worker()):
            self._begin(one)

    def _begin(self, one: NewUpdate) -> None:
        # An update stored during the stop waits for the next start.
        if not self._closed and one.id not in self._started:
            self._started[one.id] = None
            if len(self._started) > UPDATES_REMEMBERED and not self._is_open(oldest := next(iter(self._started))):
                del self._started[oldest]
            key = _queue_key(one.payload)
            if self._at_work[key] < UPDATES_AT_ONCE or (one.album and one.album == self._albums.get(key)):
                self._start(one, key)
            else:
                # A chat that takes nothing now, or a person who sends a lot, blocks only this key.
                self._waiting.setdefault(key, deque()).append(one)

    def _is_open(self, update_id: int) -> bool:
        """Whether an update is being handled or waits."""
        return update_id in self._handlers or any(
            update_id == one.id for waiting in self._waiting.values() for one in waiting
        )

    def _start(self, one: NewUpdate, key: QueueKey) -> None:
        log.debug("handling update %d (%s)", one.id, ", ".join(one.payload.keys() - {"update_id"}))
        self._at_work[key] += 1
        self._albums[key] = one.album
        task = self._handlers[one.id] = self.work.spawn(self._handle(one), f"update {one.id}", Subject(update=one.id))
        # Not in the task itself: a task cancelled before its first step runs no `finally`.
        task.add_done_callback(partial(self._over, one.id, key))

    def _over(self, update_id: int, key: QueueKey, task: asyncio.Task[None]) -> None:
        del self._handlers[update_id]
        if task.cancelled():
            # It stays in the store and may be started again.
            self._started.pop(update_id, None)
        self._at_work[key] -= 1
        if not self._closed:
            self._start_waiting(key)
        if not self._at_work[key]:
            del self._at_work[key], self._albums[key]

    def _start_waiting(self, key: QueueKey) -> None:
        """Start the next waiting update of a key; for an item of an album, also the items behind it."""
        waiting = self._waiting.get(key, deque())
        if waiting:
            self._start(waiting.popleft(), key)
        while waiting and waiting[0].album and waiting[0].album == self._albums[key]:
            self._start(waiting.popleft(), key)
        if not waiting:
            self._waiting.pop(key, None)

    async def _handle(self, one: NewUpdate) -> None:
        try:
            update = Update.model_validate(one.payload, context={"bot": self._bot})
            feed = partial(self._dispatcher.feed_update, self._bot, update)
            await until_stored(feed, f"handling update {one.id}", self.sleep)
        except Exception:
            # It would fail again, also after a restart.
            log.exception("handling update %d failed; it is not repeated", one.id)
        if _is_not_stored(one):
            return
        self._ended.append(one.id)
        # Updates that end during this write are written together next.
        if len(self._ended) == 1:
            self.notes.spawn(self._note(), "done updates")

    async def _note(self) -> None:
        while self._ended:
            ids = list(self._ended)
            done = partial(self._store.updates.done, ids, self._clock())
            try:
                await until_stored(done, "marking updates as done", self.sleep)
            except UnstorableValueError:
                log.exception("storing that updates are done failed for good; these may be handled once more: %s", ids)
            del self._ended[: len(ids)]

    def _on_notification(self, topic: str) -> None:
        notification = notifications.parse(topic)
        mine = notification.kind == notifications.INBOX and notification.worker_id == self._worker()
        if mine or notification.kind in {notifications.ORPHANS, EVERYTHING}:
            self.recover()


def _is_not_stored(one: NewUpdate) -> bool:
    return not NOT_STORED.isdisjoint(one.payload)


def _queue_key(payload: Mapping[str, Any]) -> QueueKey:
    """The queue key of an update."""
    kind, event = next(((name, one) for name, one in payload.items() if isinstance(one, dict)), ("", {}))
    chat = event.get("chat") or (event.get("message") or {}).get("chat") or {}
    person = event.get("sender_chat") or event.get("from") or {}
    return kind == "callback_query", chat.get("id"), person.get("id")


def _album(payload: Mapping[str, Any]) -> str | None:
    message = payload.get("message") or payload.get("channel_post") or {}
    album = message.get("media_group_id")
    return f"{message['chat']['id']} {album}" if album else None
