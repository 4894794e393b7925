"""On the chat page: pictures as references, and their results."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import BLUE, GREEN, RED, ChatPage, photo, share
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_photos_with_words_become_an_album_made_of_them(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("side by side --n 2", photo("red"), photo("blue"))
    mine = chat_page.message("side by side").get_by_test_id("photo")
    await expect(mine).to_have_count(2)
    await expect(chat_page.button("Again")).to_be_visible()
    made = await chat_page.pictures(chat_page.message("Jimeng 4.0"))
    assert len(made) == 2
    for picture in made:
        assert share(picture, RED) > 0.05
        assert share(picture, BLUE) > 0.05
        assert share(picture, GREEN) < 0.05


async def test_an_answer_to_a_result_uses_it(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a wall", photo("red"))
    await expect(chat_page.button("Again")).to_be_visible()
    first = chat_page.message("Jimeng 4.0")
    await chat_page.reply_to(first)
    await chat_page.say("at noon")
    await expect(chat_page.at("reply-quote").filter(has_text="Imagine")).to_be_visible()
    second = chat_page.message("at noon").and_(chat_page.at("message").filter(has_text="Jimeng 4.0"))
    await expect(chat_page.button("Again", second)).to_be_visible()
    (made,) = await chat_page.pictures(second)
    assert share(made, RED) > 0.3
    assert harness.references == [1, 1]


async def test_a_photo_without_words_waits_for_them(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("", photo("blue"))
    await expect(chat_page.latest).to_contain_text("What should I make of it?")
    assert harness.submits == []
    await chat_page.say("as a watercolour")
    await expect(chat_page.button("Again")).to_be_visible()
    (made,) = await chat_page.pictures(chat_page.message("Jimeng 4.0"))
    assert share(made, BLUE) > 0.3


async def test_a_picture_sent_as_a_file_counts_too(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("in the evening", photo("red", "wall.png", "PNG"), as_files=True)
    await expect(chat_page.at("document")).to_contain_text("wall.png")
    await expect(chat_page.button("Again")).to_be_visible()
    (made,) = await chat_page.pictures(chat_page.message("Jimeng 4.0"))
    assert share(made, RED) > 0.2


async def test_pictures_can_be_left_out_before_they_are_sent(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("file-input").set_input_files([photo("red"), photo("blue"), photo("green")])
    await expect(chat_page.at("attachment-count")).to_have_text("3 pictures")
    await chat_page.at("attachment-remove").first.click()
    await chat_page.at("attachment-remove").first.click()
    await chat_page.say("a meadow")
    await expect(chat_page.message("a meadow").get_by_test_id("photo")).to_have_count(1)
    await expect(chat_page.button("Again")).to_be_visible()
    assert harness.references == [1]
