"""What a message of the bot replies to."""

from aiogram.types import ReplyParameters


def in_reply_to(message_id: int | None) -> ReplyParameters | None:
    """A reply to this message, sent also where that is gone; None: to none."""
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True) if message_id else None
