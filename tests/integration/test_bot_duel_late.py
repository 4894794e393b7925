"""A duel of which one picture comes later than its service's time limit: it is paid, and can be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage
from providers.simulators.faults import Fault
from storage.job_states import JobState
from tests.support.app_harness import AppHarness
from tests.support.second_service import SecondService

SHOW = "🏁 Show the names"
LOOK = "🔎 Look again: Jimeng"


@pytest.fixture
def second() -> SecondService:
    service = SecondService()
    service.steps.open()
    return service


@pytest.fixture
async def harness(tmp_path: Path, second: SecondService) -> AsyncIterator[AppHarness]:
    async with second.harness(tmp_path, time_limit=0.3) as harness:
        yield harness


async def begun(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("/duel a fox")
    await harness.press(await harness.shown("⚔️ Start"), "⚔️ Start")


async def fetched(harness: AppHarness, message: ChatMessage) -> None:
    """The service has drawn it after all, and the person looks again."""
    harness.release()
    before = len(harness.album())
    await harness.press(message, LOOK)
    await harness.telegram.until(lambda: len(harness.album()) == before + 1)
    await harness.quiet()
    late = await harness.app.store.jobs.get(1)
    assert late
    assert late.state is JobState.DELIVERED
    assert len(harness.tasks) == 1


async def test_what_comes_late_is_had_under_the_only_picture(harness: AppHarness) -> None:
    await begun(harness)
    shown = await harness.ended("🔁 Again")
    assert "unusually long" in shown.text
    await fetched(harness, shown)


async def test_what_comes_late_is_had_where_there_is_none(harness: AppHarness, second: SecondService) -> None:
    second.service.faults.append(Fault(kind="problem", name="prompt"))
    await begun(harness)
    told = await harness.ended("No service made a picture")
    assert "unusually long" in told.text
    await fetched(harness, told)
