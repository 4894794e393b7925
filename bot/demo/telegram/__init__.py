"""A strict Telegram on loopback: the Bot API for the bot, a people's API for the page and tests, one world behind."""

from bot.demo.telegram.errors import PeopleError
from bot.demo.telegram.faults import Delay, Drop, Flood, Page, PartialAlbum, Refusal
from bot.demo.telegram.files import Upload, upload
from bot.demo.telegram.flood import Rates
from bot.demo.telegram.model import Chat, ChatMessage, InlineQuery, InlineResult, Person, Press
from bot.demo.telegram.simulator import TelegramSimulator

__all__ = [
    "Chat",
    "ChatMessage",
    "Delay",
    "Drop",
    "Flood",
    "InlineQuery",
    "InlineResult",
    "Page",
    "PartialAlbum",
    "PeopleError",
    "Person",
    "Press",
    "Rates",
    "Refusal",
    "TelegramSimulator",
    "Upload",
    "upload",
]
