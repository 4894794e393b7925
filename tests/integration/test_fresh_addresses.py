"""The service is asked anew where finished pictures are: nothing is paid for it, and nothing else changes."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession

from providers.jimeng.simulator import Fault
from storage.pictures import Picture
from storage.records import Task
from tests.support.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        await house.made("foxes --n 2")
        yield house


async def job_id(house: House) -> int:
    async with house.app.store.database.read() as connection:
        return int((await connection.exec_driver_sql("SELECT max(id) FROM jobs")).scalar_one())


async def state(house: House) -> tuple[list[Task], list[Picture]]:
    number = await job_id(house)
    return await house.app.store.tasks.of_job(number), await house.app.store.pictures.of_job(number)


async def answers(pictures: Sequence[Picture]) -> list[int]:
    async with ClientSession() as session:
        statuses = []
        for one in pictures:
            async with session.get(one.url or "") as answer:
                statuses.append(answer.status)
        return statuses


async def test_every_picture_gets_its_new_address_and_nothing_is_paid(house: House) -> None:
    tasks, before = await state(house)
    house.jimeng.expire_addresses()
    assert await answers(before) == [403, 403]
    assert await house.app.parts.fresh_addresses.of_job(await job_id(house))
    same, after = await state(house)
    assert await answers(after) == [200, 200]
    assert [(one.url or "").split("?")[0] for one in after] == [(one.url or "").split("?")[0] for one in before]
    assert same == tasks, "no task has changed, and no cost"
    assert len(house.tasks) == 2


async def test_what_the_service_has_forgotten_has_no_fresh_addresses(house: House) -> None:
    before = await state(house)
    for task in house.tasks:
        house.jimeng.forget(task.id)
    assert not await house.app.parts.fresh_addresses.of_job(await job_id(house))
    assert await state(house) == before


async def test_a_service_out_of_reach_does_not_hold_anybody_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.fresh_addresses.ASK_SECONDS", 0.3)
    house.jimeng.faults.append(Fault(kind="drop", action="result", times=1000))
    before = await state(house)
    assert not await house.app.parts.fresh_addresses.of_job(await job_id(house))
    assert await state(house) == before


async def test_without_tickets_nobody_is_asked(house: House) -> None:
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE tasks SET ticket = NULL")
    polls = house.jimeng.polls.total()
    assert not await house.app.parts.fresh_addresses.of_job(await job_id(house))
    assert not await house.app.parts.fresh_addresses.of_job(12345), "there is no such job"
    assert house.jimeng.polls.total() == polls


async def test_fewer_addresses_than_pictures_change_nothing(house: House) -> None:
    tasks, before = await state(house)
    assert not await house.app.store.pictures.readdress(tasks[0].id, [])
    assert not await house.app.store.pictures.readdress(tasks[0].id, [before[0].url or ""])
    assert (await state(house))[1] == before
