"""On the chat page: a group of two people, one of them Chinese."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk, in_chinese

pytestmark = pytest.mark.asyncio(loop_scope="session")

AGAIN, CANCEL = "🔁 Again", "Cancel"


async def test_ming_asks_in_the_group_and_is_answered_in_chinese(stage: Stage, talk: Talk) -> None:
    await talk.become("小明")
    await talk.enter("Picture club")
    await expect(talk.at("chat-title")).to_have_text("Picture club")
    stage.hold(1.0)
    await talk.say("/imagine 一只在樱花树下的猫 --n 2")
    await expect(talk.button(in_chinese(CANCEL), talk.latest)).to_be_visible()
    stage.release()
    await expect(talk.at("album").get_by_test_id("photo")).to_have_count(2)
    await expect(talk.message("即梦 4.0").get_by_test_id("author")).to_contain_text("Imagine")
    await expect(talk.button(in_chinese(AGAIN), talk.latest)).to_be_visible()
    assert stage.submits == ["一只在樱花树下的猫"] * 2


async def test_both_see_it_and_only_who_asked_may_go_on(stage: Stage, visit: Visit) -> None:
    ming, ann = stage.telegram.ming, stage.telegram.ann
    hers, his = await visit(ann, stage.telegram.group), await visit(ming, stage.telegram.group)
    stage.hold(1.0)
    await hers.say("/imagine a red fox")
    await expect(his.message("/imagine a red fox").get_by_test_id("author")).to_have_text("Ann")
    await his.press("Cancel", his.message("Drawing"))
    await his.at("alert-ok").click()
    await expect(hers.message("Drawing")).to_be_visible()
    stage.release()
    await expect(his.button("Again")).to_be_visible()
    await his.press("Again")
    await expect(his.at("alert")).to_contain_text(in_chinese(FOR_WHOEVER_ASKED))
    await his.at("alert-ok").click()
    assert stage.submits == ["a red fox"]


async def test_the_bot_leaves_talk_alone_and_hears_its_name(stage: Stage, visit: Visit) -> None:
    talk = await visit(chat=stage.telegram.group)
    await talk.say("what shall we paint today?")
    await talk.say("/imagine")
    await expect(talk.message("/imagine a red fox in the snow --ar 16:9")).to_be_visible()
    await talk.say("@imagine_demo_bot a lighthouse")
    await expect(talk.button("Again")).to_be_visible()
    answers = talk.at("message").filter(has=talk.at("author").filter(has_text="Imagine"))
    await expect(answers).to_have_count(2)
    assert stage.submits == ["a lighthouse"]


async def test_unread_messages_are_counted_until_they_are_read(stage: Stage, talk: Talk) -> None:
    await stage.telegram.send(stage.telegram.ming, stage.telegram.group, text="look at this")
    group = talk.at("chat-tab").filter(has_text="Picture club")
    await expect(group.get_by_test_id("unread")).to_have_text("1")
    await expect(talk.page).to_have_title("(1) imagine-bot demo")
    await group.click()
    await expect(talk.at("unread")).to_have_count(0)
    await expect(talk.latest).to_contain_text("look at this")


FOR_WHOEVER_ASKED = "These buttons belong to whoever asked for the picture. Make your own with /imagine."
