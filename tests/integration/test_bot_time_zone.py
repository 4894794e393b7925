"""Times by a person's own clock, which they choose in their settings."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.demo.telegram import ChatMessage
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import press

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def chosen(harness: AppHarness, place: str) -> ChatMessage:
    await harness.say("/settings")
    page = await harness.shown("Your settings")
    await press(harness, page, next(one for one in page.buttons if one.startswith("Time: ")))
    assert page.text.startswith("What time is it where you are?")
    await press(harness, page, place)
    return page


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


async def test_times_are_in_utc_until_a_place_is_chosen(harness: AppHarness) -> None:
    await harness.made("a fox")
    made = await harness.app.store.pictures.get(1)
    assert made
    page = await harness.made("/history")
    assert f"{at(datetime.fromtimestamp(made.created_at, UTC))} UTC" in page.text
    await chosen(harness, "Beijing")
    page = await harness.made("/history")
    there = datetime.fromtimestamp(made.created_at, SHANGHAI)
    assert f" · {at(there)} · " in page.text
    await press(harness, page, "Date")
    assert page.buttons[0] == f"{there:%Y-%m} (1)"


async def test_the_buttons_show_the_time_of_each_place(harness: AppHarness) -> None:
    page = await chosen(harness, "Beijing")
    label = next(one for one in page.buttons if one.startswith("Time: "))
    assert "UTC" not in label
    await press(harness, page, label)
    (beijing,) = [one for one in page.buttons if one.endswith("Beijing")]
    assert beijing.startswith("✓ ")
    assert len(page.buttons) > 30
    utc = page.buttons[0]
    assert utc.endswith(" UTC")
    await press(harness, page, utc)
    assert any(one.startswith("Time: ") and one.endswith(" UTC") for one in page.buttons)


async def test_days_and_months_are_the_persons(harness: AppHarness) -> None:
    await harness.made("a fox")
    # 20:00 UTC on the last of October: November has begun in Beijing.
    late = datetime(2026, 10, 31, 20, 0, tzinfo=UTC).timestamp()
    await harness.app.store.database.execute(text("UPDATE pictures SET created_at = :at"), {"at": late})
    assert "2026-10-31 20:00 UTC" in (await harness.made("/history 2026-10")).text
    await chosen(harness, "Beijing")
    await harness.say("/history 2026-10-31")
    await harness.shown("You hadn't made any pictures by then.")
    assert "2026-11-01 04:00" in (await harness.made("/history 2026-11-01")).text


async def test_the_export_tells_whose_clock_it_is(harness: AppHarness) -> None:
    await harness.made("a fox")
    await chosen(harness, "Beijing")
    await harness.say("/export")
    sent = await harness.telegram.until(lambda: next((one for one in harness.answers() if one.document), None))
    assert sent.document
    file = harness.telegram.world.files.get(sent.document.file_id)
    assert file
    with ZipFile(io.BytesIO(file.data)) as parts:
        assert "Times are Asia/Shanghai" in parts.read("README.txt").decode()
        (row,) = csv.DictReader(io.StringIO(parts.read("pictures.csv").decode("utf-8-sig")))
    assert row["when"].endswith("+08:00")


async def test_forged_zones_are_refused(harness: AppHarness) -> None:
    page = await chosen(harness, "Beijing")
    await harness.forge(page, "s|set|.zone|../../etc/passwd")
    assert (await harness.app.store.users.preferences(harness.ann.id)).time_zone is None
