"""What SQLite and PostgreSQL do each in their own way; all else of the store is the same on both.

Each process that shares a database is a *worker*. A worker that is present holds a line to the database (a locked file,
a session) which breaks when the process ends, however it ends.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

EVERYTHING = "everything"
"""The topic that is heard when others may have rung while this process's line was broken."""

OnNotification = Callable[[str], None]


class DatabaseInUseError(Exception):
    """Another process works with this database, and there can be only one."""


class Backend(Protocol):
    """A database system. See `storage.sqlite` (one process at a time) and `storage.postgres` (many)."""

    engine: AsyncEngine
    """For transactions. One that stands still, or waits for another's lock, is ended after a few seconds."""
    urgent: AsyncEngine
    """For the few transactions that must not wait for a connection until others have done."""
    at_once: AsyncEngine
    """The same for single statements, each of which is a transaction."""
    unhurried: AsyncEngine
    """For transactions that may take their time: migrations and copies."""
    reader: AsyncEngine
    """For statements that only read, on connections of its own: to switch one to and fro costs as much as asking."""
    clock: Callable[[], float]
    """Seconds since 1970, the same for all processes of the database."""
    session: str
    """What the sessions of this process are called by: those of a worker that hangs are ended by it."""
    one_writer: bool
    """Whether writers have to queue."""
    alone: bool
    """Whether no other process can be there while this one is."""
    leads: bool
    """Whether this is the one process that does what only one may do. It may end at any time, with the line."""

    def contains(self, column: Column[str], words: str) -> ColumnElement[bool]:
        """Whether a text has these words, in capitals or not."""

    def insert(self, table: Table) -> Any:
        """An INSERT that can say what to do on a conflict."""

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Until its transaction ends, no other transaction gets past this name."""

    async def notify(self, connection: AsyncConnection, topics: Sequence[str]) -> None:
        """Let the other processes know of these topics once the transaction is committed."""

    async def enter(self, worker_id: int) -> None:
        """Be present as this worker. Raises `DatabaseInUseError` or `StoreUnavailableError`."""

    async def present(self, connection: AsyncConnection) -> set[int]:
        """The workers whose lines are up."""

    async def end_sessions(self, connection: AsyncConnection, worker_id: int, session: str | None) -> None:
        """End all sessions of a worker that hangs: what they hold is free for others.

        `session`: the name that it has joined with (a worker of an older version has none).
        """

    async def become_leader(self) -> bool:
        """Try to become the one that leads; True when this one does."""

    async def stop_leading(self) -> None:
        """Lead no longer."""

    def listen(self, on_notification: OnNotification) -> None:
        """`on_notification` is called with each topic that *other* processes ring, and with `EVERYTHING` after a
        broken line.
        """

    async def aclose(self) -> None:
        """Be present no longer, and close all connections."""
