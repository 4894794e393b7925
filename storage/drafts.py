"""Drafts: pictures that were sent without words, or a style that was chosen, and wait for them."""

from sqlalchemy import delete, or_, select, update

from storage.database import Database
from storage.records import Begun, JobState
from storage.schema import jobs
from storage.sources import sources_of


class Drafts:
    """The drafts of one database. They are jobs that have only just begun (`Jobs.add` with `JobState.DRAFT`)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def take(self, chat_id: int, user_id: int, *, since: float, status_id: int | None = None) -> Begun:
        """What this person began without words: it waits no longer.

        What was begun after `since`, and what the message `status_id` asked words for. Empty when there is nothing.
        """
        own = (jobs.c.chat_id == chat_id, jobs.c.user_id == user_id, jobs.c.state == JobState.DRAFT)
        fresh = (
            or_(jobs.c.created_at >= since, jobs.c.status_id == status_id) if status_id else jobs.c.created_at >= since
        )
        async with self._db.write() as connection:
            waiting = select(jobs.c.id, jobs.c.style).where(*own, fresh).order_by(jobs.c.id).with_for_update()
            found = (await connection.execute(waiting)).all()
            taken = [source for row in found for source in await sources_of(connection, row.id)]
            await connection.execute(delete(jobs).where(jobs.c.id.in_([row.id for row in found])))
            styles = [row.style for row in found if row.style]
            return Begun(tuple(source.again() for source in taken), styles[-1] if styles else None)

    async def set_aside(self, chat_id: int, user_id: int, since: float) -> None:
        """The next words are not for pictures sent after `since`; an answer to the message that asked still is."""
        own = (jobs.c.chat_id == chat_id, jobs.c.user_id == user_id, jobs.c.state == JobState.DRAFT)
        async with self._db.write() as connection:
            fresh = update(jobs).where(*own, jobs.c.created_at >= since)
            await connection.execute(fresh.values(created_at=since - 1))

    async def forget(self, before: float) -> None:
        """Forget the pictures that were sent without words before this time."""
        async with self._db.write() as connection:
            old = (jobs.c.state == JobState.DRAFT, jobs.c.created_at < before)
            await connection.execute(delete(jobs).where(*old))
