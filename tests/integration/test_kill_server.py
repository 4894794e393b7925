"""The database server crashes, and restarts seconds later, at every step of a job."""

import asyncio
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.store_outage import Outage, OutageMatrix


class Crashed(Outage):
    """The whole PostgreSQL server is down."""

    def __init__(self, folder: Path, server: postgres.Server, template: str) -> None:
        database = server.database(template)
        # Committed rows must survive this crash.
        server.run(f'ALTER DATABASE "{database}" SET synchronous_commit = on')
        super().__init__(folder, server.url(database))
        self._server = server

    async def fail(self) -> None:
        await asyncio.to_thread(self._server.crash)

    async def recover(self) -> None:
        await asyncio.to_thread(self._server.start)


@pytest.fixture(scope="module")
def process_harness(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server, postgres_template: str
) -> Crashed:
    async def play() -> Crashed:
        process_harness = Crashed(tmp_path_factory.mktemp("crashed"), postgres_server, postgres_template)
        await process_harness.play_all()
        return process_harness

    return asyncio.run(play())


class TestCrashedServer(OutageMatrix):
    """PostgreSQL."""
