"""`/forget`: erases all data about a person, after a question."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.access import NOBODY
from bot.handlers.callback_helpers import answer, change_text, message_of
from bot.handlers.imagine import PRIVATE
from bot.handlers.likeness_page import stop_jobs
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import ForgetCallback
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import button, into_private, keyboard
from bot.telegram.private_reply import reply_privately
from storage.erasure import JobsUnderWayError

START_PARAMETER = "forget"
"""The deep-link parameter of the button in a group."""
PRIVATE_PRESS = F.message.chat.type == ChatType.PRIVATE


def make_router() -> Router:
    """Erasing a person's data."""
    router = Router(name="forget")
    router.message.register(ask, Command("forget"), PRIVATE)
    router.message.register(ask, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), PRIVATE)
    router.message.register(link_to_private_chat, Command("forget"))
    router.callback_query.register(keep, ForgetCallback.filter(F.do == "keep"), PRIVATE_PRESS)
    router.callback_query.register(forget, ForgetCallback.filter(F.do == "surely"), PRIVATE_PRESS)
    return router


async def ask(message: Message, requests: RequestService) -> None:
    """Say what will be erased and what will stay, and ask."""
    if message.from_user is None:
        return
    if await requests.store.erasure.is_under_way(message.from_user.id):
        await message.reply(_under_way())
        return
    count = await requests.store.erasure.count(message.from_user.id)
    text = _(
        "🗑 <b>Erase all your data?</b>\n\n"
        "<b>Will be erased:</b> your pictures in my memory ({count}) with all your prompts, the photos you "
        "sent me to work from, your styles and your settings. /history will be empty, and the buttons under "
        "old pictures will no longer work.\n\n"
        "<b>Will stay:</b> the messages in your chats, until you delete them there. Whoever runs this bot "
        "still sees how many pictures were made and what they cost, without your name. And for a day I "
        "remember how often you asked, so that the daily limit holds."
    ).format(count=count)
    if await requests.store.likenesses.of(message.from_user.id):
        text += "\n\n" + _("The photo of yourself that you've kept with /me is erased, too.")
    text += "\n\n" + _("Until this month ends I remember how much you have spent, so that your budget holds.")
    if requests.assistant:
        text += "\n\n" + _("What you asked the assistant is erased, too. What it cost stays, without your name.")
    if requests.access.person(message.from_user.id) != NOBODY:
        text += "\n\n" + _("I also keep, with your ID alone, whether and how much you may use me.")
    text += "\n\n" + _("This can't be undone. /export sends you a copy first.")
    await message.reply(
        text,
        reply_markup=keyboard(
            [button(_("Erase everything"), ForgetCallback(do="surely"), "danger")],
            [button(_("Keep"), ForgetCallback(do="keep"))],
        ),
    )


async def link_to_private_chat(message: Message, bot: Bot) -> None:
    """In a group: a link to the private chat."""
    link = await into_private(bot, _("🗑 My data"), START_PARAMETER)
    await reply_privately(message, _("Let's do this in private:"), keyboard([link]))


async def keep(query: CallbackQuery) -> None:
    """Erase nothing."""
    await answer(query)
    await _say(query, _("Everything stays as it is."))


async def forget(query: CallbackQuery, requests: RequestService, languages: Languages) -> None:
    """Erase all data about the person who pressed. A second press changes nothing."""
    try:
        await _erase(query.from_user.id, requests)
    except JobsUnderWayError:
        await answer(query, _under_way(), alert=True)
        return
    # The person's chosen language is erased, too.
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


async def _erase(user_id: int, requests: RequestService) -> None:
    """Raises `JobsUnderWayError`."""
    if not await requests.store.erasure.is_under_way(user_id):
        # The waiting requests of others that depict this person are told so.
        stop_jobs(await requests.people.stop(user_id) or [], requests)
    # The store checks again for jobs that began after the question.
    await requests.store.erasure.erase(user_id, requests.store.clock())


def _under_way() -> str:
    return _(
        "I'm still working on something for you. Wait until it's done, or cancel it, then try again. (If "
        "you've just cancelled it, the service may need a moment to stop.)"
    )


async def _say(query: CallbackQuery, text: str) -> None:
    """Replace the question and its buttons by a text."""
    message = await message_of(query)
    if message:
        await change_text(message, text, None)
