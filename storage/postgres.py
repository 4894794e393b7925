"""PostgreSQL: many processes. Beside its pools each process has one connection for NOTIFY and for its presence lock.

Needs the extra `postgres` (asyncpg). That connection is a session: a pooler in transaction mode can't carry it.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, Column, ColumnElement, Table, event, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.backend import EVERYTHING, OnNotification
from storage.clock import SharedClock
from storage.column_types import clean
from storage.outage_log import Outage
from storage.retry_loop import ANY_ERROR, in_turn, repeat
from storage.store_errors import StoreUnavailableError

log = logging.getLogger(__name__)

CHANNEL = "imagine_bot"
# The first key of the bot's advisory locks: "imag" in ASCII. The second key is 0 for the leader, else a worker's id.
LOCK_SPACE, LEADER_LOCK = 0x696D6167, 0
NAMED_LOCK_SPACE = LOCK_SPACE + 1
POOL_SIZE = 5
CONNECT_SECONDS, STATEMENT_SECONDS, ANSWER_SECONDS = 10.0, 30.0, 3.0
LOCK_SECONDS, IDLE_SECONDS = 5.0, 5.0
"""How long a statement waits for a lock, and how long a transaction may be idle: all of them take milliseconds, and a
process that hangs must not hold locks that the others need."""
MAINTENANCE_IDLE_SECONDS = 600.0
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)
# The server notices within 11 s that this machine is gone without closing its connections, and releases its locks.
KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
NOT_CONNECTED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # The driver raises it when the server shuts down in the middle of an operation.
    asyncpg.InternalClientError,
)
"""The errors of the driver when a connection can't be opened, or is lost."""

_CLOCK = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS float)"
_LOCK = text("SELECT pg_advisory_xact_lock(:space, hashtext(:name))")
_NOTIFY = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")
_PRESENCE_LOCKS = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :space "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_PRESENT = text(f"SELECT objid {_PRESENCE_LOCKS} AND objid <> :leader")
# Sessions of the same role can be ended without a privilege; all workers should use one role.
_END_SESSIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND application_name = :session"
)
_END_UNNAMED_SESSIONS = text(f"SELECT pg_terminate_backend(pid) {_PRESENCE_LOCKS} AND objid = :worker")


class PostgresBackend:
    """The database that `url` names."""

    single_writer = False
    alone = False

    def __init__(self, url: URL) -> None:
        # Marks this process's topics, so that it ignores them when NOTIFY brings them back.
        self._token = secrets.token_hex(4)
        self.session = f"imagine-bot {self._token}"
        self.engine = _engine(url, self.session, pool_size=POOL_SIZE, max_overflow=POOL_SIZE)
        self.urgent = _engine(url, self.session, pool_size=1, max_overflow=1)
        single: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        self.reader = _engine(url, self.session, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, **single)
        self.autocommit = _engine(url, self.session, pool_size=1, max_overflow=0, **single)
        self.maintenance = _maintenance_engine(url, self.session)
        self._shared = SharedClock()
        self.clock: Callable[[], float] = self._shared
        self.leads = False
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._callbacks: list[OnNotification] = []
        self._listener: asyncpg.Connection[Any] | None = None
        self._worker = 0
        self._reconnector: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._connecting = asyncio.Lock()

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text contains these words; case is ignored."""
        return column.icontains(words, autoescape=True)

    def insert(self, table: Table) -> Any:
        """PostgreSQL's own INSERT."""
        return insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Take the lock of this name until the transaction ends."""
        await connection.execute(_LOCK, {"space": NAMED_LOCK_SPACE, "name": clean(name)})

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """Notify the other processes of these topics when the transaction is committed."""
        signed = [f"{self._token} {topic}" for topic in dict.fromkeys(topics)]
        await connection.execute(_NOTIFY, {"channel": CHANNEL, "topics": signed})

    async def enter(self, worker_id: int) -> None:
        """Become present as this worker; from now on a lost connection is reopened. Raises `StoreUnavailableError`."""
        self._worker = worker_id
        try:
            async with self._connecting:
                await self._connect()
            # Open a connection for the first ticket.
            async with self.autocommit.connect():
                pass
        except NOT_CONNECTED as error:
            raise StoreUnavailableError(f"no connection: {error}") from error
        self._reconnector = self._reconnector or asyncio.create_task(
            self._keep_connected(), name="database notifications"
        )

    async def present(self, connection: AsyncConnection) -> set[int]:
        """The workers that are present, by id."""
        asked = self._shared.monotonic()
        self._shared.synchronize((await connection.execute(text(_CLOCK))).scalar_one(), asked)
        found = await connection.execute(_PRESENT, {"space": LOCK_SPACE, "leader": LEADER_LOCK})
        return set(found.scalars())

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """End all sessions of a worker that hangs: their locks are released."""
        if session:
            await connection.execute(_END_SESSIONS, {"session": session})
        else:
            await connection.execute(_END_UNNAMED_SESSIONS, {"space": LOCK_SPACE, "worker": worker_id})

    async def become_leader(self) -> bool:
        """Try to become the leader; True when this process is."""
        async with self._connecting:
            if not self.leads and self._listener and not self._listener.is_closed():
                lock = "SELECT pg_try_advisory_lock($1, $2)"
                try:
                    self.leads = bool(
                        await self._listener.fetchval(lock, LOCK_SPACE, LEADER_LOCK, timeout=ANSWER_SECONDS)
                    )
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

    def listen(self, on_notification: OnNotification) -> None:
        """Call `on_notification` with each topic that *other* processes notify, and with `EVERYTHING` after a lost
        connection.
        """
        self._callbacks.append(on_notification)

    async def aclose(self) -> None:
        """Stop being present, and close all connections."""
        if self._reconnector:
            self._reconnector.cancel()
            await asyncio.gather(self._reconnector, return_exceptions=True)
        await self.disconnect()
        for engine in (self.reader, self.engine, self.urgent, self.autocommit, self.maintenance):
            await engine.dispose()

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


def _engine(url: URL, session: str, **how: Any) -> AsyncEngine:
    settings = {
        "lock_timeout": _milliseconds(LOCK_SECONDS),
        "idle_in_transaction_session_timeout": _milliseconds(IDLE_SECONDS),
        "statement_timeout": _milliseconds(STATEMENT_SECONDS),
    }
    return _create(url, session, settings, STATEMENT_SECONDS, **how)


def _maintenance_engine(url: URL, session: str) -> AsyncEngine:
    """Its statements have no time limit; only a transaction that is idle for long is ended."""
    settings = {"idle_in_transaction_session_timeout": _milliseconds(MAINTENANCE_IDLE_SECONDS)}
    return _create(url, session, settings, None, poolclass=NullPool)


def _create(url: URL, session: str, settings: dict[str, str], command_seconds: float | None, **how: Any) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": command_seconds,
            "server_settings": {"application_name": session, **KEEPALIVE, **settings},
        },
        # Errors are logged, and must not contain people's prompts.
        hide_parameters=True,
        **how,
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _checked_out(connection: Any, _record: object, _proxy: object) -> None:
        # A connection that the server has closed is replaced. A ping at each checkout would take as long as a
        # statement, and a step that finds no server is repeated anyway.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
