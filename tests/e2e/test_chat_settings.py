"""On the chat page: settings for all requests, in both languages."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_shape_is_set_once_and_holds(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("/settings")
    await chat_page.press("Shape: automatic")
    await chat_page.press("16:9")
    await expect(chat_page.button("Shape: 16:9")).to_be_visible()
    await chat_page.say("a red fox")
    await expect(chat_page.at("photo")).to_be_visible()
    (task,) = harness.jimeng.tasks.values()
    assert task.width > task.height


async def test_the_language_is_changed_at_once(visit: Visit, harness: DemoHarness) -> None:
    chat_page = await visit(harness.telegram.ming)
    await chat_page.say("/settings")
    await chat_page.press("语言")
    await chat_page.press("English")
    await expect(chat_page.message("Your settings")).to_be_visible()
    await chat_page.say("/help")
    await expect(chat_page.message("put options anywhere")).to_be_visible()


async def test_a_service_brings_its_own_options(chat_page: ChatPage) -> None:
    await chat_page.say("/settings")
    await chat_page.press("Service")
    await chat_page.press("OpenAI")
    await chat_page.press("Quality: auto")
    await chat_page.press("medium")
    await expect(chat_page.button("Quality: medium")).to_be_visible()
