"""The page of people: who was seen lately, who was let in, who is banned, and the admins."""

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import InlineKeyboardButton
from aiogram.utils.i18n import gettext as _

from bot.handlers import command_menu
from bot.handlers.admin.menu import AdminCallback, AdminMenu, AdminPress, Done, View
from bot.handlers.admin.names import plain
from bot.handlers.admin.paging import last_page, on_page, turn
from bot.handlers.admin.person import LIMITS, ago, ask_limit, ask_new_admin, show
from bot.handlers.request_service import RequestService
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import button, in_rows
from providers.errors import Sentence
from providers.options import N_
from storage.access_records import PersonAccess, SeenPerson

PAGE = "people"
LATELY, LET_IN, BANNED, ADMINS = "l", "a", "b", "d"
"""The lists, as keys begin: `l0` is the first page of those who were seen lately."""
PERSON, NEW_ADMIN = "u", "k"
"""What the keys of one person begin with: the person, and the question whether they become an admin."""
DECISIONS: dict[str, PersonAccess | None] = {
    "allow": "allowed",
    "ban": "banned",
    "reset": None,
    "admin": "admin",
    "demote": "allowed",
}
BANNED_WORDS = Sentence("Cancelled: an admin has banned you. Nothing was charged.")


class PeoplePage:
    """The people of the bot. What an admin decides here counts at once."""

    name = PAGE
    title = N_("👤 People")

    def __init__(self, menu: AdminMenu, requests: RequestService, bot: Bot, languages: Languages) -> None:
        self._menu = menu
        self._requests = requests
        self._access = requests.access
        self._bot = bot
        self._languages = languages

    async def render(self, key: str) -> View:
        """A list, a person, or the choices of a limit."""
        kind, user_id = key[:1], number(key[1:])
        if kind in LIMITS and user_id:
            return ask_limit(self._access, user_id, LIMITS[kind])
        if kind in {PERSON, NEW_ADMIN} and user_id:
            (one,) = await self._requests.store.people.named([user_id])
            if kind == NEW_ADMIN:
                return ask_new_admin(one)
            return await show(one, self._requests, self._menu)
        return await self._list(kind if kind in _lists() else LATELY, user_id)

    async def act(self, press: AdminPress) -> Done:
        """Store a decision about a person."""
        target, _equals, value = press.key.partition("=")
        user_id = number(target[1:])
        shown = AdminCallback(page=PAGE, key=f"{PERSON}{user_id}")
        if not user_id:
            return Done(show=AdminCallback(page=PAGE))
        if press.action in LIMITS:
            await self._access.limit(user_id, LIMITS[press.action], number(value) if value else None)
            return Done(_("Saved."), show=shown)
        if press.action not in DECISIONS:
            return Done(show=shown)
        if user_id == press.admin.id:
            return Done(_("Another admin has to do this."), alert=True, show=shown)
        return Done(await self._decide(user_id, press.action), show=shown)

    async def _decide(self, user_id: int, action: str) -> str:
        was_in, was_admin = self._access.may_use(user_id), self._access.is_admin(user_id)
        if not await self._access.decide(user_id, DECISIONS[action]):
            return _("The configuration makes this person an admin.")
        if was_admin != (is_admin := self._access.is_admin(user_id)):
            more = self._requests.help_commands
            await command_menu.renew(self._bot, self._languages, user_id, is_admin=is_admin, more=more)
        if action == "ban":
            cancelled = await self._cancel_waiting(user_id)
            return _("Banned. Cancelled: {count}").format(count=cancelled) if cancelled else _("Banned.")
        if self._access.may_use(user_id) and not was_in:
            await self._greet(user_id)
        return _("Saved.")

    async def _cancel_waiting(self, user_id: int) -> int:
        """Cancel what waits for a banned person: nothing of it is paid. What is begun is paid, and is delivered."""
        engine, waiting = self._requests.engine, await self._requests.store.people.open_jobs(user_id)
        ids = [one.job_id for one in waiting if not one.begun]
        return sum([await engine.cancel(job_id, BANNED_WORDS, only_unstarted=True) for job_id in ids])

    async def _greet(self, user_id: int) -> None:
        """Tell a person, who was refused before, that they may use the bot now."""
        with self._languages.speaking(self._languages.pick(await self._requests.store.users.spoken(user_id))):
            words = _("🎟 You're in: this bot is yours to use now. Tell me what you'd like to see.")
        try:
            await self._bot.send_message(user_id, words)
        except TelegramAPIError:
            # They have never written to the bot, and find out when they do.
            return

    async def _list(self, kind: str, page: int) -> View:
        people = await self._people(kind)
        page = min(page, last_page(people))
        tabs = [
            button(("· " if each == kind else "") + label, AdminCallback(page=PAGE, key=f"{each}0"))
            for each, label in _lists().items()
        ]
        legend = [_("🔑 admin · ✅ let in · ▫️ not let in · 🚫 banned")] if kind == LATELY else []
        text = "\n".join([_("👤 <b>People</b>"), _lists()[kind], *(legend if people else ["", _("Nobody.")])])
        return View(
            text,
            [
                *in_rows(tabs),
                *([self._button(one)] for one in on_page(people, page)),
                turn(people, page, lambda other: AdminCallback(page=PAGE, key=f"{kind}{other}")),
                self._menu.link(_("🎟 Invite people"), "invitations"),
            ],
            AdminCallback(page=""),
        )

    async def _people(self, kind: str) -> list[SeenPerson]:
        people, access = self._requests.store.people, self._access
        if kind == LATELY:
            return await people.lately()
        if kind == BANNED:
            return [one for one in await people.with_access("banned") if access.is_banned(one.id)]
        stored = await people.with_access("admin" if kind == ADMINS else "allowed")
        known = {one.id for one in stored}
        fixed = [user_id for user_id in sorted(access.fixed() - known) if access.is_admin(user_id) == (kind == ADMINS)]
        listed = [*await people.named(fixed), *stored]
        return [one for one in listed if access.may_use(one.id) and access.is_admin(one.id) == (kind == ADMINS)]

    def _button(self, one: SeenPerson) -> InlineKeyboardButton:
        label = f"{self._mark(one.id)} {plain(one.name, one.id)}"
        if one.seen_at is not None:
            label += f" · {ago(self._requests.store.clock() - one.seen_at)}"
        return button(label, AdminCallback(page=PAGE, key=f"{PERSON}{one.id}"))

    def _mark(self, user_id: int) -> str:
        if self._access.is_admin(user_id):
            return "🔑"
        if self._access.is_banned(user_id):
            return "🚫"
        return "✅" if self._access.may_use(user_id) else "▫️"


def number(text: str) -> int:
    """A number in a key, which may be forged; 0 where there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _lists() -> dict[str, str]:
    return {LATELY: _("Seen lately"), LET_IN: _("Let in"), BANNED: _("Banned"), ADMINS: _("Admins")}
