"""Drafts: pictures that were sent without words, or a style that was chosen, and wait for them."""

from sqlalchemy import String, cast, delete, literal, not_, or_, select, update

from storage.database import Database
from storage.job_states import JobState
from storage.records import Begun
from storage.rows import TAKEN, taken_by
from storage.schema import jobs
from storage.sources import sources_of


class Drafts:
    """The drafts of one database. They are jobs that have only just begun (`Jobs.add` with `JobState.DRAFT`)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def take(
        self, chat_id: int, user_id: int, origin: str, *, since: float, status_id: int | None = None
    ) -> Begun:
        """What this person began without words; it waits no longer, but for the update `origin`.

        It is kept until this update has made its job (see `Jobs.add`): one that is handled again after a crash must not
        find less, and pay for another picture than the person meant.

        What was begun after `since`, and what the message `status_id` asked words for. Empty when there is nothing.
        """
        own = (jobs.c.chat_id == chat_id, jobs.c.user_id == user_id, jobs.c.state == JobState.DRAFT)
        new = jobs.c.created_at >= since
        waits = not_(jobs.c.origin.startswith(TAKEN)) & (or_(new, jobs.c.status_id == status_id) if status_id else new)
        async with self._db.write() as connection:
            mine = jobs.c.origin.startswith(taken_by(origin))
            waiting = select(jobs.c.id, jobs.c.style).where(*own, or_(waits, mine)).order_by(jobs.c.id)
            found = (await connection.execute(waiting.with_for_update())).all()
            take = update(jobs).where(jobs.c.id.in_([row.id for row in found]))
            await connection.execute(take.values(origin=literal(taken_by(origin)) + cast(jobs.c.id, String)))
            taken = [source for row in found for source in await sources_of(connection, row.id)]
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
