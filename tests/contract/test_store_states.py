"""The tables of moves, on each database: an allowed move succeeds, and no other changes a row."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from enum import StrEnum
from functools import partial
from itertools import product
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Table, Update, select, text

from storage.database import Connection, Transaction
from storage.job_states import (
    JOB_MOVES,
    TASK_MOVES,
    JobState,
    MoveNotAllowedError,
    TaskState,
    move_job,
    move_task,
)
from storage.records import NewJob
from storage.schema import jobs, tasks
from storage.store import Store

Move = Callable[[ColumnElement[bool], Collection[Any], Any], Update]
KINDS: Sequence[tuple[Table, type[StrEnum], Mapping[Any, Collection[Any]], Move]] = [
    (jobs, JobState, JOB_MOVES, move_job),
    (tasks, TaskState, TASK_MOVES, move_task),
]
STEPS = 300


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store with one job, which has one task: both have the id 1."""
    store = await Store.open(database_url)
    job = await store.jobs.add(NewJob("message:1", 5, 1, 7, "en", "fake", "a fox", {}), 1.0)
    assert job
    await store.tasks.queue(job.id, "fake", [{}], [], 1.0)
    yield store
    await store.aclose()


async def put(connection: Transaction, table: Table, state: StrEnum) -> None:
    """Put the row in this state, past the table of moves."""
    await connection.execute(text(f"UPDATE {table.name} SET state = :state"), {"state": state})


async def state_of(connection: Connection, table: Table) -> str:
    return str((await connection.execute(select(table.c.state))).scalar_one())


async def one_row_for_each(store: Store, table: Table, rows: int) -> None:
    """Add jobs, or tasks of a second job, so that there are so many, with the ids from 1 on."""
    for number in range(2, 3 if table is tasks else rows + 1):
        assert await store.jobs.add(NewJob(f"message:{number}", 5, number, 7, "en", "fake", "a fox", {}), 1.0)
    if table is tasks:
        await store.tasks.queue(2, "fake", [{}] * (rows - 1), [], 1.0)


def test_every_state_has_its_line_in_the_table() -> None:
    assert (set(JOB_MOVES), set(TASK_MOVES)) == (set(JobState), set(TaskState))


def test_a_move_that_the_table_does_not_allow_is_refused_when_it_is_asked_for() -> None:
    with pytest.raises(MoveNotAllowedError, match="no move from delivered or preparing to failed"):
        move_job(jobs.c.id == 1, (JobState.FAILING, JobState.DELIVERED, JobState.PREPARING), JobState.FAILED)
    with pytest.raises(MoveNotAllowedError, match="no move from done to running"):
        move_task(tasks.c.id == 1, (TaskState.DONE, TaskState.OVERDUE), TaskState.RUNNING)


@pytest.mark.parametrize(("table", "kind", "moves", "move"), KINDS, ids=["jobs", "tasks"])
async def test_every_allowed_move_succeeds_and_no_other(
    store: Store, table: Table, kind: type[StrEnum], moves: Mapping[Any, Collection[Any]], move: Move
) -> None:
    rows = dict(enumerate(kind, 1))
    every = " ".join(f"WHEN {number} THEN '{state}'" for number, state in rows.items())
    put_every = text(f"UPDATE {table.name} SET state = CASE id {every} END")
    await one_row_for_each(store, table, len(rows))

    async def try_all(connection: Transaction) -> None:
        for before, to in product(kind, kind):
            if to not in moves[before]:
                with pytest.raises(MoveNotAllowedError):
                    move(table.c.id == 1, (before,), to)
                continue
            await connection.execute(put_every)
            found = await connection.execute(move(table.c.id.in_(rows), (before,), to))
            assert found.rowcount == 1
            after = {row.id: row.state for row in await connection.execute(select(table.c.id, table.c.state))}
            assert after == {number: to if state is before else state for number, state in rows.items()}

    await store.database.write(try_all)


@pytest.mark.parametrize(("table", "kind", "moves", "move"), KINDS, ids=["jobs", "tasks"])
@pytest.mark.parametrize("seed", range(3))
async def test_a_random_walk_never_leaves_the_table(
    store: Store, table: Table, kind: type[StrEnum], moves: Mapping[Any, Collection[Any]], move: Move, seed: int
) -> None:
    walk = random.Random(seed)
    reached = set()

    async def go(connection: Transaction) -> None:
        for _ in range(STEPS):
            state = kind(await state_of(connection, table))
            reached.add(state)
            # From any number of states, which need not include the present one.
            to = walk.choice([to for to in kind if any(to in after for after in moves.values())])
            allowed = [one for one in kind if to in moves[one]]
            before = walk.sample(allowed, walk.randint(1, len(allowed)))
            await connection.execute(move(table.c.id == 1, before, to))
            after = await state_of(connection, table)
            assert after == (to if state in before else state)
            if not moves[kind(after)]:
                await put(connection, table, next(iter(kind)) if table is tasks else JobState.PREPARING)

    await store.database.write(go)
    assert len(reached) > len(kind) / 2


@pytest.mark.parametrize(("table", "kind", "moves", "move"), KINDS, ids=["jobs", "tasks"])
async def test_of_two_moves_from_the_same_state_one_wins(
    store: Store, table: Table, kind: type[StrEnum], moves: Mapping[Any, Collection[Any]], move: Move
) -> None:
    async def moved(before: StrEnum, to: StrEnum) -> int:
        return (await store.database.execute(move(table.c.id == 1, (before,), to))).rowcount

    for before in kind:
        others = [to for to in moves[before] if to is not before]
        for one, other in product(others, others):
            await store.database.write(partial(put, table=table, state=before))
            won = await asyncio.gather(moved(before, one), moved(before, other))
            assert sorted(won) == [0, 1]
            assert await store.database.read(partial(state_of, table=table)) == (one if won[0] else other)


async def test_a_task_that_is_done_does_not_run_again_when_its_ticket_comes_late(store: Store) -> None:
    await store.database.write(partial(put, table=tasks, state=TaskState.DONE))
    assert (await store.tasks.accepted(1, "late", 3.0)).is_wanted
    task = await store.tasks.get(1)
    assert task
    assert (task.state, task.ticket) == (TaskState.DONE, None)
