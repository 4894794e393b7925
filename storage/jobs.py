"""Jobs and their references: each named operation is one transaction that moves a life one step."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, Update, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.records import (
    BEGUN,
    OPEN,
    TOLD,
    UNFINISHED,
    CheckedSource,
    Job,
    JobState,
    NewJob,
    NewSource,
    Source,
    TaskState,
    Trouble,
)
from storage.schema import jobs, sources, tasks


class Jobs:
    """The jobs of one database. Times are handed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, new: NewJob, now: float, state: JobState = JobState.PREPARING) -> Job | None:
        """Store what a person asks for. None when this `origin` has made its job already."""
        async with self._db.write() as connection:
            known = select(jobs.c.id).where(jobs.c.chat_id == new.chat_id, jobs.c.origin == new.origin)
            if (await connection.execute(known)).first():
                return None
            values = {name: getattr(new, name) for name in NewJob.__slots__ if name != "sources"}
            row = insert(jobs).values(**values, state=state, created_at=now).returning(jobs)
            job = _job((await connection.execute(row)).mappings().one())
            await _add_sources(connection, job.id, new.sources)
            return job

    async def get(self, job_id: int) -> Job | None:
        """The job, or None."""
        async with self._db.read() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).mappings().first()
            return _job(row) if row else None

    async def unfinished(self) -> list[Job]:
        """All jobs that something is left to do for, oldest first: the open ones, and those not closed by `end`."""
        async with self._db.read() as connection:
            ended = and_(jobs.c.state.in_(TOLD), jobs.c.finished_at.is_(None))
            query = select(jobs).where(or_(jobs.c.state.in_(OPEN), ended)).order_by(jobs.c.id)
            return [_job(row) for row in (await connection.execute(query)).mappings()]

    async def asked_by(self, chat_id: int, origin: str) -> Job | None:
        """The job that this update asked for."""
        async with self._db.read() as connection:
            query = select(jobs).where(jobs.c.chat_id == chat_id, jobs.c.origin == origin)
            row = (await connection.execute(query)).mappings().first()
            return _job(row) if row else None

    async def shown_at(self, job_id: int, status_id: int) -> None:
        """Remember the status message."""
        await self._update_job(job_id, status_id=status_id)

    async def take_drafts(
        self, chat_id: int, user_id: int, *, since: float, status_id: int | None = None
    ) -> tuple[NewSource, ...]:
        """The pictures that this person sent without words; they wait no longer.

        Those sent after `since`, and those that the message `status_id` asked words for. Empty when there are none.
        """
        own = (jobs.c.chat_id == chat_id, jobs.c.user_id == user_id, jobs.c.state == JobState.DRAFT)
        fresh = (
            or_(jobs.c.created_at >= since, jobs.c.status_id == status_id) if status_id else jobs.c.created_at >= since
        )
        async with self._db.write() as connection:
            found = (await connection.execute(select(jobs.c.id).where(*own, fresh).order_by(jobs.c.id))).scalars().all()
            taken = [source for job_id in found for source in await _sources(connection, job_id)]
            await connection.execute(delete(jobs).where(jobs.c.id.in_(found)))
            return tuple(NewSource(source.file_id, source.message_id) for source in taken)

    async def set_drafts_aside(self, chat_id: int, user_id: int, since: float) -> None:
        """The next words are not for pictures sent after `since`; an answer to the message that asked still is."""
        own = (jobs.c.chat_id == chat_id, jobs.c.user_id == user_id, jobs.c.state == JobState.DRAFT)
        async with self._db.write() as connection:
            fresh = update(jobs).where(*own, jobs.c.created_at >= since)
            await connection.execute(fresh.values(created_at=since - 1))

    async def forget_drafts(self, before: float) -> None:
        """Forget the pictures that were sent without words before this time."""
        async with self._db.write() as connection:
            old = (jobs.c.state == JobState.DRAFT, jobs.c.created_at < before)
            await connection.execute(delete(jobs).where(*old))

    async def with_status(self, chat_id: int, status_id: int) -> Job | None:
        """The job whose status message this is."""
        async with self._db.read() as connection:
            query = select(jobs).where(jobs.c.chat_id == chat_id, jobs.c.status_id == status_id)
            row = (await connection.execute(query)).mappings().first()
            return _job(row) if row else None

    async def sources(self, job_id: int) -> list[Source]:
        """The references of a job, in the order in which their messages were sent."""
        async with self._db.read() as connection:
            return await _sources(connection, job_id)

    async def add_source(self, job_id: int, new: NewSource) -> bool:
        """A reference that arrives late joins a draft or a job that is not queued yet. False: too late, or known."""
        async with self._db.write() as connection:
            state = (await connection.execute(select(jobs.c.state).where(jobs.c.id == job_id))).scalar()
            known = {source.message_id for source in await _sources(connection, job_id)}
            if state not in (JobState.DRAFT, JobState.PREPARING, JobState.WORKING) or new.message_id in known:
                return False
            begun = select(tasks.c.id).where(tasks.c.job_id == job_id, tasks.c.state != TaskState.QUEUED)
            if (await connection.execute(begun)).first():
                return False
            # Its tasks wait no longer: it is prepared anew with the reference, and keeps its time in the queue.
            await connection.execute(delete(tasks).where(tasks.c.job_id == job_id))
            if state == JobState.WORKING:
                await connection.execute(update(jobs).where(jobs.c.id == job_id).values(state=JobState.PREPARING))
            await _add_sources(connection, job_id, (new,))
            return True

    async def store_source(self, source_id: int, checked: CheckedSource) -> None:
        """Keep the checked bytes of a reference for the job's life."""
        values = {name: getattr(checked, name) for name in CheckedSource.__slots__}
        async with self._db.write() as connection:
            await connection.execute(update(sources).where(sources.c.id == source_id).values(values))

    async def source_data(self, source_id: int) -> tuple[bytes, str] | None:
        """The bytes and the media type of a reference; None when they are gone or not there yet."""
        async with self._db.read() as connection:
            query = select(sources.c.data, sources.c.media_type).where(sources.c.id == source_id)
            row = (await connection.execute(query)).first()
            return (row.data, row.media_type) if row and row.data is not None else None

    async def settle(self, job_id: int) -> Job | None:
        """When the last task of a working job has ended, move the job on and return it; else None."""
        async with self._db.write() as connection:
            query = select(tasks.c.state, tasks.c.trouble).where(tasks.c.job_id == job_id).order_by(tasks.c.id)
            rows = (await connection.execute(query)).all()
            states = {row.state for row in rows}
            if not states or states & set(UNFINISHED):
                return None
            trouble = next((row.trouble for row in rows if row.trouble), None)
            move = update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.WORKING)
            return await _moved(connection, move.values(state=_settled(states), trouble=trouble))

    async def fail(self, job_id: int, trouble: Trouble) -> Job | None:
        """An open job came to nothing. None: it has ended before. The person is told next, then it is closed."""
        async with self._db.write() as connection:
            move = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(OPEN))
            return await _moved(connection, move.values(state=JobState.FAILED, trouble=dict(trouble)))

    async def end(self, job_id: int, state: JobState, now: float) -> Job | None:
        """Close a job that ended in `state`: nothing is left to do or to say. Its references' bytes are forgotten.

        None: it has been taken up again meanwhile.
        """
        before = JobState.DELIVERING if state is JobState.DELIVERED else state
        async with self._db.write() as connection:
            change = update(jobs).where(jobs.c.id == job_id, jobs.c.state == before)
            job = await _moved(connection, change.values(state=state, finished_at=now))
            if job:
                await connection.execute(update(sources).where(sources.c.job_id == job_id).values(data=None))
            return job

    async def reopen(self, job_id: int, state: JobState) -> Job | None:
        """Take an ended job up again: to watch its tasks or to deliver its pictures. None: it is open already."""
        async with self._db.write() as connection:
            ended = update(jobs).where(jobs.c.id == job_id, jobs.c.state.not_in(OPEN))
            return await _moved(connection, ended.values(state=state, finished_at=None, trouble=None))

    async def cancel(self, job_id: int, now: float, free: Trouble, paid: Trouble) -> Job | None:
        """The person wants it no more: what waits is dropped, what runs is kept track of. None: it has ended before.

        `free` or `paid` are the words for it, by whether any of its tasks has been begun.
        """
        async with self._db.write() as connection:
            begun = select(tasks.c.id).where(tasks.c.job_id == job_id, tasks.c.state.in_(BEGUN))
            trouble = paid if (await connection.execute(begun)).first() else free
            stoppable = (JobState.PREPARING, JobState.WORKING)
            change = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(stoppable))
            job = await _moved(connection, change.values(state=JobState.CANCELLED, trouble=dict(trouble)))
            waiting = update(tasks).where(tasks.c.job_id == job_id, tasks.c.state == TaskState.QUEUED)
            if job:
                await connection.execute(waiting.values(state=TaskState.CANCELLED, finished_at=now))
            return job

    async def _update_job(self, job_id: int, **values: object) -> None:
        async with self._db.write() as connection:
            await connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))


def _settled(states: set[str]) -> JobState:
    if TaskState.DONE in states:
        return JobState.DELIVERING
    if TaskState.INTERRUPTED in states:
        return JobState.INTERRUPTED
    return JobState.FAILED if states & {TaskState.FAILED, TaskState.OVERDUE} else JobState.CANCELLED


async def _moved(connection: AsyncConnection, change: Update) -> Job | None:
    row = (await connection.execute(change.returning(jobs))).mappings().first()
    return _job(row) if row else None


async def _add_sources(connection: AsyncConnection, job_id: int, new: Sequence[NewSource]) -> None:
    if new:
        rows = [{"job_id": job_id, "file_id": one.file_id, "message_id": one.message_id, "changes": []} for one in new]
        await connection.execute(insert(sources), rows)


async def _sources(connection: AsyncConnection, job_id: int) -> list[Source]:
    columns = [column for column in sources.c if column is not sources.c.data]
    size = func.length(sources.c.data).label("size")
    query = select(*columns, size).where(sources.c.job_id == job_id).order_by(sources.c.message_id, sources.c.id)
    return [Source(**row) for row in (await connection.execute(query)).mappings()]


def _job(row: RowMapping) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
