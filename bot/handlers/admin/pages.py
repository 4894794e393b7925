"""The pages of `/admin`, put together."""

from aiogram import Bot

from bot.handlers.admin.groups import GroupsPage
from bot.handlers.admin.invitations import InvitationsPage
from bot.handlers.admin.menu import AdminMenu
from bot.handlers.admin.people import PeoplePage
from bot.handlers.request_service import RequestService
from bot.telegram.i18n import Languages


def make_menu(requests: RequestService, bot: Bot, languages: Languages) -> AdminMenu:
    """The pages of people and groups, which come first in the menu."""
    menu = AdminMenu()
    menu.add(
        PeoplePage(menu, requests, bot, languages),
        GroupsPage(menu, requests, bot),
        InvitationsPage(requests, bot),
    )
    return menu
