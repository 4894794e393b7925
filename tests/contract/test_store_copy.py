"""A bot that is moved to another database: no row is lost, at most one of the two can be started, nobody pays twice."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from storage.copy import copy_database
from storage.copy_rows import OWNER, PROCESS_TABLES, copied_tables
from storage.copy_steps import Copied, Progress
from storage.database import UnusableStoreError
from storage.migrate import upgrade
from storage.schema import metadata
from storage.store import Store
from tests.support.copies import Killed, execute, killed_at, quiet, rows, starts
from tests.support.later_bot import open_jobs_go_on, opened
from tests.support.old_rows import leave_rows
from tests.support.raw_database import connected
from tests.support.stored_jobs import queued

WITH_DRAFTS = "0013"
"""The revision of the rows of `old_rows`."""


# everything


async def test_all_rows_go_there_and_back(source: str, postgres_url: str, back: str) -> None:
    before = await rows(source)
    assert all(before.values())
    there = await copy_database(source, postgres_url, quiet)
    assert there == Copied(source, _shown(postgres_url), {name: len(found) for name, found in before.items()}, 0)
    assert await rows(postgres_url) == before
    assert await starts(postgres_url) is None
    await copy_database(postgres_url, back, quiet)
    assert await rows(back) == before
    assert [await starts(url) is None for url in (source, postgres_url, back)] == [False, False, True]


def _shown(url: str) -> str:
    return url.replace("imagine@", "")


async def test_pages_of_any_size(source: str, postgres_url: str, back: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, and of less where a picture is large."""
    for name, most in (("ROWS_AT_ONCE", 2), ("BYTES_AT_ONCE", 300)):
        for module in ("storage.copy_sqlite", "storage.copy_postgres"):
            monkeypatch.setattr(f"{module}.{name}", most)
    before = await rows(source)
    seen: list[Progress] = []
    await copy_database(source, postgres_url, seen.append)
    await copy_database(postgres_url, back, quiet)
    assert await rows(back) == before
    pages = [one.rows for one in seen if (one.step, one.table) == ("copying", "pictures")]
    assert [after - one for one, after in pairwise(pages)] == [1]


def test_every_table_can_be_copied() -> None:
    """Fails for a new table that needs a treatment of its own."""
    names = {table.name for table in copied_tables()} | PROCESS_TABLES
    assert names == {table.name for table in metadata.tables.values()}
    for table in copied_tables():
        assert table.key, f"{table.name} has no key to go on from"
        for column in table.table.columns:
            of_process = any(word in column.name for word in ("worker", "session", "process", "lease", "heartbeat"))
            assert not of_process or (column.name == OWNER and column.nullable), f"{column} belongs to a process"


async def test_numbers_go_on_behind_those_that_were_given(source: str, postgres_url: str, back: str) -> None:
    await execute(source, "DELETE FROM workers WHERE id = 3")
    await copy_database(source, postgres_url, quiet)
    store = await Store.open(postgres_url)
    assert await store.workers.join(1.0) == 4, "no id of a worker is given again"
    job = await queued(store, 9)
    assert job.id == 4
    await store.aclose()
    await execute(postgres_url, "DELETE FROM workers")
    await copy_database(postgres_url, back, quiet)
    store = await Store.open(back)
    assert await store.workers.join(1.0) == 5
    assert (await queued(store, 10)).id == 5
    await store.aclose()


# open jobs


@pytest.fixture(params=["there", "and back"])
async def moved(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> str:
    """A database with open jobs of each kind, after its move."""
    old = f"sqlite:///{tmp_path}/old.db"
    async with connected(old) as connection:
        await connection.run_sync(upgrade, WITH_DRAFTS)
        await connection.run_sync(leave_rows, WITH_DRAFTS)
    await copy_database(old, postgres_url, quiet)
    if request.param == "there":
        return postgres_url
    await copy_database(postgres_url, new := f"sqlite:///{tmp_path}/new.db", quiet)
    return new


async def test_open_jobs_go_on_and_nothing_is_paid_twice(moved: str) -> None:
    """Waiting ones are submitted once, running ones polled, finished ones delivered; one that was cut off in its submit
    is told."""
    async with opened(moved) as later:
        assert [one.id for one in await later.store.updates.of(1)] == [5]
        await later.start()
        await open_jobs_go_on(later, [15], [11])


# interrupted


async def test_at_most_one_can_be_started_wherever_the_copy_is_killed(source: str, postgres_url: str) -> None:
    before = await rows(source)
    for number in range(100):
        try:
            # It goes on where the one before it was killed.
            await copy_database(source, postgres_url, killed_at(number))
        except Killed:
            able = [await starts(url) is None for url in (source, postgres_url)]
            assert able in ([True, False], [False, False])
        else:
            break
    assert number > len(before)
    assert [await starts(url) is None for url in (source, postgres_url)] == [False, True]
    assert await rows(postgres_url) == before


async def test_what_is_copied_is_not_copied_again(source: str, back: str) -> None:
    with pytest.raises(Killed):
        await copy_database(source, back, killed_at(5))
    assert "is not complete" in (await starts(back) or "")
    steps: list[Progress] = []
    await copy_database(source, back, steps.append)
    assert len([one for one in steps if one.step == "copying"]) == len(copied_tables()) - 6


async def test_ctrl_c_in_the_middle_of_a_page(source: str, postgres_url: str) -> None:
    left = [7]

    def cancel(_progress: Progress) -> None:
        # The page before this one is being stored.
        left[0] -= 1
        if not left[0]:
            copying.cancel()

    copying = asyncio.ensure_future(copy_database(source, postgres_url, cancel))
    await asyncio.wait({copying})
    assert copying.cancelled()
    await copy_database(source, postgres_url, quiet)
    assert await rows(postgres_url) == await rows(source)


async def test_it_begins_anew_when_a_bot_has_worked_meanwhile(source: str, back: str) -> None:
    with pytest.raises(Killed):
        await copy_database(source, back, killed_at(8))
    store = await Store.open(source)
    await store.workers.join(1.0)
    await store.users.choose(1, "another")
    await store.aclose()
    await copy_database(source, back, quiet)
    assert await rows(back) == await rows(source)


async def test_a_change_that_nobody_announced_is_found(source: str, back: str) -> None:
    with pytest.raises(Killed):
        await copy_database(source, back, killed_at(25))
    await execute(source, "UPDATE people SET provider = 'another' WHERE id = 1")
    with pytest.raises(UnusableStoreError, match="3 rows of people there differ from the 3"):
        await copy_database(source, back, quiet)
    assert await starts(source) is None
