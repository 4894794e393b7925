"""On the chat page, in both languages: other words after a refusal, questions that stay, others' pictures, one's own
clock, while the bot is killed and taken out of the group."""

import pytest
from playwright.async_api import expect

from bot.demo.chat import groups
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]


@pytest.mark.bot_process
async def test_refused_words_questions_and_ones_own_clock(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    words = chat_page.words
    harness.refuse(times=2)
    await chat_page.say("a fox --n 2")
    await expect(chat_page.button(words("✏️ Change the words"))).to_be_visible()
    await expect(chat_page.button(words("🔁 Try again"))).to_have_count(0)
    await chat_page.press(words("✏️ Change the words"))
    asked = words("What should I draw instead? Reply to this message and tell me; your photos and options stay.")
    await expect(chat_page.message(asked)).to_be_visible()
    await harness.restart()
    await chat_page.say("a red fox")
    result = chat_page.message(words("✅ {count} pictures").format(count=2))
    await expect(result).to_be_visible()
    assert harness.submits == ["a red fox"] * 2
    await _a_question_stays(chat_page)
    # A reply to the album's buttons is asked about.
    await chat_page.reply_to(result)
    await chat_page.say("darker")
    question = chat_page.message(words("Which picture do you mean?"))
    await harness.restart()
    await chat_page.press("2", question)
    await expect(chat_page.at("photo")).to_have_count(3)
    await expect(question).to_have_count(0)
    assert (harness.submits[-1], harness.references[-1]) == ("darker", 1)
    await _by_ones_own_clock(chat_page)


async def _a_question_stays(chat_page: ChatPage) -> None:
    words = chat_page.words
    await chat_page.press(words("🎲 Variations"))
    await expect(chat_page.message(words("Which picture?"))).to_be_visible()
    await chat_page.press(words("‹ Back"))
    await expect(chat_page.message(words("Which picture?"))).to_have_count(0)


async def _by_ones_own_clock(chat_page: ChatPage) -> None:
    words = chat_page.words
    await chat_page.say("/history")
    await expect(chat_page.message(" UTC · ")).to_be_visible()
    await chat_page.say("/settings")
    await chat_page.press(words("{name}: {value}").format(name=words("Time"), value=""))
    await chat_page.press(words("Tokyo"))
    await expect(chat_page.button(words("Tokyo"))).to_have_count(0)
    await chat_page.say("/history")
    newest = chat_page.message(words("{number} of {count}").format(number=1, count=3))
    await expect(newest).not_to_contain_text("UTC")


async def test_again_on_somebodys_picture(harness: DemoHarness, visit: Visit, name: str) -> None:
    telegram = harness.telegram
    person, owner = (telegram.ann, telegram.ming) if name == "ann" else (telegram.ming, telegram.ann)
    await telegram.send(owner, telegram.group, text="/imagine a red fox")
    chat_page = await visit(person, telegram.group)
    await chat_page.press("再来一次" if owner is telegram.ming else "Again")
    theirs = chat_page.message(chat_page.words("for {name}").format(name=person.name))
    await expect(theirs).to_be_visible()
    assert harness.submits == ["a red fox"] * 2
    harness.refuse()
    await chat_page.press(chat_page.words("🔁 Again"), theirs)
    await expect(chat_page.button(chat_page.words("✏️ Change the words"))).to_be_visible()
    # Made when the bot is out of the group, it waits in its person's history.
    harness.hold()
    await chat_page.press(chat_page.words("🎲 Variations"), theirs)
    await telegram.until(lambda: len(harness.submits) == 3)
    groups.set_bot_status(telegram.world, telegram.group, "kicked")
    harness.release()
    told = chat_page.words("🗂 “{words}” is ready, but I can't post it where you asked for it. It's in your /history.")
    await telegram.until(lambda: any(told[-10:] in one.text for one in telegram.messages(person.chat)))
