"""On the chat page, in both languages: a picture is made in a group that the bot is not in, by its name and words."""

import pytest
from playwright.async_api import Locator, expect

from bot.demo.telegram import Person
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]


async def in_foreign_group(harness: DemoHarness, visit: Visit, name: str) -> tuple[ChatPage, Person]:
    """The page in a group that the bot is not in."""
    person = getattr(harness.telegram, name)
    harness.telegram.group.bot = "left"
    return await visit(person, harness.telegram.group), person


async def chosen(chat_page: ChatPage, words: str, flags: str = "") -> Locator:
    """Type words after the bot's name and send its offer; returns the message."""
    await chat_page.at("composer").fill(f"@imagine_demo_bot {words} {flags}")
    offer = chat_page.at("inline-result").filter(has_text=chat_page.words("🎨 Make it"))
    await offer.filter(has_text=words).click()
    # Later it has other words and a picture.
    await expect(chat_page.latest).to_contain_text(words)
    number = await chat_page.latest.get_attribute("data-id")
    return chat_page.page.locator(f'[data-testid="message"][data-id="{number}"]')


async def test_a_picture_in_a_foreign_chat(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page, person = await in_foreign_group(harness, visit, name)
    message = await chosen(chat_page, "a red fox", "--n 2")
    await expect(message.get_by_test_id("photo")).to_have_count(1)
    await expect(message).to_contain_text("1")
    await expect(message.get_by_test_id("via")).to_have_text("via @imagine_demo_bot")
    assert harness.submits == ["a red fox"] * 2
    # A service that refuses: other words are typed in the same field.
    harness.refuse()
    refused = await chosen(chat_page, "a hare")
    await expect(refused).to_contain_text(
        chat_page.words("The service refused this prompt. Please rephrase it and send it again.")
    )
    await chat_page.press(chat_page.words("✏️ Change the words"), refused)
    await expect(chat_page.at("composer")).to_have_value("@imagine_demo_bot a hare")
    # A service that fails, and another try by the button.
    harness.fail()
    failed = await chosen(chat_page, "a moose")
    await chat_page.press(chat_page.words("🔁 Try again"), failed)
    await expect(failed.get_by_test_id("photo")).to_have_count(1)
    # Cancelled while it is drawn.
    harness.hold()
    held = await chosen(chat_page, "a slow owl")
    await chat_page.press(chat_page.words("Cancel"), held)
    await expect(held).to_contain_text("✖️")
    harness.release()
    # Without inline feedback it waits for its button.
    harness.telegram.bot_user.feedback = False
    waiting = await chosen(chat_page, "a quiet cat")
    await expect(waiting).to_contain_text(chat_page.words("If it doesn't begin by itself, tap the button."))
    await chat_page.press(chat_page.words("🎨 Draw it"), waiting)
    await expect(waiting.get_by_test_id("photo")).to_have_count(1)
    # Its button writes the words for another one.
    await chat_page.press(chat_page.words("🎨 Make one like it"), waiting)
    await expect(chat_page.at("composer")).to_have_value("@imagine_demo_bot a quiet cat")
    # The bot is blocked: the picture has no way, and is kept.
    person.chat.bot = "kicked"
    blocked = await chosen(chat_page, "a lost dog")
    await chat_page.press(chat_page.words("🎨 Draw it"), blocked)
    await expect(blocked).to_contain_text(chat_page.words("1. Open our chat"))
    person.chat.bot = "member"
    await chat_page.press(chat_page.words("2. Draw it"), blocked)
    await expect(blocked.get_by_test_id("photo")).to_have_count(1)
    # All of them came in private, too.
    await chat_page.enter("Imagine")
    await expect(chat_page.at("photo")).to_have_count(5)


@pytest.mark.bot_process
async def test_a_killed_bot_finishes_it(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page, _person = await in_foreign_group(harness, visit, name)
    harness.hold()
    message = await chosen(chat_page, "a red fox")
    await harness.ticket_stored()
    await harness.kill()
    harness.release()
    await harness.start()
    await expect(message.get_by_test_id("photo")).to_have_count(1)
    assert harness.submits == ["a red fox"]
