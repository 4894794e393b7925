"""A ticket is stored before all waiting writes, and with the others that came meanwhile, on each database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import event, select, update

from storage import postgres
from storage.database import StoreError, UnstorableValueError
from storage.job_states import JobState, TaskState
from storage.records import Limits, NewJob, Task, TicketKept
from storage.schema import jobs, tasks, users
from storage.store import Store
from tests.support import postgres as server

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
    async with store.database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(select(tasks.c.id, tasks.c.ticket))}


class Statements:
    """How often tickets are written."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        self._engine = store.database.backend.autocommit.sync_engine
        event.listen(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.count += "UPDATE tasks" in statement


async def test_a_ticket_overtakes_all_that_waits(store: Store) -> None:
    (task,) = await submitting(store, 1)
    order: list[str] = []
    go = asyncio.Event()

    async def write(name: str, first: asyncio.Event | None = None) -> None:
        async with store.database.write() as connection:
            await connection.execute(update(users).values(last_turn=1.0))
            if first:
                first.set()
            await go.wait()
        order.append(name)

    async def keep() -> None:
        await store.tasks.accepted(task.id, "t1", 3.0, worker_id=7)
        order.append("ticket")

    # As many slow writers as may write at once, and more that wait.
    many = 1 if store.database.backend.single_writer else 2 * postgres.POOL_SIZE
    begun = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(write("first", begun))
        await begun.wait()
        for number in range(many + 3):
            group.create_task(write(f"other {number}"))
        await asyncio.sleep(0)
        ticket = group.create_task(keep())
        if store.database.backend.single_writer:
            await asyncio.sleep(0)
        else:
            await ticket
        go.set()
    assert order.index("ticket") <= (1 if store.database.backend.single_writer else 0)


async def test_those_that_come_meanwhile_are_stored_together(store: Store) -> None:
    found = await submitting(store, 40)
    statements = Statements(store)
    kept = await asyncio.gather(*(store.tasks.accepted(one.id, f"t{one.id}", 3.0, worker_id=8) for one in found))
    assert kept == [TicketKept(is_wanted=True, worker_id=None)] * 40
    assert await stored(store) == {one.id: f"t{one.id}" for one in found}
    # The first is stored alone or with some, the others when it is done.
    assert statements.count <= 2
    (one,) = [one for one in await store.tasks.running() if one.id == found[0].id]
    assert (one.state, one.submitted_at, one.error_message) == (TaskState.RUNNING, 3.0, None)


async def test_a_cancelled_and_an_interrupted_one_among_others(store: Store) -> None:
    one, two, three = await submitting(store, 3)
    assert await store.jobs.cancel(two.job_id, 3.0, WHY, WHY)
    await store.workers.recover_jobs(9, WHY, 3.0)
    assert await store.jobs.settle(three.job_id)
    async with store.database.write() as connection:
        again = {"state": TaskState.SUBMITTING, "error_message": None, "finished_at": None}
        await connection.execute(update(tasks).where(tasks.c.id == one.id).values(again))
    keep = store.tasks.accepted
    kept = await asyncio.gather(*(keep(task.id, "t", 3.0) for task in (one, two, three)))
    assert [each.is_wanted for each in kept] == [True, False, True]
    async with store.database.read() as connection:
        states = {row[0]: row[1] for row in await connection.execute(select(jobs.c.id, jobs.c.state))}
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
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE tasks RENAME TO away")
    keep = store.tasks.accepted
    results = await asyncio.gather(*(keep(one.id, "t", 3.0) for one in found), return_exceptions=True)
    assert all(isinstance(one, StoreError) for one in results)
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO tasks")
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


async def test_a_task_that_somebody_holds_keeps_no_other_waiting(
    postgres_server: server.Server, postgres_template: str
) -> None:
    store = await Store.open(postgres_server.url(postgres_server.database(postgres_template)))
    one, two = await submitting(store, 2)
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(store.database.write())
        await connection.execute(select(tasks.c.id).where(tasks.c.id == one.id).with_for_update())
        held = asyncio.create_task(store.tasks.accepted(one.id, "t1", 3.0))
        assert (await store.tasks.accepted(two.id, "t2", 3.0)).is_wanted
        assert not held.done()
    assert (await held).is_wanted
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
