"""A paid job survives a crash and is never paid twice, on PostgreSQL."""

import pytest

from tests.support import postgres
from tests.support.crash_scenario import CrashScenario, KillMatrix, play


@pytest.fixture(scope="module")
def scenario(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server, postgres_template: str
) -> CrashScenario:
    database = postgres_server.url(postgres_server.database(postgres_template))
    return play(tmp_path_factory.mktemp("story"), database)


class TestPostgres(KillMatrix):
    """Every way to end, at every step."""
