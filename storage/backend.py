"""The interface to SQLite and PostgreSQL: the operations that differ. The rest of the store is the same on both.

Each process that shares a database is a *worker*. A worker that is present holds a lock (on a file, or in a session)
that is released when the process ends, however it ends.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy
from sqlalchemy import Executable

from storage.connection import Connection, Reading, Writing
from storage.prompt_search import Search
from storage.result import Result
from storage.statements import Parameters, Statements

T = TypeVar("T")

EVERYTHING = "everything"
"""The topic that arrives when notifications may have been missed, because the connection was lost."""

OnNotification = Callable[[str], None]
Upgrade = Callable[[sqlalchemy.Connection], None]


class DatabaseInUseError(Exception):
    """Another process uses this database, and allows no other: a worker on SQLite, or a copy."""


class Backend(Protocol):
    """A database system. See `storage.sqlite` (one process at a time) and `storage.postgres` (many)."""

    statements: Statements
    """The statements of the store, compiled for this database."""
    clock: Callable[[], float]
    """Seconds since 1970, the same for all processes of the database."""
    session: str
    """The name of this process's database sessions, by which those of a worker that hangs are ended."""
    single_writer: bool
    """Whether only one transaction can write at a time."""
    alone: bool
    """Whether no other process can use the database while this one does."""
    search: Search
    """Searches in a person's prompts."""
    leads: bool
    """Whether this process is the leader, which does what only one may do. It ends when the connection is lost."""

    @property
    def is_connected(self) -> bool:
        """Whether topics of other processes arrive."""

    async def migrate(self, upgrade: Upgrade) -> None:
        """Migrate the tables, on a connection of SQLAlchemy. One of several processes does; the others wait."""

    async def read(self, step: Reading[T]) -> T:
        """Run a step that only reads; each of its statements sees the latest state."""

    async def write(self, step: Writing[T], *, urgent: bool = False) -> T:
        """Run a step, and store all that it has changed, or nothing. `urgent`: it goes before all that wait."""

    async def execute(self, statement: Executable, parameters: Parameters, *, urgent: bool = False) -> Result:
        """Execute a statement that is a transaction of its own."""

    async def admit(self, connection: Connection) -> None:
        """Let this process become a worker in this transaction. Raises `DatabaseInUseError`."""

    async def enter(self, worker_id: int) -> None:
        """Become present as this worker. Raises `StoreUnavailableError`."""

    async def present(self, connection: Connection) -> set[int]:
        """The workers that are present, by id."""

    async def end_sessions(self, connection: Connection, worker_id: int, session: str | None) -> None:
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
