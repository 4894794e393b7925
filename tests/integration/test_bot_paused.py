"""A service that keeps failing is paused: people are told once, their requests wait, and nothing is paid twice."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import circuit_breaker, task_failures
from providers.jimeng.simulator import Fault
from tests.support.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 0.4)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 0.4)
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    async with open_house(tmp_path, concurrency=3) as house:
        yield house


async def test_the_operator_must_act(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401, times=5))
    for prompt in ("one", "two"):
        await house.say(prompt, who=house.ming)
        await house.quiet()
    await house.say("three")
    paused = await house.shown("⏸ The image service isn't set up correctly")
    assert "continues by itself" in paused.text
    await house.say("四", who=house.ming)
    await house.shown("恢复后自动继续", house.ming.chat)
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["three", "四"] or [task.prompt for task in house.tasks] == [
        "四",
        "three",
    ]
    edits = [call for call in house.called("editMessageText") if "⏸ The image" in str(call.request)]
    assert len(edits) == 1, "people are told once"
    failed = [message.text for message in house.answers(house.ming.chat) if message.text.startswith("⚠️")]
    assert len(failed) == 2, "those before it was clear that it would go on"
    levels = [record.levelname for record in caplog.records if "is paused" in record.getMessage()]
    assert levels == ["ERROR", "INFO", "INFO"], "operators hear of it once"
    assert "works again" in caplog.text


async def test_a_service_that_takes_tasks_and_fails_them(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="code", action="submit", code=50500, times=5))
    for number in range(5):
        await house.say(f"number {number}")
        await house.quiet()
    await house.say("waits")
    await house.shown("⏸ The image service isn't working properly")
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["waits"]


async def test_it_is_paused_over_a_restart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 1000.0)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 1000.0)
    house.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401, times=3))
    for prompt in ("one", "two", "three"):
        await house.say(prompt)
        await house.taken_in()
    await house.shown("⏸")
    await house.restart()
    await house.say("four")
    await house.shown("⏸")
    assert house.tasks == []
