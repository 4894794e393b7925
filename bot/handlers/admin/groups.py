"""The page of groups and channels: where everyone may use the bot, and where it left."""

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import InlineKeyboardButton
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.group_question import PAGE
from bot.handlers.admin.menu import AdminCallback, AdminMenu, AdminPress, Done, View
from bot.handlers.admin.names import group, plain
from bot.handlers.admin.paging import last_page, on_page, turn
from bot.handlers.admin.people import number
from bot.handlers.chat_membership import greet, leave
from bot.handlers.request_service import RequestService
from bot.telegram.keyboards import button
from providers.options import N_
from storage.access_records import KnownGroup

GROUP, QUESTION = "g", "q"
"""What keys begin with: a group, and the question whether to leave it. Their ids are negative."""


class GroupsPage:
    """The groups of the bot. What an admin decides here counts at once."""

    name = PAGE
    title = N_("👥 Groups")

    def __init__(self, menu: AdminMenu, requests: RequestService, bot: Bot) -> None:
        self._menu = menu
        self._requests = requests
        self._access = requests.access
        self._bot = bot

    async def render(self, key: str) -> View:
        """All groups, or one."""
        chat_id = group_of(key)
        if not chat_id:
            return await self._list(number(key))
        # A button may be older than the move to a supergroup.
        chat_id, rules = await self._requests.store.chats.now(chat_id)
        known = await self._requests.store.members.group(chat_id)
        if key.startswith(QUESTION):
            return _ask_to_leave(known)
        lines = [
            f"👥 {group(known)}",
            f"<code>{known.id}</code>",
            "",
            self._standing(known.id),
            *([_("I can't write there now.")] if rules.muted else []),
        ]
        return View("\n".join(lines), [self._decisions(known.id), self._budget(known.id)])

    async def act(self, press: AdminPress) -> Done:
        """Store a decision about a group."""
        chat_id = group_of(press.key)
        if not chat_id:
            return Done(show=AdminCallback(page=PAGE))
        chat_id, _rules = await self._requests.store.chats.now(chat_id)
        if press.action == "allow":
            said = await self._allow(chat_id)
        elif press.action == "leave":
            said = await self._leave(chat_id)
        else:
            said = ""
        return Done(said, show=AdminCallback(page=PAGE, key=f"{GROUP}{chat_id}"))

    async def _allow(self, chat_id: int) -> str:
        known, before = await self._requests.store.members.group(chat_id), self._access.is_open_to(chat_id)
        await self._access.decide_group(chat_id, "allowed", known.title)
        if not before and known.access == "asked":
            await self._greet(chat_id)
        if known.access == "left":
            return _("Everyone there may use me, as soon as somebody adds me again.")
        return _("Everyone there may use me now.")

    async def _greet(self, chat_id: int) -> None:
        try:
            chat = await self._bot.get_chat(chat_id)
        except TelegramAPIError:
            # The bot was removed meanwhile.
            return
        await greet(self._bot, chat)

    async def _leave(self, chat_id: int) -> str:
        known = await self._requests.store.members.group(chat_id)
        # First, so that nothing is taken in meanwhile. What waits is cancelled when Telegram tells that the bot is out.
        await self._access.decide_group(chat_id, "left", known.title)
        return _("I've left.") if await leave(self._bot, chat_id) else _("I'm not there any more.")

    async def _list(self, page: int) -> View:
        groups = await self._requests.store.members.groups()
        groups.sort(key=lambda one: self._access.group(one.id) != "asked")
        page = min(page, last_page(groups))
        words = _("Everyone in a group that is let in may use me there.") if groups else _("None yet.")
        legend = [_("✅ let in · ❔ undecided · ▫️ not let in · 🚪 left")] if groups else []
        return View(
            "\n".join([_("👥 <b>Groups</b>"), words, *legend]),
            [
                *([self._button(one)] for one in on_page(groups, page)),
                turn(groups, page, lambda other: AdminCallback(page=PAGE, key=str(other))),
            ],
            AdminCallback(page=""),
        )

    def _button(self, one: KnownGroup) -> InlineKeyboardButton:
        mark = {"left": "🚪", "asked": "❔"}.get(self._access.group(one.id) or "", "▫️")
        if self._access.is_open_to(one.id):
            mark = "✅"
        return button(f"{mark} {plain(one.title, one.id)}", AdminCallback(page=PAGE, key=f"{GROUP}{one.id}"))

    def _standing(self, chat_id: int) -> str:
        if self._access.group(chat_id) == "left":
            return _("🚪 I left, and don't work there until you let the group in.")
        if self._access.is_open_to(chat_id):
            return _("✅ Everyone there may use me.")
        return _("▫️ Only people who were let in may use me there.")

    def _decisions(self, chat_id: int) -> list[InlineKeyboardButton]:
        allow = button(_("✅ Allow"), AdminCallback(page=PAGE, action="allow", key=f"{GROUP}{chat_id}"), "success")
        ask = button(_("🚪 Leave"), AdminCallback(page=PAGE, key=f"{QUESTION}{chat_id}"), "danger")
        is_left = self._access.group(chat_id) == "left"
        return [*([] if self._access.is_open_to(chat_id) else [allow]), *([] if is_left else [ask])]

    def _budget(self, chat_id: int) -> list[InlineKeyboardButton]:
        return self._menu.link(_("💰 Budget"), "budgets", f"g{chat_id}")


def group_of(key: str) -> int:
    """The id of a group in a key, which may be forged; 0 where there is none."""
    kind, _minus, digits = key.partition("-")
    return -number(digits) if kind in {GROUP, QUESTION} else 0


def _ask_to_leave(known: KnownGroup) -> View:
    text = _(
        "Leave {group}? What waits there is cancelled. I don't work there again until you let the group in and "
        "somebody adds me."
    )
    key = f"{GROUP}{known.id}"
    sure = button(_("Yes, leave"), AdminCallback(page=PAGE, action="leave", key=key), "danger")
    return View(text.format(group=group(known)), [[sure]], AdminCallback(page=PAGE, key=key))
