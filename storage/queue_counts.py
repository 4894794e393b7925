"""How much is under way, for monitoring: one statement, which reads only what is open."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Float, Integer, String, cast, column, func, literal_column, null, select, table, union_all

from storage.job_states import IS_OPEN, UNFINISHED, JobState, TaskState, is_in
from storage.operations import Operations
from storage.schema import jobs, tasks

_JOB, _REVISION = "''", "'revision'"
_COUNT = func.count().label("count")
_COUNTS = union_all(
    select(
        literal_column(_JOB, String).label("provider"), jobs.c.state, _COUNT, func.min(jobs.c.created_at).label("since")
    )
    .where(IS_OPEN)
    .group_by(jobs.c.state),
    select(tasks.c.provider, tasks.c.state, _COUNT, func.min(tasks.c.queued_at))
    .where(is_in(tasks.c.state, UNFINISHED))
    .group_by(tasks.c.provider, tasks.c.state),
    select(
        column("version_num"), literal_column(_REVISION, String), literal_column("0", Integer), cast(null(), Float)
    ).select_from(table("alembic_version")),
)
"""The jobs (without a provider) and the tasks, by state, and the revision of the tables."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What is under way at one moment: `jobs` by state, tasks that are `waiting` and `running` by provider.

    `waiting_since`: when the request was made that waits for the longest time, in seconds since 1970; None: none waits.
    `revision`: that of the tables.
    """

    jobs: Mapping[str, int]
    waiting: Mapping[str, int]
    running: Mapping[str, int]
    waiting_since: float | None
    revision: str


class Counts(Operations):
    """Counts for monitoring."""

    async def queue(self) -> QueueCounts:
        """Count what is under way. Raises `StoreError`."""
        found: dict[str, int] = {}
        waiting, running = Counter[str](), Counter[str]()
        times, revision = [], ""
        for provider, state, count, since in await self._db.fetch(_COUNTS):
            if state == "revision":
                revision = provider
            elif not provider:
                found[state] = count
            else:
                (waiting if state == TaskState.QUEUED else running)[provider] += count
            if state in {JobState.PREPARING, TaskState.QUEUED}:
                times.append(since)
        return QueueCounts(found, waiting, running, min(times, default=None), revision)
