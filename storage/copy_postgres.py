"""A PostgreSQL database as one end of a copy."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import accumulate, count
from typing import Any

import asyncpg
from sqlalchemy import URL, null, select, update
from sqlalchemy.dialects import postgresql

from storage.copy_end import BYTES_AT_ONCE, ROWS_AT_ONCE, CopyEnd, quoted, select_page
from storage.copy_rows import CopiedTable, Row, copied_tables
from storage.database import UnusableStoreError
from storage.job_states import IS_OPEN
from storage.postgres import COPY_LOCK, KEEPALIVE, LEADER_LOCK, LOCK_SPACE, MIGRATION, PRESENT
from storage.postgres_pool import CLOSE_SECONDS, CONNECT_SECONDS, NAMED_LOCK_SPACE, NOT_CONNECTED
from storage.schema import jobs, workers
from storage.store_errors import store_error

SESSION = {"application_name": "imagine-bot copy", "lock_timeout": "5s", **KEEPALIVE, **MIGRATION}
WATCH_SECONDS, LOOK_SECONDS = 12.0, 0.5
"""A worker without its presence lock is dead when it gives no sign of life for so long: longer than its lease."""
_LOCK, _UNLOCK = "SELECT pg_advisory_lock(?, hashtext(?))", "SELECT pg_advisory_unlock_all()"
_END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND application_name IN (SELECT session FROM workers)"
)
_WORKERS = "SELECT * FROM workers ORDER BY id"
_RELEASE = str(
    update(jobs)
    .where(IS_OPEN, jobs.c.worker_id.in_(select(workers.c.id)))
    .values(worker_id=null())
    .compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
)
_SEQUENCE = "SELECT pg_get_serial_sequence(?, ?)"


class PostgresEnd(CopyEnd):
    """The database that `url` names. Made by `open_postgres`."""

    def __init__(self, url: URL, setting: str, driver: Any) -> None:
        super().__init__(url, setting)
        self._driver = driver

    @classmethod
    async def open(cls, url: URL, setting: str) -> "PostgresEnd":
        """Connect, and keep out bots that start and other copies. Raises `StoreError` and `UnusableStoreError`."""
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with _errors():
            driver = await asyncpg.connect(address, timeout=CONNECT_SECONDS, server_settings=SESSION)
        end = cls(url, setting, driver)
        try:
            # It waits a little: the server may not know yet that an earlier copy was killed.
            await driver.execute(_numbered(_LOCK), NAMED_LOCK_SPACE, COPY_LOCK)
        except asyncpg.LockNotAvailableError:
            await end.aclose()
            raise UnusableStoreError(f"{setting}: another copy works with {end.name}.") from None
        return end

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        with _errors():
            return [tuple(row) for row in await self._driver.fetch(_numbered(sql), *values)]

    async def execute(self, sql: str, *values: Any) -> None:
        """Execute a statement."""
        with _errors():
            await self._driver.execute(_numbered(sql), *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        """A transaction; one within another is a savepoint."""
        transaction = self._driver.transaction()
        with _errors():
            await transaction.start()
        try:
            yield
        except BaseException:
            with suppress(*NOT_CONNECTED):
                await transaction.rollback()
            raise
        with _errors():
            await transaction.commit()

    @asynccontextmanager
    async def frozen(self) -> AsyncGenerator[None]:
        """A transaction in which nobody else changes a row, not even a process that hung and goes on."""
        async with self.transaction():
            names = quoted([table.name for table in copied_tables()])
            await self.execute(f"LOCK TABLE {names} IN SHARE MODE")
            yield

    async def pages(self, table: CopiedTable, after: Sequence[Any] | None) -> AsyncIterator[list[Row]]:
        """The rows behind this key."""
        sql = f"{select_page(table, quoted(table.columns), after)} LIMIT "
        while page := await self.fetch(sql + str(await self._rows_that_fit(table, after)), *(after or ())):
            yield page
            after = table.key_of(page[-1])
            sql = f"{select_page(table, quoted(table.columns), after)} LIMIT "

    async def _rows_that_fit(self, table: CopiedTable, after: Sequence[Any] | None) -> int:
        """How many of the next rows are read at once."""
        if not table.large:
            return ROWS_AT_ONCE
        size = " + ".join(f'coalesce(octet_length("{name}"), 0)' for name in table.large)
        sql = f"{select_page(table, size, after)} LIMIT {ROWS_AT_ONCE}"
        sums = accumulate(row[0] for row in await self.fetch(sql, *(after or ())))
        return next((number for number, total in enumerate(sums, start=1) if total > BYTES_AT_ONCE), ROWS_AT_ONCE)

    async def insert(self, table: CopiedTable, rows: Sequence[Row]) -> None:
        """Store rows by COPY: it takes a third of the time of INSERT."""
        with _errors():
            await self._driver.copy_records_to_table(table.name, records=rows, columns=table.columns)

    async def refuse_workers(self) -> None:
        """Raises `UnusableStoreError` where a worker lives, or may live."""
        if not await self.has_table("workers"):
            return
        seen = await self.fetch(_WORKERS)
        for _ in range(round(WATCH_SECONDS / LOOK_SECONDS) if seen else 1):
            if await self.fetch(PRESENT, LOCK_SPACE, LEADER_LOCK) or await self.fetch(_WORKERS) != seen:
                raise UnusableStoreError(f"{self.setting}: a bot works with {self.name}: stop all its processes first.")
            if seen:
                await asyncio.sleep(LOOK_SECONDS)

    async def evict_workers(self) -> None:
        """Release what dead workers owned. One that only hangs finds out that it owns nothing."""
        async with self.transaction():
            await self.execute(_END_SESSIONS)
            await self.execute(_RELEASE)
            await self.execute("DELETE FROM workers")

    async def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return (await self.fetch("SELECT to_regclass(?) IS NOT NULL", quoted([name])))[0][0] is True

    async def counter(self, table: CopiedTable) -> int:
        """The latest number of its sequence."""
        sequence = await self._sequence(table)
        ((latest, is_used),) = await self.fetch(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608
        return int(latest) if is_used else 0

    async def set_counter(self, table: CopiedTable, value: int) -> None:
        """Continue its sequence."""
        if value:
            await self.fetch("SELECT setval(?::text::regclass, ?)", await self._sequence(table), value)

    async def _sequence(self, table: CopiedTable) -> str:
        return str((await self.fetch(_SEQUENCE, quoted([table.name]), table.counted))[0][0])

    async def settle(self) -> None:
        """Let the planner know the tables."""
        await self.execute(f"ANALYZE {quoted([table.name for table in copied_tables()])}")

    async def aclose(self) -> None:
        """Unlock and close it. The server would not unlock it at once when the connection ends."""
        with suppress(*NOT_CONNECTED):
            await self._driver.execute(_UNLOCK, timeout=CLOSE_SECONDS)
        self._driver.terminate()


def _numbered(sql: str) -> str:
    numbers = count(1)
    return "".join(f"${next(numbers)}" if part == "?" else part for part in sql)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (*NOT_CONNECTED, ValueError, OverflowError, TypeError) as error:
        raise store_error(error) from error
