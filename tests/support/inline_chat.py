"""Inline mode in a foreign chat: an offer, its choice, and what the message there says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo.bot_api.model import InlineResult
from bot.demo.telegram import Chat, ChatMessage, Person
from tests.support.app_harness import AppHarness, open_app_harness


@asynccontextmanager
async def opened(folder: Path, **how: object) -> AsyncIterator[AppHarness]:
    """A bot that hears which results are chosen, and is in no group."""
    async with open_app_harness(folder, **how) as harness:  # type: ignore[arg-type]
        harness.telegram.bot_user.feedback = True
        harness.group.bot = "left"
        yield harness


async def offered(harness: AppHarness, words: str, who: Person | None = None, chat: Chat | None = None) -> InlineResult:
    _query, results = await harness.telegram.results(who or harness.ann, words, chat or harness.group)
    return results[0]


async def chosen(harness: AppHarness, words: str, who: Person | None = None, chat: Chat | None = None) -> ChatMessage:
    """Type words after the bot's name in a group that the bot is not in, and send what it offers."""
    query, results = await harness.telegram.results(who or harness.ann, words, chat or harness.group)
    sent = harness.telegram.choose(who or harness.ann, query, results[0])
    await harness.taken_in()
    return sent


async def says(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """Wait until a message has these words, or such a button."""
    await harness.telegram.until(lambda: words in "\n".join([message.text, *message.buttons]))
    await harness.quiet()


async def says_soon(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """The same while the job goes on."""
    await harness.telegram.until(lambda: words in "\n".join([message.text, *message.buttons]))
    await harness.taken_in()
