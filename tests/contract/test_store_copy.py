"""A bot that is moved to another database: no row is lost, at most one of the two can be started, nobody pays twice."""

import asyncio
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from storage import copy_postgres
from storage.copy import copy_database, undo
from storage.copy_marks import MOVED, OTHER
from storage.copy_postgres import PostgresEnd
from storage.copy_rows import OWNER, PROCESS_TABLES, copied_tables
from storage.copy_steps import Copied, Progress
from storage.database import UnusableStoreError
from storage.job_states import TaskState
from storage.migrate import upgrade
from storage.records import Limits, NewUpdate
from storage.schema import metadata
from storage.store import Store
from tests.support.any_rows import fill_every_table
from tests.support.blank_database import put_blank_database
from tests.support.engine_harness import until
from tests.support.later_bot import open_jobs_go_on, opened
from tests.support.old_rows import Row, everything, leave_rows
from tests.support.raw_database import connected
from tests.support.stored_jobs import new_job, queued

UNKNOWN = {"template": "Not known.", "values": {}}
WITH_DRAFTS = "0013"
"""The revision of the rows of `old_rows`."""


class Killed(BaseException):
    """Ends a copy as a killed process does."""


def quiet(_progress: Progress) -> None:
    """Show nothing."""


def killed_at(number: int) -> Callable[[Progress], None]:
    """Ends the copy at its report of this number."""
    left = [number]

    def report(_progress: Progress) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return report


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with rows in every table."""
    file = tmp_path_factory.mktemp("filled") / "bot.db"
    put_blank_database(file)
    asyncio.run(_fill(f"sqlite:///{file}"))
    return file


async def _fill(url: str) -> None:
    async with connected(url) as connection:
        await connection.run_sync(fill_every_table)


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(filled, tmp_path / 'bot.db')}"


@pytest.fixture
def back(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/back.db"


async def rows(url: str) -> dict[str, list[str]]:
    """All rows that are copied, as they are in a copy."""
    async with connected(url) as connection:
        found = await connection.run_sync(everything)
    return {table.name: sorted(map(_as_copied, found[table.name])) for table in copied_tables()}


def _as_copied(row: Row) -> str:
    return repr(sorted({**row, OWNER: None}.items()))


async def starts(url: str) -> str | None:
    """Why no bot starts there; None: one does."""
    try:
        store = await Store.open(url)
    except UnusableStoreError as error:
        return str(error)
    await store.aclose()
    return None


async def execute(url: str, statement: str, **values: Any) -> None:
    async with connected(url) as connection:
        await connection.execute(text(statement), values)


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


# refused


@pytest.fixture(params=["sqlite", "postgres"])
def ends(request: pytest.FixtureRequest, source: str, postgres_url: str, back: str) -> tuple[str, str]:
    """A source of each kind, and an empty target of the other."""
    return (source, postgres_url) if request.param == "sqlite" else (postgres_url, back)


async def test_a_bot_that_runs_is_neither_copied_nor_overwritten(ends: tuple[str, str], tmp_path: Path) -> None:
    url, other = ends
    store = await Store.open(url)
    await store.workers.join(1.0)
    with pytest.raises(UnusableStoreError, match=r"^storage.url: .*bot works with"):
        await copy_database(url, other, quiet)
    put_blank_database(tmp_path / "blank.db")
    with pytest.raises(UnusableStoreError, match=r"^--to: .*bot works with"):
        await copy_database(f"sqlite:///{tmp_path}/blank.db", url, quiet)
    await store.aclose()


async def test_a_file_is_known_under_another_name(source: str, back: str, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    store = await Store.open(source)
    await store.workers.join(1.0)
    with pytest.raises(UnusableStoreError, match="the bot works with"):
        await copy_database(f"sqlite:///{tmp_path}/link.db", back, quiet)
    assert "another process" in await join(f"sqlite:///{tmp_path}/link.db")
    await store.aclose()


async def join(url: str) -> str:
    """Start a bot; returns why that does not go."""
    store = await Store.open(url)
    try:
        await store.workers.join(1.0)
    except UnusableStoreError as error:
        return str(error)
    finally:
        await store.aclose()
    return ""


async def test_a_bot_does_not_start_during_a_copy(ends: tuple[str, str]) -> None:
    url, other = ends
    refused: list[str] = []

    def start(progress: Progress) -> None:
        # In a thread, since the copy waits for the end of this function.
        with ThreadPoolExecutor() as threads:
            if progress.step == "comparing" and not refused:
                refused.append(threads.submit(asyncio.run, join(url)).result())

    await _with_a_row(url)
    late = await Store.open(url)
    await copy_database(url, other, start)
    assert "another process" in refused[0] or "is being copied" in refused[0]
    with pytest.raises(UnusableStoreError, match="was moved to"):
        # It was opened before, and is slow.
        await late.workers.join(1.0)
    await late.aclose()


async def _with_a_row(url: str) -> None:
    store = await Store.open(url)
    await store.users.choose(99, "another")
    await store.aclose()


async def test_a_worker_that_hangs_owns_nothing_when_it_goes_on(
    postgres_url: str, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_postgres, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(copy_postgres, "LOOK_SECONDS", 0.01)
    hung = await Store.open(postgres_url)
    worker = await hung.workers.join(1.0)
    job = await hung.jobs.add(new_job(), 1.0, worker_id=worker)
    assert job
    # Its machine sleeps: the server has closed its connections.
    await hung.database.backend.aclose()
    await copy_database(postgres_url, back, quiet)
    assert await hung.workers.heartbeat(worker) is None
    with pytest.raises(UnusableStoreError, match="was moved to"):
        await hung.workers.join(2.0)
    found = await hung.jobs.get(job.id)
    assert found
    assert found.worker_id is None
    await hung.aclose()


async def test_a_bot_that_hung_during_its_move_ends(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", ended.append)
    async with opened(postgres_url) as later:
        await later.start()
        # Another process takes it for dead.
        end = await PostgresEnd.open(make_url(postgres_url), "storage.url")
        await end.set_mark(MOVED, {OTHER: "elsewhere"})
        await end.evict_workers()
        await end.aclose()

        async def has_ended() -> bool:
            return bool(ended)

        await until(has_ended)
    assert ended == [signal.SIGTERM]


async def test_a_target_that_is_not_this_copys(source: str, back: str, tmp_path: Path) -> None:
    other = f"sqlite:///{shutil.copy(tmp_path / 'bot.db', tmp_path / 'other.db')}"
    with pytest.raises(UnusableStoreError, match=r"--to: .*has rows already"):
        await copy_database(source, other, quiet)
    with pytest.raises(Killed):
        await copy_database(source, back, killed_at(5))
    with pytest.raises(UnusableStoreError, match="holds an unfinished copy"):
        await copy_database(other, back, quiet)
    with pytest.raises(UnusableStoreError, match="is not complete"):
        await copy_database(back, f"sqlite:///{tmp_path}/third.db", quiet)
    with pytest.raises(UnusableStoreError, match=r"storage.url itself"):
        await copy_database(source, source, quiet)
    # One that was begun for another target is not completed as well.
    await copy_database(source, f"sqlite:///{tmp_path}/fourth.db", quiet)
    with pytest.raises(UnusableStoreError, match=r"was moved to .*fourth"):
        await copy_database(source, back, quiet)
    with pytest.raises(UnusableStoreError, match=r"--to: .*was moved to .*fourth"):
        await copy_database(other, source, quiet)


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://bot:secret@127.0.0.1:1/bot",
        "postgresql://bot:secret@secret:secret/bot",
        "postgresql://bot:secret@127.0.0.1/bot?port=secret",
        "mysql://bot:secret@127.0.0.1/bot",
        "secret",
    ],
)
async def test_no_password_is_told(source: str, target: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnusableStoreError, match=r"^--to: ") as refused:
        await copy_database(source, target, quiet)
    assert "secret" not in str(refused.value) + caplog.text
    assert await starts(source) is None


# odd values


async def test_texts_that_postgresql_does_not_take(
    source: str, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    prompt = "'a' || char(0) || CAST(x'ff' AS TEXT) || 'b'"
    odd = f"UPDATE jobs SET prompt = {prompt}, options = :options, state = 'failed' WHERE id = 2"
    await execute(source, odd, options='{"n": NaN, "words": "\\u0000\\ud83e\\udd8a\\udd8a"}')
    copied = await copy_database(source, postgres_url, quiet)
    assert copied.changed == 1
    assert "1 rows of jobs hold characters" in caplog.text
    assert "[2]" in caplog.text
    store = await Store.open(postgres_url)
    job = await store.jobs.get(2)
    assert job
    assert (job.prompt, job.options) == ("a\ufffdb", {"n": None, "words": "🦊\ufffd"})
    await store.aclose()


async def test_a_row_that_postgresql_does_not_take_is_named(source: str, postgres_url: str) -> None:
    await execute(source, "UPDATE jobs SET user_name = :name WHERE id = 2", name="n" * 65)
    with pytest.raises(UnusableStoreError, match=r"row \[2\] of jobs can't be stored there: .*22001"):
        await copy_database(source, postgres_url, quiet)
    assert await starts(source) is None
    await execute(source, "UPDATE jobs SET user_name = 'Ann' WHERE id = 2")
    await copy_database(source, postgres_url, quiet)
    assert await starts(postgres_url) is None


# undone


async def test_undone_it_goes_on_as_a_backup_does(tmp_path: Path, back: str) -> None:
    source = f"sqlite:///{tmp_path}/bot.db"
    store = await Store.open(source)
    job = await queued(store, 1)
    await store.updates.take(1, [NewUpdate(5, {"update_id": 5})], 1.0)
    await store.aclose()
    with pytest.raises(UnusableStoreError, match="was not moved"):
        await undo(source, UNKNOWN)
    await copy_database(source, back, quiet)
    # Where it went on, the task was submitted.
    assert await undo(source, UNKNOWN) == source
    store = await Store.open(source)
    assert not (await store.tasks.claim("jimeng", Limits(9), 2.0)).tasks
    (task,) = await store.tasks.of_job(job.id)
    assert (task.state, task.error_message) == (TaskState.INTERRUPTED, UNKNOWN)
    assert await store.updates.of(1) == []
    await store.aclose()
    with pytest.raises(UnusableStoreError, match="has rows already"):
        await copy_database(source, back, quiet)
