"""One database: opening it, bringing its tables up to date, and transactions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import retry_if_exception, retry_if_exception_type, retry_never

from storage.backend import Backend
from storage.outage_log import Outage
from storage.priority_lock import PriorityLock
from storage.retry import in_turn, repeat
from storage.sqlite import SqliteBackend
from storage.store_errors import StoreError, StoreUnavailableError, UnstorableValueError, briefly, may_come_up, may_pass

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
OPEN_DELAYS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to open a database whose server is not there yet."""
COMES_UP = retry_if_exception_type((OSError, SQLAlchemyError)) & retry_if_exception(may_come_up)


class UnusableStoreError(Exception):
    """The database can't be opened; the message says why, in one sentence."""


class Database:
    """A SQLite file or a PostgreSQL database behind `read()` and `write()`. Made by `open`; ended with `aclose`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        # SQLite lets one writer in at a time and makes the others poll; here they queue instead.
        self._writing = PriorityLock() if backend.one_writer else None

    @classmethod
    async def open(cls, url: str, *, wait: bool = False) -> "Database":
        """Open `sqlite:///path` (its folder is made) or `postgresql://…` and migrate it. Raises `UnusableStoreError`.

        `wait`: for as long as the server is not there.
        """
        parsed = make_url(url)
        name = parsed.render_as_string(hide_password=True)
        try:
            database = cls(_backend(parsed))
        except OSError as error:
            raise UnusableStoreError(f"storage.url: {name} can't be opened: {error}") from error
        outage = Outage(log, f"storage.url: {name} is out of reach")
        when = COMES_UP if wait and not database.backend.alone else retry_never
        try:
            await repeat(
                database._migrate, when=when, wait=in_turn(OPEN_DELAYS), sleep=asyncio.sleep, failed=outage.lasts
            )
        except BaseException as error:
            await database.aclose()
            if isinstance(error, CommandError):
                why = f"{name} was written by a newer version of the bot: {error}"
            elif isinstance(error, OSError | SQLAlchemyError):
                why = f"{name} can't be opened: {briefly(error)}"
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
        """A transaction: kept when the block ends well, undone when it raises.

        `urgent`: it goes before all others that wait. For little that must not come late: tickets, signs of life.
        """
        engine = self.backend.urgent if urgent else self.backend.engine
        turn = self._writing.turn(first=urgent) if self._writing else nullcontext()
        async with turn, self._transaction(engine) as connection:
            yield connection

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a transaction, before all others that wait to write."""
        turn = self._writing.turn(first=True) if self._writing else nullcontext()
        async with turn, _opened(self.backend.at_once) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator["Transaction"]:
        async with _opened(engine) as connection:
            yield connection
            if connection.to_notify:
                await self.backend.notify(connection, connection.to_notify)
            await _in_full(connection.commit())

    def insert(self, table: Table) -> Any:
        """An INSERT that can say what to do on a conflict."""
        return self.backend.insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Until its transaction ends, no other transaction gets past this name."""
        await self.backend.lock(connection, name)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.backend.aclose()

    async def _migrate(self) -> None:
        async with self._transaction(self.backend.unhurried) as connection:
            # Of several processes that start at once, one does it.
            await self.lock(connection, "migrate")
            await connection.run_sync(upgrade)


class Transaction(AsyncConnection):
    """A connection that ends the statement it is in before a cancellation goes on.

    Cut off within a statement, SQLAlchemy and the driver leave the connection open, and with it the lock of a write.
    """

    __slots__ = ("to_notify",)

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.to_notify: list[str] = []

    def notify(self, topic: str) -> None:
        """Let the other processes know once this is committed; `storage.notifications` has the topics."""
        self.to_notify.append(topic)

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        """See `AsyncConnection.execute`."""
        return await _in_full(super().execute(*args, **kwargs))


@asynccontextmanager
async def _opened(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """A connection of the pool; what was not committed is undone."""
    connection = Transaction(engine)
    try:
        await _in_full(_started(connection))
        yield connection
    except (SQLAlchemyError, OverflowError, UnicodeError) as error:
        if not may_pass(error):
            raise UnstorableValueError(briefly(error)) from error
        # What state it is in nobody knows: it is not used again.
        if connection.sync_connection:
            await _in_full(connection.invalidate())
        raise
    finally:
        if connection.sync_connection:
            await _in_full(connection.close())


async def _started(connection: Transaction) -> None:
    try:
        await connection.start()
    except SQLAlchemyError:
        raise
    except Exception as error:
        # The driver's own: the server is not there, is starting, refuses the password, or has no place left.
        raise StoreUnavailableError(f"no connection: {error}") from error


async def _in_full(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end, also when cancelled meanwhile: the cancellation goes on afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            log.info("cut off while it failed anyway: %r", error)
        raise


def _backend(url: URL) -> Backend:
    if url.get_backend_name() == "sqlite":
        return SqliteBackend(url)
    try:
        from storage.postgres import PostgresBackend  # noqa: PLC0415 - who doesn't use it needs no driver
    except ImportError as error:
        advice = "PostgreSQL needs one more package: pip install 'imagine-bot[postgres]'"
        raise UnusableStoreError(f"storage.url: {advice} ({error}).") from error
    return PostgresBackend(url)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables forward to this revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
