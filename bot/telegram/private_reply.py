"""Replies that only one person in a group sees, where Telegram allows that.

It does where the bot is an admin (https://core.telegram.org/bots/api#ephemeral-messages-and-commands).
"""

from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import EphemeralMessageParameters, InlineKeyboardMarkup, Message, ReplyParameters

GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


async def reply_privately(message: Message, text: str, buttons: InlineKeyboardMarkup | None = None) -> Message:
    """Reply to `message`, visible only to its author if possible. Returns the reply; raises aiogram's errors."""
    if (writer := _person(message)) is not None:
        try:
            return await message.answer(
                text,
                reply_parameters=ReplyParameters(message_id=message.message_id),
                reply_markup=buttons,
                ephemeral_message_parameters=EphemeralMessageParameters(receiver_user_id=writer),
            )
        except TelegramBadRequest:
            # Not possible in this group or for this person: a reply that all see is better than none.
            pass
    return await message.reply(text, reply_markup=buttons)


def _person(message: Message) -> int | None:
    """The group member who wrote it; None in other chats, and for messages in the name of a chat."""
    user = message.from_user
    if message.chat.type not in GROUPS or user is None or user.is_bot or message.sender_chat:
        return None
    return user.id
