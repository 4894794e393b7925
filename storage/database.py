"""One database: opening it, bringing its tables up to date, and transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_SECONDS = 30
StoreError = SQLAlchemyError
"""What any operation of the store may raise: the disk is full, the file is locked for too long. Nothing was changed."""


class Database:
    """A SQLite file behind `read()` and `write()`. Made by `open`; give it back with `aclose`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        # SQLite lets one writer in at a time and makes the others poll; a lock of our own queues them instead.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open `sqlite:///path` (its folder is made) and migrate it. Raises `OSError` and SQLAlchemy's errors."""
        parsed = make_url(url).set(drivername="sqlite+aiosqlite")
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        _prepare_sqlite(engine)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_migrate)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that only read; each sees the latest state."""
        async with self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: kept when the block ends well, undone when it raises."""
        async with self._writing, self._engine.begin() as connection:
            yield connection

    async def aclose(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


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
