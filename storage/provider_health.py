"""How the providers do, as all workers see it: held for a moment, failing, paused."""

from sqlalchemy import and_, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.clock import LEEWAY, LONGEST_HOLD
from storage.database import Database
from storage.records import ErrorMessage, Service
from storage.schema import provider_health


class ProviderHealths:
    """The providers' states in one database. Times are handed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, name: str) -> Service:
        """How this provider does."""
        async with self._db.read() as connection:
            return await service(connection, name)

    async def hold(self, name: str, not_before: float) -> None:
        """Nothing is submitted before this time, or before `LONGEST_HOLD` has passed."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, not_before=self._bounded(not_before))
            new = row.excluded.not_before
            # One that a wrong clock has stored gives way.
            known = and_(provider_health.c.not_before > new, provider_health.c.not_before <= new + LONGEST_HOLD)
            later = case((known, provider_health.c.not_before), else_=new)
            await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"not_before": later}))
            connection.notify(notifications.QUEUE)

    async def calls_arrive(self, name: str, address: str | None) -> None:
        """The calls of this provider arrive at this public address; None: one was missed."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, calls_at=address)
            change = row.on_conflict_do_update(index_elements=["name"], set_={"calls_at": address})
            await connection.execute(change)

    async def stumbled(self, name: str, now: float) -> Service:
        """A task came to nothing by the service's fault; that counts unless nothing is submitted just now anyway."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, failures=1)
            held = and_(provider_health.c.not_before > now, provider_health.c.not_before <= now + LONGEST_HOLD + LEEWAY)
            counts = case((held, 0), else_=1)
            more = {"failures": provider_health.c.failures + counts}
            counted = row.on_conflict_do_update(index_elements=["name"], set_=more).returning(provider_health)
            return Service(**(await connection.execute(counted)).mappings().one())

    async def pause(self, name: str, error_message: ErrorMessage, not_before: float) -> bool:
        """From now on one task at a time tries it, the next `not_before` (or after `LONGEST_HOLD`).

        True: it was not paused yet.
        """
        not_before = self._bounded(not_before)
        async with self._db.write() as connection:
            await self._db.lock(connection, f"provider {name}")
            known = await service(connection, name)
            row = self._db.insert(provider_health).values(
                name=name, error_message=dict(error_message), not_before=not_before
            )
            change = {"error_message": dict(error_message), "not_before": not_before}
            await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=change))
            connection.notify(notifications.QUEUE)
            return known.error_message is None

    def _bounded(self, not_before: float) -> float:
        return min(not_before, self._db.backend.clock() + LONGEST_HOLD)

    async def recovered(self, name: str) -> bool:
        """A task has succeeded: all is well again. True: it was paused."""
        known = await self.get(name)
        if not known.failures and known.error_message is None:
            return False
        async with self._db.write() as connection:
            well = update(provider_health).where(provider_health.c.name == name)
            await connection.execute(well.values(failures=0, error_message=None, not_before=0.0))
            connection.notify(notifications.QUEUE)
        return known.error_message is not None


async def service(connection: AsyncConnection, name: str) -> Service:
    """How a provider does, seen within a transaction."""
    row = (await connection.execute(select(provider_health).where(provider_health.c.name == name))).mappings().first()
    return Service(**row) if row else Service(name)
