"""On the chat page, in both languages: words with choices, from the question to the history, and with three faults."""

import pytest
from playwright.async_api import expect

from bot.demo.chat import groups
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]

WORDS = {
    "en": ("{red, blue} fox in {snow, rain}", ("red", "blue"), ("snow", "rain"), "{} fox in {}"),
    "zh": ("{红色，蓝色}的狐狸在｛雪、雨｝里", ("红色", "蓝色"), ("雪", "雨"), "{}的狐狸在{}里"),
}


async def asked(chat_page: ChatPage, command: str = "") -> list[str]:
    """Ask for four pictures and agree; returns the words of each."""
    typed, colours, places, words = WORDS[chat_page.language]
    four = [words.format(colour, place) for colour in colours for place in places]
    await chat_page.say(command + typed)
    question = chat_page.message(f"4. {four[3]}")
    await expect(question).to_contain_text("¥0.80")
    await chat_page.press(chat_page.words("✅ Make"), question)
    return four


def summary(chat_page: ChatPage, count: int) -> str:
    return chat_page.words("✅ {count} pictures").format(count=count)


async def test_four_pictures_and_the_words_of_each(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    four = await asked(chat_page)
    result = chat_page.message(summary(chat_page, 4))
    for number, words in enumerate(four, 1):
        await expect(result).to_contain_text(f"{number}. {words}")
    assert sorted(harness.submits) == sorted(four)
    await chat_page.at("photo").nth(2).click()
    await expect(chat_page.at("viewer-caption")).to_contain_text(four[2])
    await chat_page.at("viewer-close").click()
    await chat_page.press(chat_page.words("🔁 Again"), result)
    await chat_page.press(f"2. {four[1]}", result)
    await expect(chat_page.at("photo")).to_have_count(5)
    assert list(harness.submits).count(four[1]) == 2
    await chat_page.say("/history " + ("蓝 雨" if name == "ming" else "blue rain"))
    await expect(chat_page.latest).to_contain_text(four[3])


async def test_the_words_that_a_service_refuses_are_named(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    harness.refuse()
    await asked(chat_page)
    result = chat_page.message(summary(chat_page, 3))
    await expect(result).to_contain_text(
        chat_page.words("The service refused this prompt. Please rephrase it and send it again.")
    )
    await expect(chat_page.at("photo")).to_have_count(3)
    await chat_page.say("a sign {left, right}")
    await chat_page.press(chat_page.words("✍️ As written"))
    await expect(chat_page.at("photo")).to_have_count(4)
    assert harness.submits[-1] == "a sign {left, right}"


@pytest.mark.bot_process
async def test_a_killed_bot_goes_on_with_all_words(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    harness.hold()
    four = await asked(chat_page)
    await harness.ticket_stored(2)
    await harness.kill()
    harness.release()
    await harness.start()
    await expect(chat_page.message(summary(chat_page, 4))).to_be_visible()
    await expect(chat_page.at("photo")).to_have_count(4)
    assert sorted(harness.submits) == sorted(four)


async def test_a_bot_that_was_removed_keeps_the_words(harness: DemoHarness, visit: Visit, name: str) -> None:
    group = harness.telegram.group
    chat_page = await visit(getattr(harness.telegram, name), group)
    harness.hold()
    await asked(chat_page, "/imagine ")
    await harness.telegram.until(lambda: len(harness.submits) == 2)
    groups.set_bot_status(harness.telegram.world, group, "kicked")
    harness.release()
    await chat_page.at("chat-tab").first.click()
    await chat_page.at("command-link").filter(has_text="/history").last.click()
    newest = chat_page.words("{number} of {count}").format(number=1, count=4)
    await expect(chat_page.latest).to_contain_text(newest)
