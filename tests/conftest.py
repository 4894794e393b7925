"""Databases for the tests that run on each of them, and the order in which the tests run."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from storage import sqlite
from storage.store import Store
from tests.support import postgres
from tests.support.blank import put_blank_database

# What is lost with the machine is no loss here; the processes of the kill matrices keep to the bot's own.
sqlite.SYNCHRONOUS = "OFF"

LONGEST = ("test_kill_takeover", "test_template", "test_bot_", "test_kill_", "test_chat_")
"""The files that take long for the number of their tests, by how their names begin.

The one that minds the time goes first, beside files that leave it some of the machine.
"""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: half of the time the tests wait for processes and for time to pass."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: one of them at the end would keep one worker busy while the others have nothing."""
    counts = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        name = item.path.name
        rank = next((rank for rank, begin in enumerate(LONGEST) if name.startswith(begin)), len(LONGEST))
        return rank, -counts[item.path]

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: nobody need look through it for garbage, now or while the tests run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server; the tests that need it are skipped where there is none."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> str:
    """A database of that server with all tables, to make copies of."""

    async def migrate(name: str) -> None:
        await (await Store.open(postgres_server.url(name))).aclose()

    template = postgres_server.database()
    asyncio.run(migrate(template))
    return template


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test runs on every kind."""
    if request.param == "sqlite":
        file = tmp_path / "bot.db"
        put_blank_database(file)
        return f"sqlite:///{file}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.url(server.database(request.getfixturevalue("postgres_template")))
