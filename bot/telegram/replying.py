"""Reply parameters for the bot's messages."""

from aiogram.types import ReplyParameters


def in_reply_to(message_id: int | None) -> ReplyParameters | None:
    """Reply to this message, or send without a reply if it is gone; None: no reply."""
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True) if message_id else None
