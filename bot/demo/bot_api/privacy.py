"""Privacy mode: which messages of a group reach the bot (core.telegram.org/bots/features#privacy-mode)."""

from bot.demo.bot_api.bot_view import replied_to
from bot.demo.bot_api.entities import utf16_slice
from bot.demo.bot_api.model import ChatMessage
from bot.demo.bot_api.world import BotAccount


def bot_sees(bot: BotAccount, message: ChatMessage) -> bool:
    """Whether this message of a person reaches the bot.

    In a group with privacy mode on: service messages, commands without a name or with the bot's own, mentions of
    the bot, replies to its messages and messages sent via it. Each item of an album is a message of its own and is
    judged alone.
    """
    chat = message.chat
    if chat.type == "private":
        return chat.bot != "kicked"
    if chat.bot in {"kicked", "left"}:
        return False
    if not bot.privacy or chat.bot == "administrator" or message.service or message.via is bot:
        return True
    original = replied_to(message)
    return bool(original and original.by_bot) or names_bot(bot, message)


def names_bot(bot: BotAccount, message: ChatMessage) -> bool:
    """Whether a message begins with a command for the bot or mentions it."""
    name = f"@{bot.username}".lower()
    for entity in message.entities:
        words = utf16_slice(message.text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "mention" and words == name:
            return True
        if entity["type"] == "bot_command" and entity["offset"] == 0:
            return "@" not in words or words.endswith(name)
    return False
