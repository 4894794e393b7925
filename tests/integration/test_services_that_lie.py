"""Impossible answers of a service (too many pictures, waits of years, endless nesting) block nobody."""

import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import circuit_breaker, task_failures
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness

DEEP = '{"code":10000,"data":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppHarness]:
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    async with open_app_harness(tmp_path, public=False, concurrency=3) as harness:
        yield harness


def result(*urls: str) -> str:
    return json.dumps({"code": 10000, "message": "Success", "data": {"status": "done", "image_urls": urls}})


async def test_three_hundred_pictures_for_one(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    urls = [f"{harness.jimeng.url}/picture/{harness.tasks[0].id}/0?x-signature={number}" for number in range(1, 301)]
    harness.jimeng.faults.append(Fault(kind="text", action="result", status=200, text=result(*urls)))
    harness.release()
    await harness.ended()
    assert len(harness.album()) == 1
    assert "gave 300 pictures where it may give 1" in caplog.text


@pytest.mark.parametrize("asked", ["99999999", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_a_wait_of_years_is_a_pause(harness: AppHarness, caplog: pytest.LogCaptureFixture, asked: str) -> None:
    harness.jimeng.faults.append(Fault(kind="status", action="submit", status=429, retry_after=asked))
    await harness.say("a fox")
    await harness.shown("⏸")
    state = await harness.app.store.provider_health.get("jimeng")
    assert 500 < state.not_before - time.time() <= 1.25 * task_failures.LONGEST_WAIT_SECONDS
    assert state.error_message, "one task at a time tries it"
    assert harness.tasks == []


async def test_after_the_pause_one_task_tries_and_all_go_on(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_failures, "LONGEST_WAIT_SECONDS", 0.4)
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 0.4)
    harness.jimeng.faults.append(Fault(kind="status", action="submit", status=429, retry_after="99999999", times=4))
    for number in range(3):
        await harness.say(f"number {number}")
    await harness.telegram.until(lambda: len(harness.album()) == 3)
    assert len(harness.tasks) == 3


async def test_a_wait_that_makes_no_sense_is_none(harness: AppHarness) -> None:
    nonsense = ["-5", "NaN", "soon", "Wed, 21 Oct 1998 07:28:00 GMT"]
    for asked in nonsense:
        harness.jimeng.faults.append(Fault(kind="code", action="submit", retry_after=asked, code=50429))
    for number in range(len(nonsense)):
        await harness.say(f"number {number}")
    await harness.telegram.until(lambda: len(harness.album()) == len(nonsense))
    assert not harness.jimeng.faults


async def test_json_without_a_bottom_is_no_traceback(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness.jimeng.faults.append(Fault(kind="text", action="result", status=200, text=DEEP, times=2))
    await harness.made("a fox")
    assert len(harness.album()) == 1, "a result query is repeated"
    harness.jimeng.faults.append(Fault(kind="text", action="submit", status=200, text=DEEP))
    await harness.say("a cat")
    await harness.ended("can't tell whether")
    assert "Traceback" not in caplog.text
    assert max(len(record.getMessage()) for record in caplog.records) < 2000


def accepted(ticket: str) -> Fault:
    text = json.dumps({"code": 10000, "message": "Success", "data": {"task_id": ticket}})
    return Fault(kind="text", action="submit", status=200, text=text)


async def test_what_is_no_ticket_is_not_stored(harness: AppHarness) -> None:
    harness.jimeng.faults.append(accepted("x" * 5000))
    await harness.say("a fox")
    await harness.ended("can't tell whether")


async def test_a_ticket_of_strange_characters_is_asked_for(harness: AppHarness) -> None:
    harness.jimeng.faults.append(accepted("two\nlines, a\u0000b"))
    await harness.say("a fox")
    await harness.ended("no longer knows this task")
