"""`Operations`: a group of operations on a database, and the decorators that make a method one step on it."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from storage.connection import Connection, Transaction
from storage.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Operations:
    """A group of operations on one database. Its methods are steps (`reads`, `writes`), or execute one statement."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def database(self) -> Database:
        """The database."""
        return self._db


OperationsT = TypeVar("OperationsT", bound=Operations)


def reads(
    step: Callable[Concatenate[OperationsT, Connection, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]:
    """A method of `Operations` that is a step which only reads: it gets its connection here."""

    @wraps(step)
    async def operation(self: OperationsT, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.database.read(lambda connection: step(self, connection, *args, **kwargs))

    return cast("Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]", operation)


def writes(
    step: Callable[Concatenate[OperationsT, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]:
    """A method of `Operations` that is a step in a transaction: it gets its connection here."""
    return _written(step, urgent=False)


def urgently(
    step: Callable[Concatenate[OperationsT, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]:
    """The same for a step that goes before all others that wait: see `Database.write`."""
    return _written(step, urgent=True)


def _written(
    step: Callable[Concatenate[OperationsT, Transaction, P], Coroutine[Any, Any, T]], *, urgent: bool
) -> Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]:
    @wraps(step)
    async def operation(self: OperationsT, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.database.write(lambda connection: step(self, connection, *args, **kwargs), urgent=urgent)

    return cast("Callable[Concatenate[OperationsT, P], Coroutine[Any, Any, T]]", operation)
