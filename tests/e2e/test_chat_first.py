"""On the chat page: the first minute: greeting, progress and results."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_minute_in_both_languages(harness: DemoHarness, visit: Visit) -> None:
    his = await visit(harness.telegram.ming)
    await expect(his.at("description")).to_contain_text("我能把你的文字变成图画")
    await his.say("/start")
    await his.press("黄昏的灯塔，油画")
    await expect(his.at("photo")).to_have_count(1)
    await his.say("/help")
    await expect(his.message("--风格")).to_contain_text("见 /style")
    hers = await visit()
    await hers.at("composer").fill("/")
    await expect(hers.at("command").filter(has_text="/export")).to_contain_text("all your data as a file")
    await hers.say("/start")
    await hers.press("a cat in a spacesuit, sticker")
    await expect(hers.at("photo")).to_have_count(1)
    assert harness.submits == ["黄昏的灯塔，油画", "a cat in a spacesuit, sticker"]


async def test_in_a_group_all_see_that_it_is_taken(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(chat=harness.telegram.group)
    harness.hold()
    await chat_page.say("/imagine a red fox")
    await expect(chat_page.message("/imagine a red fox")).to_contain_text("👀")
    harness.release()
    await expect(chat_page.at("photo")).to_have_count(1)


async def test_a_preview_then_the_picture(harness: DemoHarness, chat_page: ChatPage) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    left = iter(gates)

    async def sleep(seconds: float) -> None:
        if gate := next(left, None):
            await gate.wait()

    harness.demo.services["openai"].sleep = sleep
    await chat_page.say("a red fox --provider openai")
    gates[0].set()
    status = chat_page.message("Drawing")
    await expect(status.get_by_test_id("photo")).to_be_visible()
    gates[1].set()
    await expect(chat_page.message("GPT Image 2.6 Sunburst").get_by_test_id("photo")).to_be_visible()


async def test_covered_as_files_and_with_a_draft(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("/settings")
    for name, choice in (("Results", "both"), ("Spoiler", "yes"), ("Progress", "draft")):
        await chat_page.press(name)
        await chat_page.press(choice)
        await expect(chat_page.button(f"{name}: {choice}")).to_be_visible()
    harness.hold()
    await chat_page.say("a red fox --n 2")
    await expect(chat_page.at("draft")).to_be_visible()
    harness.release()
    await expect(chat_page.message("2 pictures")).to_be_visible()
    await expect(chat_page.at("draft")).to_have_count(0)
    await expect(chat_page.at("document")).to_have_count(2)
    await expect(chat_page.page.get_by_label("Hidden picture, show it")).to_have_count(2)
    await chat_page.page.get_by_label("Hidden picture, show it").first.click()
    await expect(chat_page.page.get_by_label("Hidden picture, show it")).to_have_count(1)


async def test_a_new_description_is_shown_at_once(harness: DemoHarness, visit: Visit) -> None:
    his = await visit(harness.telegram.ming)
    await expect(his.at("description")).to_contain_text("我能把你的文字变成图画")
    await harness.demo.app.bot.set_my_description("画图的机器人。", language_code="zh")
    await expect(his.at("description")).to_have_text("画图的机器人。")
