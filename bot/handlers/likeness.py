"""`/me`: a person's photo of themselves is kept as their likeness, if they agree to it.

Only a photo that this person sent themselves, here and not forwarded, is taken; others' photos and avatars never are.
"""

from html import escape

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, User
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer
from bot.handlers.depicted_people import is_out
from bot.handlers.likeness_page import change_likeness_text, show_page, stop_jobs, whose_press
from bot.handlers.request_service import RequestService
from bot.jobs.ports import InvalidReferenceError
from bot.jobs.retry import until_fetched
from bot.telegram.callback_data import LikenessCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import button, keyboard
from bot.telegram.message_groups import is_forward
from bot.telegram.message_input import pictures_in
from bot.telegram.private_reply import GROUPS, reply_privately
from providers.base import ReferenceLimits
from storage.likeness_records import AllowedChat, LikenessQuestion, NewLikeness
from storage.records import CheckedReference

LIKENESS = ReferenceLimits(1, 2_000_000, 1536, (1 / 3, 3), frozenset({"image/jpeg"}))
"""A photo is kept no larger than this: services make it smaller still."""
ANSWER_SECONDS = 3600.0
"""For so long the question can be answered."""
IN_CHAT = F.chat.type.in_({ChatType.PRIVATE, *GROUPS})


def make_router() -> Router:
    """Keeping a likeness; and leaving a group, which ends what a person allows there."""
    router = Router(name="likeness")
    router.message.register(me, Command("me", ignore_case=True), IN_CHAT)
    router.message.register(left, F.left_chat_member)
    router.chat_member.register(gone)
    router.callback_query.register(keep, LikenessCallback.filter(F.do == "keep"))
    router.callback_query.register(refuse, LikenessCallback.filter(F.do == "no"))
    return router


async def me(message: Message, requests: RequestService, bot: Bot, album: list[Message] | None = None) -> None:
    """Ask about the photo that the message shows or replies to; without one, show what is kept."""
    user = message.from_user
    if user is None or user.is_bot or message.sender_chat:
        await reply_privately(message, _("Please send this as yourself, not as a group or channel."))
        return
    if why := _refusal(message, album or [message], user):
        await reply_privately(message, why)
        return
    photos = [file.file_id for one in _shown(message, album or [message]) for file in pictures_in(one)]
    if not photos:
        await show_page(message, user, requests, bot)
        return
    now = requests.store.clock()
    await requests.store.likenesses.ask(LikenessQuestion(user.id, message.chat.id, photos[0], now))
    buttons = [
        button(_("✅ Keep my photo"), LikenessCallback(do="keep", person=user.id), "primary"),
        button(_("Don't keep it"), LikenessCallback(do="no", person=user.id)),
    ]
    await reply_privately(message, consent_text(message, user), keyboard(buttons))


def consent_text(message: Message, user: User) -> str:
    """What a person agrees to: what is kept, who can use it, where, and how to take it back."""
    name = f"@{user.username}" if user.username else user.first_name
    if message.chat.type == ChatType.PRIVATE:
        return _(
            "Shall I save this photo of you? It must show you and nobody else.\n\n"
            "<b>What I keep:</b> a smaller copy of the photo.\n"
            "<b>Who can use it:</b> only you, in our private chat: write <code>@me as an astronaut</code>. To allow it "
            "in a group, send /me there.\n"
            "<b>Where it goes:</b> with such a prompt, to the service that draws it.\n"
            "<b>How to take it back:</b> /me and “Erase my photo” erase it at once. Finished pictures stay."
        )
    return _(
        "Shall I save this photo of you? It must show you and nobody else.\n\n"
        "<b>What I keep:</b> a smaller copy of the photo.\n"
        "<b>Who can use it:</b> everyone in “{chat}”, by writing <code>/imagine {name} as an astronaut</code>. "
        "Nobody in other chats. I'll tell you when someone does.\n"
        "<b>Where it goes:</b> with such a prompt, to the service that draws it.\n"
        "<b>How to take it back:</b> /me and “Erase my photo” erase it at once. Leaving the group ends it here. "
        "Finished pictures stay."
    ).format(chat=escape(message.chat.title or "", quote=False), name=escape(name, quote=False))


async def keep(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Keep the photo, after its person has agreed."""
    found = await _question(query, callback_data, requests)
    if found is None:
        return
    checked = await _fetch(query, found, requests)
    if checked is None:
        return
    user, chat = query.from_user, query.message.chat if query.message else None
    username = user.username.lower() if user.username else None
    new = NewLikeness(user.id, username, user.first_name[:64], checked.data, checked.media_type)
    allowed = AllowedChat(found.chat_id, (chat.title if chat else None) or "")
    await requests.store.likenesses.keep(new, allowed, requests.store.clock())
    await answer(query, _("Kept."))
    await change_likeness_text(query, _kept_text(user, in_group=found.chat_id < 0))


async def refuse(query: CallbackQuery, callback_data: LikenessCallback, requests: RequestService) -> None:
    """Keep nothing."""
    if await whose_press(query, callback_data):
        await requests.store.likenesses.drop_question(query.from_user.id)
        await answer(query)
        await change_likeness_text(query, _("Not saved."))


async def left(message: Message, requests: RequestService) -> None:
    """A person has left the group, or was removed."""
    if message.left_chat_member:
        await _end_here(message.left_chat_member.id, message.chat.id, requests)


async def gone(event: ChatMemberUpdated, requests: RequestService) -> None:
    """The membership of a person has changed; Telegram says so where the bot is an admin."""
    if is_out(event.new_chat_member):
        await _end_here(event.new_chat_member.user.id, event.chat.id, requests)


async def _end_here(user_id: int, chat_id: int, requests: RequestService) -> None:
    stop_jobs(await requests.people.stop(user_id, chat_id) or [], requests)


def _shown(message: Message, brought: list[Message]) -> list[Message]:
    """The messages whose photos are meant: its own, else the one that it replies to."""
    if any(map(pictures_in, brought)):
        return brought
    return [message.reply_to_message] if message.reply_to_message else []


def _refusal(message: Message, brought: list[Message], user: User) -> str:
    """Why the photo can't be kept; empty: it can, or there is none."""
    if message.external_reply:
        return _("Send the photo here, with /me as its caption.")
    shown = [one for one in _shown(message, brought) if pictures_in(one)]
    if not all(_is_own(one, user) for one in shown):
        return _("I only keep a photo that you sent here yourself: not other people's photos, and no forwarded ones.")
    is_album = shown == [message] and message.media_group_id is not None
    if is_album or sum(len(pictures_in(one)) for one in shown) > 1:
        return _("I keep one photo. Reply to just that one with /me.")
    return ""


def _is_own(message: Message, user: User) -> bool:
    """Whether this person sent the photo in their own name, and did not get it from somebody else."""
    is_theirs = message.from_user is not None and message.from_user.id == user.id
    return is_theirs and not (message.sender_chat or message.via_bot or is_forward(message))


async def _question(query: CallbackQuery, press: LikenessCallback, requests: RequestService) -> LikenessQuestion | None:
    """The question that a press answers; None: the press is answered here."""
    if not await whose_press(query, press):
        return None
    found, chat = await requests.store.likenesses.question(query.from_user.id), query.message and query.message.chat
    is_open = found and chat and found.chat_id == chat.id
    if not found or not is_open or requests.store.clock() - found.asked_at > ANSWER_SECONDS:
        await answer(query, _("This question has expired. Send /me again with the photo."), alert=True)
        return None
    if not requests.access.may_use(query.from_user.id, chat.id if chat and chat.id < 0 else None):
        await answer(query, _("You can't use this bot any more."), alert=True)
        return None
    return found


async def _fetch(query: CallbackQuery, found: LikenessQuestion, requests: RequestService) -> CheckedReference | None:
    """The photo, scaled; None: the press is answered with the reason."""
    context = requests.engine.context
    try:
        return await until_fetched(
            lambda: context.notifier.fetch(found.file_id, LIKENESS, found.user_id), context.sleep
        )
    except InvalidReferenceError as error:
        await answer(query, plain(error.sentence), alert=True)
    except OSError:
        await answer(query, _("I couldn't get one of the pictures from Telegram. Please send it again."), alert=True)
    return None


def _kept_text(user: User, *, in_group: bool) -> str:
    if not in_group:
        return _("✅ Kept. Write for example: <code>@me as an astronaut</code>\n/me shows your photo and removes it.")
    if not user.username:
        return _("✅ Kept. Everyone here can mention you in a prompt now. /me shows where, and removes it.")
    words = _(
        "✅ Kept. Everyone here can write for example: <code>/imagine @{name} as an astronaut</code>\n"
        "/me shows where, and removes it."
    )
    return words.format(name=user.username)
