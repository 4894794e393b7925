"""Signs and numbers that a database never takes: the bot goes on, and each ends with pictures or with a sentence."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.jobs.ports import Undelivered
from providers.base import Accepted, Event, Finished, ImageRequest, Picture
from providers.errors import Failed, OutcomeUnknown, Sentence
from storage.database import Unstorable
from storage.job_states import JobState, TaskState
from storage.records import NewPicture
from storage.store import Store
from storage.texts import clean
from tests.support.fakes import FakeOptions
from tests.support.house import House, open_house
from tests.support.room import Provider, Room, logged

NEVER, KEPT = "a\x00b\ud800c", "ab\ufffdc"
# For what is logged: the lines of a test must be texts.
NUL, SAID = "a\x00b", "ab"
HUGE = 10**20


class Odd(Provider):
    """A service whose tickets, addresses and complaints have signs that no database takes."""

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        async for event in super().imagine(request, ticket):
            match event:
                case Accepted(known):
                    yield Accepted(f"{known}{NUL}")
                case Finished((picture,)):
                    yield Finished((Picture(url=f"{picture.url}{NEVER}", seed=HUGE),))
                case _:
                    yield event


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    store = await Store.open(database_url)
    room = Room(store)
    room.provider = Odd()
    await room.start()
    yield room
    await room.engine.stop()
    await store.aclose()


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, public=False, database=database_url) as house:
        yield house


def test_all_that_json_is_made_of_is_cleaned() -> None:
    found = {NEVER: [NEVER, 1, None, (NEVER,), float("nan"), float("inf"), 0.5, True, "🦊"]}
    assert clean(found) == {KEPT: [KEPT, 1, None, [KEPT], None, None, 0.5, True, "🦊"]}


async def test_a_ticket_and_an_address_that_no_database_takes(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    first = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(first, JobState.DELIVERED)
    second = await room.ask()
    await room.running()
    (task,) = await room.store.tasks.of_job(second.id)
    assert task.ticket == f"t2{SAID}"
    room.provider.finish("t2")
    await room.finished(second, JobState.DELIVERED)
    (picture,) = await room.store.pictures.of_job(second.id)
    assert picture.url == f"https://pictures/t2{KEPT}"
    assert (room.provider.submits, "failed in the store" in caplog.text) == (2, False)


@pytest.mark.parametrize("kind", [Failed, OutcomeUnknown])
async def test_a_complaint_that_no_database_takes(room: Room, kind: type[Failed | OutcomeUnknown]) -> None:
    room.provider.refuse = [kind(Sentence("It says {words}.", {"words": NEVER}), detail=NUL)]
    job = await room.ask()
    await room.stage.until(lambda: room.stage.endings)
    assert room.stage.endings[0].trouble
    assert room.stage.endings[0].trouble["values"] == {"words": KEPT}
    assert await room.tasks(job) == [TaskState.FAILED if kind is Failed else TaskState.INTERRUPTED]


async def test_a_result_that_can_never_be_stored_ends_with_a_sentence(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.run("CREATE UNIQUE INDEX once ON pictures (url)")
    first = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(first, JobState.DELIVERED)
    second = await room.ask()
    await room.run(f"UPDATE pictures SET url = 'https://pictures/t2{KEPT}'")
    await room.running()
    room.provider.finish("t2")
    await room.stage.until(lambda: room.stage.endings)
    (ended,) = room.stage.endings
    assert (ended.id, await room.tasks(second)) == (second.id, [TaskState.OVERDUE])
    assert "can never be stored" in caplog.text
    # Nobody else is held up, and looking again pays nothing.
    assert await room.engine.retry(second.id)
    room.provider.finish(f"t2{SAID}")
    await room.finished(second, JobState.DELIVERED)
    assert room.provider.submits == 2


async def test_a_ticket_that_can_never_be_stored_is_watched_all_the_same(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.run("CREATE UNIQUE INDEX once ON tasks (ticket)")
    first = await room.ask()
    await room.running()
    room.provider.finish("t1")
    await room.finished(first, JobState.DELIVERED)
    await room.run(f"UPDATE tasks SET ticket = 't2{SAID}'")
    second = await room.ask()
    await logged(caplog, "can never be stored")
    room.provider.finish("t2")
    await room.finished(second, JobState.DELIVERED)
    assert room.provider.submits == 2


async def test_what_took_too_long_and_has_no_ticket_is_not_made_anew(room: Room) -> None:
    room.stage.trouble = [Undelivered("later")]
    job = await room.ask()
    await room.running()
    await room.run("UPDATE tasks SET state = 'overdue', ticket = NULL")
    assert await room.store.jobs.reopen(job.id, JobState.WORKING) is None


async def test_numbers_that_no_column_holds(room: Room) -> None:
    job = await room.ask()
    await room.running()
    (task,) = await room.store.tasks.of_job(job.id)
    for step in (
        room.store.pictures.get(HUGE),
        room.store.people.choose(HUGE, "fake"),
        room.store.jobs.add(replace(room.wish, idempotency_key="message:9", user_id=HUGE), 1.0),
    ):
        with pytest.raises(Unstorable):
            await step
    await room.store.tasks.finish_task(task.id, [NewPicture("https://pictures/1", seed=HUGE)], 1.0)


async def test_a_person_is_answered_and_nobody_is_held_up(house: House, caplog: pytest.LogCaptureFixture) -> None:
    result = await house.made(f"a {NEVER} fox")
    assert (await house.forge(result, f"p:star:{HUGE}")).alert
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("CREATE UNIQUE INDEX once ON jobs (prompt)")
    await house.say(f"a {NEVER} fox")
    await house.shown("can't store this")
    await house.made("a snow owl")
    assert house.jimeng.submits[f"a {KEPT} fox"] == 1
    assert caplog.text.count("could not be handled") == 1
    assert "failed in the store" not in caplog.text
