"""What all handlers of buttons share: finding the message, answering, and knowing who may."""

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import CallbackQuery, ChatMemberAdministrator, ChatMemberOwner, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import Desk, Place, too_many
from storage.records import Job, TooMany


async def answer(query: CallbackQuery, text: str = "", *, alert: bool = False) -> None:
    """Answer a press; too late an answer is no error."""
    try:
        await query.answer(text, show_alert=alert)
    except TelegramBadRequest as error:
        if "query is too old" not in error.message:
            raise


async def once_more(query: CallbackQuery, desk: Desk, place: Place, job: Job) -> None:
    """Run a request again, and say so."""
    try:
        await desk.ask_again(place, job)
    except TooMany as error:
        await answer(query, too_many(error), alert=True)
    else:
        await answer(query, _("One more time!"))


def is_unchanged(error: TelegramBadRequest) -> bool:
    """Whether an edit was refused because the message says that already: as good as done."""
    return "not modified" in error.message


async def change_buttons(message: Message, buttons: InlineKeyboardMarkup) -> None:
    """Put other buttons under a message."""
    try:
        await message.edit_reply_markup(reply_markup=buttons)
    except TelegramBadRequest as error:
        if not is_unchanged(error):
            raise


async def message_of(query: CallbackQuery) -> Message | None:
    """The message under which the button stands; says so when Telegram no longer shows it to the bot."""
    if isinstance(query.message, Message):
        return query.message
    await answer(query, _("This message is too old for its buttons. Use /history instead."), alert=True)
    return None


async def owns(query: CallbackQuery, owner: int) -> bool:
    """Whether what belongs to `owner` is this person's. What was asked in a group's name is its admins'."""
    if query.from_user.id == owner:
        return True
    return owner < 0 and query.bot is not None and await is_chat_admin(query.bot, owner, query.from_user.id)


async def is_chat_admin(bot: Bot, chat_id: int, user_id: int) -> bool:
    """Whether a person administers a group."""
    try:
        member = await bot.get_chat_member(chat_id, user_id)
    except TelegramAPIError:
        return False
    return isinstance(member, ChatMemberAdministrator | ChatMemberOwner)
