"""On the chat page, in both languages: a duel in a group, with a service that refuses, a bot that is killed, and one
that is removed."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]
START, SHOW = "⚔️ Start", "🏁 Show the names"


async def begin(chat_page: ChatPage, words: str) -> None:
    await chat_page.say(f"/duel {words}")
    await chat_page.press(chat_page.words(START))


async def test_a_duel_is_voted_on_by_buttons_and_by_poll(harness: DemoHarness, visit: Visit, name: str) -> None:
    telegram = harness.telegram
    who, other = (telegram.ann, telegram.ming) if name == "ann" else (telegram.ming, telegram.ann)
    chat_page = await visit(who, telegram.group)
    harness.refuse("ark")
    await begin(chat_page, "a red fox")
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(3)
    question = chat_page.words("One service made no picture. I'll say which when the vote is over.")
    vote = chat_page.message(question)
    await chat_page.press("B", vote)
    await expect(chat_page.at("toast").last).to_contain_text(
        chat_page.words("You voted for {letter}.").format(letter="B")
    )
    telegram.press(other, telegram.messages(telegram.group)[-1], "B")
    await chat_page.press(chat_page.words(SHOW), vote)
    result = chat_page.message(chat_page.words("Tap a letter for the buttons of its picture."))
    await expect(result).to_contain_text("🏆 B")
    await expect(result).to_contain_text("✖️")
    await chat_page.press("B", result)
    await expect(chat_page.button(chat_page.words("🔁 Again"), result)).to_be_visible()
    await chat_page.say("/duel")
    await expect(chat_page.message("/duel ").get_by_text("1. ")).to_be_visible()
    # The group would rather have a poll.
    await harness.demo.app.store.chats.set(telegram.group.id, duel_polls=True)
    await begin(chat_page, "a blue hare --provider jimeng,openai")
    poll = chat_page.at("poll")
    await poll.get_by_test_id("poll-answer").first.click()
    await expect(poll.get_by_test_id("poll-answer").first).to_have_attribute("aria-pressed", "true")
    await chat_page.press(chat_page.words(SHOW))
    await expect(chat_page.at("message").filter(has_text="🏆 A")).to_be_visible()
    await expect(poll.get_by_test_id("poll-answer").first).to_be_disabled()


async def test_where_the_bot_is_removed_the_pictures_are_kept(harness: DemoHarness, visit: Visit, name: str) -> None:
    who = getattr(harness.telegram, name)
    chat_page = await visit(who, harness.telegram.group)
    harness.hold()
    await begin(chat_page, "a red fox --provider jimeng,fal")
    await harness.telegram.until(lambda: harness.submits and harness.paid("fal"))
    harness.telegram.set_bot(harness.telegram.group, "kicked", by=harness.telegram.ann)
    harness.release()
    await chat_page.open(who)
    kept = chat_page.words("🗂 “{words}” is ready, but I can't post it where you asked for it. It's in your /history.")
    await expect(chat_page.message(kept.format(words="a red fox"))).to_have_count(1)
    await chat_page.say("/history")
    await expect(chat_page.at("photo")).to_have_count(1)


@pytest.mark.bot_process
async def test_a_killed_bot_finishes_the_duel(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    harness.hold()
    await begin(chat_page, "a red fox --provider jimeng,fal")
    await harness.ticket_stored(2)
    await harness.kill()
    harness.release()
    await harness.start()
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(2)
    await expect(chat_page.button(chat_page.words(SHOW))).to_be_visible()
    await harness.kill()
    await chat_page.press(chat_page.words(SHOW))
    await harness.start()
    await expect(chat_page.message(chat_page.words("Tap a letter for the buttons of its picture."))).to_be_visible()
    assert (harness.submits, harness.paid("fal")) == (["a red fox"], ["a red fox"])
