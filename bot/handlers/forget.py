"""`/forget`: everything that is kept of a person is erased, after a question."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, message_of
from bot.handlers.imagine import PRIVATE
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import ForgetCallback
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import button, into_private, keyboard
from bot.telegram.private_reply import reply_privately
from storage.erasure import JobsUnderWayError

START = "forget"
"""What the button in a group starts the private chat with."""
HERE = F.message.chat.type == ChatType.PRIVATE


def make_router() -> Router:
    """Being forgotten."""
    router = Router(name="forget")
    router.message.register(ask, Command("forget"), PRIVATE)
    router.message.register(ask, CommandStart(deep_link=True, magic=F.args == START), PRIVATE)
    router.message.register(elsewhere, Command("forget"))
    router.callback_query.register(keep, ForgetCallback.filter(F.do == "keep"), HERE)
    router.callback_query.register(forget, ForgetCallback.filter(F.do == "surely"), HERE)
    return router


async def ask(message: Message, requests: RequestService) -> None:
    """Say what goes and what stays, and ask."""
    if message.from_user is None:
        return
    if await requests.store.erasure.is_under_way(message.from_user.id):
        await message.reply(_under_way())
        return
    count = await requests.store.erasure.count(message.from_user.id)
    await message.reply(
        _(
            "🗑 <b>Erase all your data?</b>\n\n"
            "<b>Will be erased:</b> your pictures in my memory ({count}) with all your prompts, the photos you "
            "sent me to work from, your styles and your settings. /history will be empty, and the buttons under "
            "old pictures will no longer work.\n\n"
            "<b>Will stay:</b> the messages in your chats, until you delete them there. Whoever runs this bot "
            "still sees how many pictures were made and what they cost, without your name. And for a day I "
            "remember how often you asked, so that the daily limit holds.\n\n"
            "This can't be undone. /export sends you a copy first."
        ).format(count=count),
        reply_markup=keyboard(
            [button(_("Erase everything"), ForgetCallback(do="surely"), "danger")],
            [button(_("Keep"), ForgetCallback(do="keep"))],
        ),
    )


async def elsewhere(message: Message, bot: Bot) -> None:
    """In a group: the way to the private chat."""
    link = await into_private(bot, _("🗑 My data"), START)
    await reply_privately(message, _("Let's do this in private:"), keyboard([link]))


async def keep(query: CallbackQuery) -> None:
    """Nothing is erased."""
    await answer(query)
    await _say(query, _("Everything stays as it is."))


async def forget(query: CallbackQuery, requests: RequestService, languages: Languages) -> None:
    """Erase all that is kept of whoever pressed. Twice is as good as once."""
    try:
        # What has begun since the question was asked, only the store knows.
        await requests.store.erasure.erase(query.from_user.id, requests.store.clock())
    except JobsUnderWayError:
        await answer(query, _under_way(), alert=True)
        return
    # The language that they had chosen is forgotten, too.
    with languages.speaking(languages.pick(query.from_user.language_code)):
        await answer(query, _("Erased."))
        await _say(
            query,
            _(
                "Done. I've erased everything I had about you. You can delete the messages in your chats "
                "yourself.\n\n"
                "If you write to me again, we start afresh."
            ),
        )


def _under_way() -> str:
    return _(
        "I'm still working on something for you. Wait until it's done, or cancel it, then try again. (If "
        "you've just cancelled it, the service may need a moment to stop.)"
    )


async def _say(query: CallbackQuery, text: str) -> None:
    """In place of the question, without its buttons."""
    message = await message_of(query)
    if message:
        await change_text(message, text, None)
