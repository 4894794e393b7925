"""Who may change a group's settings: its admins. Every message and every press is checked anew."""

from aiogram import Bot
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, is_chat_admin, message_of


class ByAdmin(Filter):
    """Passes messages by admins of the group, in their own name or in the group's."""

    async def __call__(self, message: Message, bot: Bot) -> bool:
        """Whether the author is an admin."""
        if message.sender_chat:
            return message.sender_chat.id == message.chat.id
        who = message.from_user
        return who is not None and await is_chat_admin(bot, message.chat.id, who.id)


async def pressed_by_admin(query: CallbackQuery, bot: Bot) -> Message | None:
    """The page that an admin of its group pressed; None when the press was answered here.

    Callback data can be forged: a press applies to the group that has the message, whatever the data says.
    """
    message = await message_of(query)
    if message and not await is_chat_admin(bot, message.chat.id, query.from_user.id):
        await answer(query, _("Only admins of this group can change its settings."), alert=True)
        return None
    return message
