"""On the chat page: one's own pictures, looked through, searched and deleted."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from storage.schema import pictures
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_looking_through_the_history(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox", "a blue whale", "a red barn")
    await talk.say("/history")
    shown = talk.message("1 of 3")
    await expect(shown).to_contain_text("a red barn")
    await expect(talk.button("Newer", shown)).to_have_count(0)
    number, newest = await shown.get_attribute("data-id"), await talk.pictures(shown)
    await talk.press("Older")
    await talk.press("Older", talk.message("a blue whale").and_(talk.message("2 of 3")))
    await expect(talk.message("3 of 3")).to_contain_text("a red fox")
    await talk.press("Newer")
    await talk.press("Newer", talk.message("2 of 3"))
    await expect(shown).to_have_attribute("data-id", number or "")
    assert await talk.pictures(shown) == newest


async def test_searching_and_deleting(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox", "a blue whale", "a red barn")
    await talk.say("/history red")
    await expect(talk.message("1 of 2")).to_contain_text("a red barn")
    await talk.press("Delete")
    await expect(talk.at("toast").last).to_have_text("Delete it from your history?")
    await talk.press("Keep")
    await talk.press("🗑 Delete")
    await talk.button("Keep").wait_for()
    await talk.press("Delete")
    await expect(talk.message("1 of 1")).to_contain_text("a red fox")
    await talk.say("/history barn")
    await expect(talk.latest).to_contain_text("None of your prompts")
    await talk.say("/history")
    await expect(talk.message("1 of 2")).to_contain_text("a blue whale")


async def test_a_date_leads_to_its_page(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox", "a blue whale", "a red barn")
    days = [datetime(2025, month, day, 12, tzinfo=UTC) for month, day in ((3, 31), (4, 1), (4, 20))]
    async with stage.demo.app.store.database.write() as connection:
        for number, day in enumerate(days, 1):
            change = update(pictures).where(pictures.c.id == number).values(created_at=day.timestamp())
            await connection.execute(change)
    for date, place, words in (
        ("2025-03", "3 of 3", "a red fox"),
        ("2025年4月2日", "2 of 3", "a blue whale"),
        ("2025-04 fox", "1 of 1", "a red fox"),
    ):
        await talk.say(f"/history {date}")
        await expect(talk.latest).to_contain_text(place)
        await expect(talk.latest).to_contain_text(words)
    await talk.say("/history 2024-12")
    await expect(talk.latest).to_contain_text("You hadn't made any pictures by then. /history shows your newest.")
    await talk.say("/history 2025-13")
    await expect(talk.latest).to_contain_text("There is no such date.")


async def test_a_picture_of_the_history_is_used_again(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox")
    await talk.say("/history")
    shown = talk.message("1 of 1")
    await talk.press("📤 Send", shown)
    await expect(talk.at("photo")).to_have_count(3)
    await talk.press("Redo", shown)
    await expect(talk.at("photo")).to_have_count(4)
    assert stage.submits == ["a red fox"] * 2
