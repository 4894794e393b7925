"""The metadata that all tables share, and the parts of their definitions that SQLite and PostgreSQL need."""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite numbers rows by itself only in a column of type INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


def partial(condition: str) -> Any:
    """The arguments of an index that holds only the rows of this condition."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def only_on(dialect: str, index: Index) -> Index:
    """An index that only one kind of database has: `sqlite` or `postgresql`, as its `info` tells."""
    index.info["dialect"] = dialect
    return index.ddl_if(dialect=dialect)
