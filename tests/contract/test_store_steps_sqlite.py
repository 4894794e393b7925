"""The steps of the store on SQLite: those that meet share a commit, or its failure."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from storage.connection import Connection, Transaction
from storage.database import StoreError, UnusableStoreError
from storage.schema import users
from storage.store import Store
from storage.store_errors import is_temporary
from tests.support.blank_database import put_blank_database
from tests.support.store_steps import adding, lose, meeting, people


class Log(list[str]):
    """The statements that SQLite executes, on all connections. `is_full`: it commits nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False

    def commits(self) -> int:
        return self.count("COMMIT")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log, connect = Log(), sqlite3.connect

    class Disk(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if sql == "COMMIT" and log.is_full:
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *parameters)

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, factory=Disk, **kwargs)
        connection.set_trace_callback(log.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connected)
    return log


@pytest.fixture
async def sqlite_store(log: Log, tmp_path: Path) -> AsyncIterator[Store]:
    put_blank_database(tmp_path / "bot.db")
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    log.clear()
    yield store
    await store.aclose()


async def test_on_sqlite_steps_that_meet_share_a_commit(sqlite_store: Store, log: Log) -> None:
    await meeting(sqlite_store, *(adding(number) for number in range(40)))
    assert log.commits() == 2, "the one that was under way, and one for all others"
    assert await people(sqlite_store) == list(range(40))


async def test_on_sqlite_a_lost_transaction_fails_all_steps_that_share_it(sqlite_store: Store) -> None:
    results = await meeting(sqlite_store, adding(1), lose, adding(3))
    assert [is_temporary(error) for error in results if isinstance(error, StoreError)] == [True] * 3
    assert all("the disk is full" in str(error) for error in results), "the log says why"
    assert await people(sqlite_store) == []
    await sqlite_store.database.write(adding(1, 2, 3))
    assert await people(sqlite_store) == [1, 2, 3]


async def test_on_sqlite_a_lost_transaction_fails_a_step_that_goes_on(sqlite_store: Store) -> None:
    async def careless(connection: Transaction) -> None:
        await adding(1)(connection)
        await connection.execute(text("ROLLBACK"))

    with pytest.raises(StoreError) as caught:
        await sqlite_store.database.write(careless)
    assert is_temporary(caught.value)
    assert await people(sqlite_store) == []


async def test_on_sqlite_a_disk_that_is_full_at_the_commit_fails_all_steps(sqlite_store: Store, log: Log) -> None:
    async def fill(_connection: Transaction) -> None:
        log.is_full = True

    results = await meeting(sqlite_store, adding(1), fill, adding(2))
    assert [is_temporary(error) for error in results if isinstance(error, StoreError)] == [True] * 3
    log.is_full = False
    assert await people(sqlite_store) == []
    await sqlite_store.database.write(adding(3))
    assert await people(sqlite_store) == [3]


async def test_on_sqlite_a_second_process_is_refused_and_leaves_no_worker(sqlite_store: Store, tmp_path: Path) -> None:
    other = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    first = await sqlite_store.workers.join(1.0)
    with pytest.raises(UnusableStoreError, match="another process of the bot works with this file"):
        await other.workers.join(2.0)
    assert await sqlite_store.workers.heartbeat(first) == []
    await sqlite_store.aclose()
    assert await other.workers.join(3.0)
    await other.aclose()


async def test_on_sqlite_a_step_awaits_nothing_but_its_connection(sqlite_store: Store) -> None:
    async def waits(connection: Transaction) -> None:
        await adding(1)(connection)
        await asyncio.sleep(0)

    async def reads(connection: Connection) -> None:
        await connection.execute(select(users))
        await asyncio.sleep(0)

    results = await meeting(sqlite_store, adding(2), waits, adding(3))
    assert isinstance(results[1], RuntimeError)
    with pytest.raises(RuntimeError, match="nothing but its connection"):
        await sqlite_store.database.write(waits)
    with pytest.raises(RuntimeError, match="nothing but its connection"):
        await sqlite_store.database.read(reads)
    assert await people(sqlite_store) == [2, 3]
    await sqlite_store.database.write(adding(4))
    assert await people(sqlite_store) == [2, 3, 4]


async def test_on_sqlite_a_write_while_the_database_is_closed_ends(sqlite_store: Store) -> None:
    async with asyncio.timeout(20):
        writes = [asyncio.create_task(sqlite_store.database.write(adding(number))) for number in range(20)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(sqlite_store.aclose())
        await asyncio.sleep(0)
        writes += [asyncio.create_task(sqlite_store.database.write(adding(number))) for number in range(20, 40)]
        results = await asyncio.gather(*writes, return_exceptions=True)
        await closing
    assert {type(one) for one in results} <= {tuple, StoreError}
    assert isinstance(results[0], tuple)
