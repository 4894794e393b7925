"""The menu of `/admin`: its pages, and who may open and press them. Each page is a class in a file of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Command, Filter
from aiogram.filters.callback_data import CallbackData
from aiogram.filters.command import CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message, User
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.handlers.callback_helpers import answer, message_of
from bot.handlers.imagine import NOT_FORWARDED
from bot.handlers.option_menus import Menu, Pages
from bot.telegram.keyboards import button, in_rows, keyboard

SHORTCUTS = {"invite": "invitations", "queue": "jobs"}
"""Other words for pages, as people type them."""
HOME = ""
"""The name of the page that lists all others."""


class AdminCallback(CallbackData, prefix="adm", sep="|"):
    """A button of `/admin`. `page`: the page it belongs to; `action`: empty to show it, else something that the page
    does; `key`: the subject on that page, such as `u<ID>` of a person; empty: the page itself.

    Telegram keeps 64 bytes with a button.
    """

    page: str
    action: str = ""
    key: str = ""


Rows = Sequence[list[InlineKeyboardButton]]


@dataclass(frozen=True, slots=True)
class View:
    """A rendered page. `text`: HTML; `back`: where "‹ Back" leads; None: from a subject to its page, from a page to the
    menu."""

    text: str
    rows: Rows = ()
    back: AdminCallback | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a press. `said`: the answer to it, `alert`: as a window; `show`: the page to show next, None: the
    subject that was pressed."""

    said: str = ""
    alert: bool = False
    show: AdminCallback | None = None


@dataclass(frozen=True, slots=True)
class AdminPress:
    """A press of a button with an action, by an admin. `message`: the menu."""

    action: str
    key: str
    admin: User
    message: Message


class AdminPage(Protocol):
    """One page of the menu, with all its subjects. The texts are rendered in the language of the admin."""

    name: str
    """Short: it is part of the data of each button."""
    title: str
    """The label in the menu, marked with `N_`."""

    async def render(self, key: str) -> View:
        """The page (`key` empty), or one subject. Keys may be forged or outdated: show the page instead."""

    async def act(self, press: AdminPress) -> Done:
        """Do what a button says. It may be outdated, or pressed twice."""


@dataclass(slots=True)
class AdminMenu:
    """The pages by name, in the order of the menu. `wiring` adds them."""

    pages: dict[str, AdminPage] = field(default_factory=dict)

    def add(self, *pages: AdminPage) -> None:
        """Add pages."""
        self.pages.update({page.name: page for page in pages})

    def link(self, text: str, page: str, key: str = "") -> list[InlineKeyboardButton]:
        """A button to another page, as a list: empty where the bot does not have this page."""
        return [button(text, AdminCallback(page=page, key=key))] if page in self.pages else []

    async def render(self, name: str = HOME, key: str = "") -> Menu:
        """A page as a message, with the way back; an unknown one is the menu."""
        page = self.pages.get(name)
        if page is None:
            links = [button(_(each.title), AdminCallback(page=each.name)) for each in self.pages.values()]
            return _("🛠 <b>This bot</b>\nWhat would you like to look after?"), keyboard(*in_rows(links))
        view = await page.render(key)
        back = view.back or AdminCallback(page=name if key else HOME)
        return view.text, keyboard(*view.rows, [button(_("‹ Back"), back)])


class ByBotAdmin(Filter):
    """Passes messages and presses of the bot's admins in their private chat."""

    async def __call__(self, event: Message | CallbackQuery, access: Access) -> bool:
        """Whether the person is an admin now: asked again at every press."""
        message = event.message if isinstance(event, CallbackQuery) else event
        is_private = message is not None and message.chat.type == ChatType.PRIVATE
        return is_private and event.from_user is not None and access.is_admin(event.from_user.id)


def make_router() -> Router:
    """`/admin` and its buttons. Others get the answer to an unknown command."""
    router = Router(name="admin")
    # A forwarded command is somebody else's.
    router.message.register(admin, Command("admin"), NOT_FORWARDED, ByBotAdmin())
    router.callback_query.register(pressed, AdminCallback.filter(), ByBotAdmin())
    router.callback_query.register(refuse, AdminCallback.filter())
    return router


async def admin(message: Message, command: CommandObject, admin_menu: AdminMenu) -> None:
    """The menu, or the page that is named behind the command."""
    name = (command.args or "").strip().lower()
    text, buttons = await admin_menu.render(SHORTCUTS.get(name, name))
    await message.answer(text, reply_markup=buttons)


async def pressed(query: CallbackQuery, callback_data: AdminCallback, admin_menu: AdminMenu, pages: Pages) -> None:
    """Do what a button says, and show a page."""
    message = await message_of(query)
    if message is None:
        return
    show, page = callback_data, admin_menu.pages.get(callback_data.page)
    done = Done()
    if page and callback_data.action:
        done = await page.act(AdminPress(callback_data.action, callback_data.key, query.from_user, message))
        show = done.show or callback_data
    await answer(query, done.said, alert=done.alert)
    await pages.show(message, lambda: admin_menu.render(show.page, show.key))


async def refuse(query: CallbackQuery) -> None:
    """A forged press, or one of a person who is no admin any more."""
    await answer(query, _("Only admins of this bot can use this."), alert=True)
