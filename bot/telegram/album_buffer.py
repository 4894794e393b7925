"""Gathering of incoming albums.

Telegram sends each picture of an album as a message of its own, with one `media_group_id`, out of order and with no
end marker. So an album counts as complete when nothing has come for a moment, and what comes later is passed on alone.
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
    """One picture of an album. Small records are best: they are remembered for a while (`memory`)."""

    @property
    def chat_id(self) -> int:
        """The chat it came in."""

    @property
    def media_group_id(self) -> str:
        """What the album's items share (within their chat)."""

    @property
    def message_id(self) -> int:
        """Its place in the album."""


class Handle(Protocol):
    """What `Timer.call_later` gives."""

    def cancel(self) -> object:
        """Don't call."""


class Timer(Protocol):
    """The little that is needed of a clock. An asyncio loop is one."""

    def time(self) -> float:
        """Seconds from any beginning."""

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
        return tuple(self.items[place] for place in sorted(self.items))


class AlbumBuffer(Generic[ItemT]):
    """Collects the items of albums, by chat and media group, and hands each album over once.

    `gathered(items)`: called once an album, `quiet` seconds after its last item (or the `part` of them that an item
    needs) and at most `cap` seconds after its first, with all items in the order of their message ids.
    `late(items_so_far, item)`: called once for each item that comes after that, up to `memory` seconds; after them it
    would count as a new album. The calls of one album follow one another, those of different albums don't wait.
    A repeated message is ignored. A callback that raises is logged and told to `failed`; the album counts as handed
    over. At most `most` albums that were handed over are remembered.
    Built inside the running loop unless a `timer` is given.
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
        """Whether this album is still being gathered."""
        album = self._albums.get((chat_id, media_group_id))
        return album is not None and album.closed is None

    def add(self, item: ItemT, part: float = 1.0) -> bool:
        """Register an arrival and return at once. False: it is known. Raises `RuntimeError` after `aclose`.

        `part`: how much of the quiet time must pass after it.
        """
        if self._ended:
            raise RuntimeError("the gatherer of albums is closed")
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
        """How many albums are known, open or handed over."""
        return len(self._albums)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being gathered or handed over."""
        return all(album.closed is not None and not album.busy for album in self._albums.values())

    async def drain(self) -> None:
        """Wait until what is complete has been handed over."""
        await self._background.drain()

    def drop(self) -> list[ItemT]:
        """Give back what is still being waited for: it is not handed over."""
        dropped: list[ItemT] = []
        for key, album in list(self._albums.items()):
            if album.closed is None:
                if album.timer:
                    album.timer.cancel()
                dropped += self._albums.pop(key).items.values()
        return dropped

    async def aclose(self) -> None:
        """Stop: nothing more is handed over, and callbacks that still run are cancelled."""
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
            log.exception("an album could not be taken in")
            if self._failed:
                self._failed(error)

    def _forget(self, now: float) -> None:
        """Drop the oldest of what was handed over, by age and by number."""
        old = [(key, each.closed) for key, each in self._albums.items() if each.closed is not None and not each.busy]
        for place, (key, closed) in enumerate(old):
            if place < len(old) - self._most or now - closed > self._memory:
                del self._albums[key]
