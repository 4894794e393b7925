"""A copy of a database, as the tests make, kill and compare it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from storage.copy_rows import OWNER, copied_tables
from storage.copy_steps import Progress
from storage.database import UnusableStoreError
from storage.store import Store
from tests.support.old_rows import Row, everything
from tests.support.raw_database import connected

UNKNOWN = {"template": "Not known.", "values": {}}


class Killed(BaseException):
    """Ends a copy as a killed process does."""


def quiet(_progress: Progress) -> None:
    """Show nothing."""


def killed_at(number: int) -> Callable[[Progress], None]:
    """Ends the copy at its report of this number."""
    left = [number]

    def report(_progress: Progress) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return report


async def rows(url: str) -> dict[str, list[str]]:
    """All rows that are copied, as they are in a copy."""
    async with connected(url) as connection:
        found = await connection.run_sync(everything)
    return {table.name: sorted(map(_as_copied, found[table.name])) for table in copied_tables()}


def _as_copied(row: Row) -> str:
    return repr(sorted({**row, OWNER: None}.items()))


async def starts(url: str) -> str | None:
    """Why no bot starts there; None: one does."""
    try:
        store = await Store.open(url)
    except UnusableStoreError as error:
        return str(error)
    await store.aclose()
    return None


async def execute(url: str, statement: str, **values: Any) -> None:
    async with connected(url) as connection:
        await connection.execute(text(statement), values)
