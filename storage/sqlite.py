"""SQLite: one file, one process at a time."""

import fcntl
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Column, ColumnElement, Connection, Table, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.backend import DatabaseInUseError, OnNotification

BUSY_SECONDS = 30
MAPPED = 1 << 30
# FULL: a ticket that was committed is there after a power cut too; it stands for money.
SYNCHRONOUS = "FULL"


class SqliteBackend:
    """The file that `url` names; its folder is made. Raises `OSError`.

    A lock on a file beside it, which the system takes back when the process ends, keeps a second process out.
    """

    session = ""
    one_writer = True
    alone = True
    leads = True

    def __init__(self, url: URL) -> None:
        path = Path(url.database or "bot.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Who is urgent goes first where the writers queue.
        self.engine = self.urgent = self.unhurried = _writer(url)
        single: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        self.reader = _engine(url, **single)
        # Not the readers': whoever reads much must not keep a ticket waiting.
        self.at_once = _engine(url, pool_size=1, max_overflow=0, **single)
        self.clock = time.time
        self._lock_path = path.with_name(path.name + ".lock")
        self._locked: IO[str] | None = None

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text has these words, in capitals or not: its LIKE takes no notice of them anyway."""
        return column.contains(words, autoescape=True)

    def insert(self, table: Table) -> Any:
        """SQLite's own INSERT."""
        return insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """There is one writer anyway."""

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """There is nobody else."""

    async def enter(self, worker_id: int) -> None:
        """Take the file. Raises `DatabaseInUseError`."""
        if self._locked is None:
            file = self._lock_path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.close()
                raise DatabaseInUseError from error
            self._locked = file

    async def present(self, connection: AsyncConnection) -> set[int]:
        """Nobody else."""
        return set()

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """Nobody else."""

    async def become_leader(self) -> bool:
        """The only one leads."""
        return True

    async def stop_leading(self) -> None:
        """There is nobody else."""

    def listen(self, on_notification: OnNotification) -> None:
        """There is nobody else."""

    async def aclose(self) -> None:
        """Close, and let another process have the file."""
        for engine in (self.reader, self.at_once, self.engine):
            await engine.dispose()
        if self._locked:
            self._locked.close()
            self._locked = None


def _engine(url: URL, **how: Any) -> AsyncEngine:
    # Errors go to the log: they must not carry people's prompts along.
    driver = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(driver, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True, **how)

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late (at the first write), so they are begun below by hand.
        connection.isolation_level = None
        cursor = connection.cursor()
        # The map saves reading through one's history a call to the system for each page.
        for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS}", "foreign_keys=ON", f"mmap_size={MAPPED}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _writer(url: URL) -> AsyncEngine:
    engine = _engine(url)

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later must not find its snapshot outdated.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def copy_file(database: str, target: Path) -> None:
    """A copy of the database as it is at one moment, taken while others write. Raises `sqlite3.Error`."""
    source = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        source.execute("VACUUM INTO ?", (str(target),))
    finally:
        source.close()
