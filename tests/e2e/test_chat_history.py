"""On the chat page: own pictures are browsed, searched and deleted."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from storage.schema import pictures
from tests.e2e.chat_page import ChatPage
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_looking_through_the_history(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox", "a blue whale", "a red barn")
    await chat_page.say("/history")
    shown = chat_page.message("1 of 3")
    await expect(shown).to_contain_text("a red barn")
    await expect(chat_page.button("Newer", shown)).to_have_count(0)
    number, newest = await shown.get_attribute("data-id"), await chat_page.pictures(shown)
    await chat_page.press("Older")
    await chat_page.press("Older", chat_page.message("a blue whale").and_(chat_page.message("2 of 3")))
    await expect(chat_page.message("3 of 3")).to_contain_text("a red fox")
    await chat_page.press("Newer")
    await chat_page.press("Newer", chat_page.message("2 of 3"))
    await expect(shown).to_have_attribute("data-id", number or "")
    assert await chat_page.pictures(shown) == newest


async def test_searching_and_deleting(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox", "a blue whale", "a red barn")
    await chat_page.say("/history red")
    await expect(chat_page.message("1 of 2")).to_contain_text("a red barn")
    await chat_page.press("Delete")
    await expect(chat_page.at("toast").last).to_have_text("Delete it from your history?")
    await chat_page.press("Keep")
    await chat_page.press("🗑 Delete")
    await chat_page.button("Keep").wait_for()
    await chat_page.press("Delete")
    await expect(chat_page.message("1 of 1")).to_contain_text("a red fox")
    await chat_page.say("/history barn")
    await expect(chat_page.latest).to_contain_text("None of your prompts")
    await chat_page.say("/history")
    await expect(chat_page.message("1 of 2")).to_contain_text("a blue whale")


async def test_a_date_leads_to_its_page(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox", "a blue whale", "a red barn")
    days = [datetime(2025, month, day, 12, tzinfo=UTC) for month, day in ((3, 31), (4, 1), (4, 20))]
    for number, day in enumerate(days, 1):
        change = update(pictures).where(pictures.c.id == number).values(created_at=day.timestamp())
        await harness.demo.app.store.database.execute(change)
    for date, place, words in (
        ("2025-03", "3 of 3", "a red fox"),
        ("2025年4月2日", "2 of 3", "a blue whale"),
        ("2025-04 fox", "1 of 1", "a red fox"),
    ):
        await chat_page.say(f"/history {date}")
        await expect(chat_page.latest).to_contain_text(place)
        await expect(chat_page.latest).to_contain_text(words)
    await chat_page.say("/history 2024-12")
    await expect(chat_page.latest).to_contain_text("You hadn't made any pictures by then. /history shows your newest.")
    await chat_page.say("/history 2025-13")
    await expect(chat_page.latest).to_contain_text("There is no such date.")


async def test_a_picture_of_the_history_is_used_again(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox")
    await chat_page.say("/history")
    shown = chat_page.message("1 of 1")
    await chat_page.press("📤 Send", shown)
    await expect(chat_page.at("photo")).to_have_count(3)
    await chat_page.press("Redo", shown)
    await expect(chat_page.at("photo")).to_have_count(4)
    assert harness.submits == ["a red fox"] * 2
