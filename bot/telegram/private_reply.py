"""Notices that concern one person: in a group nobody else sees them, where Telegram can do that.

It can where the bot is an admin (https://core.telegram.org/bots/api#ephemeral-messages-and-commands).
"""

from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import EphemeralMessageParameters, InlineKeyboardMarkup, Message, ReplyParameters

GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


async def reply_privately(message: Message, text: str, buttons: InlineKeyboardMarkup | None = None) -> Message:
    """Tell something to whoever wrote `message`, in reply to it. Returns what was sent; raises aiogram's errors."""
    if (writer := _person(message)) is not None:
        try:
            return await message.answer(
                text,
                reply_parameters=ReplyParameters(message_id=message.message_id),
                reply_markup=buttons,
                ephemeral_message_parameters=EphemeralMessageParameters(receiver_user_id=writer),
            )
        except TelegramBadRequest:
            # Not there, or not for this person: better all see it than nobody.
            pass
    return await message.reply(text, reply_markup=buttons)


def _person(message: Message) -> int | None:
    """The member of a group who wrote it; None in other chats, and of who writes in a chat's name."""
    user = message.from_user
    if message.chat.type not in GROUPS or user is None or user.is_bot or message.sender_chat:
        return None
    return user.id
