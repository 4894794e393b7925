"""Classifying Telegram's errors by their texts; only this module knows the texts."""

import re
from dataclasses import dataclass
from enum import Enum

from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramServerError,
)

from bot.telegram.session import NotConnectedError

# The bot can't write in this chat (any more), or the topic was closed on purpose.
CHAT_GONE = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "CHAT_WRITE_FORBIDDEN",
    "CHAT_RESTRICTED",
    "TOPIC_CLOSED",
    "user is deactivated",
    "PEER_ID_INVALID",
)
_KINDS = re.compile(
    r"rights to send (photos|albums|media|documents)|CHAT_SEND_(PHOTOS|MEDIA|DOCS)_FORBIDDEN", re.IGNORECASE
)
_ITEM = re.compile(r"message #(\d+)")


class Refusal(Enum):
    """Why Telegram refuses a message."""

    CHAT = "the bot can't write there"
    PHOTOS = "the chat takes no photos"
    FILES = "the chat takes no files"
    TOPIC = "the topic is gone, the chat is not"
    REPLY = "the message that it replies to is gone"
    SIZE = "it is too large"
    FILE_ID = "Telegram does not know the file any more"
    CAPTION = "its caption can't be shown"
    PICTURE = "Telegram can't use this picture as a photo"
    OTHER = "an unknown reason"


@dataclass(frozen=True, slots=True)
class TelegramRefusal:
    """The reason of a refusal. `item`: the index of the refused item in an album; None: all, or unknown."""

    why: Refusal
    item: int | None = None


_WORDS: tuple[tuple[Refusal, tuple[str, ...]], ...] = (
    (Refusal.TOPIC, ("message thread not found", "TOPIC_DELETED", "TOPIC_ID_INVALID")),
    (Refusal.REPLY, ("replied not found", "message to reply not found", "REPLY_MESSAGE_ID_INVALID")),
    (Refusal.SIZE, ("too large", "too big", "FILE_TOO_BIG", "Request Entity Too Large")),
    (Refusal.FILE_ID, ("file identifier", "file_id", "FILE_REFERENCE", "use file of type")),
    (Refusal.CAPTION, ("caption is too long", "can't parse entities", "CAPTION_TOO_LONG")),
    (Refusal.PICTURE, ("IMAGE_PROCESS", "PHOTO_", "process image", "MEDIA_INVALID", "MEDIA_EMPTY", "WEBPAGE_")),
)


def meaning(error: TelegramAPIError) -> TelegramRefusal:
    """The refusal that an error of a send means."""
    item = _ITEM.search(error.message)
    number = int(item[1]) - 1 if item else None
    if isinstance(error, TelegramEntityTooLarge):
        return TelegramRefusal(Refusal.SIZE)
    if kind := _KINDS.search(error.message):
        return TelegramRefusal(Refusal.FILES if "doc" in kind[0].lower() else Refusal.PHOTOS)
    words = error.message.lower()
    for why, signs in _WORDS:
        if any(sign.lower() in words for sign in signs):
            return TelegramRefusal(why, number)
    return TelegramRefusal(Refusal.CHAT if is_gone(error) else Refusal.OTHER, number)


def is_gone(error: TelegramAPIError) -> bool:
    """Whether the bot can't write there, so that trying again is useless."""
    return any(words in error.message for words in CHAT_GONE)


def is_unchanged(error: TelegramBadRequest) -> bool:
    """Whether an edit was refused because the message already has this content: it counts as done."""
    return "not modified" in error.message


def is_too_late(error: TelegramBadRequest) -> bool:
    """Whether it is too late to answer a button press or an inline query."""
    return "query is too old" in error.message


def is_unanswered(error: TelegramAPIError, *, body_left: bool = True) -> bool:
    """Whether Telegram may have carried out the call: the whole request was sent, and no answer was read.

    `body_left`: whether the whole request was sent, or may have been.
    """
    if isinstance(error, TelegramEntityTooLarge):
        return False
    if isinstance(error, TelegramServerError):
        # Of the server errors only this one comes from a gateway that had passed the request on.
        return "gateway timeout" in error.message.lower()
    if not isinstance(error, TelegramNetworkError):
        return False
    return body_left and not isinstance(error, NotConnectedError)
