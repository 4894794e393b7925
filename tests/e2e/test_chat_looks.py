"""The chat page on a phone, in the dark, after a reload and after the bot's server was away."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk, colours, contrast

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


async def test_a_reload_keeps_the_place(stage: Stage, talk: Talk) -> None:
    await talk.become("小明")
    await talk.enter("Picture club")
    await talk.say("hello, all of you")
    await expect(talk.latest).to_contain_text("hello, all of you")
    await talk.page.reload()
    await talk.ready()
    await expect(talk.at("chat-title")).to_have_text("Picture club")
    await expect(talk.at("person").filter(has_text="小明")).to_have_attribute("aria-pressed", "true")
    await expect(talk.latest).to_contain_text("hello, all of you")


async def test_on_a_phone(stage: Stage, visit: Visit) -> None:
    talk = await visit(**PHONE)
    await talk.at("composer").fill("a red fox in the snow --n 4")
    await talk.at("send").tap()
    await expect(talk.button("Again")).to_be_in_viewport()
    await expect(talk.at("composer")).to_be_in_viewport()
    assert await talk.page.evaluate(OVERFLOW) <= 0
    await talk.at("photo").first.tap()
    await expect(talk.at("viewer-counter")).to_have_text("1 of 4")
    await talk.at("viewer-close").tap()
    await talk.at("inspector-toggle").tap()
    await expect(talk.at("call").last).to_be_in_viewport()
    await talk.at("inspector-hide").tap()
    await talk.at("panel-toggle").tap()
    await talk.enter("Picture club")
    await expect(talk.at("chat-title")).to_have_text("Picture club")
    await expect(talk.at("panel")).not_to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_can_be_read(stage: Stage, visit: Visit, scheme: str) -> None:
    talk = await visit(color_scheme=scheme)
    await talk.say("/help")
    await expect(talk.message("put options anywhere")).to_be_visible()
    for words in ("/help", "put options anywhere"):
        ink, ground = await colours(talk.message(words).locator(".bubble"))
        assert contrast(ink, ground) > 4.5
    assert (ground < 0.2) is (scheme == "dark")
