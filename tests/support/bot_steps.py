"""Steps and readings that several tests of the bot share."""

from typing import cast

from bot.demo.telegram import Chat, ChatMessage, Person, Refusal
from tests.support.app_harness import AppHarness, picture, picture_info

BAD_ITEM = 'Bad Request: failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"'
"""Telegram's words for an album whose second picture it can't process."""


def refuse(harness: AppHarness, method: str, description: str, times: int = 1, code: int = 400) -> None:
    """Telegram refuses the next calls of a method."""
    harness.telegram.play(Refusal(method=method, code=code, description=description, times=times))


def numbered(count: int) -> list[bytes]:
    """Pictures that differ in width: 200, 201, … pixels."""
    return [picture(200 + number) for number in range(count)]


def widths(harness: AppHarness) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [picture_info(reference)[1] for reference in harness.tasks[-1].references]


def prompts(harness: AppHarness) -> list[str]:
    """The prompts of all tasks, in order."""
    return [task.prompt for task in harness.tasks]


def edit(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """The author changes the text of a message."""
    harness.telegram.edit(cast("Person", message.author or message.sender), message, words)


async def edited(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """The author changes the text of a message, and the bot has handled the edit."""
    edit(harness, message, words)
    await harness.taken_in()


async def press(harness: AppHarness, page: ChatMessage, label: str) -> str:
    """Ann presses a button; waits until the page changes, and returns the text of the answer."""
    before = page.text, page.buttons
    answer = await harness.press(page, label)
    await harness.telegram.until(lambda: (page.text, page.buttons) != before)
    return answer.text


async def opened(
    harness: AppHarness, words: str = "", chat: Chat | None = None, who: Person | None = None
) -> ChatMessage:
    """A person (Ann) sends /history; returns the answer."""
    before = {message.id for message in harness.answers(chat)}
    asked = await harness.say(f"/history {words}".strip(), chat=chat, who=who)
    return await harness.telegram.until(
        lambda: next((one for one in harness.answers(asked.chat) if one.id not in before), None)
    )


def title(message: ChatMessage) -> tuple[str, str]:
    """The prompt and the position that a history message shows."""
    prompt, details, *_ = message.text.split("\n")
    return prompt, details.split(" · ")[0]
