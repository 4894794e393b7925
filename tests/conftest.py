"""Fixtures for databases of each kind, and the scheduling of tests to workers."""

import asyncio
import gc
import os
from collections.abc import Generator, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from bot.demo import ports
from storage import sqlite
from storage.store import Store
from tests.support import postgres
from tests.support.blank_database import put_blank_database
from tests.support.late_answers import SIDES, be_late

# Nothing here must survive the machine; the processes of the kill matrices use the bot's own setting.
sqlite.SYNCHRONOUS = "OFF"

# A slow machine is no failure.
settings.register_profile("suite", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("suite")

# Each worker has ports of its own: two that choose at the same moment could choose the same.
PORTS_OF_A_WORKER = 1_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % (len(ports.PORTS) // PORTS_OF_A_WORKER)
ports.PORTS = ports.PORTS[_worker * PORTS_OF_A_WORKER :][:PORTS_OF_A_WORKER]

GROUPS = {
    "test_store*": "postgres",
    "test_update_inbox*": "postgres",
    "test_backup*": "postgres",
    "test_kill_steps_postgres*": "processes 2",
    "test_kill_takeover*": "processes 2",
    "test_kill_connection*": "processes 2",
    "test_kill_server*": "processes 2",
    "test_kill_start*": "processes 2",
    "test_two_workers*": "processes 2",
    "test_lost_tickets*": "processes 2",
    "test_kill_*": "processes 1",
    "test_install*": "processes 1",
    "test_template*": "template",
    "test_bucket*": "bucket",
    "test_chat_[a-h]*": "browser 1",
    "test_chat_*": "browser 2",
}
"""The files that one worker runs, by their names; the first that fits counts. These start a server or a browser, or
load what their processes are forked from, which takes seconds. A group with many tests begins before all tests without
one.

The servers are not those of pytest-postgresql: it stops them in good order only, and these tests crash them, start them
again and cut their connections; nor does it start a server as another user where the tests run as root."""
MOSTLY_WAIT = 2
"""How many groups wait for processes and for time to pass, and leave their core to others."""

OBJECTS_BETWEEN_COLLECTIONS = 50_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--late`: see `late_answers`."""
    parser.addoption("--late", choices=sorted(SIDES), help="let these stand-ins answer late, at random")


def pytest_configure(config: pytest.Config) -> None:
    """See `pytest_addoption`."""
    if side := config.getoption("--late"):
        be_late(side)


def pytest_xdist_auto_num_workers() -> int:
    """One for each core, and one for each group that mostly waits."""
    return (os.cpu_count() or 1) + MOSTLY_WAIT


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a group go to one worker, all others one by one to whichever is free.

    It stands in for xdist's own `loadgroup`: that puts the group into `_nodeid` of a test, which pytest 9.2 does not
    read, so every test goes its own way.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].rpartition("/")[2]
        return next((group for names, group in GROUPS.items() if fnmatch(file, names)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    """See `GroupScheduling`."""
    return GroupScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep imported objects out of the garbage collection, and collect the tests' own seldom: the default takes a
    sixth of their time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
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


@pytest.fixture
def postgres_url(postgres_server: postgres.Server, postgres_template: str) -> Iterator[str]:
    """An empty database of that server."""
    name = postgres_server.blank(postgres_template)
    yield postgres_server.url(name)
    postgres_server.give_back(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test runs on every kind."""
    if request.param == "sqlite":
        file = tmp_path / "bot.db"
        put_blank_database(file)
        return f"sqlite:///{file}"
    return str(request.getfixturevalue("postgres_url"))
