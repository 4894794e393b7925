"""Fills every table of the metadata with rows made from its column types, so that a new table is filled, too."""

from typing import Any

import sqlalchemy
from sqlalchemy import Boolean, Column, Connection, Float, Integer, LargeBinary, TypeDecorator, insert, text

from storage.schema import metadata

ROWS = 3
"""In each table; the last one is NULL wherever it can be."""
WORDS = "狐 🦊 'quoted\" \\ {number}"

VALUES: tuple[tuple[type[Any], tuple[Any, ...]], ...] = (
    (Boolean, (True, False, False)),
    # One that binary floats do not have, one of 17 digits, and a whole one.
    (Float, (0.1, 1700000000.1234567, 3.0)),
    (sqlalchemy.JSON, ({"狐": [1, 0.1, None, True, "🦊"], "a": {}}, [], "null")),
    (LargeBinary, (bytes(range(256)), bytes(512), b"")),
    (Integer, (0, -7, 2**31 - 1)),
)
"""By the type of a column: its value in each row."""


def fill_every_table(connection: Connection) -> None:
    """Store the rows, with everything in them that the two databases write in different ways."""
    for table in metadata.sorted_tables:
        for number in range(1, ROWS + 1):
            row = {column.name: _value(column, number) for column in table.columns}
            connection.execute(insert(table).values(row))
    if connection.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            if table.autoincrement_column is not None:
                last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
                connection.execute(text(last))


def _value(column: Column[Any], number: int) -> Any:
    if column.nullable and number == ROWS:
        return sqlalchemy.null()
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Integer) and (column.primary_key or column.foreign_keys):
        return number
    if isinstance(kind, sqlalchemy.String):
        return f"{number} {WORDS}"[: kind.length or 99]
    (values,) = (values for known, values in VALUES if isinstance(kind, known))
    return values[number - 1]
