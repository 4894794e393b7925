"""SQL that costs little: compiled once for all the databases that the tests open in this process, and run at once."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import postgres, sqlite


@contextmanager
def compiled_statements_cache() -> Iterator[None]:
    """A statement that one database has compiled is known to all: else each test would compile all that it needs."""
    known: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def create(url: Any, **how: Any) -> AsyncEngine:
        engine = create_async_engine(url, **how)
        own = engine.sync_engine
        kind = (own.dialect.name, str(how.get("isolation_level")))
        # SQLAlchemy has no public way to share this.
        # One that was never connected doesn't know yet what the database can do.
        if kind in known and known[kind][0].server_version_info:
            own.dialect, own._compiled_cache = known[kind]  # noqa: SLF001
            own.pool._dialect = own.dialect  # noqa: SLF001
        else:
            known[kind] = own.dialect, own._compiled_cache  # noqa: SLF001
        return engine

    with patch.object(sqlite, "create_async_engine", create), patch.object(postgres, "create_async_engine", create):
        yield


PRIMARY_CODE = 0xFF
"""The part of an error code of SQLite that says its kind."""
NEVER_WAIT = {"close", "commit", "cursor", "fetchall", "fetchone", "rollback"}
# aiosqlite has no public places for these.
_in_its_thread = vars(aiosqlite.Connection)["_execute"]
_own_connection = vars(aiosqlite.Connection)["_conn"].fget


@contextmanager
def quick_steps() -> Iterator[None]:
    """Steps of SQLite are done at once: four changes of the thread for each statement take longer than the statement.
    Other tasks get their turn all the same. A statement that finds the database locked waits in its thread."""

    async def execute(connection: aiosqlite.Connection, step: Callable[..., Any], *given: Any, **named: Any) -> Any:
        name = getattr(step, "__name__", "")
        if name in NEVER_WAIT:
            return step(*given, **named)
        if name == "execute":
            await asyncio.sleep(0)
            with suppress(_LockedError), _without_waiting(_own_connection(connection), str(given[0])):
                return step(*given, **named)
        return await _in_its_thread(connection, step, *given, **named)

    with patch.object(aiosqlite.Connection, "_execute", execute):
        yield


class _LockedError(Exception):
    """Another connection writes."""


@contextmanager
def _without_waiting(connection: sqlite3.Connection, statement: str) -> Iterator[None]:
    """Raises `_LockedError` where the statement would wait."""
    if connection.in_transaction or statement.lstrip().startswith("SELECT"):
        yield
        return
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY:
            raise
        raise _LockedError from error
    finally:
        connection.execute(f"PRAGMA busy_timeout = {sqlite.BUSY_TIMEOUT_SECONDS * 1000}")
