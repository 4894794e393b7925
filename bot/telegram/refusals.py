"""What Telegram means by its refusals: it says so in words alone, and they are known here and nowhere else."""

from aiogram.exceptions import TelegramBadRequest

# A chat, or a topic of it, in which the bot can't write (any more).
GONE = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "CHAT_WRITE_FORBIDDEN",
    "TOPIC_CLOSED",
    "TOPIC_DELETED",
    "message thread not found",
)


def is_gone(error: TelegramBadRequest) -> bool:
    """Whether the bot was refused because it can't write there: trying again is no use."""
    return any(words in error.message for words in GONE)


def is_unchanged(error: TelegramBadRequest) -> bool:
    """Whether an edit was refused because the message says that already: as good as done."""
    return "not modified" in error.message


def is_too_late(error: TelegramBadRequest) -> bool:
    """Whether a press, or a search by inline mode, is no longer waited for."""
    return "query is too old" in error.message
