"""On the chat page: a group of two people, one of them Chinese."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage, in_chinese
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

AGAIN, CANCEL = "🔁 Again", "Cancel"


async def test_ming_asks_in_the_group_and_is_answered_in_chinese(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.become("小明")
    await chat_page.enter("Picture club")
    await expect(chat_page.at("chat-title")).to_have_text("Picture club")
    harness.hold(1.0)
    await chat_page.say("/imagine 一只在樱花树下的猫 --n 2")
    await expect(chat_page.button(in_chinese(CANCEL), chat_page.latest)).to_be_visible()
    harness.release()
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(2)
    await expect(chat_page.message("即梦 4.0").get_by_test_id("author")).to_contain_text("Imagine")
    await expect(chat_page.button(in_chinese(AGAIN), chat_page.latest)).to_be_visible()
    assert harness.submits == ["一只在樱花树下的猫"] * 2


async def test_both_see_it_and_only_who_asked_may_go_on(harness: DemoHarness, visit: Visit) -> None:
    ming, ann = harness.telegram.ming, harness.telegram.ann
    hers, his = await visit(ann, harness.telegram.group), await visit(ming, harness.telegram.group)
    harness.hold(1.0)
    await hers.say("/imagine a red fox")
    await expect(his.message("/imagine a red fox").get_by_test_id("author")).to_have_text("Ann")
    await his.press("Cancel", his.message("Drawing"))
    await his.at("alert-ok").click()
    await expect(hers.message("Drawing")).to_be_visible()
    harness.release()
    await expect(his.button("Again")).to_be_visible()
    await his.press("Edit")
    await expect(his.at("alert")).to_contain_text(in_chinese(NOT_YOUR_BUTTONS))
    await his.at("alert-ok").click()
    assert harness.submits == ["a red fox"]


async def test_the_bot_leaves_talk_alone_and_hears_its_name(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(chat=harness.telegram.group)
    await chat_page.say("what shall we paint today?")
    await chat_page.say("/imagine")
    await expect(chat_page.message("/imagine a red fox in the snow --ar 16:9")).to_be_visible()
    await chat_page.say("@imagine_demo_bot a lighthouse")
    await expect(chat_page.button("Again")).to_be_visible()
    answers = chat_page.at("message").filter(has=chat_page.at("author").filter(has_text="Imagine"))
    await expect(answers).to_have_count(2)
    assert harness.submits == ["a lighthouse"]


async def test_unread_messages_are_counted_until_they_are_read(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.telegram.send(harness.telegram.ming, harness.telegram.group, text="look at this")
    group = chat_page.at("chat-tab").filter(has_text="Picture club")
    await expect(group.get_by_test_id("unread")).to_have_text("1")
    await expect(chat_page.page).to_have_title("(1) imagine-bot demo")
    await group.click()
    await expect(chat_page.at("unread")).to_have_count(0)
    await expect(chat_page.latest).to_contain_text("look at this")


NOT_YOUR_BUTTONS = "Only whoever asked for the picture can use this. Again and Variations are for everyone."
