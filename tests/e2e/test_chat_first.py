"""On the chat page: the first minute, how progress is shown, and how results come."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_minute_in_both_languages(stage: Stage, visit: Visit) -> None:
    his = await visit(stage.telegram.ming)
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
    assert stage.submits == ["黄昏的灯塔，油画", "a cat in a spacesuit, sticker"]


async def test_in_a_group_all_see_that_it_is_taken(stage: Stage, visit: Visit) -> None:
    talk = await visit(chat=stage.telegram.group)
    stage.hold()
    await talk.say("/imagine a red fox")
    await expect(talk.message("/imagine a red fox")).to_contain_text("👀")
    stage.release()
    await expect(talk.at("photo")).to_have_count(1)


async def test_a_preview_then_the_picture(stage: Stage, talk: Talk) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    left = iter(gates)

    async def sleep(seconds: float) -> None:
        if gate := next(left, None):
            await gate.wait()

    stage.demo.services["openai"].sleep = sleep
    await talk.say("a red fox --provider openai")
    gates[0].set()
    status = talk.message("Drawing")
    await expect(status.get_by_test_id("photo")).to_be_visible()
    gates[1].set()
    await expect(talk.message("gpt-image").get_by_test_id("photo")).to_be_visible()


async def test_covered_as_files_and_with_a_draft(stage: Stage, talk: Talk) -> None:
    await talk.say("/settings")
    for name, choice in (("Results", "both"), ("Spoiler", "yes"), ("Progress", "draft")):
        await talk.press(name)
        await talk.press(choice)
        await expect(talk.button(f"{name}: {choice}")).to_be_visible()
    stage.hold()
    await talk.say("a red fox --n 2")
    await expect(talk.at("draft")).to_be_visible()
    stage.release()
    await expect(talk.message("2 pictures")).to_be_visible()
    await expect(talk.at("draft")).to_have_count(0)
    await expect(talk.at("document")).to_have_count(2)
    await expect(talk.page.get_by_label("Hidden picture, show it")).to_have_count(2)
    await talk.page.get_by_label("Hidden picture, show it").first.click()
    await expect(talk.page.get_by_label("Hidden picture, show it")).to_have_count(1)
