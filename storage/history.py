"""The history of a person's pictures: paging, search by words, and times for the months."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select

from storage.database import Database
from storage.pictures import Picture, PictureWithPrompt, picture_of, select_pictures
from storage.schema import jobs, pictures


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """The pictures of a person that a history shows: in one chat when `chat_id` is given, with all of `words` in the
    prompt, or only the favourites."""

    user_id: int
    chat_id: int | None = None
    words: tuple[str, ...] = ()
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One picture of a history. `number` of `count`: 1 is the newest."""

    picture: Picture
    prompt: str
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """A position in a history: the newest picture (no `at`), or the one with the id `at`, or the one next to it."""

    at: int | None = None
    towards: Literal["here", "older", "newer"] = "here"


NEWEST = Step()


class History:
    """The histories of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def page(self, filters: HistoryFilter, step: Step = NEWEST) -> Page | None:
        """One picture with all that its page shows, read in one query. None: there is no such picture."""
        own = self._ids(filters).cte("own")
        # With words the prompts are searched once, not once for each count; without, an index answers at once.
        own = own.prefix_with("MATERIALIZED" if filters.words else "NOT MATERIALIZED")
        here = _target(own.c.id, step).select_from(own).cte("here")
        count = select(func.count()).select_from(own).scalar_subquery()
        number = select(func.count()).select_from(own).where(own.c.id >= here.c.id).scalar_subquery()
        query = (
            select_pictures(jobs.c.prompt, number.label("number"), count.label("count"))
            .select_from(here)
            .join(pictures, pictures.c.id == here.c.id)
            .join(jobs, jobs.c.id == pictures.c.job_id)
        )
        async with self._db.read() as connection:
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                return None
            return Page(picture_of(row), row["prompt"], row["number"], row["count"])

    async def find(self, filters: HistoryFilter, most: int, before: int | None = None) -> list[PictureWithPrompt]:
        """The newest pictures that Telegram has, at most `most`; `before`: only those older than the one with this
        id."""
        own = self._ids(filters).where(pictures.c.photo_id.is_not(None))
        if before is not None:
            own = own.where(pictures.c.id < before)
        newest = own.order_by(pictures.c.id.desc()).limit(most).subquery()
        query = (
            select_pictures(jobs.c.prompt)
            .join(newest, newest.c.id == pictures.c.id)
            .join(jobs, jobs.c.id == pictures.c.job_id)
            .order_by(pictures.c.id.desc())
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).mappings()
            return [PictureWithPrompt(picture_of(row), row["prompt"]) for row in rows]

    async def moments(
        self, filters: HistoryFilter, since: float = 0.0, until: float | None = None
    ) -> list[tuple[int, float]]:
        """The ids of the pictures and the times at which they were made, newest first."""
        ids = self._ids(filters).subquery("ids")
        made = select(pictures.c.id, pictures.c.created_at).join(ids, ids.c.id == pictures.c.id)
        made = made.where(pictures.c.created_at >= since)
        if until is not None:
            made = made.where(pictures.c.created_at < until)
        async with self._db.read() as connection:
            rows = await connection.execute(made.order_by(pictures.c.id.desc()))
            return [(row.id, row.created_at) for row in rows]

    def _ids(self, filters: HistoryFilter) -> Select[Any]:
        """The ids of the pictures that pass the filter."""
        shown = select(pictures.c.id).where(pictures.c.hidden_at.is_(None))
        if filters.chat_id is not None:
            shown = shown.where(pictures.c.chat_id == filters.chat_id)
        if filters.starred:
            shown = shown.where(pictures.c.starred_at.is_not(None))
        if not filters.words:
            return shown.where(pictures.c.user_id == filters.user_id)
        # A scan of the person's own rows by index: quicker than full-text search, and it finds two Chinese characters.
        # From the jobs to their pictures, not by person again: that makes PostgreSQL scan all of them for each job.
        found = (self._db.backend.contains(jobs.c.prompt, word) for word in filters.words)
        return shown.join(jobs, jobs.c.id == pictures.c.job_id).where(jobs.c.user_id == filters.user_id, *found)


def _target(ids: ColumnElement[int], step: Step) -> Select[Any]:
    """The id of the picture that a step leads to, or NULL."""
    if step.at is None:
        return select(func.max(ids).label("id"))
    if step.towards == "here":
        return select(func.max(ids).label("id")).where(ids == step.at)
    if step.towards == "older":
        return select(func.max(ids).label("id")).where(ids < step.at)
    return select(func.min(ids).label("id")).where(ids > step.at)
