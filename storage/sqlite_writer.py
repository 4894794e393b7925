"""Steps on SQLite: a whole step is one visit to the thread of a connection, and steps that meet share a commit."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import aiosqlite

from storage.connection import Connection, Transaction, Writing
from storage.result import Result
from storage.statements import Compiled, Statements
from storage.store_errors import StoreError, store_error
from storage.uncancelled import UncancelledFuture

T = TypeVar("T")
TOGETHER = 50
"""Steps that share a commit."""


class SqliteThread(aiosqlite.Connection):
    """A connection with its thread, which runs whole steps."""

    async def run(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run a step in the thread, to its end; a caller that is cancelled meanwhile waits for that."""
        future: UncancelledFuture[T] = UncancelledFuture(loop=asyncio.get_running_loop())
        self._tx.put_nowait((future, partial(step, self._conn)))
        return await future

    def begin(self, step: Callable[[sqlite3.Connection], None]) -> None:
        """Have the thread run a step that tells its end itself."""
        self._tx.put_nowait((None, partial(step, self._conn)))


class SqliteConnection(Connection):
    """Executes a step's statements in the thread: nothing of it waits."""

    def __init__(self, statements: Statements, driver: sqlite3.Connection) -> None:
        super().__init__(statements)
        self._driver = driver

    async def _run(self, compiled: Compiled, values: list[Any]) -> Result:
        cursor = self._driver.execute(compiled.sql, values)
        return compiled.result(cursor.fetchall(), cursor.rowcount)

    async def _run_many(self, compiled: Compiled, values: list[list[Any]]) -> Result:
        return compiled.result([], self._driver.executemany(compiled.sql, values).rowcount)


class SqliteTransaction(SqliteConnection, Transaction):
    """A step that writes."""

    async def lock(self, name: str) -> None:
        """Nothing to do: there is one writer."""


class _Waiting(NamedTuple):
    """A step that waits for the writer."""

    step: Writing[Any]
    future: UncancelledFuture[Any]


Outcome = tuple[Any, BaseException | None]
"""The result of a step, or its error."""


class SqliteWriter:
    """The one writer of a database: steps go one after another, urgent ones first.

    Those that wait when a commit ends go into the next one together: a commit waits for the disk, and is as dear as
    fifty statements. Each step has a savepoint of its own, so that one that fails does not touch the others.
    """

    def __init__(self, thread: SqliteThread, statements: Statements) -> None:
        self._thread = thread
        self._statements = statements
        self._loop = asyncio.get_running_loop()
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._is_busy = False

    async def write(self, step: Writing[T], *, urgent: bool = False) -> T:
        """Run a step and commit it. Raises what the step raises, and `StoreError`."""
        future: UncancelledFuture[T] = UncancelledFuture(loop=self._loop)
        (self._urgent if urgent else self._others).append(_Waiting(step, future))
        if not self._is_busy:
            self._begin()
        return await future

    async def aclose(self) -> None:
        """End what is under way, and close the connection."""
        while self._is_busy:
            await self.write(_nothing)
        await self._thread.close()

    def _begin(self) -> None:
        """Give the thread all that waits."""
        batch = [queue.popleft() for queue in (self._urgent, self._others) for _ in range(min(len(queue), TOGETHER))]
        if not batch:
            self._is_busy = False
            return
        self._is_busy = True
        steps = [waiting.step for waiting in batch]

        def work(driver: sqlite3.Connection) -> None:
            try:
                outcomes = _commit_together(self._statements, steps, driver)
            except BaseException as error:
                outcomes = [(None, error)] * len(steps)
            self._loop.call_soon_threadsafe(self._end, batch, outcomes)

        try:
            self._thread.begin(work)
        except ValueError as error:
            closed = StoreError("the database is closed")
            closed.__cause__ = error
            self._loop.call_soon(self._end, batch, [(None, closed)] * len(batch))

    def _end(self, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        """Begin the next steps before the callers of these ones go on."""
        self._begin()
        for waiting, (value, error) in zip(batch, outcomes, strict=True):
            if error:
                waiting.future.set_exception(error)
            else:
                waiting.future.set_result(value)


async def _nothing(_connection: Transaction) -> None:
    """A step that only waits for those before it."""


def run_at_once(step: Awaitable[T]) -> T:
    """Run a step that waits for nothing. Raises `RuntimeError` where it does."""
    coroutine = cast("Any", step)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    coroutine.close()
    raise RuntimeError("a step of the store may await nothing but its connection")


def _commit_together(
    statements: Statements, steps: Sequence[Writing[Any]], driver: sqlite3.Connection
) -> list[Outcome]:
    """Run these steps in one transaction. Raises an error that is not the database's; nothing is stored then."""
    try:
        # IMMEDIATE: a transaction that reads first and writes later must not find its snapshot outdated.
        driver.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(statements, step, driver) for step in steps]
        driver.execute("COMMIT")
    except sqlite3.Error as error:
        failure = store_error(error)
        failure.__cause__ = error
        return [(None, failure)] * len(steps)
    finally:
        with suppress(sqlite3.Error):
            # It may be closed by now.
            if driver.in_transaction:
                driver.execute("ROLLBACK")
    return outcomes


def _attempt(statements: Statements, step: Writing[Any], driver: sqlite3.Connection) -> Outcome:
    """Run one step; it leaves nothing behind when it fails. Raises `sqlite3.Error` when the transaction is lost."""
    driver.execute("SAVEPOINT step")
    transaction = SqliteTransaction(statements, driver)
    outcome: Outcome
    try:
        outcome = run_at_once(step(transaction)), None
    except Exception as error:
        transaction.roll_back()
        outcome = None, error
    if transaction.is_rolled_back:
        if not driver.in_transaction:
            # A full disk may end the whole transaction.
            raise sqlite3.OperationalError(f"the transaction was rolled back: {outcome[1]}") from outcome[1]
        driver.execute("ROLLBACK TO step")
    driver.execute("RELEASE step")
    return outcome
