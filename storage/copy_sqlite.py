"""A SQLite file as one end of a copy."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from storage.backend import DatabaseInUseError
from storage.copy_end import BYTES_AT_ONCE, ROWS_AT_ONCE, CopyEnd, quoted, select_page
from storage.copy_rows import CopiedTable, Row
from storage.database import UnusableStoreError
from storage.sqlite import connected, locked
from storage.store_errors import store_error

UNDECODABLE = "Could not decode to UTF-8"
"""How the driver's error begins for a text that is none. Only other programs store such texts."""


class SqliteEnd(CopyEnd):
    """The file that `url` names; it is there. Made by `open_sqlite`."""

    def __init__(self, url: URL, setting: str) -> None:
        super().__init__(url, setting)
        path = Path(url.database or "")
        try:
            self._lock = locked(path)
        except DatabaseInUseError:
            why = f"{setting}: the bot works with {self.name}, or another copy does: stop that first."
            raise UnusableStoreError(why) from None
        self._driver = connected(path)
        # Pages that are read once need not stay in memory.
        self._driver.execute("PRAGMA mmap_size = 0")

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        with _errors():
            return self._driver.execute(sql, values).fetchall()

    async def execute(self, sql: str, *values: Any) -> None:
        """Execute a statement."""
        with _errors():
            self._driver.execute(sql, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        """A transaction; one within another is a part of it."""
        if self._driver.in_transaction:
            yield
            return
        # Not IMMEDIATE: a bot that starts during a copy shall not wait for it, but hear of the lock. A transaction that
        # reads first fails at its first write where somebody else has written meanwhile, and here it should.
        await self.execute("BEGIN")
        try:
            yield
            await self.execute("COMMIT")
        finally:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")

    def frozen(self) -> Any:
        """The lock keeps bots away; what another program changes ends the transaction with an error."""
        return self.transaction()

    async def pages(self, table: CopiedTable, after: Sequence[Any] | None) -> AsyncIterator[list[Row]]:
        """The rows behind this key."""
        while page := self._page(table, after):
            yield page
            after = table.key_of(page[-1])

    def _page(self, table: CopiedTable, after: Sequence[Any] | None) -> list[Row]:
        with _errors():
            try:
                return self._read(table, after)
            except sqlite3.OperationalError as error:
                if not str(error).startswith(UNDECODABLE):
                    raise
        self._driver.text_factory = _decoded
        try:
            with _errors():
                return self._read(table, after)
        finally:
            self._driver.text_factory = str

    def _read(self, table: CopiedTable, after: Sequence[Any] | None) -> list[Row]:
        cursor = self._driver.execute(select_page(table, quoted(table.columns), after), after or ())
        try:
            if not table.large:
                return cursor.fetchmany(ROWS_AT_ONCE)
            return list(_until_large(cursor, [table.columns.index(name) for name in table.large]))
        finally:
            cursor.close()

    async def insert(self, table: CopiedTable, rows: Sequence[Row]) -> None:
        """Store rows."""
        places = ", ".join("?" * len(table.columns))
        with _errors():
            self._driver.executemany(
                f'INSERT INTO "{table.name}" ({quoted(table.columns)}) VALUES ({places})',  # noqa: S608
                rows,
            )

    async def refuse_workers(self) -> None:
        """The lock says that none lives."""

    async def evict_workers(self) -> None:
        """None hangs either: it would hold the lock."""

    async def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return bool(await self.fetch("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name))

    async def counter(self, table: CopiedTable) -> int:
        """Only tables with AUTOINCREMENT remember it."""
        if not _remembers(table):
            return 0
        found = await self.fetch("SELECT seq FROM sqlite_sequence WHERE name = ?", table.name)
        return int(found[0][0]) if found else 0

    async def set_counter(self, table: CopiedTable, value: int) -> None:
        """The others number behind their highest row."""
        if _remembers(table):
            await self.execute("DELETE FROM sqlite_sequence WHERE name = ?", table.name)
            await self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, value)

    async def settle(self) -> None:
        """Empty the write-ahead log into the file."""
        await self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def aclose(self) -> None:
        """Unlock and close it."""
        self._driver.close()
        self._lock.close()


def _until_large(cursor: sqlite3.Cursor, places: Sequence[int]) -> Iterator[Row]:
    size = 0
    for number, row in enumerate(cursor, start=1):
        yield row
        size += sum(len(row[place] or b"") for place in places)
        if size > BYTES_AT_ONCE or number == ROWS_AT_ONCE:
            return


def _remembers(table: CopiedTable) -> bool:
    return bool(table.table.dialect_options["sqlite"]["autoincrement"])


def _decoded(text: bytes) -> str:
    # A lone surrogate for each byte that does not fit, so that the row counts as one that is changed.
    return text.decode(errors="surrogateescape")


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        raise store_error(error) from error
