"""The chat page on a phone, in dark mode, after a reload and after the server was down."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage, colours, contrast
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


async def test_a_reload_keeps_the_place(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.become("小明")
    await chat_page.enter("Picture club")
    await chat_page.say("hello, all of you")
    await expect(chat_page.latest).to_contain_text("hello, all of you")
    await chat_page.page.reload()
    await chat_page.ready()
    await expect(chat_page.at("chat-title")).to_have_text("Picture club")
    await expect(chat_page.at("person").filter(has_text="小明")).to_have_attribute("aria-pressed", "true")
    await expect(chat_page.latest).to_contain_text("hello, all of you")


async def test_on_a_phone(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(**PHONE)
    await chat_page.at("composer").fill("a red fox in the snow --n 4")
    await chat_page.at("send").tap()
    await expect(chat_page.button("Again")).to_be_in_viewport()
    await expect(chat_page.at("composer")).to_be_in_viewport()
    assert await chat_page.page.evaluate(OVERFLOW) <= 0
    await chat_page.at("photo").first.tap()
    await expect(chat_page.at("viewer-counter")).to_have_text("1 of 4")
    await chat_page.at("viewer-close").tap()
    await chat_page.at("inspector-toggle").tap()
    await expect(chat_page.at("call").last).to_be_in_viewport()
    await chat_page.at("inspector-hide").tap()
    await chat_page.at("panel-toggle").tap()
    await chat_page.enter("Picture club")
    await expect(chat_page.at("chat-title")).to_have_text("Picture club")
    await expect(chat_page.at("panel")).not_to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_can_be_read(harness: DemoHarness, visit: Visit, scheme: str) -> None:
    chat_page = await visit(color_scheme=scheme)
    await chat_page.say("/help")
    await expect(chat_page.message("put options anywhere")).to_be_visible()
    for words in ("/help", "put options anywhere"):
        ink, ground = await colours(chat_page.message(words).locator(".bubble"))
        assert contrast(ink, ground) > 4.5
    assert (ground < 0.2) is (scheme == "dark")
