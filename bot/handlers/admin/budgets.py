"""The page of budgets: what is left of all, and those of one person or group, chosen by buttons."""

from collections.abc import Iterable
from contextlib import suppress

from aiogram.types import InlineKeyboardButton
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.menu import AdminCallback, AdminPress, Done, View
from bot.handlers.admin.names import group, person, plain
from bot.handlers.budget_lines import bot_lines, currencies, lines_of
from bot.handlers.request_service import RequestService
from bot.jobs.prices import UNITS
from bot.money import shown
from bot.telegram.formatting import labelled
from bot.telegram.keyboards import button, in_rows
from providers.options import N_
from storage.access_records import KnownGroup, SeenPerson
from storage.money import Budget, Budgets, Period
from storage.records import Cost

PRESETS = {Period.DAY: (0, 1, 2, 5, 10), Period.MONTH: (10, 20, 50, 100, 200)}
"""The amounts to choose from, in units of the currency."""
AS_CONFIGURED, UNLIMITED = "default", "none"
MOST_LISTED = 20
"""People and groups with budgets of their own that the page shows."""


class BudgetsPage:
    """Budgets. A subject is a payer: `u<ID>` of a person, `g<ID>` of a group."""

    name = "budgets"
    title = N_("💰 Budgets")

    def __init__(self, requests: RequestService) -> None:
        self._requests = requests
        self._own = requests.store.budgets.own

    async def render(self, key: str) -> View:
        """What is left of the bot's budgets, or the budgets of one person or group."""
        return await self._subject(key) if _is_subject(key) else await self._all()

    async def act(self, press: AdminPress) -> Done:
        """Choose a budget: it holds at once, for the next task that is claimed anywhere."""
        if not _is_subject(press.key):
            return Done()
        if press.action == AS_CONFIGURED:
            await self._own.set(press.key, None)
        elif press.action == UNLIMITED:
            await self._own.set(press.key, ())
        elif chosen := _preset(press.action):
            # Those in other currencies stay as they are.
            kept = [one for one in await self._in_force(press.key) if one.currency != chosen.currency]
            await self._own.set(press.key, (*kept, chosen))
        return Done(_("Saved."))

    async def _all(self) -> View:
        rules = self._requests.engine.context.budgets
        lines = [_("💰 <b>Budgets</b>"), *(await bot_lines(self._requests) or [_("The bot has no budget of its own.")])]
        lines += [_("Each person: {budget}").format(budget=_listed(rules.person))]
        lines += [_("Each group: {budget}").format(budget=_listed(rules.group))]
        lines += ["", _("These are set in the configuration. A day and a month begin at 00:00 UTC.")]
        known = await self._own.all(MOST_LISTED)
        rows = [
            [button(labelled(await self._label(payer), _listed(own)), AdminCallback(page=self.name, key=payer))]
            for payer, own in known.items()
        ]
        if rows:
            lines += [_("Set separately for:")]
        return View("\n".join(lines), rows)

    async def _subject(self, key: str) -> View:
        number, is_person, rules = int(key[1:]), key.startswith("u"), self._requests.engine.context.budgets
        name = person(await self._seen(number)) if is_person else group(await self._group(number))
        in_force = await self._in_force(key)
        lines = [_("💰 <b>Budget</b>: {name}").format(name=name), _listed(in_force)]
        which = {"user_id": number} if is_person else {"chat_id": number}
        lines += await lines_of(self._requests, name, **which)
        if is_person and rules.is_exempt(number):
            lines += [_("Admins have no budget of their own.")]
        rows = [row for currency in currencies(self._requests) for row in self._presets(currency, key, in_force)]
        others = [
            button(_("No limit"), AdminCallback(page=self.name, action=UNLIMITED, key=key)),
            button(_("As configured"), AdminCallback(page=self.name, action=AS_CONFIGURED, key=key)),
        ]
        # The page from which its button leads here.
        back = AdminCallback(page="people" if is_person else "groups", key=key)
        return View("\n".join(lines), [*rows, others], back)

    async def _in_force(self, key: str) -> Budgets:
        own, rules = await self._own.get(key), self._requests.engine.context.budgets
        configured = rules.person if key.startswith("u") else rules.group
        return configured if own is None else own

    async def _label(self, key: str) -> str:
        number = int(key[1:])
        name = (await self._seen(number)).name if key.startswith("u") else (await self._group(number)).title
        return plain(name, number)

    async def _seen(self, user_id: int) -> SeenPerson:
        return (await self._requests.store.people.named([user_id]))[0]

    async def _group(self, chat_id: int) -> KnownGroup:
        return await self._requests.store.members.group(chat_id)

    def _presets(self, currency: str, key: str, in_force: Budgets) -> Iterable[list[InlineKeyboardButton]]:
        for period, amounts in PRESETS.items():
            presets = [Budget(amount * UNITS, currency, period) for amount in amounts]
            labels = [("✓ " if one in in_force else "") + _text(one) for one in presets]
            presses = [AdminCallback(page=self.name, action=_action(one), key=key) for one in presets]
            yield from in_rows(list(map(button, labels, presses)))


def _is_subject(key: str) -> bool:
    number = key[1:].removeprefix("-")
    return key[:1] in {"u", "g"} and number.isdecimal() and number.isascii() and len(number) <= 18


def _action(budget: Budget) -> str:
    return f"{budget.period.value} {budget.currency} {budget.amount}"


def _preset(action: str) -> Budget | None:
    """The budget that a button names; None: it names none of the presets."""
    period, _space, rest = action.partition(" ")
    currency, _space, amount = rest.partition(" ")
    with suppress(ValueError):
        chosen = Budget(int(amount), currency, Period(period))
        if chosen.amount in {one * UNITS for one in PRESETS[chosen.period]} and len(currency) == 3:
            return chosen
    return None


def _listed(budgets: Budgets) -> str:
    return _(", ").join(map(_text, budgets)) or _("no limit")


def _text(budget: Budget) -> str:
    words = _("{amount} a day") if budget.period is Period.DAY else _("{amount} a month")
    amount = shown(Cost(budget.amount, budget.currency))
    # Whole amounts are short, so that more buttons fit in a row.
    return words.format(amount=amount.replace(".00", "") if budget.amount % UNITS == 0 else amount)
