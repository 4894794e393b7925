"""PostgreSQL: many processes. Locks and news go over one connection of each process, its line, beside the pool.

Needs the extra `postgres` (asyncpg). A line is a session: a pooler in transaction mode can't carry it.
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
from storage.retry import ANY_ERROR, in_turn, repeat
from storage.store_errors import StoreUnavailableError

log = logging.getLogger(__name__)

CHANNEL = "imagine_bot"
# The bot's own corner of the advisory locks: "imag" in ASCII. Within it 0 is the leader's, others are workers' ids.
LOCKS, LEADER = 0x696D6167, 0
NAMED_LOCKS = LOCKS + 1
POOL = 5
CONNECT_SECONDS, STATEMENT_SECONDS, ANSWER_SECONDS = 10.0, 30.0, 3.0
LOCK_SECONDS, IDLE_SECONDS = 5.0, 5.0
"""How long a statement waits for others' locks, and how long a process may stand still within a transaction: all that
is done within one takes milliseconds, and a process that hangs must not hold what the others need."""
UNHURRIED_IDLE_SECONDS = 600.0
RECONNECT = (0.1, 0.5, 1.0, 2.0)
# The server finds out within 11 s that this machine has gone without a word, and lets go of its locks.
KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
NOT_CONNECTED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A server that shuts down in the middle of something leaves the driver so.
    asyncpg.InternalClientError,
)
"""What the driver raises when there is no connection to be had, or no more."""

_CLOCK = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS float)"
_LOCK = text("SELECT pg_advisory_xact_lock(:space, hashtext(:name))")
_RING = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")
_LINES = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :space "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_PRESENT = text(f"SELECT objid {_LINES} AND objid <> :leader")
# Sessions of one's own role may be ended without any privilege; of another's there should be none.
_EXPEL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND application_name = :session"
)
_EXPEL_UNNAMED = text(f"SELECT pg_terminate_backend(pid) {_LINES} AND objid = :worker")


class PostgresBackend:
    """The database that `url` names."""

    one_writer = False
    alone = False

    def __init__(self, url: URL) -> None:
        # What this process signs its topics with, so that it doesn't hear itself.
        self._token = secrets.token_hex(4)
        self.session = f"imagine-bot {self._token}"
        self.engine = _engine(url, self.session, pool_size=POOL, max_overflow=POOL)
        self.urgent = _engine(url, self.session, pool_size=1, max_overflow=1)
        single: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        self.reader = _engine(url, self.session, pool_size=POOL, max_overflow=POOL, **single)
        self.at_once = _engine(url, self.session, pool_size=1, max_overflow=0, **single)
        self.unhurried = _unhurried(url, self.session)
        self._shared = SharedClock()
        self.clock: Callable[[], float] = self._shared
        self.leads = False
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._hears: list[OnNotification] = []
        self._line: asyncpg.Connection[Any] | None = None
        self._worker = 0
        self._keeper: asyncio.Task[None] | None = None
        self._broken = asyncio.Event()
        self._turn = asyncio.Lock()

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text has these words, in capitals or not."""
        return column.icontains(words, autoescape=True)

    def insert(self, table: Table) -> Any:
        """PostgreSQL's own INSERT."""
        return insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Until its transaction ends, no other transaction gets past this name."""
        await connection.execute(_LOCK, {"space": NAMED_LOCKS, "name": clean(name)})

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """Let the other processes know of these topics once the transaction is committed."""
        signed = [f"{self._token} {topic}" for topic in dict.fromkeys(topics)]
        await connection.execute(_RING, {"channel": CHANNEL, "topics": signed})

    async def enter(self, worker_id: int) -> None:
        """Be present as this worker; from now on the line is kept up. Raises `StoreUnavailableError`."""
        self._worker = worker_id
        try:
            async with self._turn:
                await self._connect()
            # The first ticket finds its connection open.
            async with self.at_once.connect():
                pass
        except NOT_CONNECTED as error:
            raise StoreUnavailableError(f"no connection: {error}") from error
        self._keeper = self._keeper or asyncio.create_task(self._keep(), name="line to the database")

    async def present(self, connection: AsyncConnection) -> set[int]:
        """The workers whose lines are up."""
        asked = self._shared.monotonic()
        self._shared.seen((await connection.execute(text(_CLOCK))).scalar_one(), asked)
        found = await connection.execute(_PRESENT, {"space": LOCKS, "leader": LEADER})
        return set(found.scalars())

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """End all sessions of a worker that hangs: what they hold is free for others."""
        if session:
            await connection.execute(_EXPEL, {"session": session})
        else:
            await connection.execute(_EXPEL_UNNAMED, {"space": LOCKS, "worker": worker_id})

    async def become_leader(self) -> bool:
        """Try to become the one that leads; True when this one does."""
        async with self._turn:
            if not self.leads and self._line and not self._line.is_closed():
                lock = "SELECT pg_try_advisory_lock($1, $2)"
                try:
                    self.leads = bool(await self._line.fetchval(lock, LOCKS, LEADER, timeout=ANSWER_SECONDS))
                except NOT_CONNECTED:
                    # The driver doesn't always notice that its connection is gone.
                    self._ended(self._line)
            return self.leads

    async def stop_leading(self) -> None:
        """Lead no longer."""
        async with self._turn:
            if self.leads and self._line and not self._line.is_closed():
                with suppress(*NOT_CONNECTED):
                    await self._line.execute("SELECT pg_advisory_unlock($1, $2)", LOCKS, LEADER)
            self.leads = False

    def listen(self, on_notification: OnNotification) -> None:
        """`on_notification` is called with each topic that *other* processes ring, and with `EVERYTHING` after a
        broken line.
        """
        self._hears.append(on_notification)

    async def aclose(self) -> None:
        """Be present no longer, and close all connections."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self.hang_up()
        for engine in (self.reader, self.engine, self.urgent, self.at_once, self.unhurried):
            await engine.dispose()

    async def _connect(self) -> None:
        if self._line:
            # Not politely: what is broken doesn't answer.
            self._line.remove_termination_listener(self._ended)
            self._line.terminate()
        # Before anything that may break: a break that comes at once must not be overlooked.
        self._broken.clear()
        line = await asyncpg.connect(
            self._address,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={"application_name": self.session, **KEEPALIVE},
        )
        # From here on it is closed with the next one, whatever happens.
        self._line = line
        line.add_termination_listener(self._ended)
        asked = self._shared.monotonic()
        self._shared.seen(await line.fetchval(_CLOCK), asked)
        await line.add_listener(CHANNEL, self._heard)
        await line.execute("SELECT pg_advisory_lock($1, $2)", LOCKS, self._worker)

    async def hang_up(self) -> None:
        """Give up the line that shows that this worker lives."""
        self.leads = False
        if self._line and not self._line.is_closed():
            self._line.remove_termination_listener(self._ended)
            with suppress(*NOT_CONNECTED):
                await self._line.close(timeout=2)
        self._line = None

    async def _keep(self) -> None:
        while True:
            await self._broken.wait()
            outage = Outage(log, "there is no line to the database")
            # Whatever the error is: without a line this process is dead to the others.
            await repeat(
                self._reconnect, when=ANY_ERROR, wait=in_turn(RECONNECT), sleep=asyncio.sleep, failed=outage.lasts
            )
            log.info("the line to the database is up again")
            self._tell(EVERYTHING)

    async def _reconnect(self) -> None:
        async with self._turn:
            await self._connect()

    def _ended(self, _line: object) -> None:
        self.leads = False
        self._broken.set()

    def _heard(self, _line: object, _pid: int, _channel: str, payload: object) -> None:
        token, _, topic = str(payload).partition(" ")
        if token != self._token:
            self._tell(topic)

    def _tell(self, topic: str) -> None:
        for on_notification in self._hears:
            on_notification(topic)


def _engine(url: URL, session: str, **how: Any) -> AsyncEngine:
    settings = {
        "lock_timeout": _milliseconds(LOCK_SECONDS),
        "idle_in_transaction_session_timeout": _milliseconds(IDLE_SECONDS),
        "statement_timeout": _milliseconds(STATEMENT_SECONDS),
    }
    return _made(url, session, settings, STATEMENT_SECONDS, **how)


def _unhurried(url: URL, session: str) -> AsyncEngine:
    """Its statements take as long as they take. Only one that nobody goes on with is ended."""
    settings = {"idle_in_transaction_session_timeout": _milliseconds(UNHURRIED_IDLE_SECONDS)}
    return _made(url, session, settings, None, poolclass=NullPool)


def _made(url: URL, session: str, settings: dict[str, str], seconds: float | None, **how: Any) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": seconds,
            "server_settings": {"application_name": session, **KEEPALIVE, **settings},
        },
        # Errors go to the log: they must not carry people's prompts along.
        hide_parameters=True,
        **how,
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _checked_out(connection: Any, _record: object, _proxy: object) -> None:
        # A connection that the server has closed meanwhile is replaced. To ask the server each time whether it is
        # there would take as long as to tell it what is wanted, and a step that finds no server is repeated anyway.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
