"""Fills databases of earlier revisions with one row of each kind that the bot of that time left."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, RowMapping, TableClause, column, insert, inspect, select, table, text

import storage

ANN, BOB, GONE = 11, 22, 99
"""Two people, and a dead worker."""
GROUP, SUPERGROUP = -55, -1_000_000_000_066
"""A group, and the supergroup it became."""
Row = Mapping[str, Any]
TOLD = {"template": "No.", "values": {}}
UNTOLD = {"failed": "failing", "cancelled": "cancelling", "interrupted": "interrupting"}
"""States since revision 0013 of ended jobs whose end the person has not been told yet."""


def revisions(before: str) -> list[str]:
    """All revisions before this one, the first one first."""
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config).walk_revisions("base", before)
    return [script.revision for script in scripts][:0:-1]


def everything(connection: Connection) -> dict[str, list[Row]]:
    """All rows of all tables."""
    return {table.name: [dict(row) for row in _all_of(connection, table)] for table in _tables(connection)}


def leave_rows(connection: Connection, revision: str) -> None:
    """Write the rows, as far as the database has tables and columns for them."""
    tables = {table.name: table for table in _tables(connection)}
    for name, row in _rows(revision):
        if name in tables:
            known = {column: value for column, value in row.items() if column in tables[name].c}
            connection.execute(insert(tables[name]).values(known))
    if connection.dialect.name == "postgresql":
        # The numbers of these rows are used up.
        for name in (name for name, table in tables.items() if "id" in table.c):
            last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
            connection.execute(text(last))


def _all_of(connection: Connection, table: TableClause) -> Sequence[RowMapping]:
    return connection.execute(select(table)).mappings().all()


def _tables(connection: Connection) -> list[TableClause]:
    # The columns alone: reading keys and indexes as well takes longer than all else.
    found = inspect(connection).get_multi_columns()
    columns = {name: [column(one["name"], one["type"]) for one in known] for (_, name), known in found.items()}
    return [table(name, *known) for name, known in columns.items() if name != "alembic_version"]


def _rows(revision: str) -> Iterator[tuple[str, Row]]:
    """Parents before their children."""
    yield from _settings()
    yield from _jobs(revision)
    yield from _references()
    yield from _tasks()
    yield from _pictures()
    if revision >= "0005":
        yield from _moved_group()
        yield _job(18, "delivered", finished_at=8.0, origin="erased:18", chat_id=0, message_id=0, user_id=0, prompt="")
    yield "announced", {"task_id": 71, "ticket": "announced", "worker_id": GONE}
    yield "captions", {"chat_id": ANN, "message_id": 20, "job_id": 4, "words": "a fox"}
    yield "edits", {"chat_id": ANN, "message_id": 10, "job_id": 10, "words": "an owl", "said": "2", "edited_at": 9.0}


def _settings() -> Iterator[tuple[str, Row]]:
    yield "workers", {"id": 3, "beat": 7, "started_at": 1.0, "session": "bot-3"}
    yield "updates", {"id": 5, "worker_id": GONE, "payload": {"update_id": 5}, "taken_at": 1.0}
    yield "services", {"name": "other", "not_before": 9.0, "failures": 2, "trouble": TOLD, "calls_at": "https://bot"}
    yield (
        "people",
        {"id": ANN, "last_turn": 4.0, "provider": "fake", "language": "zh", "options": {"fake": {"n": "2"}},
         "delivery": "both", "spoiler": True, "drafts": True},
    )  # fmt: skip
    yield "styles", {"user_id": ANN, "name": "ink", "words": "black ink"}
    yield "erased", {"user_id": BOB, "asked_at": 1.0}
    yield _posted(30, ANN)


def _posted(number: int, chat_id: int) -> tuple[str, Row]:
    file_id = f"posted {abs(number)}"
    values = {"chat_id": chat_id, "message_id": number, "file_id": file_id}
    return "posted", {**values, "media_group_id": "album", "posted_at": 1.0}


def _jobs(revision: str) -> Iterator[tuple[str, Row]]:
    untold = {state: UNTOLD[state] if revision >= "0013" else state for state in UNTOLD}
    yield _job(1, "preparing")
    yield _job(2, "preparing")
    yield _job(3, "working", origin="press:0a1b2c3d:77", message_id=1)
    yield _job(4, "working")
    yield _job(5, "working")
    yield _job(6, "delivering")
    yield _job(7, untold["failed"], trouble=TOLD)
    yield _job(8, untold["cancelled"], trouble=TOLD)
    yield _job(9, untold["interrupted"], trouble=TOLD)
    yield _job(10, "delivered", finished_at=8.0, worker_id=None)
    yield _job(11, "failed", finished_at=8.0, trouble=TOLD, said="1", user_name="Ann", edited_at=2.0)
    # Drafts: a picture; one whose prompt has come; a style, in answer to small talk.
    draft = {"prompt": "", "worker_id": None}
    yield _job(21, "draft", **draft)
    yield _job(22, "draft", **draft, origin="taken:message:60:22")
    style = {"style": {"name": "ink", "words": "black ink"}}
    yield _job(23, "draft", **{**draft, "prompt": "hello"}, origin="told:23", **style)


def _job(number: int, state: str, **values: Any) -> tuple[str, Row]:
    common = {"language": "en", "provider": "fake", "prompt": "a fox", "options": {"n": 1}, "created_at": 1.0}
    here = {"origin": f"message:{number}", "chat_id": ANN, "message_id": number, "status_id": 100 + number}
    return "jobs", {**common, **here, "id": number, "state": state, "user_id": ANN, "worker_id": GONE, **values}


def _references() -> Iterator[tuple[str, Row]]:
    fetched = {"media_type": "image/png", "width": 3, "height": 4, "data": b"fetched"}
    yield _reference(31, job_id=2, message_id=2, **fetched)
    yield _reference(32, job_id=2, message_id=3)
    # A picture that no message of this database shows.
    yield _reference(33, job_id=10, message_id=-61, picture_id=61)
    yield _reference(34, job_id=21, message_id=21)
    yield _reference(35, job_id=21, message_id=-61, picture_id=61)
    yield _reference(36, job_id=22, message_id=22)


def _reference(number: int, **values: Any) -> tuple[str, Row]:
    return "sources", {"id": number, "file_id": f"file {number}", "changes": [], **values}


def _tasks() -> Iterator[tuple[str, Row]]:
    yield _task(3, "queued", worker_id=None)
    yield _task(4, "running", ticket="ticket-4", begun_at=2.0, submitted_at=3.0)
    yield _task(5, "submitting", begun_at=2.0)
    ended = {"begun_at": 2.0, "submitted_at": 3.0, "finished_at": 8.0}
    for number, pictures in ((6, 1), (10, 2)):
        yield _task(number, "done", ticket=f"ticket {number}", **ended, cost=2000, currency="CNY", pictures=pictures)
    yield _task(7, "failed", finished_at=8.0, trouble=TOLD)
    yield _task(8, "cancelled", finished_at=8.0)
    yield _task(9, "interrupted", begun_at=2.0, finished_at=8.0, trouble=TOLD)
    yield _task(11, "overdue", ticket="ticket 11", **ended, trouble=TOLD)
    # A second task of the failed job: the service has accepted it after all.
    yield "tasks", {**_task(11, "failed", finished_at=8.0)[1], "id": 71}


def _task(job_id: int, state: str, **values: Any) -> tuple[str, Row]:
    common = {"user_id": ANN, "provider": "fake", "options": {"n": 1}, "queued_at": 1.0, "worker_id": GONE}
    return "tasks", {**common, "id": 40 + job_id, "job_id": job_id, "state": state, **values}


def _pictures() -> Iterator[tuple[str, Row]]:
    sent = {"photo_id": "photo", "document_id": "document", "width": 64, "height": 48, "size": 1000}
    yield _picture(60, 6, url="https://pictures/6", data=b"kept")
    yield _picture(61, 10, **sent, message_id=77, unique_id="unique", seed=5, starred_at=9.0)
    yield _picture(62, 10, **sent, message_id=78, hidden_at=9.0)


def _picture(number: int, job_id: int, **values: Any) -> tuple[str, Row]:
    common = {"user_id": ANN, "chat_id": ANN, "created_at": 8.0}
    return "pictures", {**common, "id": number, "job_id": job_id, "task_id": 40 + job_id, **values}


def _moved_group() -> Iterator[tuple[str, Row]]:
    """The rows of a group that has become a supergroup."""
    yield "chats", {"id": SUPERGROUP, "quiet": True, "replies": "none", "migrated_from": GROUP}
    for number in (8, 9):
        yield _posted(-number, SUPERGROUP)
    for number, state, finished_at in ((15, "preparing", None), (17, "delivered", 8.0), (24, "draft", None)):
        there = {"origin": f"old:message:{number}", "chat_id": SUPERGROUP, "message_id": -number, "status_id": None}
        yield _job(number, state, **there, finished_at=finished_at)
    yield _task(17, "done", ticket="ticket 17", begun_at=2.0, submitted_at=3.0, finished_at=8.0, pictures=1)
    yield _picture(63, 17, chat_id=SUPERGROUP, message_id=-3, photo_id="photo 63")
    yield _reference(37, job_id=24, message_id=24)
