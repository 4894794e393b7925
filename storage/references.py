"""The references of jobs, and their checked bytes for the job's life."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Database
from storage.job_states import NOT_READY, JobState, TaskState, move_job
from storage.records import CheckedReference, Job, NewReference, StoredReference
from storage.rows import change_job, lock_job
from storage.schema import jobs, references, tasks

UNFETCHED: Mapping[str, Any] = {"media_type": None, "width": None, "height": None, "data": None, "changes": []}
"""The columns of a reference that is not fetched yet."""


class References:
    """The references of the jobs of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of_job(self, job_id: int) -> list[StoredReference]:
        """The references of a job, in the order of their messages."""
        async with self._db.read() as connection:
            return await references_of(connection, job_id)

    async def join(self, job_id: int, new: NewReference) -> Job | None:
        """Add a reference that arrives late to a job of which no task was claimed; returns that job.

        None: it is too late, or the reference is known.
        """
        async with self._db.write() as connection:
            job = await lock_job(connection, job_id)
            known = {reference.message_id for reference in await references_of(connection, job_id)}
            if job is None or job.state not in NOT_READY or new.message_id in known:
                return None
            waiting = select(tasks.c.state).where(tasks.c.job_id == job_id).with_for_update()
            if set((await connection.execute(waiting)).scalars()) - {TaskState.QUEUED}:
                return None
            # It is prepared anew with the reference, and keeps its place in the queue.
            await connection.execute(delete(tasks).where(tasks.c.job_id == job_id))
            connection.notify(notifications.QUEUE)
            await add_references(connection, job_id, (new,))
            if job.state is not JobState.WORKING:
                return job
            return await change_job(connection, move_job(jobs.c.id == job_id, (JobState.WORKING,), JobState.PREPARING))

    async def store(self, reference_id: int, checked: CheckedReference, provider: str) -> bool:
        """Store the checked bytes of a reference for the job's life. False: the job has gone to another provider than
        this one, for which they were checked."""
        values = {name: getattr(checked, name) for name in CheckedReference.__slots__}
        theirs = select(jobs.c.id).where(jobs.c.provider == provider)
        async with self._db.write() as connection:
            change = update(references).where(references.c.id == reference_id, references.c.job_id.in_(theirs))
            kept = await connection.execute(change.values(values).returning(references.c.id))
            return kept.first() is not None

    async def data(self, reference_id: int) -> tuple[bytes, str] | None:
        """The bytes and the media type of a reference; None when they are deleted or not fetched yet."""
        async with self._db.read() as connection:
            query = select(references.c.data, references.c.media_type).where(references.c.id == reference_id)
            row = (await connection.execute(query)).first()
            return (row.data, row.media_type) if row and row.data is not None else None

    async def forget_bytes(self, before: float) -> None:
        """Delete the bytes of references of jobs added before this time. (Those of ended jobs are deleted already.)"""
        old = select(jobs.c.id).where(jobs.c.created_at < before)
        async with self._db.write() as connection:
            change = update(references).where(references.c.data.is_not(None), references.c.job_id.in_(old))
            await connection.execute(change.values(data=None))


async def add_references(connection: AsyncConnection, job_id: int, new: Sequence[NewReference]) -> None:
    """Add references to a job, within a transaction."""
    if new:
        rows = [
            {**{name: getattr(one, name) for name in NewReference.__slots__}, "job_id": job_id, "changes": []}
            for one in new
        ]
        await connection.execute(insert(references), rows)


async def references_of(connection: AsyncConnection, job_id: int) -> list[StoredReference]:
    """The references of a job, within a transaction; first those that no message in this chat shows."""
    columns = [column for column in references.c if column is not references.c.data]
    size = func.length(references.c.data).label("size")
    order = (references.c.message_id.nulls_first(), references.c.id)
    query = select(*columns, size).where(references.c.job_id == job_id).order_by(*order)
    return [StoredReference(**row) for row in (await connection.execute(query)).mappings()]
