"""The health of the providers, common to all workers: on hold, failing, paused."""

from dataclasses import dataclass

from sqlalchemy import and_, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.clock import CLOCK_LEEWAY_SECONDS, LONGEST_HOLD_SECONDS
from storage.database import Database
from storage.records import ErrorMessage
from storage.schema import provider_health


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """The health of a provider. Nothing is submitted `not_before`; `failures` in a row; `error_message`: why it is
    paused; `calls_at`: the public address at which its callbacks arrive."""

    name: str
    not_before: float = 0.0
    failures: int = 0
    error_message: ErrorMessage | None = None
    calls_at: str | None = None

    def is_held(self, now: float) -> bool:
        """Whether nothing is submitted now. A time further ahead than any hold may last was stored by a wrong clock,
        and is ignored."""
        return now < self.not_before <= now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS

    def trial_since(self, now: float) -> float:
        """The earliest `begun_at` of the task that tries whether a paused provider works again."""
        return self.not_before if self.not_before <= now else now - LONGEST_HOLD_SECONDS


class ProviderHealths:
    """The health of all providers in one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, name: str) -> ProviderHealth:
        """The health of this provider."""
        async with self._db.read() as connection:
            return await provider_state(connection, name)

    async def hold(self, name: str, not_before: float) -> None:
        """Submit nothing before this time, at most for `LONGEST_HOLD_SECONDS`."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, not_before=self._bounded(not_before))
            new = row.excluded.not_before
            # A time that a wrong clock has stored is replaced.
            known = and_(provider_health.c.not_before > new, provider_health.c.not_before <= new + LONGEST_HOLD_SECONDS)
            later = case((known, provider_health.c.not_before), else_=new)
            await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"not_before": later}))
            connection.notify(notifications.QUEUE)

    async def calls_arrive(self, name: str, address: str | None) -> None:
        """Callbacks of this provider arrive at this public address; None: one was missed."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, calls_at=address)
            change = row.on_conflict_do_update(index_elements=["name"], set_={"calls_at": address})
            await connection.execute(change)

    async def stumbled(self, name: str, now: float) -> ProviderHealth:
        """Count a task that failed by the service's fault, unless the provider is on hold already."""
        async with self._db.write() as connection:
            row = self._db.insert(provider_health).values(name=name, failures=1)
            latest = now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS
            held = and_(
                provider_health.c.not_before > now,
                provider_health.c.not_before <= latest,
            )
            increment = case((held, 0), else_=1)
            more = {"failures": provider_health.c.failures + increment}
            counted = row.on_conflict_do_update(index_elements=["name"], set_=more).returning(provider_health)
            return ProviderHealth(**(await connection.execute(counted)).mappings().one())

    async def pause(self, name: str, error_message: ErrorMessage, not_before: float) -> bool:
        """Pause it: one task at a time tries it, the next `not_before` (at most `LONGEST_HOLD_SECONDS` from now).

        True: it was not paused yet.
        """
        not_before = self._bounded(not_before)
        async with self._db.write() as connection:
            await self._db.lock(connection, f"provider {name}")
            known = await provider_state(connection, name)
            row = self._db.insert(provider_health).values(
                name=name, error_message=dict(error_message), not_before=not_before
            )
            change = {"error_message": dict(error_message), "not_before": not_before}
            await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=change))
            connection.notify(notifications.QUEUE)
            return known.error_message is None

    def _bounded(self, not_before: float) -> float:
        return min(not_before, self._db.backend.clock() + LONGEST_HOLD_SECONDS)

    async def recovered(self, name: str) -> bool:
        """A task has succeeded: failures and pause are cleared. True: it was paused."""
        known = await self.get(name)
        if not known.failures and known.error_message is None:
            return False
        async with self._db.write() as connection:
            well = update(provider_health).where(provider_health.c.name == name)
            await connection.execute(well.values(failures=0, error_message=None, not_before=0.0))
            connection.notify(notifications.QUEUE)
        return known.error_message is not None


async def provider_state(connection: AsyncConnection, name: str) -> ProviderHealth:
    """The health of a provider, read within a transaction."""
    row = (await connection.execute(select(provider_health).where(provider_health.c.name == name))).mappings().first()
    return ProviderHealth(**row) if row else ProviderHealth(name)
