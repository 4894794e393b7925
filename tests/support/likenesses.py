"""Likenesses in the whole bot: people who agree, and what they are told."""

from typing import Any

from bot.demo.telegram import ChatMessage, Person
from tests.support.app_harness import AppHarness, picture, picture_info

PROMPT = "/imagine @ann_paints and @xiaoming_art as astronauts"


async def consent(harness: AppHarness, who: Person, width: int) -> ChatMessage:
    """This person keeps a photo of this width, in the group; returns the bot's message."""
    await harness.say("/me", picture(width), who=who, chat=harness.group)
    await harness.taken_in()
    asked = harness.answers(harness.group)[-1]
    await harness.press(asked, "✅ 保存我的照片" if who is harness.ming else "✅ Keep my photo", who)
    return harness.answers(harness.group)[-1]


async def told(harness: AppHarness, who: Person) -> ChatMessage:
    """The notice of this person, in private."""
    return await harness.telegram.until(
        lambda: next((one for one in harness.answers(who.chat) if "Erase my photo" in one.buttons), None)
    )


async def said(
    harness: AppHarness, text: str, *files: bytes, who: Person | None = None, private: bool = False, **how: Any
) -> str:
    """What the bot answers to a message in the group, or in private."""
    chat = (who or harness.ann).chat if private else harness.group
    await harness.say(text, *files, who=who, chat=chat, **how)
    await harness.quiet()
    return harness.answers(chat)[-1].text


def widths(harness: AppHarness) -> list[int]:
    return [picture_info(one)[1] for one in harness.tasks[-1].references]
