"""The chat page itself, in both languages: ideas, the viewer, menus, editing, blocking, an unfinished picture."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness
from tests.e2e.test_chat_looks import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")
IS_INSIDE = """node => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && right - left > 20;
}"""


@pytest.mark.parametrize("name", ["ann", "ming"])
async def test_a_person_edits_a_message_and_blocks_the_bot(harness: DemoHarness, visit: Visit, name: str) -> None:
    person = getattr(harness.telegram, name)
    chat_page = await visit(person)
    harness.hold()
    await chat_page.say("a red fox")
    await expect(chat_page.button(chat_page.words("Cancel"))).to_be_visible()
    await harness.telegram.until(lambda: harness.submits)
    await choose(chat_page, chat_page.message("a red fox").first, "edit")
    await expect(chat_page.at("reply-bar")).to_contain_text("Edit the message" if name == "ann" else "编辑消息")
    await expect(chat_page.at("composer")).to_have_value("a red fox")
    await chat_page.at("composer").fill("a blue whale")
    await chat_page.at("send").click()
    await expect(chat_page.message("a blue whale").get_by_test_id("edited-mark").first).to_be_visible()
    await expect(chat_page.at("composer")).to_have_value("")
    await chat_page.at("group-menu").click()
    await chat_page.at("menu-block").click()
    await expect(chat_page.at("composer")).to_be_hidden()
    assert person.chat.bot == "kicked"
    await chat_page.at("unblock").click()
    await expect(chat_page.at("composer")).to_be_visible()
    harness.release()
    await chat_page.say("an owl")
    await expect(chat_page.message("an owl").get_by_test_id("photo")).to_be_visible()


@pytest.mark.parametrize("look", [{"viewport": {"width": 1280, "height": 700}}, PHONE], ids=["desk", "phone"])
async def test_the_viewer_shows_pictures_whole(harness: DemoHarness, visit: Visit, look: dict[str, object]) -> None:
    await harness.made("a lighthouse --ar 1:3", "a red fox --ar 3:1")
    chat_page = await visit(**look)
    image = chat_page.at("viewer-image")
    for place in (0, 1):
        await chat_page.at("photo").nth(place).click()
        await chat_page.page.wait_for_function("() => document.querySelector('.viewer img').complete")
        assert await image.evaluate(IS_INSIDE)
        # At full size it may be larger than the window; a second press fits it again.
        await chat_page.at("viewer-picture").click()
        await chat_page.at("viewer-picture").click()
        assert await image.evaluate(IS_INSIDE)
        await chat_page.at("viewer-close").click()


async def test_a_message_s_menu_stays_while_others_write(harness: DemoHarness, visit: Visit) -> None:
    ming, group = harness.telegram.ming, harness.telegram.group
    await harness.telegram.send(ming, group, text="\n".join(["one", "after", "the", "other"] * 20))
    (first,) = await harness.telegram.send(ming, group, text="the first")
    chat_page = await visit(chat=group)
    message = chat_page.message("the first")
    await message.hover()
    await message.get_by_test_id("message-menu").click()
    await harness.telegram.send(ming, group, text="and one more")
    harness.telegram.edit(ming, first, "the first, changed")
    await expect(chat_page.message("the first, changed")).to_be_visible()
    await expect(chat_page.message("and one more")).to_be_in_viewport()
    await expect(chat_page.at("menu-reply")).to_be_visible()
    harness.telegram.delete(ming, first)
    await expect(chat_page.at("menu")).to_have_count(0)


async def test_the_filters_of_the_calls_fit(harness: DemoHarness, chat_page: ChatPage) -> None:
    filters = chat_page.at("inspector-filter")
    await expect(filters).to_have_count(len(harness.services) + 3)
    panel = await chat_page.at("inspector").bounding_box()
    boxes = [await one.bounding_box() for one in await filters.all()]
    assert panel
    assert all(box and box["x"] + box["width"] <= panel["x"] + panel["width"] for box in boxes)


async def test_an_idea_shows_an_unfinished_picture(harness: DemoHarness, visit: Visit) -> None:
    """In the person's language, one tap away: the service streams what it has drawn so far."""
    gates = [asyncio.Event(), asyncio.Event()]
    left = iter(gates)

    async def sleep(seconds: float) -> None:
        if gate := next(left, None):
            await gate.wait()

    harness.services["openai"].sleep = sleep
    his = await visit(harness.telegram.ming)
    idea = his.at("tries").get_by_test_id("try").filter(has_text="--服务 openai")
    await idea.click()
    await his.at("send").click()
    gates[0].set()
    status = his.message("正在画")
    await expect(status.get_by_test_id("photo")).to_be_visible()
    gates[1].set()
    await expect(his.message("GPT Image").get_by_test_id("photo")).to_be_visible()
    hers = await visit()
    await expect(hers.at("tries").get_by_test_id("try").filter(has_text="--provider openai")).to_have_count(1)


async def choose(chat_page: ChatPage, message: Locator, entry: str) -> None:
    """Choose from a message's menu."""
    await message.hover()
    await message.get_by_test_id("message-menu").click()
    await chat_page.at(f"menu-{entry}").click()
