"""SQLite: one file, one process at a time."""

import asyncio
import fcntl
import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Executable, NullPool, create_engine, event
from sqlalchemy.dialects.sqlite import dialect

from storage.backend import DatabaseInUseError, OnNotification, T, Upgrade
from storage.connection import Connection, Reading, Writing
from storage.private_files import make_file, make_folder, make_private
from storage.prompt_search import Search, on_sqlite
from storage.result import Result
from storage.sqlite_writer import SqliteConnection, SqliteThread, SqliteWriter, run_at_once
from storage.statements import Parameters, Statements
from storage.store_errors import store_error
from storage.uncancelled import UncancelledTask

BUSY_TIMEOUT_SECONDS = 30
MMAP_BYTES = 1 << 30
# FULL: a committed ticket survives a power cut; it stands for money.
SYNCHRONOUS = "FULL"
READERS = 4
"""Connections that only read: a long search must not keep the others waiting."""
CACHED_STATEMENTS = 500
LOCK_SUFFIX = ".lock"
BESIDE = ("-wal", "-shm", "-journal", LOCK_SUFFIX)
"""Endings of the files beside a database."""


class SqliteBackend:
    """The file that `url` names; its folder is made. Raises `OSError`.

    A lock on a file beside it, which the system releases when the process ends, keeps a second process out.
    """

    session = ""
    single_writer = True
    alone = True
    leads = True
    is_connected = True

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "bot.db")
        make_folder(self._path.parent)
        # SQLite gives the files beside it the same mode.
        make_file(self._path)
        for name in BESIDE:
            make_private(beside(self._path, name))
        self.statements = _statements()
        self.search: Search = on_sqlite
        self.clock = time.time
        self._opening = asyncio.Lock()
        self._writer: SqliteWriter | None = None
        self._idle: list[SqliteThread] = []
        self._reading = asyncio.Semaphore(READERS)
        self._lock_file: IO[bytes] | None = None
        self._callbacks: list[OnNotification] = []

    async def migrate(self, upgrade: Upgrade) -> None:
        """Migrate the tables."""
        await asyncio.to_thread(_migrate, self._path, upgrade)

    async def read(self, step: Reading[T]) -> T:
        """Run a step that only reads."""

        def work(driver: sqlite3.Connection) -> T:
            return run_at_once(step(SqliteConnection(self.statements, driver)))

        async with self._reading:
            # The latest one first: its pages are in memory.
            thread = self._idle.pop() if self._idle else await self._open()
            try:
                return await thread.run(work)
            finally:
                self._idle.append(thread)

    async def write(self, step: Writing[T], *, urgent: bool = False) -> T:
        """Run a step and commit it."""
        return await (self._writer or await self._open_writer()).write(step, urgent=urgent)

    async def execute(self, statement: Executable, parameters: Parameters, *, urgent: bool = False) -> Result:
        """Execute a statement and commit it."""
        return await self.write(lambda connection: connection.execute(statement, parameters), urgent=urgent)

    async def admit(self, connection: Connection) -> None:
        """Lock the file. Raises `DatabaseInUseError`."""
        self._lock_file = self._lock_file or locked(self._path)

    async def enter(self, worker_id: int) -> None:
        """Nothing to do: there is one process."""

    async def present(self, connection: Connection) -> set[int]:
        """Nothing to do: there is one process."""
        return set()

    async def end_sessions(self, connection: Connection, worker_id: int, session: str | None) -> None:
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
        if self._writer:
            await self._writer.aclose()
            self._writer = None
        while self._idle:
            await self._idle.pop().close()
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None

    async def _open_writer(self) -> SqliteWriter:
        async with self._opening:
            if self._writer is None:
                self._writer = SqliteWriter(await self._open(), self.statements)
            return self._writer

    async def _open(self) -> SqliteThread:
        thread = SqliteThread(lambda: connected(self._path), iter_chunk_size=64)
        try:
            await UncancelledTask(_started(thread))
        except sqlite3.Error as error:
            raise store_error(error) from error
        except asyncio.CancelledError:
            await thread.close()
            raise
        return thread


async def _started(thread: SqliteThread) -> None:
    await thread


@cache
def _statements() -> Statements:
    return Statements(dialect())


def connected(path: Path) -> sqlite3.Connection:
    """A connection of the driver, with the settings that the store needs. Raises `sqlite3.Error`."""
    # No isolation level: the driver would begin transactions too late, at their first write.
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, cached_statements=CACHED_STATEMENTS
    )
    try:
        _configure(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    # Memory mapping saves a system call for each page that a history reads.
    for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS}", "foreign_keys=ON", f"mmap_size={MMAP_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(path: Path, upgrade: Upgrade) -> None:
    engine = create_engine(
        URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, poolclass=NullPool
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        _configure(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        upgrade(connection)


def beside(path: Path, suffix: str) -> Path:
    """A file beside the database: one of `BESIDE`."""
    return path.with_name(path.name + suffix)


def locked(path: Path) -> IO[bytes]:
    """The lock of a database: held until it is closed, or the process ends. Raises `DatabaseInUseError`."""
    # The file has one lock, whatever links lead to it. SQLite puts its own files there, too.
    lock = beside(path.resolve(), LOCK_SUFFIX)
    make_file(lock)
    file = lock.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise DatabaseInUseError from error
    return file


def copy_file(database: str, target: Path) -> None:
    """Make a consistent copy of the database while others write. Raises `OSError` and `sqlite3.Error`."""
    # SQLite writes into an empty file, too.
    make_file(target)
    source = sqlite3.connect(database, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    try:
        source.execute("VACUUM INTO ?", (str(target),))
    finally:
        source.close()
