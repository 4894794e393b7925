"""A database with rows in every table, and a place for its copy."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.any_rows import fill_every_table
from tests.support.blank_database import put_blank_database
from tests.support.raw_database import connected


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with rows in every table."""
    file = tmp_path_factory.mktemp("filled") / "bot.db"
    put_blank_database(file)
    asyncio.run(_fill(f"sqlite:///{file}"))
    return file


async def _fill(url: str) -> None:
    async with connected(url) as connection:
        await connection.run_sync(fill_every_table)


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(filled, tmp_path / 'bot.db')}"


@pytest.fixture
def back(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/back.db"
