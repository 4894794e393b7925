"""The messages that have come to this process: those that wait for others, and when nothing can join one any more."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiogram.types import Message, TelegramObject

from storage.records import Job

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
Writer = tuple[int, int]
"""A chat, and the person who writes in it."""
ARRIVALS_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that waits for others of its batch. `batch`: the key; `over`: done when its group was handled;
    `is_handled`: it was handled when it came, and only joins what follows."""

    message: Message
    handler: Handler
    data: dict[str, Any]
    batch: str
    is_handled: bool = False
    over: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def chat_id(self) -> int:
        """See `AlbumItem`."""
        return self.message.chat.id

    @property
    def media_group_id(self) -> str:
        """See `AlbumItem`."""
        return self.batch

    @property
    def message_id(self) -> int:
        """See `AlbumItem`."""
        return self.message.message_id

    def end(self, error: Exception | None = None) -> None:
        """Its group was handled, or failed."""
        if self.over.done():
            return
        if error:
            self.over.set_exception(error)
        else:
            self.over.set_result(None)


class Arrivals:
    """Each person's latest batch, and the messages that came to this process; the oldest are forgotten."""

    def __init__(self) -> None:
        self._latest: OrderedDict[Writer, list[Arrival]] = OrderedDict()
        self._seen: OrderedDict[tuple[int, int | None], None] = OrderedDict()

    def latest(self, writer: Writer) -> list[Arrival]:
        """The messages of a person's latest batch."""
        return self._latest.get(writer, [])

    def note(self, arrival: Arrival, writer: Writer) -> None:
        """Add a message to its batch."""
        latest = self._latest.pop(writer, [])
        same = latest if latest and latest[0].batch == arrival.batch else []
        self._latest[writer] = [*same, arrival]
        _forget(self._latest)

    def see(self, message: Message) -> None:
        """This message has come to this process."""
        self._seen[message.chat.id, message.message_id] = None
        _forget(self._seen)

    async def gathered(self, job: Job, others: float) -> None:
        """Wait until nothing can join the message that asked for this job any more. `others`: how many seconds that
        takes where another process has the message, or had it."""
        key = (job.chat_id, job.asked_message_id)
        known = [one.over for latest in self._latest.values() for one in latest if (one.chat_id, one.message_id) == key]
        if known:
            await asyncio.wait(known)
            if any(over.cancelled() for over in known):
                # The process stops, and the next start handles what joins it.
                await asyncio.get_running_loop().create_future()
        elif key not in self._seen:
            await asyncio.sleep(others)


def _forget(known: OrderedDict[Any, Any]) -> None:
    while len(known) > ARRIVALS_REMEMBERED:
        known.popitem(last=False)
