"""Asking the service for fresh addresses of finished pictures: it costs nothing and changes nothing else."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from providers.jimeng.simulator import Fault
from storage.pictures import Picture
from storage.records import Task
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        await harness.made("foxes --n 2")
        yield harness


async def job_id(harness: AppHarness) -> int:
    return int((await harness.app.store.database.fetch(text("SELECT max(id) FROM jobs"))).scalar_one())


async def state(harness: AppHarness) -> tuple[list[Task], list[Picture]]:
    number = await job_id(harness)
    return await harness.app.store.tasks.of_job(number), await harness.app.store.pictures.of_job(number)


async def answers(pictures: Sequence[Picture]) -> list[int]:
    async with ClientSession() as session:
        statuses = []
        for one in pictures:
            async with session.get(one.url or "") as answer:
                statuses.append(answer.status)
        return statuses


async def test_every_picture_gets_its_new_address_and_nothing_is_paid(harness: AppHarness) -> None:
    tasks, before = await state(harness)
    harness.jimeng.expire_addresses()
    assert await answers(before) == [403, 403]
    assert await harness.app.parts.fresh_addresses.of_job(await job_id(harness))
    same, after = await state(harness)
    assert await answers(after) == [200, 200]
    assert [(one.url or "").split("?")[0] for one in after] == [(one.url or "").split("?")[0] for one in before]
    assert same == tasks, "no task has changed, and no cost"
    assert len(harness.tasks) == 2


async def test_what_the_service_has_forgotten_has_no_fresh_addresses(harness: AppHarness) -> None:
    before = await state(harness)
    for task in harness.tasks:
        harness.jimeng.forget(task.id)
    assert not await harness.app.parts.fresh_addresses.of_job(await job_id(harness))
    assert await state(harness) == before


async def test_a_service_out_of_reach_does_not_hold_anybody_up(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.fresh_addresses.ASK_SECONDS", 0.3)
    harness.jimeng.faults.append(Fault(kind="drop", action="result", times=1000))
    before = await state(harness)
    assert not await harness.app.parts.fresh_addresses.of_job(await job_id(harness))
    assert await state(harness) == before


async def test_without_tickets_nobody_is_asked(harness: AppHarness) -> None:
    await harness.app.store.database.execute(text("UPDATE tasks SET ticket = NULL"))
    polls = harness.jimeng.polls.total()
    assert not await harness.app.parts.fresh_addresses.of_job(await job_id(harness))
    assert not await harness.app.parts.fresh_addresses.of_job(12345), "there is no such job"
    assert harness.jimeng.polls.total() == polls


async def test_fewer_addresses_than_pictures_change_nothing(harness: AppHarness) -> None:
    tasks, before = await state(harness)
    assert not await harness.app.store.pictures.readdress(tasks[0].id, [])
    assert not await harness.app.store.pictures.readdress(tasks[0].id, [before[0].url or ""])
    assert (await state(harness))[1] == before
