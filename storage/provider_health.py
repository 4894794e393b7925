"""The health of the providers, common to all workers: on hold, failing, paused."""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, case, select, update

from storage import notifications
from storage.clock import CLOCK_LEEWAY_SECONDS, LONGEST_HOLD_SECONDS
from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.records import ErrorMessage
from storage.schema import provider_health
from storage.statements import upsert

BUSY_GAP_SECONDS = 1500.0
"""Busy answers further apart are not a row: longer than a worker waits for a service that asks it to."""


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """The health of a provider. Nothing is submitted `not_before`; `failures` in a row; `error_message`: why it is
    paused; `calls_at`: the public address at which its callbacks arrive; `busy_since` and `busy_at`: the first and the
    latest of the busy answers since the last success."""

    name: str
    not_before: float = 0.0
    failures: int = 0
    error_message: ErrorMessage | None = None
    calls_at: str | None = None
    busy_since: float | None = None
    busy_at: float | None = None

    @property
    def is_failing(self) -> bool:
        """Whether a success is news."""
        return self.failures > 0 or self.error_message is not None or self.busy_since is not None

    @property
    def busy_seconds(self) -> float:
        """How long the service has said nothing but that it is busy."""
        return (self.busy_at or 0.0) - (self.busy_since or 0.0)

    def is_held(self, now: float) -> bool:
        """Whether nothing is submitted now. A time further ahead than any hold may last was stored by a wrong clock,
        and is ignored."""
        return now < self.not_before <= now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS

    def trial_since(self, now: float) -> float:
        """The earliest `begun_at` of the task that tries whether a paused provider works again."""
        return self.not_before if self.not_before <= now else now - LONGEST_HOLD_SECONDS


_NAME = provider_health.c.name == bindparam("name")
_GET = select(provider_health).where(_NAME)
_NEW = upsert(provider_health, "name", "not_before")
# A time that a wrong clock has stored is replaced.
_IS_LATER = and_(
    provider_health.c.not_before > _NEW.excluded.not_before,
    provider_health.c.not_before <= _NEW.excluded.not_before + LONGEST_HOLD_SECONDS,
)
_WAS_BUSY = provider_health.c.busy_at.between(bindparam("earliest"), bindparam("now"))
_HOLD = (
    upsert(provider_health, "name", "not_before", busy_since=bindparam("now"), busy_at=bindparam("now"))
    .on_conflict_do_update(
        index_elements=["name"],
        set_={
            "not_before": case((_IS_LATER, provider_health.c.not_before), else_=_NEW.excluded.not_before),
            "busy_since": case((_WAS_BUSY, provider_health.c.busy_since), else_=bindparam("now")),
            "busy_at": bindparam("now"),
        },
    )
    .returning(provider_health)
)
_CALLS = upsert(provider_health, "name", "calls_at").on_conflict_do_update(
    index_elements=["name"], set_={"calls_at": bindparam("calls_at")}
)
_IS_HELD = and_(provider_health.c.not_before > bindparam("now"), provider_health.c.not_before <= bindparam("latest"))
_STUMBLED = (
    upsert(provider_health, "name", failures=1)
    .on_conflict_do_update(
        index_elements=["name"],
        set_={"failures": provider_health.c.failures + case((_IS_HELD, 0), else_=1)},
    )
    .returning(provider_health)
)
_PAUSE = upsert(provider_health, "name", "error_message", "not_before").on_conflict_do_update(
    index_elements=["name"],
    set_={"error_message": bindparam("error_message"), "not_before": bindparam("not_before")},
)
_RECOVER = (
    update(provider_health)
    .where(_NAME)
    .values(failures=0, error_message=None, not_before=0.0, busy_since=None, busy_at=None)
)


class ProviderHealths(Operations):
    """The health of all providers in one database. Times are passed in, in seconds since 1970."""

    @reads
    async def get(self, connection: Connection, name: str) -> ProviderHealth:
        """The health of this provider."""
        return await provider_state(connection, name)

    @writes
    async def hold(self, connection: Transaction, name: str, not_before: float, now: float) -> ProviderHealth:
        """The service is busy: submit nothing before this time, at most for `LONGEST_HOLD_SECONDS`."""
        times = {"not_before": self._bounded(not_before), "now": now, "earliest": now - BUSY_GAP_SECONDS}
        held = await connection.execute(_HOLD, {"name": name, **times})
        connection.notify(notifications.QUEUE)
        return ProviderHealth(**held.mappings().one())

    async def calls_arrive(self, name: str, address: str | None) -> None:
        """Callbacks of this provider arrive at this public address; None: one was missed."""
        await self._db.execute(_CALLS, {"name": name, "calls_at": address})

    async def stumbled(self, name: str, now: float) -> ProviderHealth:
        """Count a task that failed by the service's fault, unless the provider is on hold already."""
        latest = now + LONGEST_HOLD_SECONDS + CLOCK_LEEWAY_SECONDS
        counted = await self._db.execute(_STUMBLED, {"name": name, "now": now, "latest": latest})
        return ProviderHealth(**counted.mappings().one())

    @writes
    async def pause(self, connection: Transaction, name: str, error_message: ErrorMessage, not_before: float) -> bool:
        """Pause it: one task at a time tries it, the next `not_before` (at most `LONGEST_HOLD_SECONDS` from now).

        True: it was not paused yet.
        """
        await connection.lock(f"provider {name}")
        known = await provider_state(connection, name)
        held = {"error_message": dict(error_message), "not_before": self._bounded(not_before)}
        await connection.execute(_PAUSE, {"name": name, **held})
        connection.notify(notifications.QUEUE)
        return known.error_message is None

    def _bounded(self, not_before: float) -> float:
        return min(not_before, self._db.backend.clock() + LONGEST_HOLD_SECONDS)

    @writes
    async def recovered(self, connection: Transaction, name: str) -> bool:
        """A task has succeeded: failures and pause are cleared. True: it was paused."""
        known = await provider_state(connection, name)
        if known.is_failing:
            await connection.execute(_RECOVER, {"name": name})
            connection.notify(notifications.QUEUE)
        return known.error_message is not None


async def provider_state(connection: Connection, name: str) -> ProviderHealth:
    """The health of a provider, read within a step."""
    row = (await connection.execute(_GET, {"name": name})).mappings().first()
    return ProviderHealth(**row) if row else ProviderHealth(name)
