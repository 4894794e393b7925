"""The references of jobs, and their checked bytes for the job's life."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from storage import notifications
from storage.connection import Connection, Transaction
from storage.depictions import depict
from storage.job_states import NOT_READY, JobState, TaskState, is_in, move_job
from storage.likeness_records import LikenessGoneError
from storage.operations import Operations, reads, writes
from storage.records import CheckedReference, Job, NewReference, StoredReference
from storage.rows import DELETE_TASKS, LOCK_TASKS, change_job, lock_job
from storage.schema import jobs, likenesses, references
from storage.statements import upsert

UNFETCHED: Mapping[str, Any] = {"media_type": None, "width": None, "height": None, "data": None, "changes": []}
"""The columns of a reference that is not fetched yet."""
_OF_JOB = references.c.job_id == bindparam("job_id")
FORGET_FETCHED = update(references).where(_OF_JOB).values(dict(UNFETCHED))
"""The statement that makes the references of a job unfetched."""
_ADD = upsert(references, *NewReference.__slots__, "job_id", "changes")
_COLUMNS = [column for column in references.c if column is not references.c.data]
_GET = (
    select(*_COLUMNS, func.length(references.c.data).label("size"))
    .where(_OF_JOB)
    .order_by(references.c.message_id.nulls_first(), references.c.id)
)
_PREPARE_ANEW = move_job(jobs.c.id == bindparam("job_id"), (JobState.WORKING,), JobState.PREPARING).returning(jobs)
_MAY_BE_KEPT = or_(
    references.c.likeness_id.is_(None),
    and_(
        references.c.likeness_id.in_(select(likenesses.c.id)),
        references.c.job_id.in_(select(jobs.c.id).where(is_in(jobs.c.state, NOT_READY))),
    ),
)
"""The bytes of a likeness that was taken back while they were made to fit are not kept."""
_STORE = (
    update(references)
    .where(
        references.c.id == bindparam("reference_id"),
        references.c.job_id.in_(select(jobs.c.id).where(jobs.c.provider == bindparam("provider"))),
        _MAY_BE_KEPT,
    )
    .values({name: bindparam(name) for name in CheckedReference.__slots__})
    .returning(references.c.id)
)
_DATA = select(references.c.data, references.c.media_type).where(references.c.id == bindparam("reference_id"))
_FORGET_BYTES = (
    update(references)
    .where(
        references.c.data.is_not(None),
        references.c.job_id.in_(select(jobs.c.id).where(jobs.c.created_at < bindparam("before"))),
    )
    .values(data=None)
)


class References(Operations):
    """The references of the jobs of one database."""

    @reads
    async def of_job(self, connection: Connection, job_id: int) -> list[StoredReference]:
        """The references of a job, in the order of their messages."""
        return await references_of(connection, job_id)

    @writes
    async def join(self, connection: Transaction, job_id: int, new: NewReference) -> Job | None:
        """Add a reference that arrives late to a job of which no task was claimed; returns that job.

        None: it is too late, or the reference is known.
        """
        job, own = await lock_job(connection, job_id), {"job_id": job_id}
        known = {reference.message_id for reference in await references_of(connection, job_id)}
        if job is None or job.state not in NOT_READY or new.message_id in known:
            return None
        if any(row.state != TaskState.QUEUED for row in await connection.execute(LOCK_TASKS, own)):
            return None
        # It is prepared anew with the reference, and keeps its place in the queue.
        await connection.execute(DELETE_TASKS, own)
        connection.notify(notifications.QUEUE)
        try:
            await add_references(connection, job_id, (new,))
        except LikenessGoneError:
            connection.roll_back()
            return None
        if job.state is not JobState.WORKING:
            return job
        return await change_job(connection, _PREPARE_ANEW, own)

    async def store(self, reference_id: int, checked: CheckedReference, provider: str) -> bool:
        """Store the checked bytes of a reference for the job's life. False: the job has gone to another provider than
        this one, for which they were checked, or they are a likeness that was taken back meanwhile."""
        values = {name: getattr(checked, name) for name in CheckedReference.__slots__}
        kept = await self._db.execute(_STORE, {**values, "reference_id": reference_id, "provider": provider})
        return kept.first() is not None

    async def data(self, reference_id: int) -> tuple[bytes, str] | None:
        """The bytes and the media type of a reference; None when they are deleted or not fetched yet."""
        row = (await self._db.fetch(_DATA, {"reference_id": reference_id})).first()
        return (row.data, row.media_type) if row and row.data is not None else None

    async def forget_bytes(self, before: float) -> None:
        """Delete the bytes of references of jobs added before this time. (Those of ended jobs are deleted already.)"""
        await self._db.execute(_FORGET_BYTES, {"before": before})


async def add_references(connection: Transaction, job_id: int, new: Sequence[NewReference]) -> None:
    """Add references to a job, within a transaction. Raises `LikenessGoneError`."""
    if new:
        await depict(connection, job_id, new)
        rows = [
            {**{name: getattr(one, name) for name in NewReference.__slots__}, "job_id": job_id, "changes": []}
            for one in new
        ]
        await connection.execute(_ADD, rows)


async def references_of(connection: Connection, job_id: int) -> list[StoredReference]:
    """The references of a job, within a step; first those that no message in this chat shows."""
    return [StoredReference(**row) for row in (await connection.execute(_GET, {"job_id": job_id})).mappings()]
