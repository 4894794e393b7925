"""One database: opening it, bringing its tables up to date, and transactions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

log = logging.getLogger(__name__)

T = TypeVar("T")
BUSY_SECONDS = 30
StoreError = SQLAlchemyError
"""What any operation of the store may raise: the disk is full, the file is locked for too long. Nothing was changed."""


class UnusableStore(Exception):
    """The database can't be opened; the message says why, in one sentence."""


class Database:
    """A SQLite file behind `read()` and `write()`. Made by `open`; give it back with `aclose`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        # SQLite lets one writer in at a time and makes the others poll; a lock of our own queues them instead.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open `sqlite:///path` (its folder is made) and migrate it. Raises `UnusableStore`."""
        parsed = make_url(url).set(drivername="sqlite+aiosqlite")
        # Errors go to the log: they must not carry people's prompts along.
        engine = create_async_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        _prepare_sqlite(engine)
        try:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            async with engine.connect() as connection:
                await connection.run_sync(_migrate)
        except CommandError as error:
            await engine.dispose()
            raise UnusableStore(f"storage.url: {url} was written by a newer version of the bot: {error}") from error
        except (OSError, SQLAlchemyError) as error:
            await engine.dispose()
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise UnusableStore(f"storage.url: {url} can't be opened: {reason}") from error
        return cls(engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that only read; each sees the latest state."""
        async with _opened(self._reader) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: kept when the block ends well, undone when it raises."""
        async with self._writing, _opened(self._engine) as connection:
            yield connection
            await _in_full(connection.commit())

    async def aclose(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


class _Connection(AsyncConnection):
    """A connection that ends the statement it is in before a cancellation goes on.

    Cut off within a statement, SQLAlchemy and the driver leave the connection open, and with it the lock of a write.
    """

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await _in_full(super().execute(*args, **kwargs))


@asynccontextmanager
async def _opened(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool; what was not committed is undone."""
    connection = _Connection(engine)
    try:
        await _in_full(connection.start())
        yield connection
    finally:
        if connection.sync_connection:
            await _in_full(connection.close())


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


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late (at the first write), so they are begun below by hand.
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL: a ticket that was committed is there after a power cut too; it stands for money.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later must not find its snapshot outdated.
        if connection.get_isolation_level() != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
