"""On the chat page: one's own pictures, looked through, searched and deleted."""

import pytest
from playwright.async_api import expect

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
    await expect(talk.latest).to_contain_text("No picture of yours")
    await talk.say("/history")
    await expect(talk.message("1 of 2")).to_contain_text("a blue whale")


async def test_a_picture_of_the_history_is_used_again(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox")
    await talk.say("/history")
    shown = talk.message("1 of 1")
    await talk.press("📤 Send", shown)
    await expect(talk.at("photo")).to_have_count(3)
    await talk.press("Redo", shown)
    await expect(talk.at("photo")).to_have_count(4)
    assert stage.submits == ["a red fox"] * 2
