"""The database: opening it, migrating it, and transactions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any, TypeVar

from sqlalchemy import URL, Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import retry_if_exception, retry_if_exception_type, retry_never

from storage import notifications
from storage.backend import Backend
from storage.migrate import NewerDatabaseError, upgrade
from storage.outage_log import Outage
from storage.priority_lock import PriorityLock
from storage.retry_loop import in_turn, repeat
from storage.sqlite import SqliteBackend
from storage.store_errors import (
    StoreError,
    StoreUnavailableError,
    UnstorableValueError,
    describe_error,
    is_temporary,
    may_become_available,
)

__all__ = [
    "Database",
    "StoreError",
    "StoreUnavailableError",
    "Transaction",
    "UnstorableValueError",
    "UnusableStoreError",
]

log = logging.getLogger(__name__)

T = TypeVar("T")
OPEN_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
"""Between attempts to open a database whose server is not available yet."""
MAY_BECOME_AVAILABLE = retry_if_exception_type((OSError, SQLAlchemyError)) & retry_if_exception(may_become_available)


class UnusableStoreError(Exception):
    """The database can't be opened; the message says why, in one sentence."""


class Database:
    """A SQLite file or a PostgreSQL database behind `read()` and `write()`. Made by `open`; closed by `aclose`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        # SQLite allows one writer at a time and makes the others poll; here they queue instead.
        self._writing = PriorityLock() if backend.single_writer else None

    @classmethod
    async def open(cls, url: str, *, wait: bool = False) -> "Database":
        """Open `sqlite:///path` (its folder is made) or `postgresql://…` and migrate it. Raises `UnusableStoreError`.

        `wait`: retry for as long as the server is not available.
        """
        parsed = make_url(url)
        name = parsed.render_as_string(hide_password=True)
        try:
            database = cls(_backend(parsed))
        except OSError as error:
            raise UnusableStoreError(f"storage.url: {name} can't be opened: {error}") from error
        outage = Outage(log, f"storage.url: {name} is out of reach")
        when = MAY_BECOME_AVAILABLE if wait and not database.backend.alone else retry_never
        try:
            await repeat(
                database._migrate, when=when, wait=in_turn(OPEN_RETRY_SECONDS), sleep=asyncio.sleep, failed=outage.lasts
            )
        except BaseException as error:
            await database.aclose()
            if isinstance(error, NewerDatabaseError):
                why = f"{name} was written by a newer version of the bot: {error}"
            elif isinstance(error, OSError | SQLAlchemyError):
                why = f"{name} can't be opened: {describe_error(error)}"
            else:
                raise
            raise UnusableStoreError(f"storage.url: {why}") from error
        outage.ends()
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that only read; each sees the latest state."""
        async with _opened(self.backend.reader) as connection:
            yield connection

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator["Transaction"]:
        """A transaction: committed when the block ends, rolled back when it raises.

        `urgent`: it goes before all others that wait. For short ones that must not be late: tickets, heartbeats.
        """
        engine = self.backend.urgent if urgent else self.backend.engine
        lock = self._writing.acquire(urgent=urgent) if self._writing else nullcontext()
        async with lock, self._transaction(engine) as connection:
            yield connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a transaction; it goes before all others that wait to write."""
        lock = self._writing.acquire(urgent=True) if self._writing else nullcontext()
        async with lock, _opened(self.backend.autocommit) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator["Transaction"]:
        async with _opened(engine) as connection:
            yield connection
            if connection.to_notify:
                await self.backend.notify(connection, connection.to_notify)
            await _uncancelled(connection.commit())
            if notifications.ORPHANS in connection.to_notify:
                # This process can recover the work of a worker that is gone, too.
                self.backend.tell(notifications.ORPHANS)

    def insert(self, table: Table) -> Any:
        """An INSERT that supports ON CONFLICT."""
        return self.backend.insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Take the lock of this name until the transaction ends."""
        await self.backend.lock(connection, name)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.backend.aclose()

    async def _migrate(self) -> None:
        async with self._transaction(self.backend.maintenance) as connection:
            # One of several processes that start at once migrates; the others wait.
            await self.lock(connection, "migrate")
            await connection.run_sync(upgrade)


class Transaction(AsyncConnection):
    """A connection that finishes its statement before it raises a cancellation.

    Cancelled within a statement, SQLAlchemy and the driver would leave the connection open, and its write lock held.
    """

    __slots__ = ("to_notify",)

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.to_notify: list[str] = []

    def notify(self, topic: str) -> None:
        """Notify the other processes when this is committed; the topics are in `storage.notifications`."""
        self.to_notify.append(topic)

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        """See `AsyncConnection.execute`."""
        return await _uncancelled(super().execute(*args, **kwargs))


@asynccontextmanager
async def _opened(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """A connection of the pool; uncommitted changes are rolled back."""
    connection = Transaction(engine)
    try:
        await _uncancelled(_start(connection))
        yield connection
    except (SQLAlchemyError, OverflowError, UnicodeError) as error:
        if not is_temporary(error):
            raise UnstorableValueError(describe_error(error)) from error
        # The state of the connection is unknown, so it is not used again.
        if connection.sync_connection:
            await _uncancelled(connection.invalidate())
        raise
    finally:
        if connection.sync_connection:
            await _uncancelled(connection.close())


async def _start(connection: Transaction) -> None:
    try:
        await connection.start()
    except SQLAlchemyError:
        raise
    except Exception as error:
        # An error of the driver: the server is away, is starting, rejects the password, or has no free connection.
        raise StoreUnavailableError(f"no connection: {error}") from error


async def _uncancelled(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end, even when cancelled meanwhile; then raise the cancellation."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            log.info("a cancelled operation of the store had failed as well: %r", error)
        raise


def _backend(url: URL) -> Backend:
    if url.get_backend_name() == "sqlite":
        return SqliteBackend(url)
    try:
        from storage.postgres import PostgresBackend  # noqa: PLC0415 - SQLite needs no driver of PostgreSQL
    except ImportError as error:
        advice = "PostgreSQL needs one more package: pip install 'imagine-bot[postgres]'"
        raise UnusableStoreError(f"storage.url: {advice} ({error}).") from error
    return PostgresBackend(url)
