"""Which open job of a chat is shown next: a chat has little room for edits, and it goes to what is news."""

from dataclasses import dataclass
from enum import IntEnum

from aiogram.types import InlineKeyboardMarkup

from bot.jobs.stage import Phase, Progress
from bot.telegram.flood import ALONE, AMONG_OTHERS, NEWS, SOME_NEWS, Courtesy
from storage.records import Job

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

    def is_ready(self, now: float) -> bool:
        """Whether it is worth an edit."""
        return not self.is_sending or self.progress.why is not None or now >= self.since + DELIVERING_SECONDS

    def score(self, now: float) -> tuple[int, float]:
        """The highest goes first; of equal news the one that came first."""
        new = news(self.told, self.progress)
        return new, 0.0 if new else (now - self.told_at) * worth(self.told, self.progress)

    def courtesy(self, open_jobs: int) -> Courtesy:
        """The room that it may use, in a chat with so many jobs."""
        new = news(self.told, self.progress)
        if new:
            return NEWS if new >= News.NEXT else SOME_NEWS
        return ALONE if open_jobs <= 1 else AMONG_OTHERS
