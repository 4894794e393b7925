"""Jobs whose options an older version stored, and which the present one no longer knows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def make_old(harness: AppHarness, table: str) -> None:
    """Leave options in this table that no model knows."""
    await harness.app.store.database.execute(text(f"""UPDATE {table} SET options = '{{"steps": 9}}'"""))


async def test_their_results_keep_the_buttons_that_need_no_options(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    assert {"📐 Shape", "🔍 Larger"} < set(result.buttons)
    await make_old(harness, "jobs")
    await harness.press(result, "Style")
    await harness.press(result, "Back")
    assert result.buttons == ["🔁 Again", "🎭 Style", "☆", "📎 Files", "📋 Copy", "🗑"]
    page = await harness.made("/history")
    await harness.press(page, "Details")
    assert "Service: Jimeng\nOptions: --steps 9" in page.text


async def test_they_are_not_made_again(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await make_old(harness, "jobs")
    assert (await harness.press(result, "Again")).text == "One more time!"
    assert "Nothing was charged." in (await harness.ended("Something went wrong on my side.")).text
    assert len(harness.tasks) == 1


async def test_their_pictures_are_delivered_all_the_same(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    await make_old(harness, "jobs")
    harness.release()
    result = await harness.ended()
    assert "Jimeng · " in result.text
    assert result.buttons == ["🔁 Again", "🎭 Style", "☆", "📎 Files", "📋 Copy", "🗑"]


async def test_a_paid_task_is_polled_though_its_options_are_not_known_any_more(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    await make_old(harness, "tasks")
    await harness.restart()
    harness.release()
    assert (await harness.ended()).photo
    assert len(harness.tasks) == 1
