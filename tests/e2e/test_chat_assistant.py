"""On the chat page, in both languages: help with words, and what becomes of it when things go wrong."""

import asyncio
from typing import cast

import pytest
from playwright.async_api import expect

from bot.demo.assistant import AssistantSimulator
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]
WORDS = {"en": "a red fox in the snow", "zh": "雪地里的红狐狸"}
BETTER = {
    "en": "a red fox in the snow, soft morning light, close-up, fine detail",
    "zh": "雪地里的红狐狸，柔和的晨光，近景，毛发细节清晰",
}


class Gate(asyncio.Event):
    """Holds the assistant until it is set. `reached`: it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def hold(self, _seconds: float) -> None:
        self.reached.set()
        await self.wait()


def assistant_of(harness: DemoHarness) -> AssistantSimulator:
    return cast("AssistantSimulator", harness.services["assistant"])


def held(harness: DemoHarness) -> Gate:
    """Let the assistant think until this is set."""
    gate = Gate()
    assistant_of(harness).sleep = gate.hold
    return gate


async def agree(chat_page: ChatPage) -> None:
    """Say yes to the question of the first use."""
    await chat_page.press(chat_page.words("✨ Go ahead"))


async def test_words_get_better_and_are_drawn_by_a_press(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    words, better = WORDS[chat_page.language], BETTER[chat_page.language]
    await chat_page.say(words)
    await expect(chat_page.at("photo")).to_have_count(1)
    await chat_page.press("✨")
    asked = chat_page.message("127.0.0.1")
    await expect(chat_page.button(chat_page.words("No, thanks"), asked)).to_be_visible()
    await agree(chat_page)
    offered = chat_page.message(better)
    await expect(offered).to_contain_text(chat_page.words("Nothing is drawn until you tap “Use”."))
    assert harness.submits == [words]
    await chat_page.press(chat_page.words("✅ Use"), offered)
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == [words, better]
    # Of a picture, and by voice: one says what stands in the field.
    await chat_page.reply_to(chat_page.at("message").filter(has=chat_page.at("photo")).last)
    await chat_page.say("/describe")
    described = chat_page.message("以" if chat_page.language == "zh" else "a scene in")
    await chat_page.press(chat_page.words("✏️ Edit"), described)
    await expect(chat_page.at("reply-bar")).to_be_visible()
    await chat_page.say("a hare --n 2")
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(2)
    await chat_page.at("composer").fill(words)
    await chat_page.attach("voice")
    heard = chat_page.message(words)
    await chat_page.press(chat_page.words("No"), heard)
    await expect(chat_page.message(chat_page.words("Not used. Nothing was drawn."))).to_be_visible()
    assert harness.submits == [words, better, "a hare", "a hare"]


async def test_an_assistant_that_refuses_or_is_slow_keeps_no_picture_waiting(
    harness: DemoHarness, visit: Visit, name: str
) -> None:
    chat_page = await visit(getattr(harness.telegram, name), harness.telegram.group)
    words = WORDS[chat_page.language]
    harness.refuse("assistant")
    await chat_page.say(f"/improve {words}")
    await agree(chat_page)
    refused = chat_page.words("The assistant doesn't want to help with this.")
    await expect(chat_page.message(refused)).to_contain_text(chat_page.words("Nothing was charged."))
    gate = held(harness)
    await chat_page.say(f"/improve {words}")
    waiting = chat_page.message(chat_page.words("✨ Looking for better words…"))
    await expect(waiting).to_be_visible()
    await chat_page.say("/imagine a hare")
    await expect(chat_page.at("photo")).to_have_count(1)
    await expect(waiting).to_be_visible()
    # Removed in between, the bot can't show the words; nothing else is harmed.
    harness.telegram.set_bot(harness.telegram.group, "kicked")
    gate.set()
    harness.telegram.set_bot(harness.telegram.group, "member")
    await chat_page.say("/imagine an owl")
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == ["a hare", "an owl"]


@pytest.mark.bot_process
async def test_a_killed_bot_tells_what_it_can_t_know(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    await chat_page.say(f"/improve {WORDS[chat_page.language]}")
    gate, asked = held(harness), assistant_of(harness).asked
    await agree(chat_page)
    await expect(chat_page.message(chat_page.words("✨ Looking for better words…"))).to_be_visible()
    await gate.reached.wait()
    await harness.restart()
    lost = chat_page.words(
        "I was interrupted while I asked the assistant, so I can't tell whether that was charged. "
        "I won't ask again by myself: tap ✨ or send it again."
    )
    await expect(chat_page.message(lost)).to_be_visible()
    gate.set()
    await chat_page.say(f"/improve {WORDS[chat_page.language]}")
    await chat_page.press(chat_page.words("✅ Use"), chat_page.message(BETTER[chat_page.language]))
    await expect(chat_page.at("photo")).to_have_count(1)
    assert len(asked) == 2
