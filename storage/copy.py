"""Moving a bot: all rows of one database go to another one, of the same kind or the other, and the bot goes on there.

At each moment a bot can start on at most one of the two. The target is marked as incomplete before its first row comes.
The source is marked as moved when all is there and compared; only then the target's mark is taken away. A copy that was
interrupted goes on where it was, unless a bot has worked with the source since: then it begins anew.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storage.backup import interrupt_unsubmitted
from storage.copy_end import CopyEnd, name_of
from storage.copy_marks import MOVED
from storage.copy_sqlite import SqliteEnd
from storage.copy_steps import SOURCE, TARGET, Copied, Copy, Report
from storage.database import Database, StoreError, UnusableStoreError, backend_of
from storage.private_files import make_file, make_folder
from storage.records import ErrorMessage
from storage.store_errors import describe_error


async def copy_database(source: str, target: str, report: Report) -> Copied:
    """Move all rows. Raises `UnusableStoreError` with a sentence; then the bot can go on with the source."""
    one, other = address(source, SOURCE), address(target, TARGET)
    if name_of(one) == name_of(other):
        raise UnusableStoreError(f"{TARGET}: this is the database of storage.url itself.")
    try:
        async with _opened(one, SOURCE) as first, _opened(other, TARGET) as second:
            return await Copy(first, second, report).run()
    except StoreError as error:
        raise UnusableStoreError(
            f"The copy was interrupted: {describe_error(error)}. Start it again to go on."
        ) from error


async def undo(source: str, unknown: ErrorMessage) -> str:
    """Let a bot start again on a database that was moved; returns its name. Raises `UnusableStoreError`.

    Tasks without a ticket are interrupted with the message `unknown`, as in a backup: the bot may have submitted them
    where it went on, and they must not be paid again.
    """
    url = address(source, SOURCE)
    async with _opened(url, SOURCE) as end:
        if await end.mark() != MOVED:
            raise UnusableStoreError(f"{SOURCE}: {end.name} was not moved: there is nothing to undo.")
        database = Database(backend_of(url))
        try:
            await interrupt_unsubmitted(database, unknown)
        finally:
            await database.aclose()
        async with end.transaction():
            await end.remove_mark()
        return end.name


def address(url: str, setting: str) -> URL:
    """An address as the operator gave it. Raises `UnusableStoreError`, without the address: it may hold a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in {"sqlite", "postgresql"} or not parsed.database:
        raise UnusableStoreError(
            f"{setting}: must be sqlite:///path/to/file.db or postgresql://user:password@host/name."
        ) from None
    return parsed


@asynccontextmanager
async def _opened(url: URL, setting: str) -> AsyncGenerator[CopyEnd]:
    try:
        end = await _open(url, setting)
    except (OSError, StoreError) as error:
        raise UnusableStoreError(f"{setting}: {name_of(url)} can't be opened: {describe_error(error)}") from error
    except UnusableStoreError as error:
        raise UnusableStoreError(str(error).replace(SOURCE, setting, 1)) from error
    try:
        yield end
    finally:
        await end.aclose()


async def _open(url: URL, setting: str) -> CopyEnd:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if setting == SOURCE and not path.exists():  # noqa: ASYNC240 - nothing else runs
            raise UnusableStoreError(f"{setting}: there is no database {path}.")
        make_folder(path.parent)
        make_file(path)
        return SqliteEnd(url, setting)
    backend_of(url)
    from storage.copy_postgres import PostgresEnd  # noqa: PLC0415 - SQLite needs no driver of PostgreSQL

    return await PostgresEnd.open(url, setting)
