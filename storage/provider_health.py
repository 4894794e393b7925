"""The health of the providers, common to all workers: on hold, failing, paused by itself or by an admin."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import and_, bindparam, case, select, update

from storage import notifications
from storage.clock import CLOCK_LEEWAY_SECONDS, LONGEST_HOLD_SECONDS
from storage.connection import Connection, Transaction
from storage.job_states import TaskState, is_in
from storage.operations import Operations, reads, writes
from storage.records import ErrorMessage
from storage.schema import provider_health, tasks
from storage.statements import upsert

BUSY_GAP_SECONDS = 1500.0
"""Busy answers further apart are not a row: longer than a worker waits for a service that asks it to."""
NEWS_GAP_SECONDS = 1800.0
"""A service that fails and recovers again and again is told of as paused at most so often: for each reason that only
the operator can end, and for any other."""


class Problem(StrEnum):
    """Why a provider was paused by itself."""

    # Its credentials are refused.
    KEY = "key"
    # Its account has no credit left, or bills to pay.
    BALANCE = "balance"
    # Something else that only the operator can change.
    SETUP = "setup"
    # It has said nothing but that it is busy for long.
    BUSY = "busy"
    # It can't be reached, or fails what it has taken.
    DOWN = "down"


FOR_THE_OPERATOR = frozenset({Problem.KEY, Problem.BALANCE, Problem.SETUP})
"""Only the operator can end these."""


@dataclass(frozen=True, slots=True)
class HealthChange:
    """`is_new`: the call has changed the state; `is_news`: the admins are to be told of it, and by no other process."""

    is_new: bool
    is_news: bool


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """The health of a provider. Nothing is submitted `not_before`; `failures` in a row; `error_message`: why it is
    paused; `calls_at`: the public address at which its callbacks arrive; `busy_since` and `busy_at`: the first and the
    latest of the busy answers since the last success.

    `problem`: the kind of `error_message`, `problem_since` when, `advice` for the operator; `told`: the problem that
    the admins were told of and that is not over, `told_at`: when they were last told of one, and `told_last`: of which;
    `paused_by`: the admin who has paused it, and `paused_at`: when."""

    name: str
    not_before: float = 0.0
    failures: int = 0
    error_message: ErrorMessage | None = None
    calls_at: str | None = None
    busy_since: float | None = None
    busy_at: float | None = None
    problem: str | None = None
    problem_since: float | None = None
    advice: str | None = None
    told: str | None = None
    told_last: str | None = None
    told_at: float | None = None
    paused_by: int | None = None
    paused_at: float | None = None

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

    def takes_nothing(self, now: float) -> bool:
        """Whether a job that comes now would wait for longer than its turn: it is paused, and is not tried now."""
        return self.paused_by is not None or (self.error_message is not None and self.is_held(now))

    def is_news(self, problem: Problem, now: float) -> bool:
        """Whether the admins are to be told of this problem."""
        if self.told is not None:
            # They know that it is paused, and do nothing about one that is busy or down.
            return self.told != problem and problem in FOR_THE_OPERATOR
        # A time ahead was stored by a wrong clock.
        was_just_told = self.told_at is not None and 0 <= now - self.told_at < NEWS_GAP_SECONDS
        return not (was_just_told and (self.told_last == problem or problem not in FOR_THE_OPERATOR))

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
_PAUSED = ("error_message", "not_before", "problem", "problem_since", "advice", "told", "told_last", "told_at")
_PAUSE = upsert(provider_health, "name", *_PAUSED).on_conflict_do_update(
    index_elements=["name"], set_={name: bindparam(name) for name in _PAUSED}
)
_WELL = {"failures": 0, "error_message": None, "not_before": 0.0, "busy_since": None, "busy_at": None}
_RECOVER = (
    update(provider_health).where(_NAME).values(**_WELL, problem=None, problem_since=None, advice=None, told=None)
)
_TRY_NOW = update(provider_health).where(_NAME).values(not_before=bindparam("now"))
_HELD_BACK = (
    select(tasks.c.id)
    .where(
        tasks.c.provider == bindparam("name"),
        is_in(tasks.c.state, (TaskState.QUEUED,)),
        tasks.c.not_before > bindparam("now"),
    )
    # A row that is locked is being cancelled or claimed.
    .with_for_update(skip_locked=True)
)
_RELEASE = update(tasks).where(tasks.c.id.in_(_HELD_BACK)).values(not_before=bindparam("now"))
_BY_ADMIN = upsert(provider_health, "name", "paused_by", "paused_at").on_conflict_do_update(
    index_elements=["name"], set_={name: bindparam(name) for name in ("paused_by", "paused_at")}
)
_ALL = select(provider_health).order_by(provider_health.c.name)


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
    async def pause(
        self,
        connection: Transaction,
        name: str,
        error_message: ErrorMessage,
        not_before: float,
        problem: Problem = Problem.DOWN,
        advice: str = "",
    ) -> HealthChange:
        """Pause it: one task at a time tries it, the next `not_before` (at most `LONGEST_HOLD_SECONDS` from now).

        `advice`: what the operator can do about the `problem`.
        """
        await connection.lock(f"provider {name}")
        known, now = await provider_state(connection, name), self._db.backend.clock()
        is_new, is_news = known.error_message is None, known.is_news(problem, now)
        told = (problem, problem, now) if is_news else (known.told, known.told_last, known.told_at)
        since = now if known.problem != problem else known.problem_since
        held = {"error_message": dict(error_message), "not_before": self._bounded(not_before)}
        held |= {"problem": problem, "problem_since": since, "advice": advice or None}
        held |= dict(zip(("told", "told_last", "told_at"), told, strict=True))
        await connection.execute(_PAUSE, {"name": name, **held})
        connection.notify(notifications.QUEUE)
        return HealthChange(is_new, is_news)

    def _bounded(self, not_before: float) -> float:
        return min(not_before, self._db.backend.clock() + LONGEST_HOLD_SECONDS)

    @writes
    async def recovered(self, connection: Transaction, name: str) -> HealthChange:
        """A task has succeeded: failures and its own pause are cleared, and what waits for its end goes on.

        A pause by an admin stays.
        """
        if not (await provider_state(connection, name)).is_failing:
            return HealthChange(is_new=False, is_news=False)
        # Of two tasks that succeed at once, in two processes, one is the first.
        await connection.lock(f"provider {name}")
        known = await provider_state(connection, name)
        await connection.execute(_RECOVER, {"name": name})
        if known.error_message is not None:
            await self._release(connection, name)
        connection.notify(notifications.QUEUE)
        return HealthChange(known.error_message is not None, known.told is not None)

    @writes
    async def try_now(self, connection: Transaction, name: str) -> None:
        """Let a task try a paused provider at once, also one that waits for the end of the pause."""
        await connection.lock(f"provider {name}")
        await connection.execute(_TRY_NOW, {"name": name, "now": self._db.backend.clock()})
        await self._release(connection, name)
        connection.notify(notifications.QUEUE)

    async def _release(self, connection: Transaction, name: str) -> None:
        await connection.execute(_RELEASE, {"name": name, "now": self._db.backend.clock()})

    @writes
    async def pause_by_admin(self, connection: Transaction, name: str, user_id: int) -> bool:
        """No worker begins another task of this provider from here on. False: an admin has paused it before."""
        # A claim under way ends before, and the next one sees the pause.
        await connection.lock(f"provider {name}")
        if (await provider_state(connection, name)).paused_by is not None:
            return False
        by = {"paused_by": user_id, "paused_at": self._db.backend.clock()}
        await connection.execute(_BY_ADMIN, {"name": name, **by})
        connection.notify(notifications.QUEUE)
        return True

    @writes
    async def resume_by_admin(self, connection: Transaction, name: str) -> bool:
        """End the pause by an admin. False: there was none."""
        await connection.lock(f"provider {name}")
        if (await provider_state(connection, name)).paused_by is None:
            return False
        await connection.execute(_BY_ADMIN, {"name": name, "paused_by": None, "paused_at": None})
        connection.notify(notifications.QUEUE)
        return True

    async def all(self) -> dict[str, ProviderHealth]:
        """The health of all providers of which anything is stored, by name; also of former ones."""
        return {row["name"]: ProviderHealth(**row) for row in (await self._db.fetch(_ALL)).mappings()}


async def provider_state(connection: Connection, name: str) -> ProviderHealth:
    """The health of a provider, read within a step."""
    row = (await connection.execute(_GET, {"name": name})).mappings().first()
    return ProviderHealth(**row) if row else ProviderHealth(name)
