"""The page "spending" of `/admin`: pictures and costs of today and of this month, by service and by person."""

from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.menu import AdminCallback, AdminPress, Done, View
from bot.handlers.usage import by_person, by_provider, day_start, month_start
from bot.telegram.keyboards import button
from bot.telegram.provider_labels import Providers
from providers.options import N_
from storage.store import Store

NAME = "spending"
TODAY = "today"
MAX_PEOPLE_LISTED = 10


class SpendingPage:
    """This month (no key), or today. Different currencies are never added up."""

    name = NAME
    title = N_("💰 Spending")

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store = store
        self._providers = providers

    async def render(self, key: str) -> View:
        """The pictures and costs since the beginning of the day or month, in UTC."""
        now, is_today = self._store.clock(), key == TODAY
        used = await self._store.usage.since(day_start(now) if is_today else month_start(now))
        heading = _("💰 <b>Spending today</b> (UTC)") if is_today else _("💰 <b>Spending this month</b> (UTC)")
        lines = [heading, ""]
        if used:
            lines += [_("<b>By service</b>"), *by_provider(used, self._providers), ""]
            lines += [_("<b>By person</b>"), *await by_person(used, self._store.people, MAX_PEOPLE_LISTED)]
        else:
            lines.append(_("Nothing yet."))
        label, other = (_("This month"), "") if is_today else (_("Today"), TODAY)
        return View("\n".join(lines), [[button(label, AdminCallback(page=NAME, key=other))]], AdminCallback(page=""))

    async def act(self, press: AdminPress) -> Done:
        """There is nothing to do here."""
        return Done()
