"""A paid job survives a crash and is never paid twice, on SQLite."""

import pytest

from tests.support.crash_scenario import CrashScenario, KillMatrix, play


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> CrashScenario:
    return play(tmp_path_factory.mktemp("story"))


class TestSqlite(KillMatrix):
    """Every way to end, at every step."""
