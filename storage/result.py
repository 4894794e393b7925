"""The rows that a statement returns."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from storage.store_errors import UnexpectedRowsError

T = TypeVar("T")
Read = Callable[[Sequence[Any]], Sequence[Any]]
"""Turns a row of the driver into one of Python values."""


class Rows(list[T], Generic[T]):
    """Rows in one of the forms of `Result`."""

    def all(self) -> list[T]:
        """All rows."""
        return self

    def first(self) -> T | None:
        """The first row, or None."""
        return self[0] if self else None

    def one(self) -> T:
        """The only row. Raises `UnexpectedRowsError` when there is none, or there are several."""
        if len(self) != 1:
            raise UnexpectedRowsError(f"{len(self)} rows in place of one")
        return self[0]


class Result:
    """The result of one statement. A row is a named tuple, a dictionary (`mappings`), or one value (`scalars`).

    `rowcount`: the rows that a statement without RETURNING has changed.
    """

    __slots__ = ("_keys", "_rows", "rowcount")

    def __init__(self, keys: tuple[str, ...], rows: Sequence[Sequence[Any]], rowcount: int) -> None:
        self._keys = keys
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def all(self) -> Rows[Any]:
        """The rows as named tuples."""
        return Rows(map(_row_class(self._keys), self._rows))

    def first(self) -> Any:
        """The first row, or None."""
        return _row_class(self._keys)(self._rows[0]) if self._rows else None

    def one(self) -> Any:
        """The only row. Raises `UnexpectedRowsError`."""
        return self.all().one()

    def mappings(self) -> Rows[dict[str, Any]]:
        """The rows as dictionaries."""
        return Rows(dict(zip(self._keys, row, strict=True)) for row in self._rows)

    def scalars(self) -> Rows[Any]:
        """The first column."""
        return Rows(row[0] for row in self._rows)

    def scalar(self) -> Any:
        """The first column of the first row; None when there is no row."""
        return self._rows[0][0] if self._rows else None

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row; None when there is no row. Raises `UnexpectedRowsError`."""
        return self.scalars().one() if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row. Raises `UnexpectedRowsError`."""
        return self.scalars().one()


@lru_cache(maxsize=1000)
def _row_class(keys: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    # Columns without a name of their own are found by their position.
    row: Any = namedtuple("Row", list(keys), rename=True)  # type: ignore[misc]
    made: Callable[[Iterable[Any]], Any] = row._make
    return made
