"""On the chat page, in both languages: one's own queue, a draft's Stop, and the settings of topics, with faults."""

import pytest
from playwright.async_api import Locator, expect

from bot.demo.chat import groups
from bot.demo.telegram import Person
from bot.handlers.style_catalog import BUILT_IN_STYLES
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]


async def tell(chat_page: ChatPage, words: str) -> None:
    """The bot's alert has these words; close it."""
    await expect(chat_page.at("alert")).to_contain_text(chat_page.words(words))
    await chat_page.at("alert-ok").click()


async def queue_of(chat_page: ChatPage) -> Locator:
    """The page of the queue."""
    await chat_page.say("/queue")
    return chat_page.message(chat_page.words("🚦 <b>Your queue</b>").replace("<b>", "").replace("</b>", ""))


def waiting(harness: DemoHarness, person: Person) -> int:
    """How many requests wait in the private chat of a person."""
    return sum("⏳" in one.text for one in harness.telegram.messages(person.chat))


@pytest.mark.bot_process
async def test_ones_queue_is_cancelled_and_reordered(harness: DemoHarness, visit: Visit, name: str) -> None:
    person, group = getattr(harness.telegram, name), harness.telegram.group
    chat_page = await visit(person)
    words = chat_page.words
    harness.hold()
    # One after the other: those that are sent at once may change places while they are prepared.
    for number in (1, 2):
        await chat_page.say(f"fox {number}")
        await harness.ticket_stored(number)
    for number in (3, 4):
        await chat_page.say(f"fox {number}")
        await harness.telegram.until(lambda number=number: waiting(harness, person) == number - 2)  # type: ignore[misc]
    await harness.telegram.send(person, group, text="/imagine an owl")
    await harness.telegram.until(lambda: any("⏳" in one.text for one in harness.telegram.messages(group)))
    page = await queue_of(chat_page)
    await expect(page).to_contain_text("Picture club")
    await expect(page).to_contain_text(words("What is being drawn is charged even if you cancel."))
    await chat_page.press(words("⏫ {number} first").format(number=4))
    await expect(page).to_contain_text("3. fox 4")
    # What was put first stays so when the bot is killed.
    await harness.restart()
    await chat_page.press(words("✖️ Cancel {number}").format(number=4))
    await tell(chat_page, "Cancelled. Nothing was charged.")
    await expect(page).not_to_contain_text("fox 3")
    # A group that removes the bot gets nothing more, and what was asked for there ends.
    harness.telegram.set_bot(group, "kicked", harness.telegram.ann)
    await chat_page.press(words("✖️ Cancel {number}").format(number=1))
    await tell(
        chat_page,
        "Cancelled. What was already being drawn is charged anyway; you'll find it in /history when it's ready.",
    )
    await chat_page.press(words("Cancel all"))
    await chat_page.press(words("‹ Back"))
    harness.refuse()
    harness.release()
    refused = words("The service refused this prompt. Please rephrase it and send it again.")
    await expect(chat_page.message(refused)).to_be_visible()
    await expect(chat_page.at("photo")).to_be_visible()
    assert sorted(harness.submits) == ["fox 1", "fox 2"]
    await chat_page.press(words("🔄 Refresh"))
    await expect(page).to_contain_text(words("Your queue is empty."))


async def test_a_drafts_stop_cancels(harness: DemoHarness, visit: Visit, name: str) -> None:
    person = getattr(harness.telegram, name)
    await harness.demo.app.store.users.show_drafts(person.id, True)
    chat_page = await visit(person)
    harness.hold()
    await chat_page.say("a red fox")
    await harness.telegram.until(lambda: harness.submits)
    await expect(chat_page.at("draft")).to_contain_text("🎨")
    await chat_page.at("stop").click()
    charged = chat_page.words(
        "Cancelled. What was already being drawn is charged anyway; you'll find it in /history when it's ready."
    )
    await expect(chat_page.message(charged)).to_be_visible()
    await expect(chat_page.at("draft")).to_have_count(0)
    harness.refuse()
    harness.release()
    await chat_page.say("a hare")
    refused = chat_page.words("The service refused this prompt. Please rephrase it and send it again.")
    await expect(chat_page.message(refused)).to_be_visible()


async def test_a_topic_has_settings_of_its_own(harness: DemoHarness, visit: Visit, name: str) -> None:
    telegram, group, person = harness.telegram, harness.telegram.group, getattr(harness.telegram, name)
    telegram.set_person(group, person, "administrator")
    telegram.add_topic(group, "Manga")
    chat_page = await visit(person, group)
    words = chat_page.words
    ink = words(dict(BUILT_IN_STYLES)["ink"])
    await chat_page.at("topic").filter(has_text="Manga").click()
    await chat_page.say("/settings")
    await chat_page.press(words("🧵 For this topic"))
    style = words("{name}: {value}").format(name=words("Style"), value=words("none"))
    await chat_page.press(style)
    await chat_page.press(words("ink"))
    await expect(chat_page.button(words("↺ Same as the group"))).to_be_visible()
    await chat_page.say("/imagine a red fox")
    await expect(chat_page.at("photo")).to_be_visible()
    assert harness.submits == [f"a red fox, {ink}"]
    harness.refuse()
    await chat_page.say("/imagine refused")
    refused = words("The service refused this prompt. Please rephrase it and send it again.")
    await expect(chat_page.message(refused)).to_be_visible()
    # In a topic that is gone nothing holds any more, and a group that had removed the bot finds its settings again.
    topic = next(iter(group.topics))
    telegram.set_bot(group, "kicked", telegram.ann)
    telegram.set_bot(group, "member", telegram.ann)
    await chat_page.say("/imagine a hare")
    await expect(chat_page.at("photo")).to_have_count(2)
    groups.delete_topic(telegram.world, group, topic)
    await chat_page.say("/imagine an owl")
    await expect(chat_page.message("an owl").get_by_test_id("photo")).to_be_visible()
    assert harness.submits[-2:] == [f"a hare, {ink}", "an owl"]
