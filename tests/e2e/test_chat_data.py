"""On the chat page: exporting and deleting a person's data."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_all_ones_data_comes_as_a_file(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox")
    await chat_page.say("/export")
    file = chat_page.latest.get_by_test_id("document")
    await expect(file).to_contain_text(".zip")


async def test_being_forgotten(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a red fox")
    await chat_page.say("/forget")
    await expect(chat_page.latest).to_contain_text("This can't be undone")
    await chat_page.press("Keep")
    await expect(chat_page.latest).to_contain_text("Everything stays")
    await chat_page.say("/forget")
    await chat_page.press("Erase everything")
    await expect(chat_page.latest).to_contain_text("I've erased everything")
    await chat_page.say("/history")
    await expect(chat_page.latest).to_contain_text("any pictures yet")
