"""On the chat page: the buttons under a result."""

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_again(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox")
    await chat_page.press("Again")
    await expect(chat_page.at("toast")).to_have_text("One more time!")
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == ["a red fox"] * 2


async def test_edit_one_of_an_album(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox --n 2")
    await chat_page.press("Edit")
    await expect(chat_page.at("toast")).to_have_text("Which picture?")
    await chat_page.press("2", chat_page.latest)
    await expect(chat_page.latest).to_contain_text("What should I make of it?")
    await expect(chat_page.button("Edit", chat_page.message("2 pictures"))).to_be_visible()
    await chat_page.say("at night")
    await expect(chat_page.message("at night")).to_contain_text("Jimeng 4.0")
    assert harness.references == [0, 0, 1]


async def test_originals_come_as_files(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox --n 2")
    await chat_page.press("Files")
    files = chat_page.at("document")
    await expect(files).to_have_count(2)
    async with chat_page.page.expect_download() as waiting:
        await files.first.click()
    download = await waiting.value
    assert download.suggested_filename.endswith(".jpg")
    with Image.open(await download.path()) as image:
        assert (image.format, image.size) == ("JPEG", (205, 205))
