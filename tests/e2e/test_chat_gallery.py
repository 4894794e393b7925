"""On the chat page: the steps of an edited picture, the history as a gallery, and own pictures by inline mode."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_edits_by_talking_lead_back_to_each_step(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox")
    await chat_page.reply_to(chat_page.message("Jimeng 4.0"))
    await chat_page.say("with a hat")
    await expect(chat_page.at("photo")).to_have_count(2)
    await chat_page.reply_to(chat_page.message("with a hat").and_(chat_page.message("Jimeng 4.0")))
    await chat_page.say("at night")
    await expect(chat_page.at("photo")).to_have_count(3)
    assert harness.references == [0, 1, 1]
    await chat_page.say("/history")
    page = chat_page.message("of 3")
    await expect(page).to_contain_text("↩️ from “with a hat”")
    await chat_page.press("Details", page)
    await expect(page).to_contain_text("1. a red fox ↓")
    await expect(page).to_contain_text("Cost: ¥0.20")
    await chat_page.press("↩️ 1", page)
    await expect(page).to_contain_text("3 of 3")
    await chat_page.press("Newer", page)
    await chat_page.press("Made from", chat_page.message("2 of 3"))
    await expect(page).to_contain_text("3 of 3")


async def test_favourites_dates_and_overview(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox", "a blue whale", "a red barn")
    await chat_page.say("/history")
    page = chat_page.message("1 of 3")
    await chat_page.press("Older", page)
    page = chat_page.message("2 of 3")
    await chat_page.press("☆", page)
    await expect(chat_page.at("toast").last).to_have_text("⭐ Added to favourites.")
    await chat_page.press("⭐ Favourites", page)
    page = chat_page.message("1 of 1")
    await expect(page).to_contain_text("a blue whale")
    await chat_page.press("All pictures", page)
    page = chat_page.message("2 of 3")
    await chat_page.press("Date", page)
    await chat_page.press("(3)", page)
    await expect(chat_page.button("-", page)).to_have_count(0)
    await chat_page.press("(3)", page)
    page = chat_page.message("1 of 3")
    await chat_page.press("Overview", page)
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(3)
    await chat_page.press("3", chat_page.message("Which one shall I open?"))
    await expect(chat_page.message("3 of 3")).to_contain_text("a red fox")


async def test_ones_pictures_are_sent_to_any_chat(harness: DemoHarness, visit: Visit) -> None:
    await harness.made("a red fox", "a blue whale")
    chat_page = await visit(chat=harness.telegram.group)
    await chat_page.at("composer").press_sequentially("@imagine_demo_bot fox")
    # The first one offers to make it.
    await expect(chat_page.at("inline-result")).to_have_count(2)
    await chat_page.at("inline-result").last.click()
    await expect(chat_page.latest.get_by_test_id("via")).to_have_text("via @imagine_demo_bot")
    await expect(chat_page.latest).to_contain_text("a red fox")
    # Who has no picture yet is led to the private chat.
    his = await visit(harness.telegram.ming, harness.telegram.group)
    await his.at("composer").press_sequentially("@imagine_demo_bot ")
    await his.at("inline-button").click()
    await expect(his.message("我就把它画出来")).to_be_visible()
    assert len(harness.submits) == 2
