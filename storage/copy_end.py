"""One of the two databases of a copy, opened and locked: `SqliteEnd` and `PostgresEnd` are the two kinds.

SQL is written with `?` for its values, and with names that both databases quote alike.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL

from storage.copy_marks import COPYING, MOVED, STATE
from storage.copy_rows import CHECKSUMS, CopiedTable, Row, copied_tables
from storage.store_errors import StoreError

ROWS_AT_ONCE, BYTES_AT_ONCE = 5_000, 16 << 20
"""A page has at most so many rows, and ends with the row that exceeds so many bytes of pictures."""
REVISION = "revision"
"""The name in `copy_state` of the revision in whose place the mark stands."""
_SET = f"INSERT INTO {STATE} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"  # noqa: S608
_MARK = "UPDATE alembic_version SET version_num = ?"


@dataclass(frozen=True, slots=True)
class Position:
    """How far the copy of one table is: the key of its latest row, and how many there are, with their checksum."""

    after: Sequence[Any] | None = None
    rows: int = 0
    checksum: int = 0

    def behind(self, after: Sequence[Any] | None, rows: int, checksum: int) -> "Position":
        """The position behind some more rows."""
        return Position(after, self.rows + rows, (self.checksum + checksum) % CHECKSUMS)

    def dump(self) -> str:
        """The position as it is stored."""
        return json.dumps([self.after, self.rows, self.checksum])

    @classmethod
    def load(cls, stored: str | None) -> "Position":
        """The stored position; the beginning where there is none."""
        return cls(*json.loads(stored)) if stored else cls()


class CopyEnd(ABC):
    """One database. `name`: for people, without user and password; `setting`: where its address comes from."""

    def __init__(self, url: URL, setting: str) -> None:
        self.url = url
        self.setting = setting
        self.name = name_of(url)

    # to be implemented

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query. Raises `StoreError`."""

    @abstractmethod
    async def execute(self, sql: str, *values: Any) -> None:
        """Execute a statement. Raises `StoreError`."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[None]:
        """A transaction: what happens within is stored together, or not at all."""

    @abstractmethod
    def frozen(self) -> AbstractAsyncContextManager[None]:
        """A transaction in which nobody else changes a row."""

    @abstractmethod
    def pages(self, table: CopiedTable, after: Sequence[Any] | None) -> AsyncIterator[list[Row]]:
        """The rows behind this key, in the order of the key, as the driver returns them."""

    @abstractmethod
    async def insert(self, table: CopiedTable, rows: Sequence[Row]) -> None:
        """Store converted rows. Raises `StoreError`."""

    @abstractmethod
    async def refuse_workers(self) -> None:
        """Raises `UnusableStoreError` where a worker lives, or may live."""

    @abstractmethod
    async def evict_workers(self) -> None:
        """Release what dead workers owned, on a database of the newest revision."""

    @abstractmethod
    async def has_table(self, name: str) -> bool:
        """Whether there is such a table."""

    @abstractmethod
    async def counter(self, table: CopiedTable) -> int:
        """The highest number that the database has given by itself, as far as it knows."""

    @abstractmethod
    async def set_counter(self, table: CopiedTable, value: int) -> None:
        """Continue the numbers behind this one."""

    @abstractmethod
    async def settle(self) -> None:
        """What makes the database quick after so many new rows."""

    @abstractmethod
    async def aclose(self) -> None:
        """Unlock and close it."""

    # the same for both

    async def mark(self) -> str | None:
        """`COPYING`, `MOVED`, or None."""
        if not await self.has_table("alembic_version"):
            return None
        ((revision,),) = await self.fetch("SELECT version_num FROM alembic_version")
        return revision if revision in {COPYING, MOVED} else None

    async def state(self) -> dict[str, str]:
        """All that `copy_state` holds; nothing where it is not there."""
        if not await self.has_table(STATE):
            return {}
        return {str(name): str(value) for name, value in await self.fetch(f"SELECT name, value FROM {STATE}")}  # noqa: S608

    async def remember(self, values: Mapping[str, str]) -> None:
        """Store values in `copy_state`, which is made where it is missing."""
        await self.execute(f"CREATE TABLE IF NOT EXISTS {STATE} (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        for name, value in values.items():
            await self.execute(_SET, name, value)

    async def set_mark(self, mark: str, values: Mapping[str, str]) -> None:
        """Put a mark in the place of the revision."""
        if await self.mark() is None:
            ((revision,),) = await self.fetch("SELECT version_num FROM alembic_version")
            values = {**values, REVISION: revision}
        await self.remember(values)
        await self.execute(_MARK, mark)

    async def revision(self) -> str:
        """The revision of its tables, also under a mark."""
        ((revision,),) = await self.fetch("SELECT version_num FROM alembic_version")
        return (await self.state())[REVISION] if revision in {COPYING, MOVED} else str(revision)

    async def forget(self, prefix: str) -> None:
        """Delete the values of `copy_state` whose names begin so."""
        await self.execute(f"DELETE FROM {STATE} WHERE name LIKE ?", f"{prefix}%")  # noqa: S608

    async def remove_mark(self) -> None:
        """Put the revision back; nothing is left of the copy."""
        state = await self.state()
        await self.execute(_MARK, state[REVISION])
        await self.execute(f"DROP TABLE {STATE}")

    async def count(self, table: CopiedTable) -> int:
        """How many rows the table has."""
        ((count,),) = await self.fetch(f'SELECT count(*) FROM "{table.name}"')  # noqa: S608
        return int(count)

    async def highest(self, table: CopiedTable) -> int:
        """The highest number in the column that the database numbers by itself."""
        ((highest,),) = await self.fetch(f'SELECT max("{table.counted}") FROM "{table.name}"')  # noqa: S608
        return int(highest or 0)

    async def is_empty(self) -> bool:
        """Whether no table has a row that is copied."""
        for table in copied_tables():
            if await self.fetch(f'SELECT 1 FROM "{table.name}" LIMIT 1'):  # noqa: S608
                return False
        return True

    async def clear(self) -> None:
        """Delete all rows that are copied."""
        for table in reversed(copied_tables()):
            await self.execute(f'DELETE FROM "{table.name}"')  # noqa: S608

    async def can_store(self, table: CopiedTable, rows: Sequence[Row]) -> bool:
        """Whether the database takes these rows; it does not keep them."""
        try:
            async with self.transaction():
                await self.insert(table, rows)
                _roll_back()
        except _OnlyTriedError:
            return True
        except StoreError:
            pass
        return False


class _OnlyTriedError(Exception):
    """Ends a transaction whose rows are not kept."""


def _roll_back() -> None:
    raise _OnlyTriedError


def select_page(table: CopiedTable, columns: str, after: Sequence[Any] | None) -> str:
    """The query of the rows behind a key."""
    key = ", ".join(f'"{name}"' for name in table.key)
    behind = f" WHERE ({key}) > ({', '.join('?' * len(table.key))})" if after is not None else ""
    return f'SELECT {columns} FROM "{table.name}"{behind} ORDER BY {key}'  # noqa: S608


def quoted(names: Sequence[str]) -> str:
    """Names of columns in SQL."""
    return ", ".join(f'"{name}"' for name in names)


def name_of(url: URL) -> str:
    """An address for people and logs: nothing in it is secret."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or 'localhost'}{port}/{url.database or ''}"
