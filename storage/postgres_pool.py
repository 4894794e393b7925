"""Steps on PostgreSQL: a pool of asyncpg's connections, and transactions on them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Executable

from storage.connection import Connection, Reading, Transaction, Writing
from storage.result import Result
from storage.statements import Compiled, Parameters, Statements
from storage.store_errors import StoreError, StoreUnavailableError, describe_error, store_error

T = TypeVar("T")
CONNECT_SECONDS, STATEMENT_SECONDS, CLOSE_SECONDS = 10.0, 30.0, 2.0
CACHED_STATEMENTS = 500
CHANNEL = "imagine_bot"
# The first key of the bot's named advisory locks: "imag" in ASCII, plus one.
NAMED_LOCK_SPACE = 0x696D6168
NOT_CONNECTED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # The driver raises it when the server shuts down in the middle of an operation.
    asyncpg.InternalClientError,
)
"""The errors of the driver when a connection can't be opened, or is lost."""

_LOCK = "SELECT pg_advisory_xact_lock($1, hashtext($2))"
_NOTIFY = "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic"


class PostgresConnection(Connection):
    """Executes a step's statements on a connection of the driver."""

    def __init__(self, statements: Statements, driver: Any) -> None:
        super().__init__(statements)
        self._driver = driver

    async def fetch_value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row of a query of PostgreSQL's own. Raises `StoreError`."""
        rows = await self.fetch_column(sql, *values)
        return rows[0] if rows else None

    async def fetch_column(self, sql: str, *values: Any) -> list[Any]:
        """The first column of such a query."""
        try:
            return [row[0] for row in await self._driver.fetch(sql, *values)]
        except (*NOT_CONNECTED, ValueError) as error:
            raise store_error(error) from error

    async def _run(self, compiled: Compiled, values: list[Any]) -> Result:
        try:
            if compiled.returns_rows:
                return compiled.result(await self._driver.fetch(compiled.sql, *values))
            # The answer is "UPDATE 3": so many rows have changed.
            status = await self._driver.execute(compiled.sql, *values)
        except asyncpg.InvalidCachedStatementError as error:
            # A newer version has changed the tables. The driver prepares the statement anew the next time.
            raise StoreError(describe_error(error)) from error
        count = status.rpartition(" ")[2]
        return compiled.result([], int(count) if count.isdigit() else -1)

    async def _run_many(self, compiled: Compiled, values: list[list[Any]]) -> Result:
        await self._driver.executemany(compiled.sql, values)
        return compiled.result([])


class PostgresTransaction(PostgresConnection, Transaction):
    """A step that writes."""

    async def lock(self, name: str) -> None:
        """Take the lock of this name until the transaction ends."""
        await self.fetch_column(_LOCK, NAMED_LOCK_SPACE, name.replace("\x00", ""))


class Pool:
    """Connections for one purpose, opened when they are needed; at most `size`."""

    def __init__(self, address: str, size: int, session: Mapping[str, str], statements: Statements) -> None:
        self._address = address
        self._size = size
        self._session = session
        self._statements = statements
        self._opening = asyncio.Lock()
        self._pool: Any = None

    async def read(self, step: Reading[T]) -> T:
        """Run a step; each of its statements is a transaction of its own."""
        async with self.connection() as driver:
            return await step(PostgresConnection(self._statements, driver))

    async def execute(self, statement: Executable, parameters: Parameters) -> Result:
        """Execute a statement that is a transaction of its own."""
        return await self.read(lambda connection: connection.execute(statement, parameters))

    async def write(self, step: Writing[T], token: str) -> T:
        """Run a step in a transaction. `token`: marks the topics that it notifies as those of this process."""
        async with self.connection() as driver:
            transaction, begun = PostgresTransaction(self._statements, driver), driver.transaction()
            await _stored(begun.start)
            try:
                value = await step(transaction)
                if not transaction.is_rolled_back and (topics := dict.fromkeys(transaction.topics)):
                    await transaction.fetch_column(_NOTIFY, CHANNEL, [f"{token} {topic}" for topic in topics])
            except BaseException:
                with suppress(*NOT_CONNECTED):
                    await begun.rollback()
                raise
            await _stored(begun.rollback if transaction.is_rolled_back else begun.commit)
            return value

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the driver. Raises `StoreUnavailableError`."""
        try:
            pool = self._pool or await self._open()
            driver = await pool.acquire(timeout=STATEMENT_SECONDS)
        except (*NOT_CONNECTED, ValueError) as error:
            # The server is away, is starting, rejects the password, or has no free connection.
            raise StoreUnavailableError(f"no connection: {error}") from error
        try:
            yield driver
        finally:
            # A connection that can't be released in time is terminated.
            with suppress(*NOT_CONNECTED):
                await pool.release(driver, timeout=STATEMENT_SECONDS)

    async def warm_up(self) -> None:
        """Open a connection, so that the first step does not wait for it. Raises `StoreUnavailableError`."""
        async with self.connection():
            pass

    async def aclose(self) -> None:
        """Close all connections."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
        except (TimeoutError, *NOT_CONNECTED):
            self._pool.terminate()
        self._pool = None

    async def _open(self) -> Any:
        async with self._opening:
            self._pool = self._pool or await asyncpg.create_pool(
                self._address,
                min_size=0,
                max_size=self._size,
                # The steps change nothing of a session, so nothing is reset: that costs as much as a statement.
                reset=_nothing,
                timeout=CONNECT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                server_settings=dict(self._session),
                statement_cache_size=CACHED_STATEMENTS,
                max_cached_statement_lifetime=0,
            )
            return self._pool


async def _nothing(_connection: object) -> None:
    """Nothing of a session is reset."""


async def _stored(step: Callable[[], Awaitable[None]]) -> None:
    """Begin or end a transaction. Raises `StoreError`, also where the driver refuses before it begins."""
    try:
        await step()
    except NOT_CONNECTED as error:
        raise store_error(error) from error
