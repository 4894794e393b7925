"""Grouping of messages for handlers: albums, and comments with the messages forwarded with them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import Message, TelegramObject

from bot.jobs.retry import until_stored
from bot.middlewares.arrivals import Arrival, Arrivals, Handler, Writer
from bot.telegram.album_buffer import AlbumBuffer, Timer
from bot.telegram.i18n import Languages
from bot.telegram.message_groups import MessageGroup, follows, group_messages, is_comment, is_forward
from bot.telegram.message_input import pictures_in
from storage.records import Job
from storage.store import Store

LateItem = Callable[[Message, Message], Awaitable[bool]]
Companion = Callable[[MessageGroup, dict[str, Any]], Awaitable[bool]]
COMPANION_SHARE = 0.5
"""The share of an album's quiet time that a message waits for others of its batch: they need no upload."""
OTHERS_SHARE = 1.25
"""The same for a message that another process has: what joins it comes through the store."""
BATCHES_REMEMBERED = 500


class AlbumMiddleware(BaseMiddleware):
    """Gathers the messages that one person sends at once in one chat (a batch), divides them into groups, each of which
    is one request, and handles these one after the other. A person's texts and pictures are handled in their order.

    For a group of several messages, handlers get them as `album`. `late(main, item)` is called for an item that arrives
    after its album was handled; `main` is the message that the handler got. When it returns False, an item with words
    goes to a handler, too.

    Words are handled when they come, so that people see at once that they were heard. A post that was forwarded with
    them is passed to `join(group, data)`: the words are the group's comment, and `data` those of their handler. When it
    returns False, the post is handled alone.

    `quiet`: seconds without a further item after which an album counts as complete, by `timer` (the running loop,
    unless another one is set before the first message comes).
    """

    def __init__(self, store: Store, languages: Languages, late: LateItem, join: Companion, quiet: float = 0.8) -> None:
        self._store = store
        self._languages = languages
        self._late = late
        self._join = join
        self.quiet = quiet
        self.timer: Timer | None = None
        self.gatherer: AlbumBuffer[Arrival] | None = None
        self._numbers = count()
        self._arrivals = Arrivals()
        # The batch of each album.
        self._batches: OrderedDict[tuple[int, str], str] = OrderedDict()
        # The message of each album that a handler got.
        self._mains: OrderedDict[tuple[int, str], Message] = OrderedDict()
        self._turns: WeakValueDictionary[Writer, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Hold back a message that may be part of a batch; pass any other on, in its turn."""
        if isinstance(event, Message):
            self._arrivals.see(event)
        if not isinstance(event, Message) or _is_other_command(event):
            # A command may take long, and is part of no batch.
            return await handler(event, data)
        # Registered before anything is awaited: the items of an album must not overtake each other here.
        writer, share = _writer(event), _share(event)
        batch = self._batch(event, writer)
        if not share and batch is None:
            async with self._turn(writer):
                return await handler(event, data)
        is_words = is_comment(event) and self._is_after_words(writer, batch)
        if is_words:
            # Of several texts a post can only belong to the latest.
            batch = None
        arrival = Arrival(event, handler, data, batch or str(next(self._numbers)), is_words)
        is_new = self._gathering().add(arrival, share)
        if is_new and (not batch or self._gathering().is_open(event.chat.id, batch)):
            self._note(arrival, writer)
        if event.media_group_id:
            for source in pictures_in(event):
                await self._store.posted.add(event.chat.id, event.media_group_id, source, self._store.clock())
        if is_words and is_new:
            async with self._turn(writer):
                # Repeated here: a post that comes meanwhile must find what becomes of the words.
                step = partial(handler, event, data)
                await until_stored(step, f"handling message {event.message_id}", asyncio.sleep)
        await (arrival.over if is_new else self._first_one(writer, event))
        return None

    async def _first_one(self, writer: Writer, message: Message) -> None:
        """Wait for the first of a repeated update, which came again after a fault of the store."""
        for one in self._arrivals.latest(writer):
            if one.message_id == message.message_id:
                await asyncio.shield(one.over)
                return

    async def edited(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle an edited message after the original, which may still be held back."""
        if not isinstance(event, Message):
            return await handler(event, data)
        self._arrivals.see(event)
        if before := [one.over for one in self._arrivals.latest(_writer(event)) if not one.is_handled]:
            await asyncio.wait(before)
        async with self._turn(_writer(event)):
            return await handler(event, data)

    async def gathered(self, job: Job) -> None:
        """Wait until nothing can join the message that asked for this job any more."""
        most = self.quiet * OTHERS_SHARE
        await self._arrivals.gathered(job, min(most, max(0.0, job.created_at + most - self._store.clock())))

    def drop(self) -> None:
        """Drop incomplete albums unhandled: the next start gathers them again, with their later items."""
        for arrival in self.gatherer.drop() if self.gatherer else ():
            arrival.over.cancel()

    async def aclose(self) -> None:
        """Stop."""
        if self.gatherer:
            await self.gatherer.aclose()

    def _gathering(self) -> AlbumBuffer[Arrival]:
        if self.gatherer is None:
            self.gatherer = AlbumBuffer(self._gathered, self._came_late, quiet=self.quiet, memory=120, timer=self.timer)
        return self.gatherer

    def _turn(self, writer: Writer) -> asyncio.Lock:
        """The lock that orders a writer's messages: first come, first served."""
        return self._turns.setdefault(writer, asyncio.Lock())

    def _batch(self, message: Message, writer: Writer) -> str | None:
        """The key of a message's batch; None: it is the first or the only one."""
        known = self._batches.get((message.chat.id, message.media_group_id or ""))
        latest = self._arrivals.latest(writer)
        if known or not latest:
            return known
        if self._gathering().is_open(message.chat.id, latest[0].batch):
            return latest[0].batch
        # The rest of more than ten pictures belongs to those that were handled, also when it comes late.
        is_rest = follows(group_messages([one.message for one in latest])[-1], message)
        return latest[0].batch if is_rest and message.chat.type == ChatType.PRIVATE else None

    def _is_after_words(self, writer: Writer, batch: str | None) -> bool:
        """Whether a batch has only words that were handled when they came."""
        return batch is None or all(one.is_handled for one in self._arrivals.latest(writer))

    def _note(self, arrival: Arrival, writer: Writer) -> None:
        """Remember the batch of a message."""
        self._arrivals.note(arrival, writer)
        if album := arrival.message.media_group_id:
            self._batches[arrival.chat_id, album] = arrival.batch
        while len(self._batches) > BATCHES_REMEMBERED:
            self._batches.popitem(last=False)

    def _keep_main(self, main: Message, messages: Iterable[Message]) -> None:
        for album in {each.media_group_id for each in messages if each.media_group_id}:
            self._mains[main.chat.id, album] = main
        while len(self._mains) > BATCHES_REMEMBERED:
            self._mains.popitem(last=False)

    async def _gathered(self, items: tuple[Arrival, ...]) -> None:
        async with self._turn(_writer(items[0].message)):
            for group in group_messages([item.message for item in items]):
                await self._hand_over(group, items)

    async def _hand_over(self, group: MessageGroup, items: tuple[Arrival, ...]) -> None:
        words = next((item for item in items if item.is_handled and item.message is group.main), None)
        if words and (group.comment is None or await self._joined(group, words, items)):
            for item in _parts(group, items):
                item.end()
            return
        if words:
            words.end()
            group = replace(group, comment=None)
        of_it = _parts(group, items)
        main = next(item for item in of_it if item.message is group.main)
        is_several = len(group.messages) > 1 or group.comment is not None or bool(main.message.media_group_id)
        self._keep_main(group.main, group.messages)
        data = {**main.data, "album": list(group.messages) if is_several else None}
        with self._languages.speaking(main.data["language"]):
            await _handle(partial(main.handler, group.spoken(), data), main)
        for item in of_it:
            item.end()

    async def _joined(self, group: MessageGroup, words: Arrival, items: tuple[Arrival, ...]) -> bool:
        """Whether a forwarded post has joined the words that were handled before."""
        step = partial(self._join, group, words.data)
        try:
            with self._languages.speaking(words.data["language"]):
                return await until_stored(step, f"joining message {words.message_id}", asyncio.sleep)
        except Exception as error:
            for item in _parts(group, items):
                item.end(error)
            raise

    async def _came_late(self, items: tuple[Arrival, ...], item: Arrival) -> None:
        groups = group_messages([each.message for each in items])
        album = item.message.media_group_id
        group = next((one for one in groups if any(each.media_group_id == album for each in one.messages)), groups[-1])
        async with self._turn(_writer(item.message)):
            with self._languages.speaking(item.data["language"]):
                await _handle(partial(self._take_late, group, item), item)

    async def _take_late(self, group: MessageGroup, item: Arrival) -> None:
        # With late items another message may be the first.
        albums = [(each.chat.id, each.media_group_id or "") for each in group.messages]
        main = next((self._mains[album] for album in albums if album in self._mains), group.main)
        if not await self._late(main, item.message) and item.message.caption:
            self._keep_main(item.message, group.messages)
            data = {**item.data, "album": [*group.messages, item.message]}
            await item.handler(item.message, data)


def _parts(group: MessageGroup, items: Iterable[Arrival]) -> list[Arrival]:
    parts = {id(message) for message in (*group.messages, group.comment)}
    return [item for item in items if id(item.message) in parts]


async def _handle(handle: Callable[[], Awaitable[Any]], item: Arrival) -> None:
    """Handle a group or an item; an error goes to the waiter for `item`."""
    try:
        # Repeated here: passed through the middleware again, the item would count as late.
        await until_stored(handle, f"handling message {item.message_id}", asyncio.sleep)
    except Exception as error:
        item.end(error)
    else:
        item.end()


def _writer(message: Message) -> Writer:
    return message.chat.id, (message.sender_chat or message.from_user or message.chat).id


def _is_other_command(message: Message) -> bool:
    """Whether it is a command other than `/imagine`."""
    words = message.text or ""
    return words.startswith("/") and not words.lower().startswith("/imagine")


def _share(message: Message) -> float:
    """The share of the quiet time that a message waits for others of its batch."""
    if message.media_group_id:
        return 1.0
    if message.chat.type == ChatType.CHANNEL or message.via_bot or message.is_automatic_forward:
        return 0.0
    is_private = message.chat.type == ChatType.PRIVATE
    is_asking = _is_asking(message, is_private=is_private) and is_comment(message)
    is_picture = is_private and bool(pictures_in(message)) and not (message.reply_to_message or message.external_reply)
    return COMPANION_SHARE if is_asking or is_forward(message) or is_picture else 0.0


def _is_asking(message: Message, *, is_private: bool) -> bool:
    """Whether this may be a request. (In a group the handlers find out whether this bot is mentioned.)"""
    is_named = any(mark.type == "mention" for mark in message.entities or ())
    return is_private or is_named or (message.text or "").startswith("/")
