"""A backup is one file with which the bot can run, taken from either database during writes."""

import asyncio
from pathlib import Path

import pytest

from bot.__main__ import main
from storage.backup import back_up
from storage.database import UnusableStoreError
from storage.history import HistoryFilter
from storage.job_states import JobState, TaskState
from storage.records import CheckedReference, Draft, Job, Limits, NewDraft, NewJob, NewPicture, NewReference, Task
from storage.store import Store
from storage.updates import NewUpdate

DAY = 24 * 3600.0
UNKNOWN = {"template": "Not known.", "values": {}}


async def submitted(store: Store, number: int, at: float = 1.0) -> Task:
    """The only task of a job, which runs."""
    reference = NewReference(f"f{number}", number)
    new = NewJob(f"message:{number}", 5, number, 7, "en", "jimeng", "雪地里的狐狸", {"n": 1}, references=(reference,))
    worker = await store.workers.join(0.0) if number == 1 else 0
    job = await store.jobs.add(new, at, worker_id=worker)
    assert job
    (known,) = await store.references.of_job(job.id)
    await store.references.store(known.id, CheckedReference(b"bytes", "image/png", 1, 1, []), "jimeng")
    await store.tasks.queue(job.id, "jimeng", [{"n": 1}], [known.id], at)
    (task,) = (await store.tasks.claim("jimeng", Limits(100), at, worker_id=job.worker_id)).tasks
    await store.tasks.accepted(task.id, f"t{number}", at)
    return task


async def made(store: Store, number: int, at: float = 1.0) -> Job:
    task = await submitted(store, number, at)
    await store.tasks.finish_task(task.id, [NewPicture(data=b"a picture")], at)
    job = await store.jobs.get(task.job_id)
    assert job
    return job


async def test_everything_is_in_it_and_the_bot_can_run_on_it(database_url: str, tmp_path: Path) -> None:
    store = await Store.open(database_url)
    jobs = [await made(store, number) for number in range(1, 4)]
    writing = asyncio.create_task(_write(store))
    await back_up(database_url, tmp_path / "copy.db", UNKNOWN)
    writing.cancel()
    await asyncio.wait({writing})
    copy = await Store.open(f"sqlite:///{tmp_path}/copy.db")
    page, original = (
        await copy.history.page(HistoryFilter(7, words=("狐狸",))),
        await store.history.page(HistoryFilter(7)),
    )
    assert page
    assert original
    assert page.count == 3
    assert page.picture == original.picture
    assert await copy.pictures.data(page.picture.id) == b"a picture"
    for job in jobs:
        assert await copy.references.of_job(job.id) == await store.references.of_job(job.id)
        assert await copy.tasks.of_job(job.id)
    worker = await copy.workers.join(2.0)
    for other in await copy.workers.heartbeat(worker) or ():
        await copy.workers.evict(other)
    adopted = await copy.workers.recover_jobs(worker, {}, 2.0)
    assert {job.id for job in jobs} <= {job.id for job in adopted}, "what was unfinished is taken up"
    await copy.aclose()
    await store.aclose()
    assert names(tmp_path) == ["copy.db", "copy.db.lock"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "copy" in path.name)


async def _write(store: Store) -> None:
    for number in range(100, 1000):
        await store.drafts.add(NewDraft(f"message:{number}", 5, 8, number, Draft(), words="an owl"), 1.0)


async def test_what_waits_is_not_submitted_again_from_a_backup(database_url: str, tmp_path: Path) -> None:
    store = await Store.open(database_url)
    running = await submitted(store, 1)
    preparing = await store.jobs.add(NewJob("message:8", 5, 8, 7, "en", "jimeng", "an owl", {}), 1.0)
    queued = await store.jobs.add(NewJob("message:9", 5, 9, 7, "en", "jimeng", "a cat", {}), 1.0)
    assert preparing
    assert queued
    await store.tasks.queue(queued.id, "jimeng", [{"n": 1}], [], 1.0)
    await store.updates.take(1, [NewUpdate(5, {"update_id": 5})], 1.0)
    await back_up(database_url, tmp_path / "copy.db", UNKNOWN)
    await store.aclose()
    copy = await Store.open(f"sqlite:///{tmp_path}/copy.db")
    assert not (await copy.tasks.claim("jimeng", Limits(100), 2.0)).tasks
    assert await copy.updates.of(1) == []
    found = await copy.jobs.get(preparing.id)
    assert found
    assert (found.state, found.error_message, found.finished_at) == (JobState.INTERRUPTING, UNKNOWN, None)
    (task,) = await copy.tasks.of_job(queued.id)
    assert (task.state, task.error_message) == (TaskState.INTERRUPTED, UNKNOWN)
    kept = await copy.jobs.get(running.job_id)
    assert kept
    assert kept.state is JobState.WORKING
    (going_on,) = await copy.tasks.running()
    assert (going_on.id, going_on.ticket) == (running.id, "t1")
    await copy.aclose()


async def test_a_file_that_is_there_is_left_alone(database_url: str, tmp_path: Path) -> None:
    await (await Store.open(database_url)).aclose()
    target = tmp_path / "copy.db"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UnusableStoreError, match="is there already"):
        await back_up(database_url, target, UNKNOWN)
    assert target.read_text(encoding="utf-8") == "mine"


async def test_a_folder_that_is_not_there(database_url: str, tmp_path: Path) -> None:
    await (await Store.open(database_url)).aclose()
    with pytest.raises(UnusableStoreError, match="could not be written"):
        await back_up(database_url, tmp_path / "nowhere" / "copy.db", UNKNOWN)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[telegram]\ntoken = "1:a"\n[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n', encoding="utf-8")
    arguments = ["backup", str(tmp_path / "copy.db"), "--config", str(config)]
    assert main(arguments) == 2
    assert "there is no database" in capsys.readouterr().err
    asyncio.run(_empty(f"sqlite:///{tmp_path}/bot.db"))
    assert main(arguments) == 0
    assert "copy.db" in capsys.readouterr().out
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err


async def _empty(url: str) -> None:
    await (await Store.open(url)).aclose()


async def test_bytes_are_kept_for_so_many_days(database_url: str) -> None:
    store = await Store.open(database_url)
    old, new = await made(store, 1, at=1.0), await made(store, 2, at=20 * DAY)
    await store.tidy(31 * DAY, keep_days=30)
    kept = []
    for job in (old, new):
        (reference,), (picture,) = await store.references.of_job(job.id), await store.pictures.of_job(job.id)
        kept.append((await store.references.data(reference.id), await store.pictures.data(picture.id)))
        assert reference.file_id, "what Telegram has can be used again"
    assert kept == [(None, None), ((b"bytes", "image/png"), b"a picture")]
    await store.aclose()
