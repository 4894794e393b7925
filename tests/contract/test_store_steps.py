"""The steps of the store on each database: all that one changes is stored, or nothing, whatever the others do."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import bindparam, insert, select, text

from storage import postgres
from storage.connection import Connection, Transaction
from storage.database import StoreError, UnstorableValueError
from storage.schema import users
from storage.store import Store
from storage.store_errors import is_temporary
from tests.support.held_steps import Hold
from tests.support.store_steps import ADD, BEYOND, adding, lose, meeting, people, turns


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_a_step_returns_its_value_and_all_that_it_changed_is_stored(store: Store) -> None:
    assert await store.database.write(adding(1, 2)) == (1, 2)
    assert await people(store) == [1, 2]


async def test_a_step_that_raises_leaves_nothing(store: Store) -> None:
    async def broken(connection: Transaction) -> None:
        await adding(1, 2)(connection)
        raise LookupError("its own error")

    with pytest.raises(LookupError, match="its own error"):
        await store.database.write(broken)
    assert await people(store) == []
    await store.database.write(adding(1))


async def test_a_step_that_rolls_back_leaves_nothing_and_returns_its_value(store: Store) -> None:
    async def undecided(connection: Transaction) -> int:
        await adding(1)(connection)
        connection.roll_back()
        return int((await connection.execute(select(users.c.id))).scalar_one())

    assert await store.database.write(undecided) == 1
    assert await people(store) == []
    await store.database.write(adding(1))


async def test_a_statement_that_fails_leaves_nothing_of_its_step(store: Store) -> None:
    with pytest.raises(UnstorableValueError):
        await store.database.write(adding(1, 1))
    assert await people(store) == []


async def test_who_reads_does_not_wait_for_who_writes(store: Store) -> None:
    hold = Hold(store)

    async def slow(connection: Transaction) -> None:
        await adding(1)(connection)
        await hold.step(connection)

    async with asyncio.TaskGroup() as group:
        group.create_task(store.database.write(slow))
        await hold.begun.wait()
        assert await people(store) == [], "it is not stored yet"
        hold.release()
    assert await people(store) == [1]


async def test_each_statement_of_a_reading_step_sees_the_latest_state(store: Store) -> None:
    hold = Hold(store)

    async def twice(connection: Connection) -> list[int]:
        before = len((await connection.execute(select(users.c.id))).all())
        await hold.step(connection)
        return [before, len((await connection.execute(select(users.c.id))).all())]

    reading = asyncio.create_task(store.database.read(twice))
    await hold.begun.wait()
    await store.database.write(adding(1))
    hold.release()
    assert await reading == [0, 1]


async def test_of_steps_that_meet_one_that_fails_does_not_touch_the_others(store: Store) -> None:
    async def broken(connection: Transaction) -> None:
        await adding(2)(connection)
        raise LookupError

    async def undecided(connection: Transaction) -> str:
        await adding(3)(connection)
        connection.roll_back()
        return "undecided"

    results = await meeting(store, adding(1), broken, undecided, adding(4, BEYOND), adding(5))
    assert results[0] == (1,)
    assert isinstance(results[1], LookupError)
    assert results[2] == "undecided"
    assert isinstance(results[3], UnstorableValueError)
    assert results[4] == (5,)
    assert await people(store) == [1, 5]


async def test_urgent_steps_do_not_wait_for_the_others(store: Store) -> None:
    """On SQLite they wait for the one that is under way."""
    alone, order = store.database.backend.single_writer, list[str]()
    holds = [Hold(store) for _ in range(1 if alone else postgres.POOL_SIZE)]

    async def note(name: str, connection: Transaction) -> None:
        assert (await connection.execute(select(1))).scalar_one() == 1
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for hold in holds:
            group.create_task(store.database.write(hold.step))
            await hold.begun.wait()
        for _ in range(3):
            group.create_task(store.database.write(lambda connection: note("other", connection)))
        await turns()
        urgent = [
            group.create_task(store.database.write(lambda connection: note("urgent", connection), urgent=True))
            for _ in range(3)
        ]
        if alone:
            await turns()
        else:
            await asyncio.gather(*urgent)
        for hold in holds:
            hold.release()
    assert order == ["urgent"] * 3 + ["other"] * 3


@pytest.mark.parametrize("times", [1, 3])
async def test_who_is_cancelled_waits_for_the_step_and_the_next_one_begins_at_once(store: Store, times: int) -> None:
    hold = Hold(store)

    async def slow(connection: Transaction) -> None:
        await adding(1)(connection)
        await hold.step(connection)

    work = asyncio.create_task(store.database.write(slow))
    await hold.begun.wait()
    for _ in range(times):
        work.cancel()
        await turns()
        assert not work.done()
    following = asyncio.create_task(store.database.write(adding(2)))
    await turns()
    hold.release()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await work
        assert await following == (2,)
    assert await people(store) == [1, 2], "a step is stored whole or not at all"


async def test_a_step_whose_caller_was_cancelled_may_fail(store: Store) -> None:
    hold = Hold(store)

    async def broken(connection: Transaction) -> None:
        await hold.step(connection)
        raise LookupError

    work = asyncio.create_task(store.database.write(broken))
    await hold.begun.wait()
    work.cancel()
    await turns()
    hold.release()
    with pytest.raises(asyncio.CancelledError):
        await work
    await store.database.write(adding(1))


async def test_a_statement_that_is_built_once_is_compiled_once(store: Store) -> None:
    statements = store.database.backend.statements
    built_once = insert(users).values(id=bindparam("id"), last_turn=0.0)
    before = statements.compilations
    for number in (1, 2):
        await store.database.execute(built_once, {"id": number})

    async def several(connection: Transaction) -> None:
        await connection.execute(built_once, {"id": 3})
        await connection.execute(built_once, [{"id": 4}, {"id": 5}])

    await store.database.write(several)
    assert statements.compilations == before + 1
    for number in (6, 7):
        await store.database.execute(insert(users).values(id=number, last_turn=0.0))
    assert statements.compilations == before + 3
    assert await people(store) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("number", [BEYOND, -BEYOND - 1, 10**30])
async def test_a_number_beyond_64_bits_can_never_be_stored_nor_found(store: Store, number: int) -> None:
    with pytest.raises(UnstorableValueError):
        await store.database.write(adding(1, number))
    with pytest.raises(UnstorableValueError):
        await store.database.execute(ADD, {"id": number})
    with pytest.raises(UnstorableValueError):
        await store.database.fetch(select(users).where(users.c.id == number))
    await store.database.write(adding(BEYOND - 1, -BEYOND))
    assert await people(store) == [-BEYOND, BEYOND - 1]


async def test_a_parameter_that_is_missing_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(KeyError, match="id"):
        await store.database.execute(ADD)


async def test_a_lost_transaction_is_a_temporary_error(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        await store.database.write(lose)
    assert is_temporary(caught.value)
    assert await people(store) == []
    await store.database.write(adding(1))
    assert await people(store) == [1]


async def test_on_postgres_a_connection_that_is_lost_before_the_commit_is_a_temporary_error(
    postgres_url: str,
) -> None:
    store = await Store.open(postgres_url)

    async def lost(connection: Transaction) -> None:
        await adding(1)(connection)
        own = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()
        await store.database.execute(text(f"SELECT pg_terminate_backend({own})"))
        # The driver has noticed it when the step ends.
        await asyncio.sleep(0.2)

    with pytest.raises(StoreError) as caught:
        await store.database.write(lost)
    assert is_temporary(caught.value)
    assert await people(store) == []
    assert await store.database.write(adding(2)) == (2,)
    await store.aclose()
