"""SQL, compiled once for all the databases that the tests open in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import postgres, sqlite


@contextmanager
def quick_statements() -> Iterator[None]:
    """A statement that one database has compiled is known to all: else each test would compile all that it needs."""
    known: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def create(url: Any, **how: Any) -> AsyncEngine:
        engine = create_async_engine(url, **how)
        own = engine.sync_engine
        kind = (own.dialect.name, str(how.get("isolation_level")))
        # One that was never connected doesn't know yet what the database can do.
        if kind in known and known[kind][0].server_version_info:
            own.dialect, own._compiled_cache = known[kind]
            own.pool._dialect = own.dialect
        else:
            known[kind] = own.dialect, own._compiled_cache
        return engine

    with patch.object(sqlite, "create_async_engine", create), patch.object(postgres, "create_async_engine", create):
        yield
