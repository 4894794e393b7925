"""A call of the service brings the ticket of a task along that had lost it: its picture is delivered, paid once."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.demo.ports import free_port
from bot.jobs.announcements import LOOK_SECONDS
from providers.jimeng.simulator import Fault
from storage.faults import OutOfReach
from storage.job_states import CLOSED, JobState, TaskState
from tests.support import postgres
from tests.support.house import House, open_house
from tests.support.room import until
from tests.support.scene import LONG, Scene

UNKNOWN = "can't tell whether"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        house.hold()
        yield house


async def states(house: House) -> list[tuple[str, str | None]]:
    """Of all tasks, with their tickets."""
    async with house.app.store.database.read() as connection:
        rows = await connection.exec_driver_sql("SELECT state, ticket FROM tasks ORDER BY id")
        return [(row.state, row.ticket) for row in rows]


async def lose(house: House, times: int = 1) -> None:
    """Ann asks for a fox, and the answer to the submit is lost."""
    house.jimeng.faults.append(Fault(kind="lost", action="submit", times=times))
    await house.say("a fox")
    await house.shown(UNKNOWN)


async def call(house: House, number: int, ticket: str, status: int = 200) -> None:
    """A call at the address of the task that was submitted as this number."""
    address = str(house.submitted()[number]["callback_url"])
    async with ClientSession() as session, session.post(address, json={"task_id": ticket}) as answer:
        assert answer.status == status


async def test_the_call_brings_the_picture(house: House) -> None:
    await lose(house)
    house.release()
    told = await house.ended()
    assert (len(house.tasks), len(house.album())) == (1, 1)
    assert await states(house) == [(TaskState.DONE, house.tasks[0].id)]
    assert UNKNOWN not in told.text
    assert not [one for one in house.answers() if UNKNOWN in one.text]


async def test_who_has_tried_again_gets_both_and_nothing_is_paid_by_itself(house: House) -> None:
    await lose(house)
    await house.press(await house.shown("Try again"), "Try again")
    await house.all_submitted(2)
    house.release()
    await house.telegram.until(lambda: len(house.album()) == 2)
    await house.quiet()
    assert len(house.tasks) == 2
    assert [state for state, _ in await states(house)] == [TaskState.DONE] * 2


async def test_the_last_picture_of_an_album_comes_later(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="lost", action="submit"))
    house.jimeng.faults.append(Fault(kind="drop", action="call", times=3))
    await house.say("foxes --n 3")
    await house.telegram.until(lambda: len(house.tasks) == 3)
    house.release()
    await house.telegram.until(lambda: len(house.album()) == 2)
    await house.quiet()
    lost = next(number for number, (state, _) in enumerate(await states(house)) if state == TaskState.INTERRUPTED)
    known = {ticket for _, ticket in await states(house)}
    (ticket,) = [task.id for task in house.tasks if task.id not in known]
    addresses = [one["callback_url"] for one in house.submitted()]
    assert len(set(addresses)) == 3
    for number in range(3):
        await call(house, number, ticket)
    await house.telegram.until(lambda: len(house.album()) == 3)
    await house.quiet()
    assert (await states(house))[lost] == (TaskState.DONE, ticket)
    assert len(house.tasks) == 3


async def test_a_cancelled_job_keeps_the_picture_for_the_history(house: House) -> None:
    await house.say("a fox")
    await house.all_submitted(1)
    await house.press(await house.shown("Cancel"), "Cancel")
    await house.shown("/history")
    await house.stop()
    await house_store(house, "UPDATE tasks SET state = 'interrupted', ticket = NULL, finished_at = 1, trouble = NULL")
    await house_store(house, "UPDATE jobs SET state = 'cancelled', finished_at = 1")
    await house.start()
    house.release()

    async def closed() -> bool:
        job = await house.app.store.jobs.get(1)
        return bool(job and job.state in CLOSED and (await states(house))[0][0] == TaskState.DONE)

    await until(closed)
    (picture,) = await house.app.store.pictures.of_job(1)
    assert await house.app.store.pictures.data(picture.id)
    job = await house.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.CANCELLED
    assert job.finished_at
    assert not house.album()
    assert len([one for one in house.answers() if "/history" in one.text]) == 1, "it is told once"


async def house_store(house: House, statement: str) -> None:
    """Change the tables while the bot stands still."""
    with sqlite3.connect(house.app.settings.storage.url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)


def pass_time(house: House, seconds: float) -> None:
    """So much time has passed, by the store's clock."""
    now = house.app.store.clock() + seconds
    house.app.store.clock = lambda: now


async def test_a_ticket_is_not_believed_blindly(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.say("a cat")
    await house.all_submitted(1)
    await lose(house)
    before = await states(house)
    await call(house, 1, house.tasks[0].id)
    await house.telegram.until(lambda: "the ticket of another task" in caplog.text)
    # Calls about the same task are looked into every 3 s.
    pass_time(house, LOOK_SECONDS)
    await call(house, 1, "7000000000000000001")
    await house.telegram.until(lambda: "does not know" in caplog.text)
    assert await states(house) == before
    pass_time(house, LOOK_SECONDS)
    house.release()
    await house.telegram.until(lambda: len(house.album()) == 2)


async def test_a_ticket_that_a_call_brought_survives_a_restart(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    await lose(house)
    # The service calls once, and can't be asked at this moment.
    house.jimeng.faults.append(Fault(kind="drop", action="result", times=99))
    await call(house, 0, house.tasks[0].id)
    await house.restart()
    house.jimeng.faults.clear()
    house.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    house.release()
    await house.telegram.until(house.album)
    await house.quiet()
    assert (len(house.tasks), len(house.album())) == (1, 1)
    async with house.app.store.database.read() as connection:
        assert not (await connection.exec_driver_sql("SELECT * FROM announced")).all()


async def test_a_call_that_the_store_does_not_take_is_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    await lose(house)
    lost = house.app.store.lost_tickets
    kept, answers = lost.announced, [OutOfReach("for a moment")]

    async def stumbles(task_id: int, ticket: str, worker_id: int) -> None:
        if answers:
            raise answers.pop()
        await kept(task_id, ticket, worker_id)

    monkeypatch.setattr(lost, "announced", stumbles)
    house.release()
    await call(house, 0, house.tasks[0].id, status=503)
    await call(house, 0, house.tasks[0].id)
    await house.telegram.until(house.album)


async def test_a_task_that_failed_says_why(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="lost", action="submit"))
    await house.say("an unsafe result")
    await house.shown(UNKNOWN)
    house.release()
    await house.ended("held it back")
    assert [state for state, _ in await states(house)] == [TaskState.FAILED]


async def killed_at_the_answer(scene: Scene) -> None:
    """The process is killed when the service has taken its task, and the next one hears the call."""
    scene.port = free_port()
    async with scene.open():
        scene.seconds = LONG
        scene.on_submit = lambda prompt, status: scene.bot.kill()
        await scene.say("a fox")
        await scene.end()
        scene.on_submit = lambda prompt, status: None
        await scene.start()
        await scene.shown("a fox", UNKNOWN)
        scene.all_done()
        await scene.shown("a fox", "🔁 Again")
        seen = scene.see()["a fox"]
        assert (seen.paid, seen.pictures, seen.doubles) == (1, 1, 0)


async def test_a_process_killed_between_submit_and_answer_loses_no_picture(tmp_path: Path) -> None:
    await killed_at_the_answer(Scene(tmp_path, ["a fox"], 4))


async def test_the_same_on_postgresql(tmp_path: Path, postgres_server: postgres.Server, postgres_template: str) -> None:
    database = postgres_server.url(postgres_server.database(postgres_template))
    await killed_at_the_answer(Scene(tmp_path, ["a fox"], 4, database))
