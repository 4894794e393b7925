"""The interface to SQLite and PostgreSQL: the operations that differ. The rest of the store is the same on both.

Each process that shares a database is a *worker*. A worker that is present holds a lock (on a file, or in a session)
that is released when the process ends, however it ends.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

EVERYTHING = "everything"
"""The topic that arrives when notifications may have been missed, because the connection was lost."""

OnNotification = Callable[[str], None]


class DatabaseInUseError(Exception):
    """Another process uses this database, which allows only one."""


class Backend(Protocol):
    """A database system. See `storage.sqlite` (one process at a time) and `storage.postgres` (many)."""

    engine: AsyncEngine
    """For transactions. One that is idle, or waits for a lock, is ended after a few seconds."""
    urgent: AsyncEngine
    """For the few transactions that must not wait for a free connection."""
    autocommit: AsyncEngine
    """For urgent single statements, each of which is a transaction."""
    maintenance: AsyncEngine
    """For long transactions: migrations and copies."""
    reader: AsyncEngine
    """For statements that only read, on connections of its own: switching the mode of one costs as much as a query."""
    clock: Callable[[], float]
    """Seconds since 1970, the same for all processes of the database."""
    session: str
    """The name of this process's database sessions, by which those of a worker that hangs are ended."""
    single_writer: bool
    """Whether only one transaction can write at a time."""
    alone: bool
    """Whether no other process can use the database while this one does."""
    leads: bool
    """Whether this process is the leader, which does what only one may do. It ends when the connection is lost."""

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text contains these words; case is ignored."""

    def insert(self, table: Table) -> Any:
        """An INSERT that supports ON CONFLICT."""

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Take the lock of this name until the transaction ends."""

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """Notify the other processes of these topics when the transaction is committed."""

    async def enter(self, worker_id: int) -> None:
        """Become present as this worker. Raises `DatabaseInUseError` or `StoreUnavailableError`."""

    async def present(self, connection: AsyncConnection) -> set[int]:
        """The workers that are present, by id."""

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """End all sessions of a worker that hangs: their locks are released.

        `session`: the name of its sessions (None: a worker of an older version).
        """

    async def become_leader(self) -> bool:
        """Try to become the leader; True when this process is."""

    async def stop_leading(self) -> None:
        """Give up being the leader."""

    def listen(self, on_notification: OnNotification) -> None:
        """Call `on_notification` with each topic that *other* processes notify, and with `EVERYTHING` after a lost
        connection.
        """

    def tell(self, topic: str) -> None:
        """Call this process's own listeners with this topic."""

    async def aclose(self) -> None:
        """Stop being present, and close all connections."""
