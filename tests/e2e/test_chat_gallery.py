"""On the chat page: the way back through edits, and the history as a gallery; one's pictures in any chat."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_edits_by_talking_lead_back_to_each_step(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox")
    await talk.reply_to(talk.message("Jimeng 4.0"))
    await talk.say("with a hat")
    await expect(talk.at("photo")).to_have_count(2)
    await talk.reply_to(talk.message("with a hat").and_(talk.message("Jimeng 4.0")))
    await talk.say("at night")
    await expect(talk.at("photo")).to_have_count(3)
    assert stage.references == [0, 1, 1]
    await talk.say("/history")
    page = talk.message("of 3")
    await expect(page).to_contain_text("↩️ from “with a hat”")
    await talk.press("Details", page)
    await expect(page).to_contain_text("1. a red fox ↓")
    await expect(page).to_contain_text("Cost: ¥0.20")
    await talk.press("↩️ 1", page)
    await expect(page).to_contain_text("3 of 3")
    await talk.press("Newer", page)
    await talk.press("Made from", talk.message("2 of 3"))
    await expect(page).to_contain_text("3 of 3")


async def test_favourites_dates_and_overview(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox", "a blue whale", "a red barn")
    await talk.say("/history")
    page = talk.message("1 of 3")
    await talk.press("Older", page)
    page = talk.message("2 of 3")
    await talk.press("☆", page)
    await expect(talk.at("toast").last).to_have_text("⭐ Added to favourites.")
    await talk.press("⭐ Favourites", page)
    page = talk.message("1 of 1")
    await expect(page).to_contain_text("a blue whale")
    await talk.press("All pictures", page)
    page = talk.message("2 of 3")
    await talk.press("Date", page)
    await talk.press("(3)", page)
    await expect(talk.button("-", page)).to_have_count(0)
    await talk.press("(3)", page)
    page = talk.message("1 of 3")
    await talk.press("Overview", page)
    await expect(talk.at("album").get_by_test_id("photo")).to_have_count(3)
    await talk.press("3", talk.message("Which one shall I open?"))
    await expect(talk.message("3 of 3")).to_contain_text("a red fox")


async def test_ones_pictures_are_sent_to_any_chat(stage: Stage, visit: Visit) -> None:
    await stage.made("a red fox", "a blue whale")
    talk = await visit(chat=stage.telegram.group)
    await talk.at("composer").press_sequentially("@imagine_demo_bot fox")
    await expect(talk.at("inline-result")).to_have_count(1)
    await talk.at("inline-result").click()
    await expect(talk.latest.get_by_test_id("via")).to_have_text("via @imagine_demo_bot")
    await expect(talk.latest).to_contain_text("a red fox")
    await talk.at("composer").press_sequentially("@imagine_demo_bot yak")
    await talk.at("inline-button").click()
    await expect(talk.message("Hi! Tell me")).to_be_visible()
    assert len(stage.submits) == 2
