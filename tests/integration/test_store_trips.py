"""A job's trips to the store: how many there are, and that no statement of them is compiled anew."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.sqlite import SqliteBackend
from tests.support.app_harness import AppHarness, open_app_harness

MOST_READS, MOST_WRITES = 14, 12
"""For one picture in a private chat: each write is a commit, and each trip a visit to a thread or to the server."""
PROGRESS = "progress"
"""The task whose reads are not counted: they are the same for any number of jobs."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as running:
        yield running


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the trips from now on."""
    counted: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., Awaitable[Any]]:
        real = getattr(SqliteBackend, name)

        async def trip(self: SqliteBackend, step: Any, *given: Any, **how: Any) -> Any:
            task = asyncio.current_task()
            counted[name] += task is None or task.get_name() != PROGRESS
            return await real(self, step, *given, **how)

        return trip

    for name in ("read", "write"):
        monkeypatch.setattr(SqliteBackend, name, counting(name))
    return counted


async def test_a_job_makes_few_trips_and_compiles_nothing(harness: AppHarness, trips: Counter[str]) -> None:
    statements = harness.app.store.database.backend.statements
    # The first job compiles what it needs.
    await harness.made("a red fox")
    known = statements.compilations
    trips.clear()
    await harness.made("a red fox in the snow")
    assert statements.compilations == known
    assert 0 < trips["write"] <= MOST_WRITES
    assert 0 < trips["read"] <= MOST_READS
