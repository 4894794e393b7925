"""On the chat page: what the bot can't use, and what a service refuses; each is told in a sentence that helps."""

import pytest
from playwright.async_api import FilePayload, expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk, in_chinese, photo

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANT_LISTEN = "I can't listen to voice messages. Please write what you'd like to see."
CANT_WATCH = "I can't use stickers or videos. Send a photo or a screenshot with a few words."
PDF: FilePayload = {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 ..."}


async def test_what_the_bot_cant_use_is_answered_with_what_it_can(stage: Stage, talk: Talk) -> None:
    for kind, word, answer in (
        ("voice", "Voice message", CANT_LISTEN),
        ("sticker", "🦊 Sticker", CANT_WATCH),
        ("video", "Video", CANT_WATCH),
        ("location", "Place", "I work with words and photos."),
    ):
        await talk.attach(kind)
        await expect(talk.at(kind)).to_be_visible()
        told = talk.message(answer).filter(has=talk.at("reply-quote").filter(has_text=word))
        await expect(told).to_be_visible()
    async with talk.page.expect_file_chooser() as choosing:
        await talk.attach("files")
    await (await choosing.value).set_files(PDF)
    await talk.say("draw this")
    told = talk.message("This file is not a picture. Send a JPEG, PNG, WebP or HEIC.")
    await expect(told.get_by_test_id("reply-quote")).to_contain_text("draw this")
    await talk.reply_to(talk.at("message").filter(has=talk.at("video")))
    await expect(talk.at("reply-bar")).to_contain_text("Video")
    assert stage.submits == []


async def test_a_voice_message_in_chinese_and_in_a_group(stage: Stage, visit: Visit) -> None:
    talk = await visit(stage.telegram.ming)
    await talk.attach("voice")
    await expect(talk.message(in_chinese(CANT_LISTEN))).to_be_visible()
    await talk.enter("Picture club")
    await talk.attach("voice")
    await talk.say("/help")
    await expect(talk.message("--风格")).to_be_visible()
    await expect(talk.at("message")).to_have_count(3)


async def test_a_refusal_says_what_was_refused_what_was_paid_and_what_to_try(stage: Stage, talk: Talk) -> None:
    for words, files, answer in (
        (
            "a forbidden fox",
            (),
            "The service refused this prompt. Please rephrase it and send it again. Nothing was charged.",
        ),
        (
            "an unsafe reference",
            (photo("red"),),
            "The service refused one of the reference pictures. Please try another one. Nothing was charged.",
        ),
        (
            "an unsafe result",
            (),
            "The picture was made, but the service's safety check held it back. Trying again may help. This "
            "attempt may have been charged.",
        ),
    ):
        await talk.say(words, *files)
        told = talk.message(answer)
        await expect(told.get_by_test_id("reply-quote")).to_contain_text(words)
        await expect(talk.button("Try again", told)).to_be_visible()
    assert stage.submits == ["an unsafe result"]
