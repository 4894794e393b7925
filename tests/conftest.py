"""Databases for the tests that run on each of them, and the order in which the tests run."""

import asyncio
import gc
import os
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from storage import sqlite
from storage.store import Store
from tests.support import postgres
from tests.support.blank import put_blank_database
from tests.support.statements import quick_statements

# What is lost with the machine is no loss here; the processes of the kill matrices keep to the bot's own.
sqlite.SYNCHRONOUS = "OFF"

POSTGRES, PROCESSES = "tests with PostgreSQL", "tests with processes"
GROUPS = {
    "test_store": POSTGRES,
    "test_inbox": POSTGRES,
    "test_backup": POSTGRES,
    "test_lost_tickets": POSTGRES,
    "test_kill_connection": POSTGRES,
    "test_kill_server": POSTGRES,
    "test_kill_start": POSTGRES,
    "test_kill_": PROCESSES,
}
"""How the names of the files begin that one worker runs: these start a server, or load what their processes are forked
from, which takes seconds, and then they mostly wait. Both take as long: another server costs less than to wait for one
worker."""
SECONDS = {"test_chat_": 4.0, "test_template": 3.0, "test_bot_": 0.5}
"""About what a test takes, by how its file's name begins; others take little."""
LITTLE = 0.05


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """The tests of a file go to one worker, and so do those of a group of files."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])


def group(file: str) -> str:
    """What is run by one worker: the file alone, or with its group."""
    return next((name for begin, name in GROUPS.items() if Path(file).name.startswith(begin)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """See `Scheduling`."""
    return Scheduling(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """One for each core, and one for each group that mostly waits for processes and for time to pass."""
    return (os.cpu_count() or 1) + len(set(GROUPS.values()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the groups, then the files that take longest: one of them at the end would keep one worker busy while the
    others have nothing."""
    taken: dict[str, float] = defaultdict(float, dict.fromkeys(GROUPS.values(), float("inf")))
    for item in items:
        begins = (seconds for begin, seconds in SECONDS.items() if item.path.name.startswith(begin))
        taken[group(str(item.path))] += next(begins, LITTLE)
    items.sort(key=lambda item: -taken[group(str(item.path))])


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
