"""/admin as the tests open and read it."""

from bot.demo.telegram import Chat, ChatMessage, Person
from bot.settings import AccessSettings
from tests.support.app_harness import AppHarness

ANN, MING = 510_000_001, 7_100_000_002
BY_INVITATION = AccessSettings(admins=frozenset({ANN}), users=frozenset({MING}))
"""Ann is the admin by the configuration, and 小明 is let in by it."""


async def opened(harness: AppHarness, page: str = "", who: Person | None = None) -> ChatMessage:
    """An admin (Ann) sends /admin; returns the menu."""
    asked = await harness.say(f"/admin {page}".strip(), who=who)
    await harness.taken_in()
    return next(one for one in harness.answers(asked.chat) if one.id > asked.id)


def texts(harness: AppHarness, chat: Chat) -> list[str]:
    """The words of the bot in a chat, without the messages that it came or went."""
    return [message.text for message in harness.answers(chat) if message.text]


def labelled(page: ChatMessage, words: str) -> str:
    return next(one for one in page.buttons if words in one)
