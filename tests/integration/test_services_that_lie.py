"""Impossible answers of a service (too many pictures, waits of years, endless nesting) block nobody."""

import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import circuit_breaker, task_failures
from providers.jimeng.simulator import Fault
from tests.support.house import House, open_house

DEEP = '{"code":10000,"data":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    async with open_house(tmp_path, public=False, concurrency=3) as house:
        yield house


def result(*urls: str) -> str:
    return json.dumps({"code": 10000, "message": "Success", "data": {"status": "done", "image_urls": urls}})


async def test_three_hundred_pictures_for_one(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    urls = [f"{house.jimeng.url}/picture/{house.tasks[0].id}/0?x-signature={number}" for number in range(1, 301)]
    house.jimeng.faults.append(Fault(kind="text", action="result", status=200, text=result(*urls)))
    house.release()
    await house.ended()
    assert len(house.album()) == 1
    assert "gave 300 pictures where it may give 1" in caplog.text


@pytest.mark.parametrize("asked", ["99999999", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_a_wait_of_years_is_a_pause(house: House, caplog: pytest.LogCaptureFixture, asked: str) -> None:
    house.jimeng.faults.append(Fault(kind="status", action="submit", status=429, retry_after=asked))
    await house.say("a fox")
    await house.shown("⏸")
    state = await house.app.store.services.get("jimeng")
    assert 500 < state.not_before - time.time() <= 1.25 * task_failures.LONGEST_WAIT_SECONDS
    assert state.trouble, "one task at a time tries it"
    assert house.tasks == []


async def test_after_the_pause_one_task_tries_and_all_go_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_failures, "LONGEST_WAIT_SECONDS", 0.4)
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 0.4)
    house.jimeng.faults.append(Fault(kind="status", action="submit", status=429, retry_after="99999999", times=4))
    for number in range(3):
        await house.say(f"number {number}")
    await house.telegram.until(lambda: len(house.album()) == 3)
    assert len(house.tasks) == 3


async def test_a_wait_that_makes_no_sense_is_none(house: House) -> None:
    nonsense = ["-5", "NaN", "soon", "Wed, 21 Oct 1998 07:28:00 GMT"]
    for asked in nonsense:
        house.jimeng.faults.append(Fault(kind="code", action="submit", retry_after=asked, code=50429))
    for number in range(len(nonsense)):
        await house.say(f"number {number}")
    await house.telegram.until(lambda: len(house.album()) == len(nonsense))
    assert not house.jimeng.faults


async def test_json_without_a_bottom_is_no_traceback(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.jimeng.faults.append(Fault(kind="text", action="result", status=200, text=DEEP, times=2))
    await house.made("a fox")
    assert len(house.album()) == 1, "a result query is repeated"
    house.jimeng.faults.append(Fault(kind="text", action="submit", status=200, text=DEEP))
    await house.say("a cat")
    await house.ended("can't tell whether")
    assert "Traceback" not in caplog.text
    assert max(len(record.getMessage()) for record in caplog.records) < 2000


def accepted(ticket: str) -> Fault:
    text = json.dumps({"code": 10000, "message": "Success", "data": {"task_id": ticket}})
    return Fault(kind="text", action="submit", status=200, text=text)


async def test_what_is_no_ticket_is_not_stored(house: House) -> None:
    house.jimeng.faults.append(accepted("x" * 5000))
    await house.say("a fox")
    await house.ended("can't tell whether")


async def test_a_ticket_of_strange_characters_is_asked_for(house: House) -> None:
    house.jimeng.faults.append(accepted("two\nlines, a\u0000b"))
    await house.say("a fox")
    await house.ended("no longer knows this task")
