"""How people get in: by an invitation's link, and the first admin by the first `/start`."""

import hashlib
import secrets

from aiogram import Bot, F, Router
from aiogram.filters import CommandStart
from aiogram.filters.command import CommandObject
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.handlers import command_menu
from bot.handlers.imagine import NOT_FORWARDED, PRIVATE
from bot.handlers.request_service import RequestService
from bot.handlers.start import start
from bot.telegram.i18n import Languages
from storage.invitations import Joined

PREFIX = "join-"
"""What the deep-link parameter of an invitation begins with."""
TOKEN_BYTES = 16


def make_router() -> Router:
    """Ways in."""
    router = Router(name="joining")
    router.message.register(join, CommandStart(deep_link=True, magic=F.args.startswith(PREFIX)), PRIVATE, NOT_FORWARDED)
    router.message.register(first_start, CommandStart(), PRIVATE, NOT_FORWARDED, _awaits_first_admin)
    return router


def new_token() -> tuple[str, str]:
    """A new invitation: the parameter of its link, and the hash to store."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return PREFIX + token, hash_of(token)


def hash_of(token: str) -> str:
    """The hash by which the store knows a token. A token is random and long, so that it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_invitation(message: Message) -> bool:
    """Whether a person has opened the link of an invitation."""
    command, _space, argument = (message.text or "").partition(" ")
    is_start = command.partition("@")[0].lower() == "/start"
    return is_start and argument.startswith(PREFIX)


async def join(message: Message, command: CommandObject, access: Access) -> None:
    """Let a person in."""
    if message.from_user is None:
        return
    token = (command.args or "").removeprefix(PREFIX)
    joined = await access.join(message.from_user.id, hash_of(token))
    match joined:
        case Joined.IN:
            await message.answer(_("🎟 You're in: this bot is yours to use now."))
            await start(message)
        case Joined.WAS_IN:
            await message.answer(_("You can use this bot already, so nothing of the invitation was used up."))
        case Joined.BANNED:
            await message.answer(_("An invitation can't let you in: an admin has banned you."))
        case Joined.SPENT:
            await message.answer(_("This invitation is used up or was taken back. Ask for a new one."))


async def _awaits_first_admin(_message: Message, access: Access) -> bool:
    return access.awaits_first_admin


async def first_start(
    message: Message, access: Access, bot: Bot, languages: Languages, requests: RequestService
) -> None:
    """Make the first person the admin. Of two at the same moment one becomes it."""
    if message.from_user is None:
        return
    if not await access.become_first_admin(message.from_user.id):
        await message.answer(uninvited_text(access, message.from_user.id))
        return
    await start(message)
    await message.answer(
        _(
            "🔑 <b>You are the admin of this bot</b>, because you were the first to start it.\n\n"
            "Until you let people in, only you can use it, at your cost:\n"
            "· /admin invite makes a link that lets people in.\n"
            "· Add me to a group, and everyone there can use me.\n"
            "· /admin shows who uses me, and what it costs."
        )
    )
    await command_menu.renew(bot, languages, message.from_user.id, is_admin=True, more=requests.help_commands)


def uninvited_text(access: Access, user_id: int) -> str:
    """The answer to a person who was not let in."""
    if access.awaits_first_admin:
        return _("Nobody runs this bot yet. If it is yours, send /start.")
    text = _("This bot is invitation-only. Ask whoever runs it for an invitation link, or to let in your ID: {id}")
    return text.format(id=f"<code>{user_id}</code>")
