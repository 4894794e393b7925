"""The pages of `/admin`, put together."""

from aiogram import Bot

from bot.handlers.admin.budgets import BudgetsPage
from bot.handlers.admin.groups import GroupsPage
from bot.handlers.admin.invitations import InvitationsPage
from bot.handlers.admin.menu import AdminMenu
from bot.handlers.admin.people import PeoplePage
from bot.handlers.request_service import RequestService
from bot.telegram.i18n import Languages


def make_menu(requests: RequestService, bot: Bot, languages: Languages) -> AdminMenu:
    """All pages, in the order of the menu."""
    menu = AdminMenu()
    menu.add(
        PeoplePage(menu, requests, bot, languages),
        GroupsPage(menu, requests, bot),
        BudgetsPage(requests),
        InvitationsPage(requests, bot),
    )
    return menu
