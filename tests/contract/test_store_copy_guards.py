"""Copies that are refused, taken back, or can't be made: no row is lost and no bot starts on half of them."""

import asyncio
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from storage import copy_postgres
from storage.copy import copy_database, undo
from storage.copy_marks import MOVED, OTHER
from storage.copy_postgres import PostgresEnd
from storage.copy_steps import Progress
from storage.database import UnusableStoreError
from storage.job_states import TaskState
from storage.records import Limits
from storage.store import Store
from storage.updates import NewUpdate
from tests.support.blank_database import put_blank_database
from tests.support.copies import UNKNOWN, Killed, execute, killed_at, quiet, starts
from tests.support.engine_harness import until
from tests.support.later_bot import opened
from tests.support.stored_jobs import new_job, queued

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
