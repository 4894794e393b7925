"""Databases for the tests that run on each of them."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.support import postgres


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: half of the time the tests wait for processes and for time to pass."""
    return (os.cpu_count() or 1) + 1


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
        return f"sqlite:///{tmp_path}/new/folder/bot.db"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.url(server.database(request.getfixturevalue("postgres_template")))
