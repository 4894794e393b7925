"""The references of jobs: what a person sent, and its checked bytes while the job lives."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.job_states import NOT_READY, JobState, TaskState, move_job
from storage.records import CheckedReference, Job, NewReference, StoredReference
from storage.rows import locked, moved
from storage.schema import jobs, references, tasks


class References:
    """The references of one database's jobs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of_job(self, job_id: int) -> list[StoredReference]:
        """The references of a job, in the order in which their messages were sent."""
        async with self._db.read() as connection:
            return await references_of(connection, job_id)

    async def join(self, job_id: int, new: NewReference) -> Job | None:
        """A reference that arrives late joins a job that is not under way yet; returns that job.

        None: it is too late, or the reference is known.
        """
        async with self._db.write() as connection:
            job = await locked(connection, job_id)
            known = {reference.message_id for reference in await references_of(connection, job_id)}
            if job is None or job.state not in NOT_READY or new.message_id in known:
                return None
            waiting = select(tasks.c.state).where(tasks.c.job_id == job_id).with_for_update()
            if set((await connection.execute(waiting)).scalars()) - {TaskState.QUEUED}:
                return None
            # Its tasks wait no longer: it is prepared anew with the reference, and keeps its time in the queue.
            await connection.execute(delete(tasks).where(tasks.c.job_id == job_id))
            await add_references(connection, job_id, (new,))
            if job.state is not JobState.WORKING:
                return job
            return await moved(connection, move_job(jobs.c.id == job_id, (JobState.WORKING,), JobState.PREPARING))

    async def store(self, reference_id: int, checked: CheckedReference, provider: str) -> bool:
        """Keep the checked bytes of a reference for the job's life. False: another provider than the one they were
        made to fit has the job now."""
        values = {name: getattr(checked, name) for name in CheckedReference.__slots__}
        theirs = select(jobs.c.id).where(jobs.c.provider == provider)
        async with self._db.write() as connection:
            change = update(references).where(references.c.id == reference_id, references.c.job_id.in_(theirs))
            kept = await connection.execute(change.values(values).returning(references.c.id))
            return kept.first() is not None

    async def data(self, reference_id: int) -> tuple[bytes, str] | None:
        """The bytes and the media type of a reference; None when they are gone or not there yet."""
        async with self._db.read() as connection:
            query = select(references.c.data, references.c.media_type).where(references.c.id == reference_id)
            row = (await connection.execute(query)).first()
            return (row.data, row.media_type) if row and row.data is not None else None

    async def forget_bytes(self, before: float) -> None:
        """Forget the bytes of references of jobs asked for before this time. (Those of ended jobs are gone already.)"""
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
    """The references of a job, within a transaction; first those that no message here shows."""
    columns = [column for column in references.c if column is not references.c.data]
    size = func.length(references.c.data).label("size")
    order = (references.c.message_id.nulls_first(), references.c.id)
    query = select(*columns, size).where(references.c.job_id == job_id).order_by(*order)
    return [StoredReference(**row) for row in (await connection.execute(query)).mappings()]
