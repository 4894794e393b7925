"""SQL text and parameters of SQLAlchemy's statements, for the drivers: each statement is compiled once.

SQLAlchemy describes a statement, and the driver executes its text. Executed by SQLAlchemy, the same statement takes
five to twenty times as long. A statement that is built once, at module level, with `bindparam` for its values, is
compiled at its first use; one that is built anew, with its values inside, is compiled at each use.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy import Dialect, Executable, ReturnsRows, Table, TextClause, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.types import TypeEngine

from storage.result import Result

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement
    from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any]
Process = Callable[[Any], Any]

_REQUIRED = object()


def upsert(table: Table, *names: str, **values: Any) -> Insert:
    """An INSERT that supports ON CONFLICT, on both databases: their compilers write PostgreSQL's in the same way.

    `names`: columns whose values are parameters of the same names.
    """
    return insert(table).values({**{name: bindparam(name) for name in names}, **values})


class Compiled:
    """A statement as text, with what turns parameters and rows into those of the driver.

    `keys`: the names of the columns that it returns, where they are known; `returns_rows`: whether it returns any.
    """

    __slots__ = ("_columns", "_parameters", "keys", "returns_rows", "sql")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = _compiled(statement, dialect)
        self.sql = str(compiled)
        self._parameters = _parameters(compiled, dialect)
        columns = list(statement.exported_columns) if isinstance(statement, ReturnsRows) else []
        self.returns_rows = bool(columns) or isinstance(statement, TextClause)
        self.keys = tuple(str(column.key) for column in columns)
        readers = ((place, _reader(column.type, dialect)) for place, column in enumerate(columns))
        self._columns = tuple((place, read) for place, read in readers if read)

    def values(self, given: Parameters) -> list[Any]:
        """The parameters in the order of the text. Raises `KeyError` where one is missing."""
        values = []
        for name, known, write in self._parameters:
            value = given[name] if known is _REQUIRED else known
            values.append(write(value) if write else value)
        return values

    def row(self, row: Any) -> Any:
        """A row of the driver with Python values."""
        if not self._columns:
            return row
        values = list(row)
        for place, read in self._columns:
            values[place] = read(values[place])
        return values

    def result(self, rows: list[Any], rowcount: int = -1) -> Result:
        """The driver's rows as a result."""
        return Result(
            self.keys or _numbered(rows), [self.row(row) for row in rows] if self._columns else rows, rowcount
        )


def _compiled(statement: Executable, dialect: Dialect) -> "SQLCompiler":
    clause = cast("ClauseElement", statement)
    compiled = cast("SQLCompiler", clause.compile(dialect=dialect))
    if compiled.post_compile_params:
        # Each value of an IN gets a place of its own. This needs all values: such a statement has no parameters.
        expanded = {"render_postcompile": True}
        compiled = cast(
            "SQLCompiler", cast("ClauseElement", statement).compile(dialect=dialect, compile_kwargs=expanded)
        )
    return compiled


class Statements:
    """The compiled statements of one kind of database. `compilations`: how many were compiled so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: WeakKeyDictionary[Executable, Compiled] = WeakKeyDictionary()
        self.compilations = 0

    def compiled(self, statement: Executable) -> Compiled:
        """The statement for the driver."""
        found = self._known.get(statement)
        if found is None:
            self.compilations += 1
            found = self._known[statement] = Compiled(statement, self._dialect)
        return found


def _numbered(rows: list[Any]) -> tuple[str, ...]:
    """Names for the columns of a text whose columns are not known."""
    return tuple(f"_{number}" for number in range(len(rows[0]) if rows else 0))


def _parameters(compiled: "SQLCompiler", dialect: Dialect) -> tuple[tuple[str, Any, Process | None], ...]:
    """For each place in the text: the name, the value where the statement has it, and what the driver needs."""
    values = compiled.construct_params(_check=False)
    found = []
    for name in compiled.positiontup or ():
        bind = compiled.binds.get(name)
        known = _REQUIRED if bind is not None and bind.required else values[name]
        # A value of an expanded IN has the type of the whole.
        kind = bind.type if bind is not None else compiled.binds[name.rpartition("_")[0]].type
        found.append((name, known, _writer(kind, dialect)))
    return tuple(found)


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    if dialect.name == "sqlite":
        return kind.dialect_impl(dialect).result_processor(dialect, None)
    # asyncpg gives JSON as text, unless it is told otherwise for each connection, and all else as Python values.
    return _json if isinstance(kind.impl if isinstance(kind, TypeDecorator) else kind, sqlalchemy.JSON) else None


def _json(value: str | None) -> Any:
    return None if value is None else json.loads(value)
