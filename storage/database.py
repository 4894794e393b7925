"""The database: opening it, migrating it, and transactions."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import URL, Executable
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from tenacity import retry_if_exception, retry_if_exception_type, retry_never

from storage import copy_marks, notifications
from storage.backend import Backend
from storage.connection import NO_PARAMETERS, Connection, Reading, Transaction, Writing
from storage.migrate import REVISION, NewerDatabaseError, newest_revision, upgrade
from storage.outage_log import Outage
from storage.result import Result
from storage.retry_loop import in_turn, repeat
from storage.sqlite import SqliteBackend
from storage.statements import Parameters
from storage.store_errors import (
    StoreError,
    StoreUnavailableError,
    UnstorableValueError,
    describe_error,
    may_become_available,
    store_error,
)

__all__ = [
    "Connection",
    "Database",
    "StoreError",
    "StoreUnavailableError",
    "Transaction",
    "UnstorableValueError",
    "UnusableStoreError",
]

log = logging.getLogger(__name__)

T = TypeVar("T")
OPEN_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
"""Between attempts to open a database whose server is not available yet."""
MAY_BECOME_AVAILABLE = retry_if_exception_type((OSError, StoreError)) & retry_if_exception(may_become_available)


class UnusableStoreError(Exception):
    """The database can't be opened; the message says why, in one sentence."""


class Database:
    """A SQLite file or a PostgreSQL database behind `read` and `write`. Made by `open`; closed by `aclose`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @classmethod
    async def open(cls, url: str, *, wait: bool = False) -> "Database":
        """Open `sqlite:///path` (its folder is made) or `postgresql://…` and migrate it. Raises `UnusableStoreError`.

        `wait`: retry for as long as the server is not available.
        """
        parsed = make_url(url)
        name = parsed.render_as_string(hide_password=True)
        try:
            database = cls(backend_of(parsed))
        except OSError as error:
            raise UnusableStoreError(f"storage.url: {name} can't be opened: {error}") from error
        outage = Outage(log, f"storage.url: {name} is out of reach")
        when = MAY_BECOME_AVAILABLE if wait and not database.backend.alone else retry_never
        try:
            await repeat(
                database._migrate, when=when, wait=in_turn(OPEN_RETRY_SECONDS), sleep=asyncio.sleep, failed=outage.lasts
            )
        except BaseException as error:
            await database.aclose()
            if isinstance(error, NewerDatabaseError):
                why = f"{name} was written by a newer version of the bot: {error}"
            elif isinstance(error, OSError | StoreError):
                why = f"{name} can't be opened: {describe_error(error)}"
            else:
                raise
            raise UnusableStoreError(f"storage.url: {why}") from error
        outage.ends()
        return database

    async def read(self, step: Reading[T]) -> T:
        """Run a step that only reads; each of its statements sees the latest state. Raises `StoreError`."""
        return await self.backend.read(step)

    async def write(self, step: Writing[T], *, urgent: bool = False) -> T:
        """Run a step in a transaction: all that it changes is stored when it ends, nothing when it raises.

        `urgent`: it goes before all others that wait. For short ones that must not be late: tickets, heartbeats. A
        caller that is cancelled meanwhile waits for the end of the step. Raises `StoreError`.
        """
        own: Sequence[str] = ()

        async def noted(connection: Transaction) -> T:
            nonlocal own
            value = await step(connection)
            if not connection.is_rolled_back:
                own = [topic for topic in notifications.FOR_ALL if topic in connection.topics]
            return value

        value = await self.backend.write(noted, urgent=urgent)
        for topic in own:
            self.backend.tell(topic)
        return value

    async def fetch(self, statement: Executable, parameters: Parameters = NO_PARAMETERS) -> Result:
        """Execute one statement that only reads. Raises `StoreError`."""
        return await self.read(lambda connection: connection.execute(statement, parameters))

    async def execute(
        self, statement: Executable, parameters: Parameters = NO_PARAMETERS, *, urgent: bool = False
    ) -> Result:
        """Execute one statement, which is a transaction of its own. `urgent`: see `write`. Raises `StoreError`."""
        return await self.backend.execute(statement, parameters, urgent=urgent)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.backend.aclose()

    async def _migrate(self) -> None:
        revision = await self._revision()
        if revision == newest_revision():
            return
        if revision in copy_marks.SENTENCES:
            raise UnusableStoreError(await self.read(copy_marks.refusal))
        try:
            await self.backend.migrate(upgrade)
        except SQLAlchemyError as error:
            # Only migrations are executed by SQLAlchemy.
            reason = getattr(error, "orig", None) or error
            raise store_error(reason) from reason

    async def _revision(self) -> str | None:
        """The database's revision. One that does not tell is left to the migration."""
        try:
            revision: str | None = (await self.fetch(REVISION)).scalar()
        except StoreUnavailableError:
            raise
        except StoreError:
            return None
        return revision


def backend_of(url: URL) -> Backend:
    """The database system of this address. Raises `UnusableStoreError` and `OSError`."""
    if url.get_backend_name() == "sqlite":
        return SqliteBackend(url)
    try:
        from storage.postgres import PostgresBackend  # noqa: PLC0415 - SQLite needs no driver of PostgreSQL
    except ImportError as error:
        advice = f"PostgreSQL needs two more packages: {sys.executable} -m pip install asyncpg greenlet"
        raise UnusableStoreError(f"storage.url: {advice} ({error}).") from error
    return PostgresBackend(url)
