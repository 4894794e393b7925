"""A database from before the states were explicit is opened: open jobs go on, ended ones stay ended."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, text

from storage.job_states import IS_OPEN, JobState
from storage.migrate import upgrade
from storage.schema import jobs, metadata
from storage.store import Store
from tests.support import postgres
from tests.support.raw_database import connected

BEFORE = "0012"
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
NewUrl = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> NewUrl:
    """Makes databases without any table."""
    numbers = count()
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return lambda: server.url(server.database())


JOBS = [
    ("preparing", None, JobState.PREPARING),
    ("working", None, JobState.WORKING),
    ("delivering", None, JobState.DELIVERING),
    ("delivered", 5.0, JobState.DELIVERED),
    ("failed", None, JobState.FAILING),
    ("failed", 5.0, JobState.FAILED),
    ("cancelled", None, JobState.CANCELLING),
    ("cancelled", 5.0, JobState.CANCELLED),
    ("interrupted", None, JobState.INTERRUPTING),
    ("interrupted", 5.0, JobState.INTERRUPTED),
]
"""How a job was stored, and how it is to be."""


async def test_what_was_told_and_what_was_not_is_known_by_the_state(new_url: NewUrl) -> None:
    url = new_url()
    async with connected(url) as connection:
        await connection.run_sync(upgrade, BEFORE)
        row = text(
            "INSERT INTO jobs (state, finished_at, chat_id, origin, message_id, user_id, language, provider, prompt,"
            " options, created_at) VALUES (:state, :finished_at, 5, :origin, 1, 7, 'en', 'fake', 'a fox', '{}', 1)"
        )
        for number, (state, finished_at, _) in enumerate(JOBS):
            await connection.execute(row, {"state": state, "finished_at": finished_at, "origin": f"message:{number}"})
    store = await Store.open(url)
    found = [await store.jobs.get(number) for number in range(1, len(JOBS) + 1)]
    assert [job and (job.state, job.finished_at) for job in found] == [(new, at) for _, at, new in JOBS]
    left = await store.workers.recover_jobs(await store.workers.join(2.0), {}, 2.0)
    assert [job.id for job in left] == [1, 2, 3, 5, 7, 9], "what is open goes on"
    await store.aclose()


async def test_the_indexes_are_those_of_the_schema(new_url: NewUrl) -> None:
    migrated, made = new_url(), new_url()
    await (await Store.open(migrated)).aclose()
    async with connected(made) as connection:
        await connection.run_sync(metadata.create_all)
    assert await indexes(migrated) == await indexes(made)


async def indexes(url: str) -> dict[str, str]:
    """The definitions of the indexes of the bot's tables."""
    own = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    async with connected(url) as connection:
        rows = await connection.execute(text(INDEXES[connection.dialect.name]))
        return {name: definition for name, definition in rows if name in own}


async def test_open_jobs_are_found_by_their_index(database_url: str) -> None:
    query = select(jobs.c.id).where(jobs.c.worker_id == 1, IS_OPEN)
    async with connected(database_url) as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            explain = "EXPLAIN"
            # For so small a table the planner would choose a full scan.
            await connection.execute(text("SET enable_seqscan = off"))
        plan = await connection.execute(text(f"{explain} {query}"), query.compile().params)
        assert "ix_jobs_open" in str(plan.all())
