"""What is kept of a person's likeness: the page of `/me`, and its buttons, which change where it may be used, mute its
notices, or take it back for good."""

from collections.abc import Iterable
from html import escape

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    User,
)
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, forgotten_text
from bot.handlers.imagine import PRIVATE
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import WHOEVER_PRESSES, LikenessCallback
from bot.telegram.formatting import CAPTION_LENGTH, cut, shown_length
from bot.telegram.keyboards import button, into_private, keyboard
from bot.telegram.private_reply import reply_privately
from storage.likeness_records import AllowedChat, OwnLikeness

START_PARAMETER = "me"
"""The deep-link parameter of the button in a group."""
MOST_CHATS_SHOWN = 40
"""The buttons that fit under a photo; the groups beyond them are shown when others are removed."""


def make_router() -> Router:
    """The page of one's likeness, and its buttons."""
    router = Router(name="likeness page")
    router.message.register(page, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), PRIVATE)
    router.callback_query.register(allow, LikenessCallback.filter(F.do == "allow"))
    router.callback_query.register(leave, LikenessCallback.filter(F.do == "leave"))
    router.callback_query.register(mute, LikenessCallback.filter(F.do.in_({"mute", "unmute"})))
    router.callback_query.register(stop, LikenessCallback.filter(F.do == "stop"))
    return router


async def page(message: Message, requests: RequestService, bot: Bot) -> None:
    """The page in private, by a button in a group."""
    if message.from_user:
        await show_page(message, message.from_user, requests, bot)


async def show_page(message: Message, user: User, requests: RequestService, bot: Bot) -> None:
    """What is kept of this person: in private with the photo, in a group only whether it may be used there."""
    await requests.store.likenesses.rename(user.id, user.username)
    own = await requests.store.likenesses.of(user.id)
    if own is None:
        await reply_privately(message, _nothing_kept())
    elif message.chat.type == ChatType.PRIVATE:
        await _show_photo(message, own, requests)
    else:
        text, buttons = _in_group(own, message, user)
        link = await into_private(bot, _("👤 My photo"), START_PARAMETER)
        await reply_privately(message, text, keyboard(*buttons, [link]))


async def _show_photo(message: Message, own: OwnLikeness, requests: RequestService) -> None:
    found = await requests.store.likenesses.data(own.id)
    if found:
        photo = BufferedInputFile(found[0], "me.jpg")
        await message.answer_photo(photo, caption=_caption(own), reply_markup=_buttons(own))


async def allow(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Allow the group of the message."""
    chat = query.message.chat if query.message else None
    if not await whose_press(query, callback_data):
        return
    if chat is None or chat.id != callback_data.chat:
        # The group has become another one since.
        await answer(query, forgotten_text(), alert=True)
        return
    person = query.from_user.id
    if not requests.access.may_use(person, chat.id):
        await answer(query, _("You can't use this bot any more."), alert=True)
        return
    is_kept = await requests.store.likenesses.allow(person, AllowedChat(chat.id, chat.title or ""))
    await answer(query, _("Saved.") if is_kept else _gone(), alert=not is_kept)
    await change_likeness_text(query, _("✅ Everyone in this group can use your photo now.") if is_kept else _gone())


async def leave(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Don't allow a group any more."""
    if not await whose_press(query, callback_data):
        return
    person = query.from_user.id
    stopped = await requests.people.stop(person, callback_data.chat)
    stop_jobs(stopped or [], requests)
    await answer(query, _("Saved."))
    own = await requests.store.likenesses.of(person)
    if own and query.message and query.message.chat.type == ChatType.PRIVATE:
        await change_likeness_text(query, _caption(own), _buttons(own))
    else:
        await change_likeness_text(query, _("Your photo can't be used in this group any more."))


async def mute(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Tell the person no more, or again, when others use their photo."""
    if not await whose_press(query, callback_data):
        return
    is_muted = callback_data.do == "mute"
    await requests.store.likenesses.mute(query.from_user.id, muted=is_muted)
    own = await requests.store.likenesses.of(query.from_user.id)
    said = _("I won't tell you any more. /me changes that.") if is_muted else _("I'll tell you again.")
    await answer(query, said, alert=is_muted)
    if own and isinstance(query.message, Message) and query.message.photo:
        await change_likeness_text(query, _caption(own), _buttons(own))


async def stop(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Take the likeness back for good. A second press changes nothing."""
    if not await whose_press(query, callback_data):
        return
    stopped = await requests.people.stop(query.from_user.id)
    stop_jobs(stopped or [], requests)
    if callback_data.person == WHOEVER_PRESSES:
        # The message is for others, too.
        await answer(query, _gone(), alert=True)
        return
    text = _("Done. I've erased your photo; nobody can use it any more.")
    if stopped:
        text += " " + _("Cancelled requests with it: {count}").format(count=len(stopped))
    await answer(query, text)
    if isinstance(query.message, Message) and query.message.photo:
        await _remove_photo(query.message, text)
    else:
        await change_likeness_text(query, text)


async def whose_press(query: CallbackQuery, press: LikenessCallback) -> bool:
    """Whether the press is by the person whom its button is about; else it is answered here."""
    if press.person in {query.from_user.id, WHOEVER_PRESSES}:
        return True
    await answer(query, _("This is about somebody else's photo. Send /me for yours."), alert=True)
    return False


def stop_jobs(job_ids: Iterable[int], requests: RequestService) -> None:
    """Have cancelled jobs say so."""
    for job_id in job_ids:
        requests.engine.context.wake(job_id)
    requests.engine.context.queue_changed.set()


async def change_likeness_text(query: CallbackQuery, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
    """Replace the message of a press, also where only one member of a group sees it."""
    message = query.message
    if not isinstance(message, Message):
        return
    if message.ephemeral_message_id is None or message.bot is None:
        await change_text(message, text, buttons)
        return
    await message.bot.edit_ephemeral_message_text(
        message.chat.id, query.from_user.id, message.ephemeral_message_id, text, reply_markup=buttons
    )


async def _remove_photo(message: Message, text: str) -> None:
    """The photo itself goes, too, unless Telegram finds the message too old for that."""
    try:
        await message.delete()
    except TelegramAPIError:
        await change_text(message, text, None)
        return
    await message.answer(text)


def _in_group(own: OwnLikeness, message: Message, user: User) -> tuple[str, list[list[InlineKeyboardButton]]]:
    stop_button = [button(_("Erase my photo"), LikenessCallback(do="stop", person=user.id), "danger")]
    chat = message.chat.id
    if own.is_allowed(chat):
        here = button(_("Not in this group"), LikenessCallback(do="leave", person=user.id, chat=chat))
        return _("Everyone in this group can use your photo. I'll tell you when someone does."), [[here], stop_button]
    text = _(
        "I keep a photo of you, and nobody in this group can use it. Shall I allow it here? Then everyone in “{chat}” "
        "can name you in a prompt, and your photo goes to the service that draws it. I'll tell you when someone does, "
        "and you can take it back with /me."
    ).format(chat=escape(message.chat.title or "", quote=False))
    here = button(_("✅ Allow it here"), LikenessCallback(do="allow", person=user.id, chat=chat), "primary")
    return text, [[here], stop_button]


def _caption(own: OwnLikeness) -> str:
    text = _(
        "This is the photo that I keep of you. You can use it in our private chat: <code>@me as an astronaut</code>"
    )
    if not own.chats:
        return text + "\n\n" + _("No group can use it. To allow it in a group, send /me there.")
    text += "\n\n" + _("Everyone in these groups can use it:")
    names = cut("\n".join(f"• {one.title}" for one in own.chats), CAPTION_LENGTH - shown_length(text) - 1)
    return f"{text}\n{escape(names, quote=False)}"


def _buttons(own: OwnLikeness) -> InlineKeyboardMarkup:
    person = own.user_id
    chats = [
        [
            button(
                _("✖ Not in {chat}").format(chat=one.title),
                LikenessCallback(do="leave", person=person, chat=one.chat_id),
            )
        ]
        for one in own.chats[:MOST_CHATS_SHOWN]
    ]
    told = button(_("🔔 Tell me when it's used: yes"), LikenessCallback(do="mute", person=person))
    if own.muted:
        told = button(_("🔕 Tell me when it's used: no"), LikenessCallback(do="unmute", person=person))
    return keyboard(
        *chats, [told], [button(_("🗑 Erase my photo"), LikenessCallback(do="stop", person=person), "danger")]
    )


def _nothing_kept() -> str:
    return _(
        "I keep no photo of you. Reply to a photo of yourself with /me, or send it with /me as its caption: after you "
        "have agreed, you can put yourself into pictures."
    )


def _gone() -> str:
    return _("I keep no photo of you.")
