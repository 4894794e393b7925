"""A copy of the database in one SQLite file, as it is at one moment, taken while the bot works."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, StoreError, UnusableStore
from storage.schema import metadata, workers
from storage.sqlite import copy_file

STEP = 500
"""Rows that are in memory at once."""


async def back_up(url: str, target: Path) -> None:
    """Copy the database at `url` to a new file. Raises `UnusableStore` with a sentence; then there is no file."""
    part = _beside(target)
    try:
        if make_url(url).get_backend_name() == "sqlite":
            await _copy_sqlite(url, part)
        else:
            await _copy_rows(url, part)
        part.rename(target)
    except (OSError, sqlite3.Error, StoreError) as error:
        raise UnusableStore(f"{target} could not be written: {error}") from error
    finally:
        for left in target.parent.glob(part.name + "*"):
            left.unlink()


def _beside(target: Path) -> Path:
    """Where it is written until it is whole."""
    if target.exists():
        raise UnusableStore(f"{target} is there already: name another file, or move that one away.")
    if not target.parent.is_dir():
        raise UnusableStore(f"{target} could not be written: there is no folder {target.parent}.")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    return part


async def _copy_sqlite(url: str, part: Path) -> None:
    source = make_url(url).database or ""
    if not await asyncio.to_thread(Path(source).exists):
        raise UnusableStore(f"storage.url: there is no database {source}.")
    await asyncio.to_thread(copy_file, source, part)


async def _copy_rows(url: str, part: Path) -> None:
    source, copy = await Database.open(url), await Database.open(f"sqlite:///{part}")
    try:
        snapshot = source.backend.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with snapshot.connect() as reader, copy.write() as writer:
            # In this order each row's parents are there before it. The workers stay where they are.
            for table in metadata.sorted_tables:
                if table is not workers:
                    async for rows in _rows(reader, table):
                        await writer.execute(insert(table), rows)
    finally:
        await copy.aclose()
        await source.aclose()


async def _rows(reader: AsyncConnection, table: Table) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """All rows, in pieces. Nothing belongs to a worker in the copy: whoever starts there takes it over."""
    result = await reader.stream(select(table))
    async for rows in result.mappings().partitions(STEP):
        yield [{**row, "worker_id": None} if "worker_id" in row else dict(row) for row in rows]
