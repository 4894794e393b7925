"""An empty SQLite database: migrated once for all tests of this process, and copied for each."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.store import Store


def put_blank_database(file: Path) -> None:
    """Write it to `file`; its folder is made. Not for a running event loop: call it in a thread."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_blank())


@cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "new" / "folder" / "bot.db"
        asyncio.run(_make(file))
        return file.read_bytes()


async def _make(file: Path) -> None:
    await (await Store.open(f"sqlite:///{file}")).aclose()
