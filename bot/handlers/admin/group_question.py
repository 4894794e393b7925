"""The question to the admins, in their private chats, whether the bot may work in a group that somebody else chose."""

import asyncio
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
from storage.store_errors import StoreError
from storage.users import Users

log = logging.getLogger(__name__)
PAGE = "groups"
MOST_UNDECIDED = 10
"""While more groups wait for a decision, the admins are asked about no further ones."""
ASK_SECONDS = 10.0
"""The longest wait for the chat of an admin."""


async def ask_admins(
    bot: Bot, access: Access, users: Users, languages: Languages, *, chat: Chat, by: User, has_added: bool
) -> bool | None:
    """Ask all admins about a group, once a group. `by`: who has added the bot to it, or wants to use it there.

    False: none of them could be asked; None: they were asked before. Raises `StoreError`.
    """
    if not access.admins():
        # The first one is asked when somebody wants to use the bot there.
        return False
    if not await access.ask_about_group(chat.id, chat.title):
        return None
    # Whoever founds group after group does not fill the admins' chats: the page of groups has them all.
    if access.undecided_groups > MOST_UNDECIDED:
        return False
    # At once: Telegram may demand a wait for the chat of one of them.
    asked = [_ask(bot, admin, users, languages, (chat, by, has_added)) for admin in sorted(access.admins())]
    return any(await asyncio.gather(*asked))


def waiting_text(chat_id: int, *, asked: bool) -> str:
    """What the group hears. `asked`: the admins were."""
    if asked:
        return _("Hi! I've asked whoever runs me whether I may work in this group. Until then I'm quiet.")
    text = _("This bot isn't open to this group yet. Ask whoever runs it to let in the group: {id}")
    return text.format(id=f"<code>{chat_id}</code>")


async def _ask(bot: Bot, admin: int, users: Users, languages: Languages, about: tuple[Chat, User, bool]) -> bool:
    try:
        with languages.speaking(languages.pick(await users.spoken(admin))):
            text, buttons = _question(*about)
            async with asyncio.timeout(ASK_SECONDS):
                await bot.send_message(admin, text, reply_markup=buttons)
    except (TelegramAPIError, StoreError, TimeoutError) as error:
        # One who has blocked the bot, or never started it. The page of groups has the question all the same.
        log.info("an admin could not be asked about a group (%s)", type(error).__name__)
        return False
    return True


def _question(chat: Chat, by: User, has_added: bool) -> Menu:
    added = _("👥 {person} has added me to {group}. May everyone there use me?")
    text = added if has_added else _("👥 {person} wants to use me in {group}. May everyone there use me?")
    text = text.format(person=person(SeenPerson(by.id, by.full_name)), group=group(KnownGroup(chat.id, chat.title)))
    return text, keyboard(
        [
            button(_("✅ Allow"), AdminCallback(page=PAGE, action="allow", key=f"g{chat.id}"), "success"),
            button(_("🚪 Leave"), AdminCallback(page=PAGE, action="leave", key=f"g{chat.id}"), "danger"),
        ]
    )
