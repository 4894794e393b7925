"""The tables of the metadata as a copy sees them: their order, their columns, and rows in one form for both databases.

Nothing here names a table, except those of processes: a new table is copied like the others. JSON is copied as the text
that is stored, so that nothing changes on its way.
"""

import json
import marshal
import re
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from typing import Any

import sqlalchemy
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, Table, TypeDecorator
from sqlalchemy.types import TypeEngine

from storage.column_types import clean
from storage.schema import metadata, workers

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]

PROCESS_TABLES = frozenset({workers.name})
"""Their rows belong to running processes, and are not copied."""
OWNER = "worker_id"
"""A column of this name is NULL in the copy: the first process that starts there recovers the row."""
CHECKSUM_BYTES = 16
CHECKSUMS = 1 << 8 * CHECKSUM_BYTES
"""How many checksums there are."""
_SUSPECT_JSON = re.compile(r"NaN|Infinity|\x00|\\u0000|\\u[dD][89a-fA-F]")


class UnknownColumnTypeError(TypeError):
    """Copies do not know how both databases store this type."""


class CopiedTable:
    """One table: its columns, its primary key, and the conversion of its rows.

    `counted`: the column that the database numbers by itself; `large`: columns of which one value may have megabytes.
    """

    def __init__(self, table: Table) -> None:
        columns, counted = list(table.columns), table.autoincrement_column
        self.table = table
        self.name = table.name
        self.columns = tuple(column.name for column in columns)
        self.key = tuple(column.name for column in table.primary_key)
        self.counted = None if counted is None else counted.name
        self.large = tuple(column.name for column in columns if isinstance(_plain(column.type), LargeBinary))
        self._key_places = [self.columns.index(name) for name in self.key]
        self._conversions = [(place, made) for place, column in enumerate(columns) if (made := _conversion(column))]

    def key_of(self, row: Row) -> list[Any]:
        """The primary key of a row."""
        return [row[place] for place in self._key_places]

    def converted(self, rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
        """Rows of a driver in the form that is copied, and those of them whose texts had to be changed."""
        converted, changed = [], []
        for row in rows:
            values = list(row)
            is_changed = False
            for place, convert in self._conversions:
                if (value := values[place]) is not None:
                    values[place] = new = convert(value)
                    is_changed = is_changed or (new is not value and isinstance(value, str))
            converted.append(tuple(values))
            if is_changed:
                changed.append(converted[-1])
        return converted, changed


@cache
def copied_tables() -> tuple[CopiedTable, ...]:
    """All tables whose rows are copied, parents before their children."""
    return tuple(CopiedTable(table) for table in metadata.sorted_tables if table.name not in PROCESS_TABLES)


def checksum(rows: Iterable[Row]) -> int:
    """The sum of the digests of converted rows: it does not depend on their order, and those of parts add up."""
    # Version 0 writes equal values as equal bytes; later ones depend on how the values are kept in memory.
    digests = (blake2b(marshal.dumps(row, 0), digest_size=CHECKSUM_BYTES).digest() for row in rows)
    return sum(map(_number, digests)) % CHECKSUMS


def _number(digest: bytes) -> int:
    return int.from_bytes(digest)


def _conversion(column: Column[Any]) -> Convert | None:
    """How a value of this column, which is not NULL, gets the form that is copied; None: it has that form already."""
    if column.name == OWNER:
        return _nobody
    match _plain(column.type):
        case Boolean():
            return bool
        case sqlalchemy.JSON():
            return _json
        case sqlalchemy.String():
            return clean
        case Float():
            return _float
        case Integer() | LargeBinary():
            return None
    raise UnknownColumnTypeError(f"{column}: {column.type!r}")


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _nobody(_worker_id: object) -> None:
    return None


def _float(value: float) -> float:
    # SQLite stores -0.0 as 0.
    return value + 0.0


def _json(value: Any) -> str:
    if not isinstance(value, str):
        # SQLite stores the text of a number as that number.
        return json.dumps(value)
    if not _SUSPECT_JSON.search(value):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        # PostgreSQL refuses it, and the copy names its row.
        return value
    return value if (cleaned := clean(parsed)) == parsed else json.dumps(cleaned)
