"""The tables of the metadata as a copy sees them: their order, their columns, and rows in one form for both databases.

Nothing here names a table, except those of processes: a new table is copied like the others. JSON is copied as the text
that is stored, so that nothing changes on its way.
"""

import json
import marshal
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import sqlalchemy
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, Table, TypeDecorator
from sqlalchemy.types import TypeEngine

from storage.column_types import UNSTORABLE, clean
from storage.schema import metadata, workers

Row = tuple[Any, ...]
Values = Sequence[Any]
"""The values of one column."""
Convert = Callable[[Values], Values]

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

    def converted(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """Rows of a driver in the form that is copied, and those of them whose texts had to be changed."""
        # By columns: row by row it takes three times as long.
        columns = list(zip(*rows, strict=True))
        changed = set[int]()
        for place, convert in self._conversions:
            before, columns[place] = columns[place], tuple(convert(columns[place]))
            if convert in TEXTS and columns[place] is not before:
                changed.update(_changed(before, columns[place]))
        converted = list(zip(*columns, strict=True))
        return converted, [converted[number] for number in sorted(changed)]


def _changed(before: Values, after: Values) -> Iterable[int]:
    return (number for number, text in enumerate(before) if isinstance(text, str) and text is not after[number])


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
    """How the values of this column get the form that is copied; None: they have that form already."""
    if column.name == OWNER:
        return _nobodies
    match _plain(column.type):
        case Boolean():
            return _booleans
        case sqlalchemy.JSON():
            return _jsons
        case sqlalchemy.String():
            return _texts
        case Float():
            return _floats
        case Integer() | LargeBinary():
            return None
    raise UnknownColumnTypeError(f"{column}: {column.type!r}")


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _nobodies(values: Values) -> Values:
    return (None,) * len(values)


def _booleans(values: Values) -> Values:
    return [value if value is None else bool(value) for value in values]


def _floats(values: Values) -> Values:
    # SQLite stores -0.0 as 0.
    return [value if value is None else value + 0.0 for value in values]


def _texts(values: Values) -> Values:
    if not any(map(UNSTORABLE.search, filter(None, values))):
        return values
    return [clean(value) for value in values]


def _jsons(values: Values) -> Values:
    texts = [value for value in values if value is not None]
    # SQLite stores the text of a number as that number.
    if all(isinstance(value, str) for value in texts) and not any(map(_SUSPECT_JSON.search, texts)):
        return values
    return [value if value is None else _json(value) for value in values]


def _json(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        parsed = json.loads(value)
    except ValueError:
        # PostgreSQL refuses it, and the copy names its row.
        return value
    return value if (cleaned := clean(parsed)) == parsed else json.dumps(cleaned)


TEXTS = (_texts, _jsons)
"""The conversions that change what people see: they return the same objects where they change nothing."""
