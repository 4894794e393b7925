"""Which open job of a chat is shown next: a chat has little room for edits, and it goes to what is news."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from aiogram.types import InlineKeyboardMarkup

from bot.background import Background
from bot.jobs.stage import Phase, Progress
from bot.telegram.chat_limiter import ALONE, AMONG_OTHERS, NEWS, SOME_NEWS, ProgressShare
from bot.telegram.rate_limiter import RateLimiter
from storage.records import Job

LOOK_SECONDS, LOOKS = 0.5, 200
"""How often it is looked whether a chat has room, and how often at most in a second, over all chats."""
DELIVERING_SECONDS = 1.0
"""Most pictures are there sooner than somebody would have read that they are being sent."""


class News(IntEnum):
    """How much it matters that somebody reads it now; more goes first."""

    NONE = 0
    SOME = 1
    NEXT = 2
    BEGINS = 3


def news(told: Progress | None, now: Progress) -> News:
    """How new `now` is to somebody who was `told` the other."""
    if now.phase is Phase.DELIVERING:
        return News.BEGINS if now.why else News.NONE
    is_next = now.phase is Phase.WAITING and (now.place or 1) <= 1
    if told is None or told.phase is not now.phase:
        begins = now.phase in {Phase.WORKING, Phase.PAUSED}
        return News.BEGINS if begins else News.NEXT if is_next else News.SOME
    was_next = told.phase is Phase.WAITING and (told.place or 1) <= 1
    if is_next != was_next:
        # It may have been overtaken by somebody who had fewer turns.
        return News.NEXT if is_next else News.SOME
    return News.SOME if (now.done, now.is_late) != (told.done, told.is_late) else News.NONE


def worth(told: Progress | None, now: Progress) -> int:
    """How much more often than a time left this is shown: a drawing more often than a place."""
    if now.phase is Phase.WORKING:
        return 3
    return 2 if told is None or told.place != now.place else 1


@dataclass(frozen=True, slots=True)
class Pending:
    """What a job's status message shall say, in place of what it has `told` since `told_at`; `since`: since when."""

    job: Job
    progress: Progress
    text: str
    buttons: InlineKeyboardMarkup | None
    told: Progress | None
    told_at: float
    since: float

    @property
    def is_sending(self) -> bool:
        """Whether it says that the pictures are being sent."""
        return self.progress.phase is Phase.DELIVERING

    @property
    def is_news(self) -> bool:
        """Whether it matters that somebody reads it now."""
        return news(self.told, self.progress) > News.NONE

    def is_ready(self, now: float) -> bool:
        """Whether it is worth an edit."""
        return not self.is_sending or self.progress.why is not None or now >= self.since + DELIVERING_SECONDS

    def score(self, now: float) -> tuple[int, float]:
        """The highest goes first; of equal news the one that came first."""
        new = news(self.told, self.progress)
        return new, 0.0 if new else (now - self.told_at) * worth(self.told, self.progress)


class Lines:
    """What is pending in each chat. `begin` shows something, or returns None where that is not needed any more;
    `is_busy`: whether something is being shown of a job."""

    def __init__(
        self,
        begin: Callable[[Pending], asyncio.Task[None] | None],
        is_busy: Callable[[int], bool],
        flood: RateLimiter,
        background: Background,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._begin = begin
        self._is_busy = is_busy
        self._flood = flood
        self._background = background
        self._clock = clock
        self._sleep = sleep
        self._open: defaultdict[int, set[int]] = defaultdict(set)
        self._lines: dict[int, dict[int, Pending]] = {}
        self._naps: dict[int, asyncio.Future[object]] = {}

    def add(self, pending: Pending) -> None:
        """Show this as soon as it is its turn, in place of what was pending of its job."""
        chat = pending.job.chat_id
        self._open[chat].add(pending.job.id)
        if (line := self._lines.get(chat)) is not None:
            line[pending.job.id] = pending
            if pending.is_news and (nap := self._naps.get(chat)):
                nap.cancel()
            return
        self._lines[chat] = {pending.job.id: pending}
        self._background.spawn(self._serve(chat), f"status messages of chat {chat}")

    def has_nothing_new(self, job: Job) -> None:
        """The job is open, and nothing is to be shown of it now."""
        self._open[job.chat_id].add(job.id)
        self._lines.get(job.chat_id, {}).pop(job.id, None)

    def leave(self, job: Job) -> None:
        """Nothing more is shown of this job."""
        self._lines.get(job.chat_id, {}).pop(job.id, None)
        if jobs := self._open.get(job.chat_id):
            jobs.discard(job.id)
        if not jobs:
            self._open.pop(job.chat_id, None)

    def clear(self, chat: int) -> None:
        """There is no room in this chat; what is said next is newer anyway."""
        self._lines.get(chat, {}).clear()

    def since(self, job: Job, progress: Progress) -> float:
        """Since when something of this kind is pending."""
        before = self._lines.get(job.chat_id, {}).get(job.id)
        return before.since if before and before.progress.phase is progress.phase else self._clock()

    def progress_share(self, pending: Pending) -> ProgressShare:
        """The room that it may use: more for what is new, and for how far the only open job of a chat is."""
        new = news(pending.told, pending.progress)
        if new:
            return NEWS if new >= News.NEXT else SOME_NEWS
        return ALONE if len(self._open.get(pending.job.chat_id, ())) <= 1 else AMONG_OTHERS

    async def _serve(self, chat: int) -> None:
        # All that is said at this moment is known before one is chosen.
        await asyncio.sleep(0)
        line = self._lines[chat]
        try:
            while line:
                pending = self._first(line)
                if pending is None or not self._flood.has_room_for_progress(chat, self.progress_share(pending)):
                    await self._nap(chat)
                    continue
                del line[pending.job.id]
                if begun := self._begin(pending):
                    await asyncio.wait({begun}, timeout=LOOK_SECONDS)
        finally:
            del self._lines[chat]

    async def _nap(self, chat: int) -> None:
        seconds = max(LOOK_SECONDS, len(self._lines) / LOOKS)
        nap = self._naps[chat] = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({nap})
        finally:
            nap.cancel()
            del self._naps[chat]

    def _first(self, line: Mapping[int, Pending]) -> Pending | None:
        now = self._clock()
        ready = [one for one in line.values() if one.is_ready(now) and not self._is_busy(one.job.id)]
        return max(ready, key=lambda one: one.score(now), default=None)
