"""`/me`: photos of people that prompts may name, only where they allow it, until they take them back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Person
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info

PROMPT = "/imagine @ann_paints and @xiaoming_art as astronauts"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def consent(harness: AppHarness, who: Person, width: int) -> ChatMessage:
    """This person keeps a photo of this width, in the group; returns the bot's message."""
    await harness.say("/me", picture(width), who=who, chat=harness.group)
    await harness.taken_in()
    asked = harness.answers(harness.group)[-1]
    await harness.press(asked, "✅ 保留我的照片" if who is harness.ming else "✅ Keep my photo", who)
    return harness.answers(harness.group)[-1]


async def said(harness: AppHarness, text: str, *files: bytes, who: Person | None = None, private: bool = False) -> str:
    """What the bot answers to a message in the group."""
    chat = (who or harness.ann).chat if private else harness.group
    await harness.say(text, *files, who=who, chat=chat)
    await harness.quiet()
    return harness.answers(chat)[-1].text


def widths(harness: AppHarness) -> list[int]:
    return [picture_info(one)[1] for one in harness.tasks[-1].references]


async def test_people_who_agree_are_drawn_and_the_prompt_says_who_is_who(harness: AppHarness) -> None:
    await harness.say("/start", who=harness.ming)
    kept = await consent(harness, harness.ann, 301)
    assert "@ann_paints as an astronaut" in kept.text
    assert "照片" in (await consent(harness, harness.ming, 302)).text
    await harness.say(PROMPT, chat=harness.group, who=harness.bob)
    await harness.ended(chat=harness.group)
    assert widths(harness) == [301, 302]
    asked = "the person in picture 1 and the person in picture 2 as astronauts"
    assert harness.submitted()[-1]["prompt"] == asked
    # Ann has never written to the bot: she is told in the group; 小明 in private.
    told = await harness.shown("Ann, Bob is making a picture with your photo.", harness.group)
    assert told.buttons == ["Not me any more", "🔕 Don't tell me again"]
    assert "Bob" in (await harness.shown("@xiaoming_art", harness.ming.chat)).text
    # The names stay as they were written where people see them.
    assert any("@ann_paints" in one.text for one in harness.album(harness.group))
