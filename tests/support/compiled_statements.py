"""Makes SQL cheap in tests: statements are compiled once for all databases of the process, SQLite runs in the loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import postgres, sqlite


@contextmanager
def compiled_statements_cache() -> Iterator[None]:
    """Share compiled statements between all databases: else each test compiles all that it needs."""
    known: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def create(url: Any, **how: Any) -> AsyncEngine:
        engine = create_async_engine(url, **how)
        own = engine.sync_engine
        kind = (own.dialect.name, str(how.get("isolation_level")))
        # SQLAlchemy has no public way to share this.
        # A dialect that was never connected does not know the database's features yet.
        if kind in known and known[kind][0].server_version_info:
            own.dialect, own._compiled_cache = known[kind]  # noqa: SLF001
            own.pool._dialect = own.dialect  # noqa: SLF001
        else:
            known[kind] = own.dialect, own._compiled_cache  # noqa: SLF001
        return engine

    with patch.object(sqlite, "create_async_engine", create), patch.object(postgres, "create_async_engine", create):
        yield


NEVER_WAIT = {"close", "commit", "cursor", "fetchall", "fetchone", "rollback"}
# aiosqlite has no public place for this.
_in_its_thread = vars(aiosqlite.Connection)["_execute"]


@contextmanager
def quick_reads() -> Iterator[None]:
    """Run steps of SQLite that never wait for a lock in the event loop: four switches of the thread for each statement
    take longer than the statement. Other tasks still run in between; steps that may wait stay in their thread."""

    async def execute(connection: aiosqlite.Connection, step: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if not _is_quick(step, given):
            return await _in_its_thread(connection, step, *given, **named)
        try:
            return step(*given, **named)
        finally:
            await asyncio.sleep(0)

    with patch.object(aiosqlite.Connection, "_execute", execute):
        yield


def _is_quick(step: Callable[..., Any], given: tuple[Any, ...]) -> bool:
    name = getattr(step, "__name__", "")
    return name in NEVER_WAIT or (name == "execute" and str(given[0]).lstrip().startswith("SELECT"))
