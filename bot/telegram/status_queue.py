"""The queue of status edits in each chat: there is little room for edits, and important changes go first."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from bot.background import Background
from bot.jobs.ports import Phase, Progress
from bot.telegram.chat_limiter import CHANGED_PROGRESS, IMPORTANT_PROGRESS, ONE_OF_SEVERAL_JOBS, ONLY_JOB, ProgressShare
from bot.telegram.rate_limiter import RateLimiter
from storage.records import Job

ROOM_CHECK_SECONDS, ROOM_CHECKS_PER_SECOND = 0.5, 200
"""How often a chat is checked for room, and how many checks a second all chats get together."""
EDIT_EVERY_SECONDS = 45.0
"""Seconds between edits that tell no news, divided by their weight: a bar moves every 15 seconds. So a usual task of
Jimeng, 10 to 15 seconds, takes one edit, when the drawing begins, and one of some minutes four a minute."""
DELIVERING_SECONDS = 1.0
""""Sending…" is shown only when a delivery takes longer; most are over sooner."""


class Importance(IntEnum):
    """How much it matters that a change is read now; the highest goes first."""

    NONE = 0
    SOME = 1
    NEXT = 2
    BEGINS = 3


def importance(shown: Progress | None, now: Progress) -> Importance:
    """How important `now` is to a person who was last shown `shown`."""
    if now.phase is Phase.DELIVERING:
        return Importance.BEGINS if now.why else Importance.NONE
    is_next = now.phase is Phase.WAITING and (now.place or 1) <= 1
    if shown is None or shown.phase is not now.phase:
        begins = now.phase in {Phase.WORKING, Phase.PAUSED}
        return Importance.BEGINS if begins else Importance.NEXT if is_next else Importance.SOME
    was_next = shown.phase is Phase.WAITING and (shown.place or 1) <= 1
    if is_next != was_next:
        # A person with fewer turns may have overtaken it.
        return Importance.NEXT if is_next else Importance.SOME
    return Importance.SOME if (now.done, now.is_late) != (shown.done, shown.is_late) else Importance.NONE


def weight(shown: Progress | None, now: Progress) -> int:
    """How much more often this is shown than a mere change of the time left: a drawing most, then a place."""
    if now.phase is Phase.WORKING:
        return 3
    return 2 if shown is None or shown.place != now.place else 1


def is_news(shown: Progress | None, now: Progress) -> bool:
    """Whether `now` tells more than how a bar, a place or the time left has moved since `shown`."""
    if shown is None or now.phase is Phase.DELIVERING or importance(shown, now) > Importance.NONE:
        return True
    # The first estimate is news, too.
    return shown.why != now.why or (shown.left is None and now.left is not None)


def is_due(shown: Progress | None, seconds: float, now: Progress) -> bool:
    """Whether `now` is worth an edit, `seconds` after `shown` was shown."""
    return is_news(shown, now) or seconds >= EDIT_EVERY_SECONDS / weight(shown, now)


@dataclass(frozen=True, slots=True)
class Pending:
    """A text for a status message that has shown the progress `shown` since `shown_since`. `since`: when the first text
    of its phase was queued."""

    job: Job
    progress: Progress
    text: str
    shown: Progress | None
    shown_since: float
    since: float

    @property
    def is_sending(self) -> bool:
        """Whether it says that the pictures are being sent."""
        return self.progress.phase is Phase.DELIVERING

    @property
    def is_important(self) -> bool:
        """Whether it matters that it is read now."""
        return importance(self.shown, self.progress) > Importance.NONE

    def is_ready(self, now: float) -> bool:
        """Whether it is time for the edit."""
        return not self.is_sending or self.progress.why is not None or now >= self.since + DELIVERING_SECONDS

    def score(self, now: float) -> tuple[int, float]:
        """The highest score goes first; among equally important ones the oldest in the queue."""
        new = importance(self.shown, self.progress)
        return new, 0.0 if new else (now - self.shown_since) * weight(self.shown, self.progress)


class StatusQueues:
    """The pending edits of each chat. `begin` starts one, or returns None if it is not needed any more; `is_busy` tells
    whether an edit of a job is under way."""

    def __init__(
        self,
        begin: Callable[[Pending], asyncio.Task[None] | None],
        is_busy: Callable[[int], bool],
        limiter: RateLimiter,
        background: Background,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._begin = begin
        self._is_busy = is_busy
        self._limiter = limiter
        self._background = background
        self._clock = clock
        self.sleep = sleep
        self._open: defaultdict[int, set[int]] = defaultdict(set)
        self._queues: dict[int, dict[int, Pending]] = {}
        self._pauses: dict[int, asyncio.Future[object]] = {}

    def add(self, pending: Pending) -> None:
        """Queue an edit; it replaces a pending one of the same job."""
        chat = pending.job.chat_id
        self._open[chat].add(pending.job.id)
        if (queue := self._queues.get(chat)) is not None:
            queue[pending.job.id] = pending
            if pending.is_important and (pause := self._pauses.get(chat)):
                pause.cancel()
            return
        self._queues[chat] = {pending.job.id: pending}
        self._background.spawn(self._serve(chat), f"status messages of chat {chat}")

    def has_nothing_new(self, job: Job) -> None:
        """Note that the job is open, and drop its pending edit."""
        self._open[job.chat_id].add(job.id)
        self._queues.get(job.chat_id, {}).pop(job.id, None)

    def leave(self, job: Job) -> None:
        """Forget a job that is no longer open."""
        self._queues.get(job.chat_id, {}).pop(job.id, None)
        if jobs := self._open.get(job.chat_id):
            jobs.discard(job.id)
        if not jobs:
            self._open.pop(job.chat_id, None)

    def clear(self, chat: int) -> None:
        """Drop a chat's pending edits: it has no room, and later ones are newer."""
        self._queues.get(chat, {}).clear()

    def since(self, job: Job, progress: Progress) -> float:
        """Since when an edit of this job and phase is pending; now, if none is."""
        before = self._queues.get(job.chat_id, {}).get(job.id)
        return before.since if before and before.progress.phase is progress.phase else self._clock()

    def progress_share(self, pending: Pending) -> ProgressShare:
        """The share of the limit that an edit may use: more for important changes, and for a chat's only open job."""
        new = importance(pending.shown, pending.progress)
        if new:
            return IMPORTANT_PROGRESS if new >= Importance.NEXT else CHANGED_PROGRESS
        return ONLY_JOB if len(self._open.get(pending.job.chat_id, ())) <= 1 else ONE_OF_SEVERAL_JOBS

    async def _serve(self, chat: int) -> None:
        # Collect all edits of this moment before one is chosen.
        await asyncio.sleep(0)
        queue = self._queues[chat]
        try:
            while queue:
                pending = self._first(queue)
                if pending is None or not self._limiter.has_room_for_progress(chat, self.progress_share(pending)):
                    await self._pause(chat)
                    continue
                del queue[pending.job.id]
                if started := self._begin(pending):
                    await asyncio.wait({started}, timeout=ROOM_CHECK_SECONDS)
        finally:
            del self._queues[chat]

    async def _pause(self, chat: int) -> None:
        seconds = max(ROOM_CHECK_SECONDS, len(self._queues) / ROOM_CHECKS_PER_SECOND)
        pause = self._pauses[chat] = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({pause})
        finally:
            pause.cancel()
            del self._pauses[chat]

    def _first(self, queue: Mapping[int, Pending]) -> Pending | None:
        now = self._clock()
        ready = [one for one in queue.values() if one.is_ready(now) and not self._is_busy(one.job.id)]
        return max(ready, key=lambda one: one.score(now), default=None)
