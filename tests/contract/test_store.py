"""The store, on each database: migrations, jobs, references, deletion of old rows, and rollback."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from storage.database import Transaction
from storage.job_states import JobState
from storage.records import CheckedReference, Draft, NewDraft, NewReference
from storage.schema import metadata
from storage.store import Store
from tests.support.raw_database import connected
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, claim, finished, new_job, queued


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_migrations_make_the_tables_of_the_schema(store: Store, database_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with connected(database_url) as connection:
        assert await connection.run_sync(differences) == []


async def test_what_was_stored_is_there_after_opening_again(database_url: str) -> None:
    first = await Store.open(database_url)
    job = await first.jobs.add(new_job(references=(NewReference("file", 3),)), 1.0)
    await first.aclose()
    second = await Store.open(database_url)
    assert job
    assert await second.jobs.get(job.id) == job
    assert [reference.file_id for reference in await second.references.of_job(job.id)] == ["file"]
    await second.aclose()


async def test_one_update_makes_one_job(store: Store) -> None:
    assert await store.jobs.add(new_job(), 1.0)
    assert await store.jobs.add(new_job(), 2.0) is None
    assert await store.jobs.add(new_job(chat_id=-6), 2.0)


async def test_a_job_is_found_by_its_status_message(store: Store) -> None:
    job = await queued(store, 1)
    await store.jobs.shown_at(job.id, 70)
    found = await store.jobs.with_status(-5, 70)
    assert found
    assert found.id == job.id
    assert await store.jobs.with_status(-5, 71) is None


async def test_a_late_reference_joins_while_the_job_waits(store: Store) -> None:
    job = await queued(store, 1)
    assert await store.references.join(job.id, NewReference("late", 2))
    assert not await store.references.join(job.id, NewReference("late", 2)), "the same message twice"
    again = await store.jobs.get(job.id)
    assert again
    assert again.state is JobState.PREPARING
    (reference,) = await store.references.of_job(job.id)
    assert await store.tasks.queue(job.id, "jimeng", [{}], [], 1.0) is JobState.PREPARING, (
        "prepared without the late one"
    )
    assert await store.tasks.queue(job.id, "jimeng", [{}], [reference.id], 1.0) is JobState.WORKING
    await claim(store, 2.0)
    assert not await store.references.join(job.id, NewReference("too late", 3))


async def test_references_are_kept_for_the_jobs_life(store: Store) -> None:
    job = await store.jobs.add(new_job(references=(NewReference("f", 1),)), 1.0)
    assert job
    (reference,) = await store.references.of_job(job.id)
    assert await store.references.data(reference.id) is None
    other = CheckedReference(b"fitted for another", "image/png", 3, 4, [])
    assert not await store.references.store(reference.id, other, "ark")
    assert await store.references.data(reference.id) is None
    assert await store.references.store(
        reference.id, CheckedReference(b"bytes", "image/png", 3, 4, [ERROR_MESSAGE]), "jimeng"
    )
    (checked,) = await store.references.of_job(job.id)
    assert (checked.media_type, checked.size, checked.changes) == ("image/png", 5, [ERROR_MESSAGE])
    assert await store.references.data(reference.id) == (b"bytes", "image/png")
    await store.jobs.fail(job.id, ERROR_MESSAGE)
    await store.jobs.end(job.id, JobState.FAILED, 2.0)
    assert await store.references.data(reference.id) is None


async def test_what_nobody_comes_back_to_is_forgotten(store: Store) -> None:
    month = 30 * 24 * 3600
    await store.drafts.add(NewDraft("draft", -5, ANN, 70, Draft((NewReference("a", 7),))), 100.0)
    kept = await finished(store, 8)
    await store.posted.add(-5, "old", NewReference("f", 1), 100.0)
    await store.posted.add(-5, "new", NewReference("g", 2), 100.0 + month)
    await store.tidy(101.0 + month)
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=0.0) == Draft()
    assert await store.jobs.get(kept.id)
    assert await store.posted.album(-5, "old") == ()
    assert await store.posted.album(-5, "new")


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    async def broken(connection: Transaction) -> None:
        await connection.execute(text("INSERT INTO people (id, last_turn) VALUES (1, 2)"))
        raise KeyError

    with pytest.raises(KeyError):
        await store.database.write(broken)
    assert (await store.database.fetch(text("SELECT count(*) FROM people"))).scalar() == 0
