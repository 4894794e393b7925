"""An empty SQLite database: migrated once for all tests of this process, and copied for each."""

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
    """Write it to `file`; its folder is made. Not for a running event loop: call it in a thread."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_blank())


@contextmanager
def blank_stores() -> Iterator[None]:
    """What is opened and not there yet is a copy of it, in place of being migrated."""
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
    # Not by `Store.open`, which may be giving out copies of this one.
    await (await Database.open(f"sqlite:///{file}")).aclose()
