"""The history of a person's pictures: paging, search by words, and times for the months."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Executable, Select, String, and_, bindparam, func, or_, select, true

from storage.operations import Operations
from storage.picture_statements import OWN_PROMPT
from storage.pictures import Picture, PictureWithPrompt, picture_of, select_pictures
from storage.prompt_search import Search, escaped, with_own_words
from storage.schema import jobs, pictures, tasks


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
SHAPES = 200
"""Statements of each kind that are kept: one for each combination of filters."""


_PERSON = bindparam("user_id", type_=BigInteger)


class _Shape(NamedTuple):
    """The filters of a statement: by the chat, only favourites, and by how many words (`search` finds their jobs)."""

    search: Search
    in_chat: bool
    starred: bool
    words: int


class History(Operations):
    """The histories of one database."""

    async def page(self, filters: HistoryFilter, step: Step = NEWEST) -> Page | None:
        """One picture with all that its page shows, read in one query. None: there is no such picture."""
        query = _page(self._shape(filters), "newest" if step.at is None else step.towards)
        row = (await self._db.fetch(query, {**_parameters(filters), "at": step.at})).mappings().first()
        if row is None:
            return None
        return Page(picture_of(row), row["prompt"], row["number"], row["count"])

    async def find(self, filters: HistoryFilter, most: int, before: int | None = None) -> list[PictureWithPrompt]:
        """The newest pictures that Telegram has, at most `most`; `before`: only those older than the one with this
        id."""
        query = _find(self._shape(filters), is_limited=before is not None)
        rows = await self._db.fetch(query, {**_parameters(filters), "most": most, "before": before})
        return [PictureWithPrompt(picture_of(row), row["prompt"]) for row in rows.mappings()]

    async def moments(
        self, filters: HistoryFilter, since: float = 0.0, until: float | None = None
    ) -> list[tuple[int, float]]:
        """The ids of the pictures and the times at which they were made, newest first."""
        query = _moments(self._shape(filters), is_limited=until is not None)
        rows = await self._db.fetch(query, {**_parameters(filters), "since": since, "until": until})
        return [(row.id, row.created_at) for row in rows]

    def _shape(self, filters: HistoryFilter) -> _Shape:
        search = self._db.backend.search
        return _Shape(search, filters.chat_id is not None, filters.starred, len(filters.words))


def _parameters(filters: HistoryFilter) -> dict[str, Any]:
    words = {f"word_{number}": escaped(word) for number, word in enumerate(filters.words)}
    return {"user_id": filters.user_id, "chat_id": filters.chat_id, **words}


def _ids(shape: _Shape) -> Select[Any]:
    """The ids of the pictures that pass the filters."""
    shown = select(pictures.c.id).where(pictures.c.hidden_at.is_(None))
    if shape.in_chat:
        shown = shown.where(pictures.c.chat_id == bindparam("chat_id"))
    if shape.starred:
        shown = shown.where(pictures.c.starred_at.is_not(None))
    shown = shown.where(pictures.c.user_id == _PERSON)
    if not shape.words:
        return shown
    words = [bindparam(f"word_{number}", type_=String) for number in range(shape.words)]
    own_words, matching = (pictures.c.id.in_(with_own_words(_PERSON, some)).is_(true()) for some in ((), words))
    # As a truth value, so that the databases look each picture up in the set of jobs. PostgreSQL expects few of them,
    # and would read the pictures of each from the table.
    of_job = pictures.c.job_id.in_(shape.search(_PERSON, words)).is_(true())
    return shown.where(or_(and_(of_job, ~own_words), matching))


@lru_cache(SHAPES)
def _page(shape: _Shape, towards: str) -> Executable:
    own = _ids(shape).cte("own")
    # With words the prompts are searched once, not once for each count; without, an index answers at once.
    own = own.prefix_with("MATERIALIZED" if shape.words else "NOT MATERIALIZED")
    here = _target(own.c.id, towards).select_from(own).cte("here")
    count = select(func.count()).select_from(own).scalar_subquery()
    number = select(func.count()).select_from(own).where(own.c.id >= here.c.id).scalar_subquery()
    return (
        select_pictures(OWN_PROMPT, number.label("number"), count.label("count"))
        .select_from(here)
        .join(pictures, pictures.c.id == here.c.id)
        .join(jobs, jobs.c.id == pictures.c.job_id)
        .join(tasks, tasks.c.id == pictures.c.task_id)
    )


@lru_cache(SHAPES)
def _find(shape: _Shape, *, is_limited: bool) -> Executable:
    own = _ids(shape).where(pictures.c.photo_id.is_not(None))
    if is_limited:
        own = own.where(pictures.c.id < bindparam("before"))
    newest = own.order_by(pictures.c.id.desc()).limit(bindparam("most")).subquery()
    return (
        select_pictures(OWN_PROMPT)
        .join(newest, newest.c.id == pictures.c.id)
        .join(jobs, jobs.c.id == pictures.c.job_id)
        .join(tasks, tasks.c.id == pictures.c.task_id)
        .order_by(pictures.c.id.desc())
    )


@lru_cache(SHAPES)
def _moments(shape: _Shape, *, is_limited: bool) -> Executable:
    ids = _ids(shape).subquery("ids")
    made = select(pictures.c.id, pictures.c.created_at).join(ids, ids.c.id == pictures.c.id)
    made = made.where(pictures.c.created_at >= bindparam("since"))
    if is_limited:
        made = made.where(pictures.c.created_at < bindparam("until"))
    return made.order_by(pictures.c.id.desc())


def _target(ids: ColumnElement[int], towards: str) -> Select[Any]:
    """The id of the picture that a step leads to, or NULL."""
    at = bindparam("at", type_=BigInteger)
    match towards:
        case "here":
            return select(func.max(ids).label("id")).where(ids == at)
        case "older":
            return select(func.max(ids).label("id")).where(ids < at)
        case "newer":
            return select(func.min(ids).label("id")).where(ids > at)
    return select(func.max(ids).label("id"))
