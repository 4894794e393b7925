"""A paid job survives a crash and is never paid twice, on SQLite."""

import pytest

from tests.support.story import KillMatrix, Story, play


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return play(tmp_path_factory.mktemp("story"))


class TestSqlite(KillMatrix):
    """Every way to end at every step."""
