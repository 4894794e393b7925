"""On the chat page: helpful answers to messages that are no words, and to requests that a service refuses."""

import pytest
from playwright.async_api import FilePayload, expect

from tests.e2e.chat_page import ChatPage, in_chinese, photo
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAY_I_LISTEN = "Is that all right?"
CANT_WATCH = "I can't use stickers or videos. Send a photo or a screenshot with a few words."
PDF: FilePayload = {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 ..."}


async def test_what_the_bot_cant_use_is_answered_with_what_it_can(harness: DemoHarness, chat_page: ChatPage) -> None:
    for kind, word, answer in (
        ("voice", "Voice message", MAY_I_LISTEN),
        ("sticker", "🦊 Sticker", CANT_WATCH),
        ("video", "Video", CANT_WATCH),
        ("location", "Place", "I work with words and photos."),
    ):
        await chat_page.attach(kind)
        await expect(chat_page.at(kind)).to_be_visible()
        told = chat_page.message(answer).filter(has=chat_page.at("reply-quote").filter(has_text=word))
        await expect(told).to_be_visible()
    async with chat_page.page.expect_file_chooser() as choosing:
        await chat_page.attach("files")
    await (await choosing.value).set_files(PDF)
    await chat_page.say("draw this")
    told = chat_page.message("This file is not a picture. Send a JPEG, PNG, WebP or HEIC.")
    await expect(told.get_by_test_id("reply-quote")).to_contain_text("draw this")
    await chat_page.reply_to(chat_page.at("message").filter(has=chat_page.at("video")))
    await expect(chat_page.at("reply-bar")).to_contain_text("Video")
    assert harness.submits == []


async def test_a_voice_message_in_chinese_and_in_a_group(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(harness.telegram.ming)
    await chat_page.attach("voice")
    await expect(chat_page.button(in_chinese("✨ Go ahead"))).to_be_visible()
    await chat_page.enter("Picture club")
    await chat_page.attach("voice")
    await chat_page.say("/help")
    await expect(chat_page.message("--风格")).to_be_visible()
    await expect(chat_page.at("message")).to_have_count(3)


async def test_a_refusal_says_what_was_refused_what_was_paid_and_what_to_try(
    harness: DemoHarness, chat_page: ChatPage
) -> None:
    for words, files, answer, way in (
        (
            "a forbidden fox",
            (),
            "The service refused this prompt. Please rephrase it and send it again. Nothing was charged.",
            "✏️ Change the words",
        ),
        (
            "an unsafe reference",
            (photo("red"),),
            "The service refused one of the reference pictures. Please try another one. Nothing was charged.",
            "Try again",
        ),
        (
            "an unsafe result",
            (),
            "The picture was made, but the service's safety check held it back. Trying again may help. This "
            "attempt may have been charged.",
            "Try again",
        ),
    ):
        await chat_page.say(words, *files)
        told = chat_page.message(answer)
        await expect(told.get_by_test_id("reply-quote")).to_contain_text(words)
        await expect(chat_page.button(way, told)).to_be_visible()
    assert harness.submits == ["an unsafe result"]
