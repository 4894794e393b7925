"""The question to the admins, in their private chats, whether the bot may work in a group that somebody else chose."""

import logging

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import Chat, User
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.handlers.admin.menu import AdminCallback
from bot.handlers.admin.names import group, person
from bot.handlers.option_menus import Menu
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import button, keyboard
from storage.access_records import KnownGroup, SeenPerson
from storage.users import Users

log = logging.getLogger(__name__)
PAGE = "groups"


async def ask_admins(bot: Bot, access: Access, users: Users, languages: Languages, *, chat: Chat, by: User) -> bool:
    """Ask all admins about a group to which `by` has added the bot. False: none of them could be asked."""
    asked = [await _ask(bot, admin, users, languages, chat=chat, by=by) for admin in sorted(access.admins())]
    return any(asked)


async def _ask(bot: Bot, admin: int, users: Users, languages: Languages, *, chat: Chat, by: User) -> bool:
    with languages.speaking(languages.pick(await users.spoken(admin))):
        text, buttons = _question(chat, by)
        try:
            await bot.send_message(admin, text, reply_markup=buttons)
        except TelegramAPIError as error:
            # One who has blocked the bot, or never started it. The page of groups has the question all the same.
            log.info("an admin could not be asked about a group (%s)", type(error).__name__)
            return False
    return True


def _question(chat: Chat, by: User) -> Menu:
    known = KnownGroup(chat.id, chat.title)
    text = _("👥 {person} has added me to {group}. May everyone there use me?").format(
        person=person(SeenPerson(by.id, by.full_name)), group=group(known)
    )
    return text, keyboard(
        [
            button(_("✅ Allow"), AdminCallback(page=PAGE, action="allow", key=f"g{chat.id}"), "success"),
            button(_("🚪 Leave"), AdminCallback(page=PAGE, action="leave", key=f"g{chat.id}"), "danger"),
        ]
    )
