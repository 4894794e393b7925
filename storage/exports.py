"""The export of a person's pictures, with all that is stored about them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from storage.connection import Connection
from storage.operations import Operations, reads
from storage.records import Cost
from storage.schema import jobs, pictures, references, tasks

JOBS_AT_ONCE = 500
"""Jobs read at once."""


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


class Exports(Operations):
    """Reads people's pictures from one database."""

    async def pictures(self, user_id: int) -> AsyncIterator[list[Exported]]:
        """All of a person's pictures, oldest first, in pages; those deleted from their history too."""
        # By their jobs: the index of pictures has only those that are not hidden.
        own = select(jobs.c.id).where(jobs.c.user_id == user_id).order_by(jobs.c.id)
        ids = (await self._db.fetch(own)).scalars()
        for first in range(0, len(ids), JOBS_AT_ONCE):
            # A step for each page: a long export must not hold a connection.
            yield await self._page(user_id, ids[first : first + JOBS_AT_ONCE])

    @reads
    async def _page(self, connection: Connection, user_id: int, ids: Sequence[int]) -> list[Exported]:
        return await _page(connection, user_id, ids)


async def _page(connection: Connection, user_id: int, ids: Sequence[int]) -> list[Exported]:
    count, origins = await _references(connection, user_id, ids)
    seconds = tasks.c.finished_at - func.coalesce(tasks.c.submitted_at, tasks.c.begun_at)
    query = (
        select(
            pictures.c.id,
            pictures.c.job_id,
            pictures.c.chat_id,
            pictures.c.created_at,
            *(jobs.c[name] for name in ("prompt", "style", "provider", "options")),
            *(pictures.c[name] for name in ("seed", "width", "height", "size", "photo_id", "document_id")),
            pictures.c.starred_at,
            pictures.c.hidden_at,
            tasks.c.cost,
            tasks.c.currency,
            tasks.c.pictures.label("among"),
            seconds.label("seconds"),
        )
        .join(jobs, jobs.c.id == pictures.c.job_id)
        .join(tasks, tasks.c.id == pictures.c.task_id)
        .where(pictures.c.job_id.in_(ids))
        .order_by(pictures.c.id)
    )
    return [_exported(dict(row), count, origins) for row in (await connection.execute(query)).mappings()]


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


async def _references(
    connection: Connection, user_id: int, ids: Sequence[int]
) -> tuple[dict[int, int], dict[int, list[int]]]:
    """How many references these jobs had, and which of them are the person's own pictures."""
    count = select(references.c.job_id, func.count()).where(references.c.job_id.in_(ids)).group_by(references.c.job_id)
    own = (
        select(references.c.job_id, references.c.picture_id)
        .join(pictures, pictures.c.id == references.c.picture_id)
        .where(references.c.job_id.in_(ids), pictures.c.user_id == user_id)
        .order_by(references.c.id)
    )
    origins: dict[int, list[int]] = defaultdict(list)
    for job_id, picture_id in await connection.execute(own):
        origins[job_id].append(picture_id)
    return {row[0]: row[1] for row in await connection.execute(count)}, origins
