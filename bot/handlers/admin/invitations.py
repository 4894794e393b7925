"""The page of invitations: links that let people in."""

from aiogram import Bot
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.menu import AdminCallback, AdminPress, Done, View
from bot.handlers.admin.names import plain
from bot.handlers.admin.paging import last_page, on_page, turn
from bot.handlers.admin.people import number
from bot.handlers.joining import new_token
from bot.handlers.request_service import RequestService
from bot.local_time import local
from bot.telegram.keyboards import button, in_rows
from providers.options import N_
from storage.access_records import Invitation

PAGE = "invitations"
USES = (1, 5, 20, 0)
"""For how many people a new link can be; 0: any number."""


class InvitationsPage:
    """Makes invitations, lists those that can still be used, and takes them back."""

    name = PAGE
    title = N_("🎟 Invitations")

    def __init__(self, requests: RequestService, bot: Bot) -> None:
        self._store = requests.store
        self._bot = bot

    async def render(self, key: str) -> View:
        """All invitations."""
        open_ones = await self._store.invitations.all()
        page = min(number(key), last_page(open_ones))
        lines = [_("🎟 <b>Invitations</b>"), _("Anyone who opens the link can use me. How many people is it for?")]
        shown = on_page(open_ones, page)
        if shown:
            lines += ["", _("Still open:"), *[f"#{one.id} · {await self._line(one)}" for one in shown]]
        new = [button(_people(uses), AdminCallback(page=PAGE, action="new", key=str(uses)), "primary") for uses in USES]
        label = _("✖ Take back #{number}")
        back = [
            button(label.format(number=one.id), AdminCallback(page=PAGE, action="drop", key=str(one.id)))
            for one in shown
        ]
        turns = turn(open_ones, page, lambda other: AdminCallback(page=PAGE, key=str(other)))
        return View("\n".join(lines), [*in_rows(new), *in_rows(back), turns], AdminCallback(page=""))

    async def act(self, press: AdminPress) -> Done:
        """Make an invitation, or take one back."""
        shown = AdminCallback(page=PAGE)
        if press.action == "drop":
            dropped = await self._store.invitations.revoke(number(press.key))
            return Done(_("Taken back: the link no longer works.") if dropped else _("It was used up."), show=shown)
        uses = number(press.key)
        if press.action != "new" or uses not in USES:
            return Done(show=shown)
        parameter, token_hash = new_token()
        await self._store.invitations.add(token_hash, uses or None, press.admin.id, self._store.clock())
        # A message of its own, which can be passed on: only a hash of the link is kept, and it is not shown again.
        await press.message.answer(await self._letter(parameter, uses))
        return Done(_("Here it is: pass the message on."), show=shown)

    async def _letter(self, parameter: str, uses: int) -> str:
        me = await self._bot.me()
        if uses == 1:
            words = _("🎟 An invitation for you: {name} draws pictures from your words. Open the link and tap Start.")
        else:
            words = _("🎟 An invitation: {name} draws pictures from your words. Open the link and tap Start.")
        return words.format(name=f"@{me.username}") + f"\nhttps://t.me/{me.username}?start={parameter}"

    async def _line(self, one: Invitation) -> str:
        used = str(one.used) if one.uses_left is None else f"{one.used}/{one.used + one.uses_left}"
        (maker,) = await self._store.people.named([one.made_by])
        parts = [
            _people(0 if one.uses_left is None else one.used + one.uses_left),
            _("used: {used}").format(used=used),
            f"{local(one.created_at):%Y-%m-%d}",
            *([plain(maker.name, maker.id)] if one.made_by else []),
        ]
        return " · ".join(parts)


def _people(uses: int) -> str:
    if uses == 0:
        return _("any number")
    return _("1 person") if uses == 1 else _("{count} people").format(count=uses)
