"""Only `move_job` and `move_task` write a state, and the diagram in `bot/README.md` shows the allowed moves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from storage.job_states import IS_OPEN
from storage.schema import jobs
from tests.support.state_diagram import drawn, in_readme

ROOT = Path(__file__).parents[2]
PRODUCT = [
    file
    for folder in ("bot", "providers", "storage")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if file != ROOT / "storage" / "job_states.py" and ROOT / "storage" / "migrations" not in file.parents
]
OTHER_TABLES = {"duels", "suggestions"}
"""They have states of their own."""
RAW = re.compile(r"\bUPDATE\s+(jobs|tasks)\b", re.IGNORECASE)


def test_nobody_else_writes_a_state() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in PRODUCT
        for line in writes(ast.parse(file.read_text(encoding="utf-8")), knows_tables=ROOT / "storage" in file.parents)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "update(jobs).where(jobs.c.id == 1).values(state=JobState.FAILED)",
        "change.values(state=state, finished_at=now)",
        "change.values({'state': state})",
        "change.values({jobs.c.state: state})",
        "change.values(**{'state': state})",
        "values = {'ticket': 't', 'state': TaskState.RUNNING}",
        "values = dict(state=state)",
        "values['state'] = state",
        "values |= {tasks.c['state']: state}",
        "insert(tasks).on_conflict_do_update(set_={'state': state})",
        "upsert(tasks, 'id').on_conflict_do_update(set_={'state': state})",
        "upsert(tasks, 'id', 'state').on_conflict_do_update(set_=dict(state=state))",
        "self._update_job(job_id, state=state)",
        "text('UPDATE tasks SET ticket = 1, state = 2')",
        "text(f'''\n  update jobs set {column} = 2''')",
    ],
)
def test_each_way_to_write_one_is_found(code: str) -> None:
    assert list(writes(ast.parse(code), knows_tables=True))


@pytest.mark.parametrize(
    "code",
    [
        "insert(tasks).values(state=TaskState.QUEUED)",
        "upsert(jobs, 'user_id', state=state, worker_id=1).on_conflict_do_nothing()",
        "update(duels).where(duels.c.id == 1).values(state=DuelState.VOID, told_at=now)",
        "WaitingTask(1, state=state)",
        "Job(**{**row, 'state': JobState(row['state'])})",
        "move_job(jobs.c.id == 1, OPEN, JobState.FAILING, error_message=None)",
    ],
)
def test_what_is_no_such_write_is_not(code: str) -> None:
    assert not list(writes(ast.parse(code), knows_tables=True))


def writes(tree: ast.AST, *, knows_tables: bool) -> Iterator[int]:
    """The lines of a file that write a state, or could. Without SQL only code that knows the tables can."""
    records = {id(one) for node in ast.walk(tree) for one in _record_arguments(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW.search(node.value):
            yield node.lineno
        elif knows_tables and id(node) not in records and (_is_written_by(node) or _is_key(node)):
            yield getattr(node, "lineno", 0)


def _record_arguments(node: ast.AST) -> Iterator[ast.AST]:
    """The dictionaries that make a record: `Job(**{…})`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id[0].isupper():
        yield from (one.value for one in node.keywords if one.arg is None)


def _is_written_by(node: ast.AST) -> bool:
    """A call with `state=` that neither makes a new row (an upsert, or an insert's `values`) nor a record."""
    if not isinstance(node, ast.Call) or not any(one.arg == "state" for one in node.keywords):
        return False
    called = node.func
    if isinstance(called, ast.Name):
        return not (called.id[0].isupper() or called.id == "upsert")
    if not (isinstance(called, ast.Attribute) and called.attr == "values"):
        return True
    return not (_is_insert(called.value) or _updated(called.value) in OTHER_TABLES)


def _updated(node: ast.AST) -> str:
    """The table of `update(table).where(…)`; "" where it is none."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    is_update = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "update"
    return ast.unparse(node.args[0]) if is_update and isinstance(node, ast.Call) and node.args else ""


def _is_insert(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "insert"


def _is_key(node: ast.AST) -> bool:
    """A dictionary with a state in it, or `x["state"] = …`."""
    if isinstance(node, ast.Dict):
        return any(_names_state(key) for key in node.keys if key)
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _names_state(node.slice)


def _names_state(node: ast.AST) -> bool:
    return ast.unparse(node) in {"'state'", "jobs.c.state", "tasks.c.state", "jobs.c['state']", "tasks.c['state']"}


def test_the_diagram_is_up_to_date() -> None:
    assert in_readme() == drawn(), "run: python -m tests.support.state_diagram"


def test_the_index_of_open_jobs_has_what_is_asked_for() -> None:
    asked = str(IS_OPEN.compile(dialect=sqlite.dialect())).removeprefix("(").removesuffix(")")
    (index,) = [one for one in jobs.indexes if one.name == "ix_jobs_open"]
    assert asked == f"jobs.{index.dialect_options['sqlite']['where']}"
