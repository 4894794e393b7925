"""`Connection` and `Transaction`: what the steps of the store execute their statements on."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Executable

from storage.result import Result
from storage.statements import Compiled, Parameters, Statements
from storage.store_errors import StoreError, store_error

T = TypeVar("T")
NO_PARAMETERS: Parameters = {}


class Connection(ABC):
    """Executes statements within one step. A step awaits nothing but its connection: SQLite runs it in a thread."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] = NO_PARAMETERS
    ) -> Result:
        """Execute a statement; with a list of parameters, once for each. Raises `StoreError`."""
        compiled = self._statements.compiled(statement)
        try:
            if isinstance(parameters, Sequence):
                return await self._run_many(compiled, [compiled.values(each) for each in parameters])
            return await self._run(compiled, compiled.values(parameters))
        except (StoreError, KeyError, AssertionError):
            raise
        except Exception as error:
            raise store_error(error) from error

    @abstractmethod
    async def _run(self, compiled: Compiled, values: list[Any]) -> Result: ...

    @abstractmethod
    async def _run_many(self, compiled: Compiled, values: list[list[Any]]) -> Result: ...


class Transaction(Connection):
    """A connection whose statements are stored together, or not at all.

    `topics`: what `notify` was told; `is_rolled_back`: nothing is stored when the step ends.
    """

    def __init__(self, statements: Statements) -> None:
        super().__init__(statements)
        self.topics: list[str] = []
        self.is_rolled_back = False

    def notify(self, topic: str) -> None:
        """Notify the other processes when this is committed; the topics are in `storage.notifications`."""
        self.topics.append(topic)

    def roll_back(self) -> None:
        """Store nothing of this step, although it ends without an error."""
        self.is_rolled_back = True

    @abstractmethod
    async def lock(self, name: str) -> None:
        """Take the lock of this name until the transaction ends."""


Reading = Callable[[Connection], Awaitable[T]]
"""A step that only reads."""
Writing = Callable[[Transaction], Awaitable[T]]
"""A step that changes something."""
