"""A ticket is stored before all waiting writes, and with the others that came meanwhile, on each database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Executable, Table, Update, select, text, update

from storage import postgres
from storage.connection import Connection, Transaction
from storage.database import StoreError, UnstorableValueError
from storage.job_states import JobState, TaskState
from storage.records import Limits, NewJob, Task, TicketKept
from storage.result import Result
from storage.schema import jobs, tasks, users
from storage.store import Store
from tests.support.held_steps import Hold

WHY = {"template": "No.", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def submitting(store: Store, count: int) -> list[Task]:
    """This many tasks in `SUBMITTING`."""
    for number in range(count):
        job = await store.jobs.add(NewJob(f"m:{number}", 5, number, number, "en", "fake", "a fox", {}), 1.0)
        assert job
        await store.tasks.queue(job.id, "fake", [{}], [], 1.0)
    return list((await store.tasks.claim("fake", Limits(count), 2.0, most=count)).tasks)


async def stored(store: Store) -> dict[int, str | None]:
    """The tickets by task."""
    return {row[0]: row[1] for row in await store.database.fetch(select(tasks.c.id, tasks.c.ticket))}


class Updates(list[Table]):
    """The tables that are changed, in the order of the statements."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        execute = Connection.execute

        async def noted(connection: Connection, statement: Executable, *parameters: Any) -> Result:
            if isinstance(statement, Update) and isinstance(statement.table, Table):
                self.append(statement.table)
            return await execute(connection, statement, *parameters)

        monkeypatch.setattr(Connection, "execute", noted)


async def turns(count: int = 10) -> None:
    """Let the event loop run: all that can begin has begun."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_ticket_overtakes_all_that_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (task,) = await submitting(store, 1)
    updates, order = Updates(monkeypatch), list[str]()
    hold = Hold(store)

    async def change(connection: Transaction) -> None:
        await connection.execute(update(users).values(last_turn=1.0))
        await hold.step(connection)

    async def write(name: str) -> None:
        await store.database.write(change)
        order.append(name)

    async def keep() -> None:
        await store.tasks.accepted(task.id, "t1", 3.0, worker_id=7)
        order.append("ticket")

    # As many slow writers as may write at once, and more that wait.
    alone = store.database.backend.single_writer
    async with asyncio.TaskGroup() as group:
        group.create_task(write("first"))
        await hold.begun.wait()
        for number in range((1 if alone else 2 * postgres.POOL_SIZE) + 3):
            group.create_task(write(f"other {number}"))
        await turns()
        ticket = group.create_task(keep())
        # On SQLite it waits for the first one, which can't be interrupted.
        await (turns() if alone else ticket)
        hold.release()
    assert order.index("ticket") <= (1 if alone else 0)
    if alone:
        assert updates == [users, tasks, *[users] * 4]


async def test_those_that_come_meanwhile_are_stored_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await submitting(store, 40)
    updates = Updates(monkeypatch)
    kept = await asyncio.gather(*(store.tasks.accepted(one.id, f"t{one.id}", 3.0, worker_id=8) for one in found))
    assert kept == [TicketKept(is_wanted=True, worker_id=None)] * 40
    assert await stored(store) == {one.id: f"t{one.id}" for one in found}
    # The first is stored alone or with some, the others when it is done.
    assert 1 <= updates.count(tasks) <= 2
    (one,) = [one for one in await store.tasks.running() if one.id == found[0].id]
    assert (one.state, one.submitted_at, one.error_message) == (TaskState.RUNNING, 3.0, None)


async def test_a_cancelled_and_an_interrupted_one_among_others(store: Store) -> None:
    one, two, three = await submitting(store, 3)
    assert await store.jobs.cancel(two.job_id, 3.0, WHY, WHY)
    await store.workers.recover_jobs(9, WHY, 3.0)
    assert await store.jobs.conclude(three.job_id)
    again = {"state": TaskState.SUBMITTING, "error_message": None, "finished_at": None}
    await store.database.execute(update(tasks).where(tasks.c.id == one.id).values(again))
    keep = store.tasks.accepted
    kept = await asyncio.gather(*(keep(task.id, "t", 3.0) for task in (one, two, three)))
    assert [each.is_wanted for each in kept] == [True, False, True]
    states = {row[0]: row[1] for row in await store.database.fetch(select(jobs.c.id, jobs.c.state))}
    assert states[three.job_id] == JobState.WORKING
    assert len(await store.tasks.running()) == 3


async def test_one_that_can_never_be_stored_spoils_no_other(store: Store) -> None:
    one, two = await submitting(store, 2)
    results = await asyncio.gather(
        store.tasks.accepted(one.id, "t1", 3.0),
        store.tasks.accepted(10**20, "t9", 3.0),
        store.tasks.accepted(two.id, "t2", 3.0),
        return_exceptions=True,
    )
    assert isinstance(results[1], UnstorableValueError)
    assert [one.is_wanted for one in results if isinstance(one, TicketKept)] == [True, True]
    assert await stored(store) == {one.id: "t1", two.id: "t2"}


async def test_a_fault_reaches_all_and_each_tries_again(store: Store) -> None:
    found = await submitting(store, 3)
    await store.database.execute(text("ALTER TABLE tasks RENAME TO away"))
    keep = store.tasks.accepted
    results = await asyncio.gather(*(keep(one.id, "t", 3.0) for one in found), return_exceptions=True)
    assert all(isinstance(one, StoreError) for one in results)
    await store.database.execute(text("ALTER TABLE away RENAME TO tasks"))
    kept = await asyncio.gather(*(keep(one.id, "t", 3.0) for one in found))
    assert [one.is_wanted for one in kept] == [True] * 3


async def test_who_stops_waiting_takes_no_other_along(store: Store) -> None:
    found = await submitting(store, 3)
    keep = store.tasks.accepted
    working = [asyncio.create_task(keep(one.id, f"t{one.id}", 3.0)) for one in found]
    await asyncio.sleep(0)
    # The first is storing, the second waits.
    working[0].cancel()
    working[1].cancel()
    assert (await working[2]).is_wanted
    assert (await stored(store))[found[2].id] == f"t{found[2].id}"


async def test_a_task_that_somebody_holds_keeps_no_other_waiting(postgres_url: str) -> None:
    store = await Store.open(postgres_url)
    one, two = await submitting(store, 2)
    hold = Hold(store)

    async def lock(connection: Transaction) -> None:
        await connection.execute(select(tasks.c.id).where(tasks.c.id == one.id).with_for_update())
        await hold.step(connection)

    async with asyncio.TaskGroup() as group:
        group.create_task(store.database.write(lock))
        await hold.begun.wait()
        held = group.create_task(store.tasks.accepted(one.id, "t1", 3.0))
        assert (await store.tasks.accepted(two.id, "t2", 3.0)).is_wanted
        assert not held.done()
        hold.release()
    assert held.result().is_wanted
    assert await stored(store) == {one.id: "t1", two.id: "t2"}
    await store.aclose()


async def test_an_announced_ticket_outlives_the_worker_that_heard_the_call(store: Store) -> None:
    first, second = await submitting(store, 2)
    lost = store.lost_tickets
    living = await store.workers.join(1.0)
    await lost.announced(first.id, "an older one", living + 1)
    await lost.announced(first.id, "t1", living + 1)
    await lost.announced(second.id, "t2", living)
    assert await lost.recover(living) == [(first.id, "t1"), (second.id, "t2")]
    # A ticket about which a live worker asks is not taken over.
    assert await lost.recover(living + 2) == []
    await lost.forget(first.id, "an older one")
    await lost.forget(second.id, "t2")
    assert await lost.recover(living) == [(first.id, "t1")]
