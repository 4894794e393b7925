"""An empty SQLite database with all tables: migrated once in this process, and copied for each test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from storage.database import Database
from storage.store import Store


def put_blank_database(file: Path) -> None:
    """Copy the database to `file`, whose folder is created. It blocks: call it in a thread."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_blank())


@contextmanager
def blank_stores() -> Iterator[None]:
    """Within it, opening a database that does not exist yet copies this one instead of migrating."""
    open_store = Store.open

    async def opened(url: str, *, wait: bool = False) -> Store:
        file = Path(url.removeprefix("sqlite:///"))
        if not await asyncio.to_thread(file.exists):
            await asyncio.to_thread(put_blank_database, file)
        return await open_store(url, wait=wait)

    with patch.object(Store, "open", opened):
        yield


@cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "new" / "folder" / "bot.db"
        asyncio.run(_make(file))
        return file.read_bytes()


async def _make(file: Path) -> None:
    # Not by `Store.open`: `blank_stores` may have replaced it.
    await (await Database.open(f"sqlite:///{file}")).aclose()
