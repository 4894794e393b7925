"""The page "services" of `/admin`: how each one does, pausing and resuming it, testing it."""

from hashlib import sha256
from html import escape

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.mentions import mention
from bot.handlers.admin.menu import AdminCallback, AdminPress, Done, View
from bot.handlers.admin.moments import lasting
from bot.handlers.admin.service_states import counts, short_state, state_lines, test_line
from bot.jobs.service_switch import ServiceSwitch
from bot.jobs.service_tests import ServiceTests
from bot.telegram.keyboards import button, in_rows, keyboard
from bot.telegram.provider_labels import Providers, title
from providers.options import N_
from storage.provider_health import ProviderHealth
from storage.queue_overview import ProviderQueue
from storage.store import Store

NAME = "services"
MAX_KEY_BYTES = 36
"""Telegram keeps 64 bytes with a button; the page and the action need some."""


def key_of(name: str) -> str:
    """The key of a service in a button: its name, or a digest of one that doesn't fit."""
    fits = len(name.encode()) <= MAX_KEY_BYTES and AdminCallback.__separator__ not in name
    return name if fits else sha256(name.encode()).hexdigest()[:16]


def buttons_of(name: str) -> InlineKeyboardMarkup:
    """The button under the news of a service."""
    return keyboard([button(_("🔌 Look at it"), AdminCallback(page=NAME, key=key_of(name)))])


class ServicesPage:
    """The services that are set up, and former ones for which something waits."""

    name = NAME
    title = N_("🔌 Services")

    def __init__(self, store: Store, providers: Providers, switch: ServiceSwitch, tests: ServiceTests) -> None:
        self._store = store
        self._providers = providers
        self._switch = switch
        self._tests = tests

    async def render(self, key: str) -> View:
        """All services, or one."""
        known, queues = await self._store.provider_health.all(), await self._store.queue.counts()
        names = [*self._providers, *sorted(queues.keys() - self._providers.keys())]
        if name := next((name for name in names if key_of(name) == key), None):
            health, queue = known.get(name, ProviderHealth(name)), queues.get(name, ProviderQueue())
            return await self._one(health, queue) if name in self._providers else self._former(name, queue)
        lines = [self._line(known.get(each, ProviderHealth(each)), queues.get(each, ProviderQueue())) for each in names]
        links = [button(title(self._providers, each), AdminCallback(page=NAME, key=key_of(each))) for each in names]
        return View("\n\n".join([_("🔌 <b>Services</b>"), *lines]), in_rows(links))

    async def act(self, press: AdminPress) -> Done:
        """Pause, resume or test a service. The button may be outdated, and others may press at the same time."""
        name, admin = next((name for name in self._providers if key_of(name) == press.key), None), press.admin.id
        if name is None:
            return Done(_("This service isn't set up any more."), alert=True, show=AdminCallback(page=NAME))
        if press.action == "pause":
            return Done(_("Paused.") if await self._switch.pause(name, admin) else _("It was paused already."))
        if press.action == "resume":
            return Done(_("It goes on.") if await self._switch.resume(name, admin) else _("It wasn't paused any more."))
        if press.action == "test":
            await self._tests.test(name, admin)
        return Done()

    def _line(self, health: ProviderHealth, queue: ProviderQueue) -> str:
        is_set_up = health.name in self._providers
        state = short_state(health, self._store.clock()) if is_set_up else _("⚪ not set up any more")
        is_idle = queue.running + queue.waiting + queue.preparing == 0
        heading = f"<b>{escape(title(self._providers, health.name))}</b>"
        return "\n".join([heading, state, *([] if is_idle else [counts(queue)])])

    def _former(self, name: str, queue: ProviderQueue) -> View:
        words = _("⚪ It isn't set up any more. What waits for it goes on when it is set up again.")
        return View(f"🔌 <b>{escape(name)}</b>\n\n{words}\n\n{counts(queue)}")

    async def _one(self, health: ProviderHealth, queue: ProviderQueue) -> View:
        name, now = health.name, self._store.clock()
        lines = [f"🔌 <b>{escape(title(self._providers, name))}</b>", ""]
        lines += [*state_lines(health, now, await self._paused_by(health)), "", counts(queue)]
        if queue.oldest is not None:
            lines.append(_("The oldest has waited for {time}.").format(time=lasting(now - queue.oldest)))
        if fallback := self._providers[name].settings.fallback:
            other = escape(title(self._providers, fallback))
            lines.append(_("While it is paused, {other} takes over what it can.").format(other=other))
        if test := self._tests.latest.get(name):
            lines += ["", test_line(name, test, now)]
        return View("\n".join(lines), [_buttons(health)])

    async def _paused_by(self, health: ProviderHealth) -> str:
        if not health.paused_by:
            # Nobody, or one whose data was erased.
            return _("An admin")
        (admin,) = await self._store.people.named([health.paused_by])
        return mention(admin.id, admin.name)


def _buttons(health: ProviderHealth) -> list[InlineKeyboardButton]:
    key = key_of(health.name)

    def press(text: str, action: str) -> InlineKeyboardButton:
        return button(text, AdminCallback(page=NAME, action=action, key=key))

    switch = press(_("⏸ Pause"), "pause") if health.paused_by is None else press(_("▶️ Resume"), "resume")
    return [switch, press(_("🧪 Test now"), "test"), press(_("🔄 Refresh"), "")]
