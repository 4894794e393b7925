"""On the chat page: the settings of a group by its admins, and its queue."""

import pytest
from playwright.async_api import expect

from bot.demo.chat import groups
from tests.e2e.chat_page import in_chinese
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_admin_sets_a_shape_and_pauses_the_bot(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(chat=harness.telegram.group)
    await chat_page.say("/settings")
    await chat_page.press("Shape: automatic")
    await chat_page.press("16:9")
    await expect(chat_page.button("Shape: 16:9")).to_be_visible()
    await chat_page.say("/imagine a red fox")
    await expect(chat_page.at("photo")).to_be_visible()
    (task,) = harness.jimeng.tasks.values()
    assert task.width > task.height
    await chat_page.press("Pause")
    await expect(chat_page.message("nobody can ask me")).to_be_visible()
    await chat_page.say("/imagine a hare")
    await expect(chat_page.message("The admins have paused me here.")).to_be_visible()
    await chat_page.press("Resume")
    await expect(chat_page.button("Pause")).to_be_visible()
    await chat_page.say("/imagine an owl")
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == ["a red fox", "an owl"]


async def test_in_one_topic_only_and_quietly(harness: DemoHarness, visit: Visit) -> None:
    group = harness.telegram.group
    topic = groups.add_topic(harness.telegram.world, group, "Pictures")
    chat_page = await visit(chat=group)
    await chat_page.at("topic").filter(has_text="Pictures").click()
    await chat_page.say("/settings")
    await chat_page.press("Only in this topic: off")
    await chat_page.press("Quiet: off")
    await expect(chat_page.button("Quiet: on")).to_be_visible()
    await chat_page.at("topic").filter(has_text="All").click()
    await chat_page.say("/imagine a red fox")
    told = chat_page.message("In this group I only work in one topic.")
    await told.get_by_test_id("place-link").click()
    await expect(chat_page.at("topic").filter(has_text="Pictures")).to_have_attribute("aria-selected", "true")
    await chat_page.say("/imagine an owl")
    await expect(chat_page.button("Again")).to_be_visible()
    assert harness.submits == ["an owl"]
    assert [one.topic for one in harness.telegram.messages(group) if one.photo] == [topic]
    # No progress was shown.
    assert not harness.telegram.calls.named("editMessageText")[2:]


async def test_an_admin_sees_the_queue_and_clears_it(harness: DemoHarness, visit: Visit) -> None:
    harness.hold()
    ming, group = harness.telegram.ming, harness.telegram.group
    await harness.telegram.send(ming, group, text="/imagine foxes --n 2")
    await harness.telegram.until(lambda: len(harness.submits) == 2)
    await harness.telegram.send(ming, group, text="/imagine a hare")
    await harness.telegram.until(lambda: sum(one.by_bot for one in harness.telegram.messages(group)) == 2)
    chat_page = await visit(chat=group)
    await chat_page.say("/settings")
    await chat_page.press("Queue: 2")
    page = chat_page.message("Queue of this group")
    await expect(page).to_contain_text("1. 小明: foxes · 🎨 drawing")
    await expect(page).to_contain_text("2. 小明: a hare · ⏳ waiting")
    await chat_page.press("Clear the queue")
    await chat_page.press("Yes, cancel them")
    await expect(page).not_to_contain_text("a hare")
    await expect(page).to_contain_text("foxes")
    harness.release()
    await expect(chat_page.at("photo")).to_have_count(2)
    await chat_page.press("Back")
    await expect(chat_page.button("Queue: 0")).to_be_visible()
    assert harness.submits == ["foxes"] * 2


async def test_a_plain_member_gets_the_way_to_their_own(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(harness.telegram.ming, harness.telegram.group)
    await chat_page.say("/settings")
    await expect(chat_page.button(in_chinese("⚙️ My settings"))).to_be_visible()
    await expect(chat_page.at("keyboard-button")).to_have_count(1)
