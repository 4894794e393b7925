"""A database of any earlier revision opens: no row is lost, open jobs go on, drafts get their prompts."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.handlers.request_context import key_of
from storage.migrate import upgrade
from storage.records import Draft, NewJob, NewReference, Question
from storage.store import Store
from tests.support import postgres
from tests.support.later_bot import Later, open_jobs_go_on, opened
from tests.support.old_rows import ANN, GROUP, SUPERGROUP, Row, everything, leave_rows, revisions
from tests.support.raw_database import connected

REVISIONS = revisions(before="0014")
RENAMED = {"trouble": "error_message", "beat": "heartbeat"}
DRAFTS = (21, 22, 23, 24)
STYLE = {"name": "ink", "words": "black ink"}
LIMITS = {"media_type": "image/png", "width": 3, "height": 4}

New = Callable[[str], str]


async def step(url: str, revision: str) -> None:
    async with connected(url) as connection:
        await connection.run_sync(upgrade, revision)


@pytest.fixture(scope="module")
def sqlite_revisions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One database migrated through all revisions, with a copy at each; all without rows."""
    folder, copies = tmp_path_factory.mktemp("revisions"), dict[str, Path]()
    for revision in REVISIONS:
        asyncio.run(step(f"sqlite:///{folder}/bot.db", revision))
        copies[revision] = Path(shutil.copy(folder / "bot.db", folder / f"{revision}.db"))
    return copies


@pytest.fixture(scope="module")
def postgres_revisions(postgres_server: postgres.Server) -> dict[str, str]:
    name, copies = postgres_server.database(), dict[str, str]()
    for revision in REVISIONS:
        asyncio.run(step(postgres_server.url(name), revision))
        copies[revision] = postgres_server.database(name)
    return copies


@pytest.fixture(params=["sqlite", "postgres"])
def database_at(request: pytest.FixtureRequest, tmp_path: Path) -> New:
    """Makes an empty database of a revision."""
    if request.param == "sqlite":
        files = request.getfixturevalue("sqlite_revisions")
        return lambda revision: f"sqlite:///{shutil.copy(files[revision], tmp_path / 'bot.db')}"
    # Each is used once, so that it need not be copied again.
    names, server = request.getfixturevalue("postgres_revisions"), request.getfixturevalue("postgres_server")
    return lambda revision: str(server.url(names.pop(revision)))


async def left_at(url: str, revision: str) -> dict[str, list[Row]]:
    """Write the rows that the bot of this revision would have left; returns them with all their columns."""
    async with connected(url) as connection:
        await connection.run_sync(leave_rows, revision)
        return await connection.run_sync(everything)


def as_it_is_now(table: str, row: Row) -> Row | None:
    """The columns of an old row that are in the same table now; None: it is a draft's, which has tables of its own."""
    now = {RENAMED.get(column, column): value for column, value in row.items()}
    if table == "jobs":
        if row["state"] == "draft":
            return None
        key, chat_id = now.pop("origin"), row["chat_id"]
        if key.startswith("old:"):
            key, chat_id = key.removeprefix("old:"), GROUP
        now["idempotency_key"] = None if key.startswith("erased:") else f"{chat_id}:{key}"
        if row["finished_at"] is None:
            # Before, "the person is still to be told" was no state of its own.
            del now["state"]
    elif table == "sources" and row["job_id"] in DRAFTS:
        return None
    elif table == "posted" and row["message_id"] < 0:
        now |= {"chat_id": GROUP, "message_id": -row["message_id"]}
    elif table == "pictures" and (row["message_id"] or 0) < 0:
        now |= {"former_chat_id": GROUP, "message_id": -row["message_id"]}
    elif table == "tasks":
        now = _task_as_it_is_now(now)
    if table in {"jobs", "sources"} and row["message_id"] <= 0:
        now["message_id"] = None
    return now


def _task_as_it_is_now(row: Row) -> dict[str, Any]:
    now = {name: value for name, value in row.items() if name != "worker_id"}
    if row["state"] == "done":
        now["pictures"] = {6: 1, 10: 2, 17: 1}[row["job_id"]]
    return now


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_an_earlier_revision(database_at: New, revision: str) -> None:
    """All checks in one test: opening a database costs more than all else."""
    before = await left_at(url := database_at(revision), revision)
    has_groups = revision >= "0005"
    async with opened(url) as later:
        async with connected(url) as connection:
            nothing_is_lost(before, await connection.run_sync(everything))
        await an_update_of_before_makes_no_second_job(later.store)
        if has_groups:
            await the_messages_of_the_former_group_are_not_here(later.store)
        if revision >= "0002":
            assert [one.id for one in await later.store.updates.of(1)] == [5]
        drafts = await drafts_wait(later, STYLE if has_groups else None)
        await later.start()
        await open_jobs_go_on(later, [15] if has_groups else [], [11] if revision >= "0012" else [])
        await drafts_become_jobs(later, drafts)
        if has_groups:
            await drafts_become_jobs(later, {63: await later.draft(63, chat_id=SUPERGROUP)}, SUPERGROUP)


def nothing_is_lost(before: dict[str, list[Row]], after: dict[str, list[Row]]) -> None:
    assert set(before) <= set(after)
    for table, rows in before.items():
        kept, found = [one for row in rows if (one := as_it_is_now(table, row))], after[table]
        assert len(found) == len(kept), table
        for row in kept:
            assert any(all(one[name] == value for name, value in row.items()) for one in found), (table, row)
    drafts = [row["created_at"] for row in before["jobs"] if row["state"] == "draft"]
    assert [row["created_at"] for row in after["drafts"]] == drafts
    references = [row["file_id"] for row in before["sources"] if row["job_id"] in DRAFTS]
    assert sorted(row["file_id"] for row in after["draft_references"]) == sorted(references)


async def an_update_of_before_makes_no_second_job(store: Store) -> None:
    keys = {1: key_of(ANN, "message", 1), 3: key_of(ANN, "press", "0a1b2c3d", "77")}
    for job_id, key in keys.items():
        assert await store.jobs.add(NewJob(key, ANN, 1, ANN, "en", "fake", "a fox", {}), 9.0) is None
        made = await store.jobs.made_by(key)
        assert made
        assert made.id == job_id
    words, press = await store.jobs.get(1), await store.jobs.get(3)
    assert words
    assert press
    assert (words.asked_message_id, words.button) == (1, None)
    assert (press.asked_message_id, press.button) == (None, "0a1b2c3d")
    assert await store.edits.asked(ANN, [1]) == words


async def the_messages_of_the_former_group_are_not_here(store: Store) -> None:
    again = NewJob(key_of(GROUP, "message", 15), GROUP, 15, ANN, "en", "fake", "a fox", {})
    assert await store.jobs.add(again, 9.0) is None
    assert await store.edits.asked(SUPERGROUP, [15]) is None
    assert await store.pictures.shown_as("", SUPERGROUP, 3) is None
    album = await store.posted.album(SUPERGROUP, "album")
    assert album == (NewReference("posted 8", None), NewReference("posted 9", None))


async def drafts_wait(later: Later, style: Mapping[str, str] | None) -> dict[int, Draft]:
    """Returns the waiting drafts, by the message that brings the prompt."""
    drafts = later.store.drafts
    assert await drafts.is_waiting(ANN, [21])
    assert not await drafts.is_waiting(ANN, [22, 23]), "its words have come, or it is of talk"
    assert await drafts.question(ANN, 123) == Question(ANN, "hello")
    # A prompt that was being handled when the bot ended finds the same drafts.
    taken = await later.draft(60, since=9.0)
    assert taken == Draft((NewReference("file 36", 22),))
    assert await later.draft(61, since=9.0, question_id=123) == Draft((), style)
    rest = await later.draft(62)
    # Before there were styles, no reference named the bot's own picture that it is.
    assert rest == Draft((NewReference("file 35", None, 61 if style else None), NewReference("file 34", 21)))
    return {60: taken, 62: rest}


async def drafts_become_jobs(later: Later, drafts: dict[int, Draft], chat_id: int = ANN) -> None:
    """Each draft makes one job, with all of its pictures, and no longer waits."""
    for words, draft in drafts.items():
        assert draft.references
        job_id = await later.ask(words, draft, chat_id)
        await later.delivered(job_id)
        used = [one.file_id for one in await later.store.references.of_job(job_id)]
        assert used == [one.file_id for one in draft.references]
        assert await later.draft(words, chat_id=chat_id, since=9.0) == Draft()


def test_the_rows_fill_every_table() -> None:
    """Fails for a new table until the rows of these tests fill it."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection, REVISIONS[-1])
        leave_rows(connection, REVISIONS[-1])
        assert not [name for name, rows in everything(connection).items() if not rows]
    engine.dispose()
