"""A service that keeps failing is paused: people are told once, their requests wait, and nothing is paid twice."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import circuit_breaker, task_failures
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppHarness]:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 0.4)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 0.4)
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    async with open_app_harness(tmp_path, concurrency=3) as harness:
        yield harness


async def try_now(harness: AppHarness) -> None:
    """The pause is over."""
    await harness.app.store.provider_health.try_now("jimeng")
    harness.app.engine.context.queue_changed.set()


async def test_the_operator_must_act(
    harness: AppHarness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    harness.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401, times=5))
    for prompt in ("one", "two"):
        await harness.say(prompt, who=harness.ming)
        await harness.quiet()
    with monkeypatch.context() as long:
        long.setattr(circuit_breaker, "FIRST_PAUSE", 1000.0)
        long.setattr(circuit_breaker, "LONGEST_PAUSE", 1000.0)
        await harness.say("three")
        paused = await harness.shown("⏸ The image service isn't set up correctly")
        assert "continues by itself" in paused.text
        await harness.say("四", who=harness.ming)
        await harness.shown("恢复后自动继续", harness.ming.chat)
    await try_now(harness)
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["three", "四"] or [task.prompt for task in harness.tasks] == [
        "四",
        "three",
    ]
    edits = [call for call in harness.called("editMessageText") if "⏸ The image" in str(call.request)]
    assert len(edits) == 1, "people are told once"
    failed = [message.text for message in harness.answers(harness.ming.chat) if message.text.startswith("⚠️")]
    assert len(failed) == 2, "the tasks that failed before the pause"
    levels = [record.levelname for record in caplog.records if "is paused" in record.getMessage()]
    assert levels == ["ERROR", "INFO", "INFO"], "the operator is told once"
    assert "works again" in caplog.text


async def test_a_service_that_takes_tasks_and_fails_them(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 1000.0)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 1000.0)
    harness.jimeng.faults.append(Fault(kind="code", action="submit", code=50500, times=5))
    for number in range(5):
        await harness.say(f"number {number}")
        await harness.quiet()
    await harness.say("waits")
    await harness.shown("⏸ The image service isn't working properly")
    await try_now(harness)
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["waits"]


async def test_it_is_paused_over_a_restart(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 1000.0)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 1000.0)
    harness.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401, times=3))
    for prompt in ("one", "two", "three"):
        await harness.say(prompt)
        await harness.taken_in()
    await harness.shown("⏸")
    await harness.restart()
    await harness.say("four")
    await harness.shown("⏸")
    assert harness.tasks == []
