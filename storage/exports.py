"""The export of a person's pictures, with all that is stored about them."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from storage.connection import Connection
from storage.operations import Operations, reads
from storage.picture_statements import OWN_PROMPT
from storage.records import Cost
from storage.schema import confirmations, drafts, inline_offers, jobs, pictures, references, tasks
from storage.statements import Parameters

JOBS_AT_ONCE = 500
"""Jobs read at once."""

_OF_PERSON = jobs.c.user_id == bindparam("user_id")
# By their jobs: the index of pictures has only those that are not hidden.
_JOB_IDS = select(jobs.c.id).where(_OF_PERSON).order_by(jobs.c.id)
# One statement for pages of any length.
_ON_PAGE = select(jobs.c.id).where(_OF_PERSON, jobs.c.id.between(bindparam("first"), bindparam("last")))
_PICTURES = (
    select(
        pictures.c.id,
        pictures.c.job_id,
        pictures.c.chat_id,
        pictures.c.created_at,
        *(jobs.c[name] for name in ("style", "provider", "options")),
        OWN_PROMPT,
        *(pictures.c[name] for name in ("seed", "width", "height", "size", "photo_id", "document_id")),
        pictures.c.starred_at,
        pictures.c.hidden_at,
        tasks.c.cost,
        tasks.c.currency,
        tasks.c.pictures.label("among"),
        (tasks.c.finished_at - func.coalesce(tasks.c.submitted_at, tasks.c.begun_at)).label("seconds"),
    )
    .join(jobs, jobs.c.id == pictures.c.job_id)
    .join(tasks, tasks.c.id == pictures.c.task_id)
    .where(pictures.c.job_id.in_(_ON_PAGE))
    .order_by(pictures.c.id)
)
_COUNT_REFERENCES = (
    select(references.c.job_id, func.count()).where(references.c.job_id.in_(_ON_PAGE)).group_by(references.c.job_id)
)
_OWN_REFERENCES = (
    select(references.c.job_id, references.c.picture_id)
    .join(pictures, pictures.c.id == references.c.picture_id)
    .where(references.c.job_id.in_(_ON_PAGE), pictures.c.user_id == bindparam("user_id"))
    .order_by(references.c.id)
)


@dataclass(frozen=True, slots=True)
class Exported:
    """One picture with all that is stored about it.

    `size`: bytes; `cost`: of the whole task, which gave `among` pictures; `seconds`: from submit to result;
    `references`: how many went with the prompt; `made_from`: the ids of those that are pictures of the same person.
    """

    id: int
    chat_id: int
    created_at: float
    prompt: str
    style: dict[str, str] | None
    provider: str
    options: dict[str, Any]
    seed: int | None
    width: int | None
    height: int | None
    size: int | None
    cost: Cost | None
    among: int
    seconds: float | None
    starred: bool
    hidden: bool
    references: int
    made_from: tuple[int, ...]
    photo_id: str | None
    document_id: str | None


_TYPED = (
    select(inline_offers.c.words)
    .where(inline_offers.c.user_id == bindparam("user_id"))
    .order_by(inline_offers.c.created_at, inline_offers.c.id)
)
_ASKED_ABOUT = (
    select(confirmations.c.request).where(confirmations.c.user_id == bindparam("user_id")).order_by(confirmations.c.id)
)
_DRAFTED = (
    select(drafts.c.words).where(drafts.c.user_id == bindparam("user_id"), drafts.c.words != "").order_by(drafts.c.id)
)


class Exports(Operations):
    """Reads people's pictures, and the words that have become none, from one database."""

    @reads
    async def waiting_words(self, connection: Connection, user_id: int) -> list[str]:
        """The words of a person that wait, for a day at most: typed after the bot's name in any chat, asked about, or
        kept until the person says which picture they mean."""
        which = {"user_id": user_id}
        typed = (await connection.execute(_TYPED, which)).scalars()
        asked_about = (await connection.execute(_ASKED_ABOUT, which)).scalars()
        drafted = (await connection.execute(_DRAFTED, which)).scalars()
        return [*typed, *(one["prompt"] for one in asked_about), *drafted]

    async def pictures(self, user_id: int) -> AsyncIterator[list[Exported]]:
        """All of a person's pictures, oldest first, in pages; those deleted from their history too."""
        ids = (await self._db.fetch(_JOB_IDS, {"user_id": user_id})).scalars()
        for first in range(0, len(ids), JOBS_AT_ONCE):
            # A step for each page: a long export must not hold a connection.
            on_page = ids[first : first + JOBS_AT_ONCE]
            yield await self._page({"user_id": user_id, "first": on_page[0], "last": on_page[-1]})

    @reads
    async def _page(self, connection: Connection, which: Parameters) -> list[Exported]:
        count, origins = await _references(connection, which)
        rows = (await connection.execute(_PICTURES, which)).mappings()
        return [_exported(row, count, origins) for row in rows]


def _exported(row: dict[str, Any], count: dict[int, int], origins: dict[int, list[int]]) -> Exported:
    job_id, cost, currency = row.pop("job_id"), row.pop("cost"), row.pop("currency")
    return Exported(
        **{name: value for name, value in row.items() if name not in {"starred_at", "hidden_at", "among"}},
        cost=None if cost is None else Cost(cost, currency),
        among=row["among"] or 1,
        starred=row["starred_at"] is not None,
        hidden=row["hidden_at"] is not None,
        references=count.get(job_id, 0),
        made_from=tuple(origins[job_id]),
    )


async def _references(connection: Connection, which: Parameters) -> tuple[dict[int, int], dict[int, list[int]]]:
    """How many references the jobs of a page had, and which of them are the person's own pictures."""
    origins: dict[int, list[int]] = defaultdict(list)
    for job_id, picture_id in await connection.execute(_OWN_REFERENCES, which):
        origins[job_id].append(picture_id)
    return {row[0]: row[1] for row in await connection.execute(_COUNT_REFERENCES, which)}, origins
