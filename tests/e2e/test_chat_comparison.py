"""On the chat page, in both languages: two pictures of an album beside each other, and before and after an edit."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import photo
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]


async def test_two_of_three_and_before_and_after(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    await chat_page.say("a red fox --n 3")
    result = chat_page.message(chat_page.words("✅ {count} pictures").format(count=3))
    await chat_page.press(chat_page.words("⇆ Compare"), result)
    await chat_page.press("3", result)
    await expect(chat_page.button("3", result)).to_have_count(0)
    await chat_page.press("1", result)
    compared = chat_page.message("⬅️ 3")
    await expect(compared).to_be_visible()
    (both,) = await chat_page.pictures(compared)
    assert both.width > 2 * both.height
    await chat_page.say("as a watercolour", photo("blue"))
    await expect(chat_page.at("photo")).to_have_count(6)
    await chat_page.say("/history")
    await chat_page.press(chat_page.words("ℹ️ Details"))
    details = chat_page.message(chat_page.words("⬅️ before · after ➡️"))
    await expect(details).to_be_visible()
    (both,) = await chat_page.pictures(details)
    red, _green, blue = both.getpixel((both.height // 4, both.height // 2))  # type: ignore[misc]
    assert blue > red + 100, "the photo is on the left"
    await chat_page.press(chat_page.words("‹ Back"), details)
    await expect(chat_page.button(chat_page.words("ℹ️ Details"))).to_be_visible()
