"""A callback of the service brings a task its lost ticket: the picture is delivered, and paid once."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, text

from bot.demo.ports import free_port
from bot.jobs.announcements import LOOK_SECONDS
from providers.jimeng.simulator import Fault
from storage.job_states import CLOSED, JobState, TaskState
from storage.schema import tasks
from storage.store_errors import StoreUnavailableError
from tests.support import postgres
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.engine_harness import until
from tests.support.process_harness import LONG, ProcessHarness

UNKNOWN = "can't tell whether"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        harness.hold()
        yield harness


async def states(harness: AppHarness) -> list[tuple[str, str | None]]:
    """The states of all tasks, with their tickets."""
    rows = await harness.app.store.database.fetch(select(tasks.c.state, tasks.c.ticket).order_by(tasks.c.id))
    return [(row.state, row.ticket) for row in rows]


async def lose(harness: AppHarness, times: int = 1) -> None:
    """Ann requests a fox, and the answer to the submit is lost."""
    harness.jimeng.faults.append(Fault(kind="lost", action="submit", times=times))
    await harness.say("a fox")
    await harness.shown(UNKNOWN)


async def call(harness: AppHarness, number: int, ticket: str, status: int = 200) -> None:
    """A callback at the address of the task with this number in the order of submits."""
    address = str(harness.submitted()[number]["callback_url"])
    async with ClientSession() as session, session.post(address, json={"task_id": ticket}) as answer:
        assert answer.status == status


async def test_the_call_brings_the_picture(harness: AppHarness) -> None:
    await lose(harness)
    harness.release()
    told = await harness.ended()
    assert (len(harness.tasks), len(harness.album())) == (1, 1)
    assert await states(harness) == [(TaskState.DONE, harness.tasks[0].id)]
    assert UNKNOWN not in told.text
    assert not [one for one in harness.answers() if UNKNOWN in one.text]


async def test_who_has_tried_again_gets_both_and_nothing_is_paid_by_itself(harness: AppHarness) -> None:
    await lose(harness)
    await harness.press(await harness.shown("Try again"), "Try again")
    await harness.all_submitted(2)
    harness.release()
    await harness.telegram.until(lambda: len(harness.album()) == 2)
    await harness.quiet()
    assert len(harness.tasks) == 2
    assert [state for state, _ in await states(harness)] == [TaskState.DONE] * 2


async def test_the_last_picture_of_an_album_comes_later(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="lost", action="submit"))
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=3))
    await harness.say("foxes --n 3")
    await harness.telegram.until(lambda: len(harness.tasks) == 3)
    harness.release()
    await harness.telegram.until(lambda: len(harness.album()) == 2)
    await harness.quiet()
    lost = next(number for number, (state, _) in enumerate(await states(harness)) if state == TaskState.INTERRUPTED)
    known = {ticket for _, ticket in await states(harness)}
    (ticket,) = [task.id for task in harness.tasks if task.id not in known]
    addresses = [one["callback_url"] for one in harness.submitted()]
    assert len(set(addresses)) == 3
    for number in range(3):
        await call(harness, number, ticket)
    await harness.telegram.until(lambda: len(harness.album()) == 3)
    await harness.quiet()
    assert (await states(harness))[lost] == (TaskState.DONE, ticket)
    assert len(harness.tasks) == 3


async def test_a_cancelled_job_keeps_the_picture_for_the_history(harness: AppHarness) -> None:
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.press(await harness.shown("Cancel"), "Cancel")
    await harness.shown("/history")
    await harness.stop()
    await house_store(
        harness, "UPDATE tasks SET state = 'interrupted', ticket = NULL, finished_at = 1, error_message = NULL"
    )
    await house_store(harness, "UPDATE jobs SET state = 'cancelled', finished_at = 1")
    await harness.start()
    harness.release()

    async def closed() -> bool:
        job = await harness.app.store.jobs.get(1)
        return bool(job and job.state in CLOSED and (await states(harness))[0][0] == TaskState.DONE)

    await until(closed)
    (picture,) = await harness.app.store.pictures.of_job(1)
    assert await harness.app.store.pictures.data(picture.id)
    job = await harness.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.CANCELLED
    assert job.finished_at
    assert not harness.album()
    assert len([one for one in harness.answers() if "/history" in one.text]) == 1, "it is told once"


async def house_store(harness: AppHarness, statement: str) -> None:
    """Change the tables while the bot is stopped."""
    file = harness.app.settings.storage.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def pass_time(harness: AppHarness, seconds: float) -> None:
    """So much time has passed, by the store's clock."""
    now = harness.app.store.clock() + seconds
    harness.app.store.clock = lambda: now


async def test_a_ticket_is_not_believed_blindly(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    await harness.say("a cat")
    await harness.all_submitted(1)
    await lose(harness)
    before = await states(harness)
    await call(harness, 1, harness.tasks[0].id)
    await harness.telegram.until(lambda: "the ticket of another task" in caplog.text)
    # Callbacks about the same task are handled every 3 s.
    pass_time(harness, LOOK_SECONDS)
    await call(harness, 1, "7000000000000000001")
    await harness.telegram.until(lambda: "does not know" in caplog.text)
    assert await states(harness) == before
    pass_time(harness, LOOK_SECONDS)
    harness.release()
    await harness.telegram.until(lambda: len(harness.album()) == 2)


async def test_a_ticket_that_a_call_brought_survives_a_restart(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    await lose(harness)
    # The service calls back once, and can't be asked at this moment.
    harness.jimeng.faults.append(Fault(kind="drop", action="result", times=99))
    await call(harness, 0, harness.tasks[0].id)
    await harness.restart()
    harness.jimeng.faults.clear()
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    harness.release()
    await harness.telegram.until(harness.album)
    await harness.quiet()
    assert (len(harness.tasks), len(harness.album())) == (1, 1)
    assert not (await harness.app.store.database.fetch(text("SELECT * FROM announced"))).all()


async def test_a_call_that_the_store_does_not_take_is_to_come_again(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=99))
    await lose(harness)
    lost = harness.app.store.lost_tickets
    kept, answers = lost.announced, [StoreUnavailableError("for a moment")]

    async def stumbles(task_id: int, ticket: str, worker_id: int) -> None:
        if answers:
            raise answers.pop()
        await kept(task_id, ticket, worker_id)

    monkeypatch.setattr(lost, "announced", stumbles)
    harness.release()
    await call(harness, 0, harness.tasks[0].id, status=503)
    await call(harness, 0, harness.tasks[0].id)
    await harness.telegram.until(harness.album)


async def test_a_task_that_failed_says_why(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="lost", action="submit"))
    await harness.say("an unsafe result")
    await harness.shown(UNKNOWN)
    harness.release()
    await harness.ended("held it back")
    assert [state for state, _ in await states(harness)] == [TaskState.FAILED]


async def killed_at_the_answer(process_harness: ProcessHarness) -> None:
    """The process is killed when the service has accepted its task, and the next one receives the callback."""
    process_harness.port = free_port()
    async with process_harness.open():
        process_harness.seconds = LONG
        process_harness.on_submit = lambda prompt, status: process_harness.bot.kill()
        await process_harness.say("a fox")
        await process_harness.end()
        process_harness.on_submit = lambda prompt, status: None
        await process_harness.start()
        await process_harness.shown("a fox", UNKNOWN)
        process_harness.all_done()
        await process_harness.shown("a fox", "🔁 Again")
        seen = process_harness.see()["a fox"]
        assert (seen.paid, seen.pictures, seen.doubles) == (1, 1, 0)


async def test_a_process_killed_between_submit_and_answer_loses_no_picture(tmp_path: Path) -> None:
    await killed_at_the_answer(ProcessHarness(tmp_path, ["a fox"], 4))


async def test_the_same_on_postgresql(tmp_path: Path, postgres_server: postgres.Server, postgres_template: str) -> None:
    database = postgres_server.url(postgres_server.database(postgres_template))
    await killed_at_the_answer(ProcessHarness(tmp_path, ["a fox"], 4, database))
