"""PostgreSQL: many processes. Beside its pools each process has one connection for NOTIFY and for its presence lock.

Needs the extra `postgres` (asyncpg). That connection is a session: a pooler in transaction mode can't carry it.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache
from typing import Any, cast

import asyncpg
from sqlalchemy import URL, Executable, NullPool
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg as PostgresDialect

from storage.backend import EVERYTHING, DatabaseInUseError, OnNotification, T, Upgrade
from storage.clock import SharedClock
from storage.connection import Connection, Reading, Writing
from storage.outage_log import Outage
from storage.postgres_pool import (
    CHANNEL,
    CONNECT_SECONDS,
    NAMED_LOCK_SPACE,
    NOT_CONNECTED,
    STATEMENT_SECONDS,
    Pool,
    PostgresConnection,
)
from storage.prompt_search import Search, on_postgres
from storage.result import Result
from storage.retry_loop import ANY_ERROR, in_turn, repeat
from storage.statements import Parameters, Statements
from storage.store_errors import StoreUnavailableError
from storage.uncancelled import UncancelledTask

log = logging.getLogger(__name__)

# The first key of the bot's advisory locks: "imag" in ASCII. The second key is 0 for the leader, else a worker's id.
LOCK_SPACE, LEADER_LOCK = 0x696D6167, 0
COPY_LOCK = "copy"
"""The name of the lock that a copy holds on its databases."""
POOL_SIZE, URGENT_POOL_SIZE = 10, 3
ANSWER_SECONDS, LOCK_SECONDS, IDLE_SECONDS = 3.0, 5.0, 5.0
"""How long a statement waits for a lock, and how long a transaction may be idle: all of them take milliseconds, and a
process that hangs must not hold locks that the others need."""
MAINTENANCE_IDLE_SECONDS = 600.0
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)
# The server notices within 11 s that this machine is gone without closing its connections, and releases its locks.
KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}

_ADMISSION = "SELECT pg_try_advisory_xact_lock_shared($1, hashtext($2))"
_CLOCK = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS float)"
_PRESENCE_LOCKS = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
PRESENT = f"SELECT objid::bigint {_PRESENCE_LOCKS} AND objid <> $2"
# Sessions of the same role can be ended without a privilege; all workers should use one role.
_END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND application_name = $1"
)
_END_UNNAMED_SESSIONS = f"SELECT pg_terminate_backend(pid) {_PRESENCE_LOCKS} AND objid = $2"


class PostgresBackend:
    """The database that `url` names."""

    single_writer = False
    alone = False

    def __init__(self, url: URL) -> None:
        # Marks this process's topics, so that it ignores them when NOTIFY brings them back.
        self._token = secrets.token_hex(4)
        self.session = f"imagine-bot {self._token}"
        self._url = url
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.statements = compiled_statements()
        self.search: Search = on_postgres
        self._steps = self._pool(POOL_SIZE)
        self._reads = self._pool(POOL_SIZE)
        self._urgent = self._pool(URGENT_POOL_SIZE)
        self._shared = SharedClock()
        self.clock: Callable[[], float] = self._shared
        self.leads = False
        self._callbacks: list[OnNotification] = []
        self._listener: asyncpg.Connection[Any] | None = None
        self._worker = 0
        self._reconnector: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._connecting = asyncio.Lock()

    def _pool(self, size: int) -> Pool:
        session = {"application_name": self.session, **KEEPALIVE, **TIME_LIMITS}
        return Pool(self._address, size, session, self.statements)

    async def migrate(self, upgrade: Upgrade) -> None:
        """Migrate the tables; its statements have no time limit."""
        await migrate(self._url, upgrade)

    async def read(self, step: Reading[T]) -> T:
        """Run a step that only reads."""
        return await _to_its_end(self._reads.read(step))

    async def write(self, step: Writing[T], *, urgent: bool = False) -> T:
        """Run a step in a transaction."""
        return await _to_its_end((self._urgent if urgent else self._steps).write(step, self._token))

    async def execute(self, statement: Executable, parameters: Parameters, *, urgent: bool = False) -> Result:
        """Execute a statement that is a transaction of its own."""
        return await _to_its_end((self._urgent if urgent else self._steps).execute(statement, parameters))

    async def admit(self, connection: Connection) -> None:
        """Hold off copies until the worker is stored. Raises `DatabaseInUseError` while one is under way."""
        own = cast("PostgresConnection", connection)
        if not await own.fetch_value(_ADMISSION, NAMED_LOCK_SPACE, COPY_LOCK):
            raise DatabaseInUseError

    async def enter(self, worker_id: int) -> None:
        """Become present as this worker; from now on a lost connection is reopened. Raises `StoreUnavailableError`."""
        self._worker = worker_id
        try:
            async with self._connecting:
                await self._connect()
            # The first ticket must not wait for a connection.
            await self._urgent.warm_up()
        except NOT_CONNECTED as error:
            raise StoreUnavailableError(f"no connection: {error}") from error
        if self._reconnector is None:
            self._reconnector = asyncio.create_task(self._keep_connected(), name="database notifications")

    async def present(self, connection: Connection) -> set[int]:
        """The workers that are present, by id."""
        own, asked = cast("PostgresConnection", connection), self._shared.monotonic()
        self._shared.synchronize(await own.fetch_value(_CLOCK), asked)
        return set(await own.fetch_column(PRESENT, LOCK_SPACE, LEADER_LOCK))

    async def end_sessions(self, connection: Connection, worker_id: int, session: str | None) -> None:
        """End all sessions of a worker that hangs: their locks are released."""
        if session:
            await cast("PostgresConnection", connection).fetch_column(_END_SESSIONS, session)
        else:
            await cast("PostgresConnection", connection).fetch_column(_END_UNNAMED_SESSIONS, LOCK_SPACE, worker_id)

    async def become_leader(self) -> bool:
        """Try to become the leader; True when this process is."""
        async with self._connecting:
            if not self.leads and self._listener and not self._listener.is_closed():
                lock = "SELECT pg_try_advisory_lock($1, $2)"
                try:
                    self.leads = await self._listener.fetchval(lock, LOCK_SPACE, LEADER_LOCK, timeout=ANSWER_SECONDS)
                except NOT_CONNECTED:
                    # The driver doesn't always notice that its connection is lost.
                    self._connection_lost(self._listener)
            return self.leads

    async def stop_leading(self) -> None:
        """Give up being the leader."""
        async with self._connecting:
            if self.leads and self._listener and not self._listener.is_closed():
                with suppress(*NOT_CONNECTED):
                    await self._listener.execute("SELECT pg_advisory_unlock($1, $2)", LOCK_SPACE, LEADER_LOCK)
            self.leads = False

    @property
    def is_connected(self) -> bool:
        """Whether topics of other processes arrive."""
        return self._listener is not None and not self._lost.is_set()

    def listen(self, on_notification: OnNotification) -> None:
        """See `Backend.listen`."""
        self._callbacks.append(on_notification)

    async def aclose(self) -> None:
        """Stop being present, and close all connections."""
        if self._reconnector:
            self._reconnector.cancel()
            await asyncio.gather(self._reconnector, return_exceptions=True)
        await self.disconnect()
        for pool in (self._reads, self._steps, self._urgent):
            await pool.aclose()

    async def _connect(self) -> None:
        if self._listener:
            # Terminate, not close: a broken connection doesn't answer.
            self._listener.remove_termination_listener(self._connection_lost)
            self._listener.terminate()
        # Cleared first: a connection that is lost at once must be noticed.
        self._lost.clear()
        listener = await asyncpg.connect(
            self._address,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={"application_name": self.session, **KEEPALIVE},
        )
        # Stored first: whatever fails below, the next attempt terminates it.
        self._listener = listener
        listener.add_termination_listener(self._connection_lost)
        asked = self._shared.monotonic()
        self._shared.synchronize(await listener.fetchval(_CLOCK), asked)
        await listener.add_listener(CHANNEL, self._received)
        await listener.execute("SELECT pg_advisory_lock($1, $2)", LOCK_SPACE, self._worker)

    async def disconnect(self) -> None:
        """Close the connection that holds the presence lock and receives notifications."""
        self.leads = False
        if self._listener and not self._listener.is_closed():
            self._listener.remove_termination_listener(self._connection_lost)
            with suppress(*NOT_CONNECTED):
                await self._listener.close(timeout=2)
        self._listener = None

    async def _keep_connected(self) -> None:
        while True:
            await self._lost.wait()
            outage = Outage(log, "the connection for database notifications is lost")
            # After any error: without this connection the others take this process for dead.
            await repeat(
                self._reconnect,
                when=ANY_ERROR,
                wait=in_turn(RECONNECT_SECONDS),
                sleep=asyncio.sleep,
                failed=outage.lasts,
            )
            log.info("the connection for database notifications is restored")
            self.tell(EVERYTHING)

    async def _reconnect(self) -> None:
        async with self._connecting:
            await self._connect()

    def _connection_lost(self, _listener: object) -> None:
        self.leads = False
        self._lost.set()

    def _received(self, _listener: object, _pid: int, _channel: str, payload: object) -> None:
        token, _, topic = str(payload).partition(" ")
        if token != self._token:
            self.tell(topic)

    def tell(self, topic: str) -> None:
        """Call this process's own listeners with this topic."""
        for on_notification in self._callbacks:
            on_notification(topic)


@cache
def compiled_statements() -> Statements:
    """The statements of the store, compiled for PostgreSQL."""
    return Statements(PostgresDialect())  # type: ignore[no-untyped-call]


def _to_its_end(step: Coroutine[Any, Any, T]) -> UncancelledTask[T]:
    """A step that is cancelled half-way would cost its connection, and nobody would know what it has done."""
    return UncancelledTask(step, loop=asyncio.get_running_loop())


async def migrate(url: URL, upgrade: Upgrade) -> None:
    """Migrate the database at this address: the first of several processes does, the others wait."""
    # Only a migration needs it.
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    arguments = {"timeout": CONNECT_SECONDS, "command_timeout": None, "server_settings": {**KEEPALIVE, **MIGRATION}}
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"), connect_args=arguments, poolclass=NullPool, hide_parameters=True
    )
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({NAMED_LOCK_SPACE}, hashtext('migrate'))")
            await connection.run_sync(upgrade)
    except NOT_CONNECTED as error:
        # SQLAlchemy hands the driver's errors of a connection that can't be opened on as they are.
        raise StoreUnavailableError(f"no connection: {error}") from error


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


TIME_LIMITS = {
    "lock_timeout": _milliseconds(LOCK_SECONDS),
    "idle_in_transaction_session_timeout": _milliseconds(IDLE_SECONDS),
    "statement_timeout": _milliseconds(STATEMENT_SECONDS),
}
MIGRATION = {"idle_in_transaction_session_timeout": _milliseconds(MAINTENANCE_IDLE_SECONDS)}
"""Statements of migrations and copies have no time limit; only a transaction that is idle for long is ended."""
