"""On the chat page: the buttons that make another picture, keep one or delete one, in both languages."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage, in_chinese
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_variations_larger_shape_and_style(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox --n 2")
    album = chat_page.at("message").filter(has_text="2 pictures").first
    await chat_page.press("Variations", album)
    await chat_page.press("2", album)
    await expect(chat_page.at("photo")).to_have_count(4)
    await chat_page.press("Larger", album)
    await chat_page.press("1", album)
    larger = chat_page.message("🔍")
    await expect(larger).to_contain_text("a red fox")
    await expect(chat_page.button("Larger", larger)).to_have_count(0)
    await chat_page.press("Shape", album)
    await chat_page.press("16:9", album)
    await expect(chat_page.at("photo")).to_have_count(7)
    await chat_page.press("Style", album)
    await chat_page.press("ink", album)
    await expect(chat_page.message("2 pictures")).to_be_visible()
    await expect(chat_page.at("photo")).to_have_count(9)
    tasks = list(harness.jimeng.tasks.values())
    assert [len(task.references) for task in tasks] == [0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert tasks[4].width * tasks[4].height > 12_000_000
    assert tasks[5].width > 1.7 * tasks[5].height
    assert "ink wash painting" in tasks[8].prompt


async def test_what_is_chosen_already_can_not_be_pressed(chat_page: ChatPage) -> None:
    await chat_page.say("a red fox --style sketch")
    await chat_page.press("Style")
    await expect(chat_page.button("✓ sketch")).to_be_disabled()
    await chat_page.press("‹ Back")
    await expect(chat_page.button("🎭 Style")).to_be_enabled()


async def test_favourite_copy_and_delete_in_chinese(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(harness.telegram.ming)
    await chat_page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await chat_page.say("雪地里的红狐狸")
    await chat_page.press("☆")
    await expect(chat_page.at("toast").last).to_have_text(in_chinese("⭐ Added to favourites."))
    await expect(chat_page.button("⭐")).to_be_visible()
    await chat_page.press("复制")
    assert await chat_page.page.evaluate("navigator.clipboard.readText()") == "雪地里的红狐狸"
    await chat_page.press("🗑")
    await chat_page.press("保留")
    await chat_page.press("🗑")
    await chat_page.press("删除")
    await expect(chat_page.at("photo")).to_have_count(0)
    await chat_page.say("/history")
    await expect(chat_page.latest).to_contain_text("你还没有画过图")


async def test_strangers_are_refused_politely_and_admins_may_delete(harness: DemoHarness, visit: Visit) -> None:
    hers, his = await visit(chat=harness.telegram.group), await visit(harness.telegram.ming, harness.telegram.group)
    await his.say("/imagine 一只猫")
    await hers.press("修改")
    await expect(hers.at("alert")).to_contain_text("Again and Variations are for everyone.")
    await hers.at("alert-ok").click()
    await hers.press("🗑")
    await hers.press("Delete")
    await expect(his.at("photo")).to_have_count(0)
    assert harness.submits == ["一只猫"]


async def test_a_style_of_ones_own_by_flag_and_by_button(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("/style add mine soft light, pastel colours")
    await expect(chat_page.latest).to_contain_text("a red fox --style mine")
    await chat_page.say("a red fox --style mine")
    await expect(chat_page.message("· mine")).to_be_visible()
    await chat_page.say("/style")
    await chat_page.press("mine")
    await expect(chat_page.latest).to_contain_text("What should I draw in the style mine?")
    await chat_page.say("a hare")
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == ["a red fox, soft light, pastel colours", "a hare, soft light, pastel colours"]
