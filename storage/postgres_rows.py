"""All rows of a PostgreSQL database as they are at one moment, for a backup while the bot works."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg
from sqlalchemy import URL, Table, select

from storage.postgres import KEEPALIVE, MIGRATION, compiled_statements
from storage.postgres_pool import CONNECT_SECONDS, NOT_CONNECTED
from storage.store_errors import StoreUnavailableError, store_error

ROWS_AT_ONCE = 500
"""Rows of a copy in memory at once."""


async def rows_of(url: URL, tables: Iterable[Table]) -> AsyncIterator[tuple[Table, list[dict[str, Any]]]]:
    """All rows of these tables as they are at one moment, some hundreds at a time. Raises `StoreError`."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        driver = await asyncpg.connect(address, timeout=CONNECT_SECONDS, server_settings={**KEEPALIVE, **MIGRATION})
    except (*NOT_CONNECTED, ValueError) as error:
        raise StoreUnavailableError(f"no connection: {error}") from error
    try:
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            for table in tables:
                compiled = compiled_statements().compiled(select(table))
                cursor = await driver.cursor(compiled.sql)
                while rows := await cursor.fetch(ROWS_AT_ONCE):
                    yield table, list(compiled.result(rows).mappings())
    except NOT_CONNECTED as error:
        raise store_error(error) from error
    finally:
        driver.terminate()
