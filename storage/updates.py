"""The inbox: Telegram's updates, stored from the moment they are taken until they are done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from storage import notifications
from storage.connection import Transaction
from storage.operations import Operations, writes
from storage.rows import is_orphaned
from storage.schema import updates, workers
from storage.statements import upsert

ALBUM_SECONDS = 120.0
"""How long the items of an album go to the worker that got the first."""


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """An update as Telegram sent it. `album` is the same for all items of one album."""

    id: int
    payload: dict[str, Any]
    album: str | None = None


_TAKE = (
    upsert(updates, "id", "worker_id", "album", "payload", "taken_at").on_conflict_do_nothing().returning(updates.c.id)
)
_DONE = update(updates).where(updates.c.id == bindparam("update_id")).values(done_at=bindparam("now"), payload=None)
_LEFT = (
    select(updates.c.id)
    .where(updates.c.done_at.is_(None), is_orphaned(updates))
    .order_by(updates.c.id)
    .with_for_update(skip_locked=True, of=updates)
)
_TAKE_OVER = update(updates).where(updates.c.id == bindparam("update_id")).values(worker_id=bindparam("owner"))
_OWN = (
    select(updates.c.id, updates.c.payload, updates.c.album)
    .where(updates.c.worker_id == bindparam("owner"), updates.c.done_at.is_(None))
    .order_by(updates.c.id)
)
_FORGET = delete(updates).where(updates.c.taken_at < bindparam("before"), updates.c.done_at.is_not(None))
_WORKER_OF_ALBUM = (
    select(updates.c.worker_id)
    .join(workers, workers.c.id == updates.c.worker_id)
    .where(updates.c.album == bindparam("album"), updates.c.taken_at > bindparam("since"))
    .order_by(updates.c.id)
    .limit(1)
)


class Updates(Operations):
    """The inbox of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def take(
        self, connection: Transaction, worker_id: int, new: Sequence[NewUpdate], now: float
    ) -> list[NewUpdate]:
        """Store updates, all or none. Returns those that this worker must handle.

        Left out are updates that are stored already, and items of albums whose first item another worker has: that
        worker is notified.
        """
        mine = []
        for one in sorted(new, key=lambda each: each.id):
            worker = await _worker_of(connection, one, now) or worker_id
            row = {"id": one.id, "worker_id": worker, "album": one.album, "payload": one.payload, "taken_at": now}
            if (await connection.execute(_TAKE, row)).first() is None:
                continue
            if worker == worker_id:
                mine.append(one)
            else:
                connection.notify(notifications.inbox(worker))
        return mine

    @writes
    async def done(self, connection: Transaction, ids: Sequence[int], now: float) -> None:
        """Mark updates as done, and delete their payloads."""
        await connection.execute(_DONE, [{"update_id": one, "now": now} for one in ids])

    @writes
    async def of(self, connection: Transaction, worker_id: int) -> list[NewUpdate]:
        """The open updates of this worker, oldest first; it takes over those of workers that are gone."""
        if ids := (await connection.execute(_LEFT)).scalars():
            await connection.execute(_TAKE_OVER, [{"update_id": one, "owner": worker_id} for one in ids])
        return [NewUpdate(*row) for row in await connection.execute(_OWN, {"owner": worker_id})]

    async def forget(self, before: float) -> None:
        """Delete updates that were taken before this time and are done."""
        await self._db.execute(_FORGET, {"before": before})


async def _worker_of(connection: Transaction, one: NewUpdate, now: float) -> int | None:
    """The worker that has the other items of an album, or None."""
    if one.album is None:
        return None
    await connection.lock(f"album {one.album}")
    first = await connection.execute(_WORKER_OF_ALBUM, {"album": one.album, "since": now - ALBUM_SECONDS})
    found: int | None = first.scalar()
    return found
