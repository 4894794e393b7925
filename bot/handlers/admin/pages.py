"""The pages of `/admin`, put together."""

from bot.handlers.admin.menu import AdminMenu


def make_menu() -> AdminMenu:
    """All pages, in the order of the menu."""
    menu = AdminMenu()
    menu.add()
    return menu
