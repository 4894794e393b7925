"""On the chat page, in both languages: a photo of oneself is kept, used by others in the group, and taken back."""

import pytest
from playwright.async_api import expect

from bot.demo.telegram import ChatMessage, Person
from tests.e2e.chat_page import ChatPage, in_chinese, photo
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.bot_process]


class Walk:
    """One person's page, and another person in the same group who asks for pictures with them."""

    def __init__(self, harness: DemoHarness, chat_page: ChatPage, person: Person, other: Person) -> None:
        self.harness = harness
        self.chat_page = chat_page
        self.person = person
        self.other = other

    async def ask(self, words: str) -> None:
        """The other one asks for a picture with this person."""
        text = f"/imagine @{self.person.username} {words}"
        await self.harness.telegram.send(self.other, self.harness.telegram.group, text=text)

    async def result(self, words: str) -> ChatMessage:
        """The message with such a button or words in the group."""
        group = self.harness.telegram.group

        def found() -> ChatMessage | None:
            every = reversed(self.harness.telegram.messages(group))
            return next((one for one in every if one.by_bot and words in "\n".join([one.text, *one.buttons])), None)

        return await self.harness.telegram.until(found, 60)

    async def keep(self) -> None:
        """Keep a photo: the question says what is kept, who can use it, where, and how to take it back."""
        chat_page = self.chat_page
        await chat_page.say("/me", photo("red"))
        keep = chat_page.words("✅ Keep my photo")
        await expect(chat_page.button(keep)).to_be_visible()
        await expect(chat_page.latest).to_contain_text("Picture club")
        await chat_page.press(keep)
        kept = chat_page.message("✅ 已保存" if chat_page.language == "zh" else "✅ Kept")
        await expect(kept).to_contain_text(f"/imagine @{self.person.username}")


@pytest.mark.parametrize("name", ["ann", "ming"])
async def test_a_person_is_drawn_until_they_take_it_back(harness: DemoHarness, visit: Visit, name: str) -> None:
    telegram = harness.telegram
    person, other = (telegram.ann, telegram.ming) if name == "ann" else (telegram.ming, telegram.ann)
    chat_page = await visit(person, telegram.group)
    walk = Walk(harness, chat_page, person, other)
    await walk.keep()
    # The service refuses once; then the bot is killed while the picture is drawn.
    harness.refuse()
    await walk.ask("as a pirate")
    refused = "The service refused this prompt. Please rephrase it and send it again."
    await walk.result(refused if name == "ming" else in_chinese(refused))
    harness.hold()
    await walk.ask("as an astronaut")
    await harness.ticket_stored()
    await harness.kill()
    harness.release()
    await harness.start()
    done = await walk.result("🔁")
    assert harness.submits == ["the person in picture 1 as an astronaut"]
    assert harness.references == [1]
    # The bot is removed from the group, and comes back: what is allowed there stays.
    telegram.set_bot(telegram.group, "left")
    telegram.set_bot(telegram.group, "member")
    # The person was told in private, and takes it back.
    await chat_page.open(person)
    notice = chat_page.message(f"@{person.username} as a pirate")
    await expect(notice).to_contain_text(other.name)
    await chat_page.press(chat_page.words("Erase my photo"), notice)
    await expect(chat_page.latest).to_contain_text(
        chat_page.words("Done. I've erased your photo; nobody can use it any more.")
    )
    gone = "Someone in this picture no longer lets me use their photo, so I can't draw them."
    again = telegram.press(other, done, next(label for label in done.buttons if "🔁" in label))
    answer = await telegram.until(lambda: again.answer, 60)
    assert answer.text == (gone if name == "ming" else in_chinese(gone))
    await chat_page.say("/me")
    await expect(chat_page.latest).to_contain_text("/me")
    await expect(chat_page.at("photo")).to_have_count(0)
    assert len(harness.submits) == 1
