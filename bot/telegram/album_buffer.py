"""Collecting the items of incoming albums.

Telegram sends each picture of an album as a separate message with the same `media_group_id`, out of order and without
an end marker. So an album counts as complete when no item has come for a moment; later items are passed on alone.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from bot.background import Background

log = logging.getLogger(__name__)


class AlbumItem(Protocol):
    """One picture of an album; better a small record, as it is remembered for `memory` seconds."""

    @property
    def chat_id(self) -> int:
        """The chat of the message."""

    @property
    def media_group_id(self) -> str:
        """The id that the album's items share (within their chat)."""

    @property
    def message_id(self) -> int:
        """The message's id, which gives its position in the album."""


class Handle(Protocol):
    """The result of `Timer.call_later`."""

    def cancel(self) -> object:
        """Cancel the call."""


class Timer(Protocol):
    """The clock and timer that the buffer needs. An asyncio loop is one."""

    def time(self) -> float:
        """Seconds since any fixed moment."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Handle:
        """Call once, after `delay` seconds."""


ItemT = TypeVar("ItemT", bound=AlbumItem)


@dataclass(eq=False, slots=True)
class _Album(Generic[ItemT]):
    first: float
    due: float
    items: dict[int, ItemT] = field(default_factory=dict)
    late: deque[ItemT] = field(default_factory=deque)
    timer: Handle | None = None
    closed: float | None = None
    busy: bool = False

    def in_order(self) -> tuple[ItemT, ...]:
        return tuple(self.items[message_id] for message_id in sorted(self.items))


class AlbumBuffer(Generic[ItemT]):
    """Collects the items of albums, by chat and media group, and hands each album over once.

    `gathered(items)`: called once for each album, `quiet` seconds after its last item (or the `part` of them that an
    item needs) and at most `cap` seconds after its first, with all items in the order of their message ids.
    `late(items_so_far, item)`: called once for each item that comes later, up to `memory` seconds; after that it counts
    as a new album. The calls of one album run one after another, those of different albums at once.
    A repeated message is ignored. An error of a callback is logged and passed to `failed`; the album counts as handed
    over. At most `most` albums that were handed over are remembered.
    Create it inside the running loop unless you pass a `timer`.
    """

    def __init__(
        self,
        gathered: Callable[[tuple[ItemT, ...]], Awaitable[None]],
        late: Callable[[tuple[ItemT, ...], ItemT], Awaitable[None]],
        *,
        failed: Callable[[Exception], object] | None = None,
        quiet: float = 0.8,
        cap: float = 5.0,
        memory: float = 600.0,
        most: int = 200,
        timer: Timer | None = None,
    ) -> None:
        self._gathered, self._late, self._failed = gathered, late, failed
        self._quiet, self._cap, self._memory, self._most = quiet, cap, memory, most
        self._timer: Timer = timer or asyncio.get_running_loop()
        self._albums: OrderedDict[tuple[int, str], _Album[ItemT]] = OrderedDict()
        self._background = Background()
        self._ended = False

    def is_open(self, chat_id: int, media_group_id: str) -> bool:
        """Whether this album is still being collected."""
        album = self._albums.get((chat_id, media_group_id))
        return album is not None and album.closed is None

    def add(self, item: ItemT, part: float = 1.0) -> bool:
        """Add an item and return at once. False: it is known already. Raises `RuntimeError` after `aclose`.

        `part`: the share of the quiet time that must pass after it.
        """
        if self._ended:
            raise RuntimeError("the album buffer is closed")
        now = self._timer.time()
        self._forget(now)
        album = self._albums.setdefault((item.chat_id, item.media_group_id), _Album(now, now))
        if item.message_id in album.items or any(item.message_id == each.message_id for each in album.late):
            return False
        if album.closed is not None:
            album.late.append(item)
            self._start(album)
            return True
        album.items[item.message_id] = item
        if album.timer:
            album.timer.cancel()
        album.due = max(album.due, now + self._quiet * part)
        wait = min(album.due, album.first + self._cap) - now
        album.timer = self._timer.call_later(max(wait, 0), lambda: self._close(album))
        return True

    @property
    def remembered(self) -> int:
        """How many albums are remembered, open or handed over."""
        return len(self._albums)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being collected or handed over."""
        return all(album.closed is not None and not album.busy for album in self._albums.values())

    async def drain(self) -> None:
        """Wait until all complete albums have been handed over."""
        await self._background.drain()

    def drop(self) -> list[ItemT]:
        """Drop the albums that are still being collected and return their items."""
        dropped: list[ItemT] = []
        for key, album in list(self._albums.items()):
            if album.closed is None:
                if album.timer:
                    album.timer.cancel()
                dropped += self._albums.pop(key).items.values()
        return dropped

    async def aclose(self) -> None:
        """Stop: hand nothing over any more, and cancel running callbacks."""
        self._ended = True
        for album in self._albums.values():
            if album.timer:
                album.timer.cancel()
        self._albums.clear()
        await self._background.aclose()

    def _close(self, album: _Album[ItemT]) -> None:
        if album.timer:
            album.timer.cancel()
        album.closed = self._timer.time()
        self._start(album, first=True)

    def _start(self, album: _Album[ItemT], *, first: bool = False) -> None:
        if not album.busy:
            album.busy = True
            self._background.spawn(self._hand_over(album, first=first), "album")

    async def _hand_over(self, album: _Album[ItemT], *, first: bool) -> None:
        try:
            if first:
                await self._call(self._gathered(album.in_order()))
            while album.late:
                item, so_far = album.late.popleft(), album.in_order()
                album.items[item.message_id] = item
                await self._call(self._late(so_far, item))
        finally:
            album.busy = False

    async def _call(self, callback: Awaitable[None]) -> None:
        try:
            await callback
        except Exception as error:
            log.exception("handling an album failed; its items are not handled again")
            if self._failed:
                self._failed(error)

    def _forget(self, now: float) -> None:
        """Forget the oldest albums that were handed over, by age and by number."""
        old = [(key, each.closed) for key, each in self._albums.items() if each.closed is not None and not each.busy]
        for number, (key, closed) in enumerate(old):
            if number < len(old) - self._most or now - closed > self._memory:
                del self._albums[key]
