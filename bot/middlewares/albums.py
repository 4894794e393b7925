"""Albums reach handlers as one: the items are gathered, and the handler is called once with all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject

from bot.jobs.patience import surely
from bot.telegram.albums import AlbumGatherer
from bot.telegram.incoming import picture_of
from bot.telegram.language import Languages
from storage.store import Store

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
LateItem = Callable[[Message, Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """`over` ends when the item is done with: its album was handled, or failed."""

    message: Message
    handler: Handler
    data: dict[str, Any]
    over: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def chat_id(self) -> int:
        return self.message.chat.id

    @property
    def media_group_id(self) -> str:
        return self.message.media_group_id or ""

    @property
    def message_id(self) -> int:
        return self.message.message_id

    def end(self, error: Exception | None = None) -> None:
        if self.over.done():
            return
        if error:
            self.over.set_exception(error)
        else:
            self.over.set_result(None)


class AlbumMiddleware(BaseMiddleware):
    """Gathers the items of an album; handlers get them as `album`, and until they return each item is under way.

    `late(main, item)` is called for an item that comes when its album was handed over already; `main` is the message
    that the handler got. `quiet`: seconds without a further item after which an album counts as complete.
    """

    def __init__(self, store: Store, languages: Languages, late: LateItem, quiet: float = 0.8) -> None:
        self._store = store
        self._languages = languages
        self._late = late
        self._quiet = quiet
        self._gatherer: AlbumGatherer[_Arrival] | None = None

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Hold an item of an album back; pass everything else on."""
        if not isinstance(event, Message) or not event.media_group_id:
            return await handler(event, data)
        # Registered before anything is awaited: the items of an album must not overtake each other here.
        arrival = _Arrival(event, handler, data)
        is_new = self._gathering().add(arrival)
        if source := picture_of(event):
            await self._store.posted.add(event.chat.id, event.media_group_id, source, self._store.clock())
        if is_new:
            await arrival.over
        return None

    def drop(self) -> None:
        """Handle no album that is not complete: with what comes later it is gathered anew by the next start."""
        for arrival in self._gatherer.drop() if self._gatherer else ():
            arrival.over.cancel()

    async def aclose(self) -> None:
        """Stop."""
        if self._gatherer:
            await self._gatherer.aclose()

    def _gathering(self) -> AlbumGatherer[_Arrival]:
        if self._gatherer is None:
            self._gatherer = AlbumGatherer(self._gathered, self._came_late, quiet=self._quiet, memory=120)
        return self._gatherer

    async def _gathered(self, items: tuple[_Arrival, ...]) -> None:
        main = _main(items)
        data = {**main.data, "album": [item.message for item in items]}
        with self._languages.speaking(main.data["language"]):
            await _ended(partial(main.handler, main.message, data), main)
        for item in items:
            item.end()

    async def _came_late(self, items: tuple[_Arrival, ...], item: _Arrival) -> None:
        with self._languages.speaking(item.data["language"]):
            await _ended(partial(self._late, _main(items).message, item.message), item)


async def _ended(handle: Callable[[], Awaitable[Any]], item: _Arrival) -> None:
    """Handle an album or an item; what goes wrong is the business of whoever waits for `item`."""
    try:
        # Here and not by the whole way again, on which the item would count as late.
        await surely(handle, f"album {item.media_group_id}", asyncio.sleep)
    except Exception as error:
        item.end(error)
    else:
        item.end()


def _main(items: tuple[_Arrival, ...]) -> _Arrival:
    """The item with the words, else the first."""
    return next((item for item in items if item.message.caption), items[0])
