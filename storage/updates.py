"""The inbox: Telegram's updates, stored from the moment they are taken until they are done."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Database
from storage.records import NewUpdate
from storage.schema import updates, workers

ALBUM_SECONDS = 120.0
"""How long the items of an album go to the worker that got the first."""


class Updates:
    """The inbox of one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def take(self, worker_id: int, new: Sequence[NewUpdate], now: float) -> list[NewUpdate]:
        """Store updates, all or none. Returns those that this worker must handle.

        Left out are updates that are stored already, and items of albums whose first item another worker has: that
        worker is notified.
        """
        mine = []
        async with self._db.write() as connection:
            for one in sorted(new, key=lambda each: each.id):
                worker = await self._worker_of(connection, one, now) or worker_id
                row = self._db.insert(updates).values(
                    id=one.id, worker_id=worker, album=one.album, payload=one.payload, taken_at=now
                )
                kept = row.on_conflict_do_nothing().returning(updates.c.id)
                if (await connection.execute(kept)).first() is None:
                    continue
                if worker == worker_id:
                    mine.append(one)
                else:
                    connection.notify(notifications.inbox(worker))
        return mine

    async def done(self, ids: Sequence[int], now: float) -> None:
        """Mark updates as done, and delete their payloads."""
        async with self._db.write() as connection:
            change = update(updates).where(updates.c.id.in_(ids))
            await connection.execute(change.values(done_at=now, payload=None))

    async def of(self, worker_id: int) -> list[NewUpdate]:
        """The open updates of this worker, oldest first; it takes over those of workers that are gone."""
        living = select(workers.c.id).where(workers.c.id == updates.c.worker_id)
        async with self._db.write() as connection:
            left = select(updates.c.id).where(updates.c.done_at.is_(None), ~exists(living)).order_by(updates.c.id)
            ids = (await connection.execute(left.with_for_update(skip_locked=True, of=updates))).scalars().all()
            if ids:
                await connection.execute(update(updates).where(updates.c.id.in_(ids)).values(worker_id=worker_id))
            own = select(updates.c.id, updates.c.payload, updates.c.album).where(
                updates.c.worker_id == worker_id, updates.c.done_at.is_(None)
            )
            return [NewUpdate(*row) for row in await connection.execute(own.order_by(updates.c.id))]

    async def forget(self, before: float) -> None:
        """Delete updates that were taken before this time and are done."""
        async with self._db.write() as connection:
            old = (updates.c.taken_at < before, updates.c.done_at.is_not(None))
            await connection.execute(delete(updates).where(*old))

    async def _worker_of(self, connection: AsyncConnection, one: NewUpdate, now: float) -> int | None:
        """The worker that has the other items of an album, or None."""
        if one.album is None:
            return None
        await self._db.lock(connection, f"album {one.album}")
        first = (
            select(updates.c.worker_id)
            .join(workers, workers.c.id == updates.c.worker_id)
            .where(updates.c.album == one.album, updates.c.taken_at > now - ALBUM_SECONDS)
            .order_by(updates.c.id)
            .limit(1)
        )
        found: int | None = (await connection.execute(first)).scalar()
        return found
