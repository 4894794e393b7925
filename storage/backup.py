"""Backup: a consistent copy of the database in one SQLite file, taken while the bot works."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Table, bindparam, func, select, true, update
from sqlalchemy.engine import make_url

from storage.connection import Transaction
from storage.database import Database, StoreError, UnusableStoreError
from storage.job_states import JobState, TaskState, move_job, move_task
from storage.records import ErrorMessage
from storage.schema import jobs, metadata, tasks, updates, workers
from storage.sqlite import copy_file
from storage.statements import upsert

_LATEST = select(func.max(jobs.c.created_at))
_INTERRUPT_TASKS = move_task(
    tasks.c.ticket.is_(None),
    (TaskState.QUEUED, TaskState.SUBMITTING),
    TaskState.INTERRUPTED,
    finished_at=bindparam("now"),
    error_message=bindparam("message", type_=tasks.c.error_message.type),
)
# Jobs in other states follow from their tasks.
_INTERRUPT_JOBS = move_job(
    true(),
    (JobState.PREPARING,),
    JobState.INTERRUPTING,
    error_message=bindparam("message", type_=jobs.c.error_message.type),
)
_CLOSE_UPDATES = update(updates).values(done_at=updates.c.taken_at, payload=None)


async def back_up(url: str, target: Path, unknown: ErrorMessage) -> None:
    """Copy the database at `url` to a new file. Raises `UnusableStoreError` with a sentence; then there is no file.

    Tasks without a ticket are interrupted in the copy, with the message `unknown`: by the time somebody uses the copy,
    the running bot will have submitted them, and they must not be paid again.
    """
    part = _beside(target)
    try:
        if make_url(url).get_backend_name() == "sqlite":
            await _copy_sqlite(url, part)
        else:
            await _copy_rows(url, part)
        await _interrupt(part, unknown)
        part.rename(target)
    except (OSError, sqlite3.Error, StoreError) as error:
        raise UnusableStoreError(f"{target} could not be written: {error}") from error
    finally:
        for leftover in target.parent.glob(part.name + "*"):
            leftover.unlink()


def _beside(target: Path) -> Path:
    """The file to write to until the copy is complete."""
    if target.exists():
        raise UnusableStoreError(f"{target} is there already: name another file, or move that one away.")
    if not target.parent.is_dir():
        raise UnusableStoreError(f"{target} could not be written: there is no folder {target.parent}.")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    return part


async def _copy_sqlite(url: str, part: Path) -> None:
    source = make_url(url).database or ""
    if not await asyncio.to_thread(Path(source).exists):
        raise UnusableStoreError(f"storage.url: there is no database {source}.")
    await asyncio.to_thread(copy_file, source, part)


async def _interrupt(part: Path, unknown: ErrorMessage) -> None:
    copy = await Database.open(f"sqlite:///{part}")
    try:
        await interrupt_unsubmitted(copy, unknown)
    finally:
        await copy.aclose()


async def interrupt_unsubmitted(database: Database, unknown: ErrorMessage) -> None:
    """Interrupt the tasks without a ticket, and close the updates: another database may have gone on with them."""
    await database.write(partial(_interrupt_all, dict(unknown)))


async def _interrupt_all(message: Mapping[str, Any], writer: Transaction) -> None:
    now = (await writer.execute(_LATEST)).scalar() or 0.0
    await writer.execute(_INTERRUPT_TASKS, {"now": now, "message": message})
    await writer.execute(_INTERRUPT_JOBS, {"message": message})
    await writer.execute(_CLOSE_UPDATES)


async def _copy_rows(url: str, part: Path) -> None:
    # Loaded here: SQLite needs no driver of PostgreSQL.
    from storage.postgres_rows import rows_of  # noqa: PLC0415

    await (await Database.open(url)).aclose()
    copy = await Database.open(f"sqlite:///{part}")
    # Sorted so that a row's parents come before it. Workers are not copied: their processes use the original.
    tables = [table for table in metadata.sorted_tables if table is not workers]
    try:
        async for table, rows in rows_of(make_url(url), tables):
            await copy.write(partial(_add, table, rows))
    finally:
        await copy.aclose()


async def _add(table: Table, rows: Sequence[dict[str, Any]], connection: Transaction) -> None:
    """Store rows. No row has a worker in the copy: the process that starts there takes them over."""
    free = [{**row, "worker_id": None} if "worker_id" in row else row for row in rows]
    await connection.execute(_insert(table), free)


@cache
def _insert(table: Table) -> Executable:
    """The statement that stores a row of this table."""
    return upsert(table, *table.c.keys())
