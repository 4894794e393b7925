"""On the chat page: a channel in which the bot posts, and the group that talks about it."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import in_chinese
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOT_YOUR_BUTTONS = "These buttons belong to whoever asked for the picture. Make your own with /imagine."


async def test_an_admin_posts_a_wish_and_uses_the_buttons(harness: DemoHarness, visit: Visit) -> None:
    ann, ming, group = harness.telegram.ann, harness.telegram.ming, harness.telegram.group
    channel = harness.telegram.world.add_channel("Daily pictures", ann, ming, admins=(ann,), discussion=group)
    chat_page = await visit(chat=channel)
    await chat_page.say("/imagine a red fox")
    result = chat_page.message("Jimeng 4.0")
    await expect(chat_page.button("Again", result)).to_be_visible()
    await chat_page.press("☆", result)
    await expect(chat_page.button("⭐", result)).to_be_visible()
    await chat_page.press("Again", result)
    await expect(chat_page.at("photo")).to_have_count(2)
    await chat_page.press("Edit", result)
    await expect(chat_page.at("alert")).to_contain_text("reply to the picture with /imagine")
    await chat_page.at("alert-ok").click()
    await chat_page.reply_to(result)
    await chat_page.say("/imagine at night")
    await expect(chat_page.at("photo")).to_have_count(3)
    await chat_page.press("🗑", result)
    await chat_page.press("Delete", result)
    await expect(chat_page.at("photo")).to_have_count(2)
    # Telegram's forwards to the discussion group are no prompts; they show the same as the posts.
    await chat_page.enter("Picture club")
    await expect(chat_page.at("photo")).to_have_count(3)
    await expect(chat_page.at("keyboard-button")).to_have_count(0)
    assert harness.submits == ["a red fox", "a red fox", "at night"]
    assert harness.references == [0, 0, 1]
    # A comment that mentions the bot is a prompt.
    await chat_page.reply_to(chat_page.message("at night"))
    await chat_page.say("@imagine_demo_bot with a hat")
    await expect(chat_page.button("Again", chat_page.latest)).to_be_visible()
    assert harness.references == [0, 0, 1, 1]


async def test_readers_see_the_pictures_and_change_nothing(harness: DemoHarness, visit: Visit) -> None:
    ann, ming = harness.telegram.ann, harness.telegram.ming
    channel = harness.telegram.world.add_channel("Daily pictures", ann, ming, admins=(ann,))
    chat_page = await visit(ming, channel)
    await expect(chat_page.at("closed")).to_have_text("只有管理员可以在本频道发言")
    await expect(chat_page.at("tries")).to_be_hidden()
    await harness.telegram.send(ann, channel, text="/imagine a red fox")
    await expect(chat_page.button("Again")).to_be_visible()
    for label, told in (
        ("Again", NOT_YOUR_BUTTONS),
        ("Files", NOT_YOUR_BUTTONS),
        ("🗑", "Only the person who asked for it, or an admin, can delete it."),
    ):
        await chat_page.press(label)
        await expect(chat_page.at("alert")).to_contain_text(in_chinese(told))
        await chat_page.at("alert-ok").click()
    assert sum(one.by_bot for one in harness.telegram.messages(channel)) == 1
    assert harness.submits == ["a red fox"]
