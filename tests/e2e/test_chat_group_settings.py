"""On the chat page: what the admins of a group set for it, and its queue."""

import pytest
from playwright.async_api import expect

from bot.demo.chat import groups
from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import in_chinese

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_admin_sets_a_shape_and_pauses_the_bot(stage: Stage, visit: Visit) -> None:
    talk = await visit(chat=stage.telegram.group)
    await talk.say("/settings")
    await talk.press("ar: automatic")
    await talk.press("16:9")
    await expect(talk.button("ar: 16:9")).to_be_visible()
    await talk.say("/imagine a red fox")
    await expect(talk.at("photo")).to_be_visible()
    (task,) = stage.jimeng.tasks.values()
    assert task.width > task.height
    await talk.press("Pause")
    await expect(talk.message("nobody can ask me")).to_be_visible()
    await talk.say("/imagine a hare")
    await expect(talk.message("The admins have paused me here.")).to_be_visible()
    await talk.press("Resume")
    await expect(talk.button("Pause")).to_be_visible()
    await talk.say("/imagine an owl")
    await expect(talk.at("photo")).to_have_count(2)
    assert stage.submits == ["a red fox", "an owl"]


async def test_in_one_topic_only_and_quietly(stage: Stage, visit: Visit) -> None:
    group = stage.telegram.group
    topic = groups.add_topic(stage.telegram.world, group, "Pictures")
    talk = await visit(chat=group)
    await talk.at("topic").filter(has_text="Pictures").click()
    await talk.say("/settings")
    await talk.press("Only in this topic: off")
    await talk.press("Quiet: off")
    await expect(talk.button("Quiet: on")).to_be_visible()
    await talk.at("topic").filter(has_text="All").click()
    await talk.say("/imagine a red fox")
    told = talk.message("In this group I only work in one topic.")
    await told.get_by_test_id("place-link").click()
    await expect(talk.at("topic").filter(has_text="Pictures")).to_have_attribute("aria-selected", "true")
    await talk.say("/imagine an owl")
    await expect(talk.button("Again")).to_be_visible()
    assert stage.submits == ["an owl"]
    assert [one.topic for one in stage.telegram.messages(group) if one.photo] == [topic]
    # Nothing was said of how far it is.
    assert not stage.telegram.calls.named("editMessageText")[2:]


async def test_an_admin_sees_the_queue_and_clears_it(stage: Stage, visit: Visit) -> None:
    stage.hold()
    ming, group = stage.telegram.ming, stage.telegram.group
    await stage.telegram.send(ming, group, text="/imagine foxes --n 2")
    await stage.telegram.until(lambda: len(stage.submits) == 2)
    await stage.telegram.send(ming, group, text="/imagine a hare")
    await stage.telegram.until(lambda: sum(one.by_bot for one in stage.telegram.messages(group)) == 2)
    talk = await visit(chat=group)
    await talk.say("/settings")
    await talk.press("Queue: 2")
    page = talk.message("Queue of this group")
    await expect(page).to_contain_text("1. 小明: foxes · 🎨 drawing")
    await expect(page).to_contain_text("2. 小明: a hare · ⏳ waiting")
    await talk.press("Clear the queue")
    await talk.press("Yes, cancel them")
    await expect(page).not_to_contain_text("a hare")
    await expect(page).to_contain_text("foxes")
    stage.release()
    await expect(talk.at("photo")).to_have_count(2)
    await talk.press("Back")
    await expect(talk.button("Queue: 0")).to_be_visible()
    assert stage.submits == ["foxes"] * 2


async def test_a_plain_member_gets_the_way_to_their_own(stage: Stage, visit: Visit) -> None:
    talk = await visit(stage.telegram.ming, stage.telegram.group)
    await talk.say("/settings")
    await expect(talk.button(in_chinese("⚙️ My settings"))).to_be_visible()
    await expect(talk.at("keyboard-button")).to_have_count(1)
