"""A database as SQLAlchemy sees it, without the store: to build old ones, and to compare the tables with the schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction on a database without migrating it."""
    system, _, rest = url.partition(":")
    engine = create_async_engine(f"{DRIVERS[system]}:{rest}")
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()
