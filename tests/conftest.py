"""Databases for the tests that run on each of them, and the order in which the tests run."""

import asyncio
import gc
import os
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from storage import sqlite
from storage.store import Store
from tests.support import postgres
from tests.support.blank import put_blank_database
from tests.support.quick import quick_statements

# What is lost with the machine is no loss here; the processes of the kill matrices keep to the bot's own.
sqlite.SYNCHRONOUS = "OFF"

WAITING = "test_kill_"
"""How the names of the files begin that mostly wait, for processes and for time to pass."""
SECONDS = {"test_chat_": 2.0, "test_template": 2.0, "test_bot_": 0.4}
"""About what a test takes, by how its file's name begins; others take little."""
LITTLE = 0.1


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: half of the time the tests wait for processes and for time to pass."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first: one of them at the end would keep one worker busy while the others have
    nothing. Those that wait are spread between the ones that work: side by side they would leave the machine idle."""
    taken: dict[Path, float] = defaultdict(float)
    for item in items:
        begins = (seconds for begin, seconds in SECONDS.items() if item.path.name.startswith(begin))
        taken[item.path] += next(begins, LITTLE)
    working = sorted((path for path in taken if not path.name.startswith(WAITING)), key=lambda path: -taken[path])
    waiting = [path for path in taken if path.name.startswith(WAITING)]
    total, order, done = sum(taken[path] for path in working), list[Path](), 0.0
    apart = total / max(1, len(waiting))
    for path in working:
        if waiting and done >= total - apart * len(waiting):
            order.append(waiting.pop(0))
        order.append(path)
        done += taken[path]
    place = {path: number for number, path in enumerate([*order, *waiting])}
    items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: nobody need look through it for garbage, now or while the tests run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _quick_statements() -> Iterator[None]:
    with quick_statements():
        yield


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
