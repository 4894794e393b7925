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

BUSY_TIMEOUT_SECONDS = 30
MMAP_BYTES = 1 << 30
# FULL: a committed ticket survives a power cut; it stands for money.
SYNCHRONOUS = "FULL"


class SqliteBackend:
    """The file that `url` names; its folder is made. Raises `OSError`.

    A lock on a file beside it, which the system releases when the process ends, keeps a second process out.
    """

    session = ""
    single_writer = True
    alone = True
    leads = True

    def __init__(self, url: URL) -> None:
        path = Path(url.database or "bot.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Urgent writers go first in the queue of `Database.write`.
        self.engine = self.urgent = self.maintenance = _writer(url)
        single: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        self.reader = _engine(url, **single)
        # Not shared with readers: a long read must not keep a ticket waiting.
        self.autocommit = _engine(url, pool_size=1, max_overflow=0, **single)
        self.clock = time.time
        self._lock_path = path.with_name(path.name + ".lock")
        self._lock_file: IO[str] | None = None
        self._callbacks: list[OnNotification] = []

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text contains these words; SQLite's LIKE ignores case."""
        return column.contains(words, autoescape=True)

    def insert(self, table: Table) -> Any:
        """SQLite's own INSERT."""
        return insert(table)

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Nothing to do: there is one writer."""

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """Nothing to do: there is one process."""

    async def enter(self, worker_id: int) -> None:
        """Lock the file. Raises `DatabaseInUseError`."""
        if self._lock_file is None:
            file = self._lock_path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.close()
                raise DatabaseInUseError from error
            self._lock_file = file

    async def present(self, connection: AsyncConnection) -> set[int]:
        """Nothing to do: there is one process."""
        return set()

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """Nothing to do: there is one process."""

    async def become_leader(self) -> bool:
        """The only process is the leader."""
        return True

    async def stop_leading(self) -> None:
        """Nothing to do: there is one process."""

    def listen(self, on_notification: OnNotification) -> None:
        """Call `on_notification` with the topics of `tell`; there is no other process."""
        self._callbacks.append(on_notification)

    def tell(self, topic: str) -> None:
        """Call this process's own listeners with this topic."""
        for on_notification in self._callbacks:
            on_notification(topic)

    async def aclose(self) -> None:
        """Close all connections, and unlock the file."""
        for engine in (self.reader, self.autocommit, self.engine):
            await engine.dispose()
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None


def _engine(url: URL, **how: Any) -> AsyncEngine:
    # Errors are logged, and must not contain people's prompts.
    driver = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(driver, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True, **how)

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver begins transactions too late (at the first write), so `_writer` begins them itself.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Memory mapping saves a system call for each page that a history reads.
        for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS}", "foreign_keys=ON", f"mmap_size={MMAP_BYTES}"):
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
    """Make a consistent copy of the database while others write. Raises `sqlite3.Error`."""
    source = sqlite3.connect(database, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    try:
        source.execute("VACUUM INTO ?", (str(target),))
    finally:
        source.close()
