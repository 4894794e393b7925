"""What is left of budgets, as lines for people."""

from collections.abc import Iterable, Sequence

from aiogram.utils.i18n import gettext as _

from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.money import shown
from bot.telegram.provider_labels import title
from storage.money import Charge, Owner, Period, Standing
from storage.records import ERASED_USER_ID, Cost


async def own_lines(requests: RequestService, context: RequestContext) -> list[str]:
    """What is left of the budgets of a person, and of the group in which they ask."""
    found = await _standings(requests, context.user_id, context.chat_id)
    return [budget_line(one) for one in found if one.owner in {Owner.PERSON, Owner.GROUP}]


async def lines_of(
    requests: RequestService, name: str, *, user_id: int = ERASED_USER_ID, chat_id: int = 0
) -> list[str]:
    """What is left of the budgets of one person or one group, for an admin. `name`: theirs, as HTML."""
    found = await _standings(requests, user_id, chat_id)
    return [budget_line(one, name) for one in found if one.owner in {Owner.PERSON, Owner.GROUP}]


async def bot_lines(requests: RequestService) -> list[str]:
    """What is left of the budgets of the whole bot and of its services."""
    found = await _standings(requests, ERASED_USER_ID, 0)
    lines = [budget_line(one) for one in found]
    for name in requests.engine.context.budgets.services:
        own = await _standings(requests, ERASED_USER_ID, 0, name)
        lines += [budget_line(one, title(requests.providers, name)) for one in own if one.owner is Owner.SERVICE]
    return lines


def currencies(requests: RequestService) -> Sequence[str]:
    """The currencies in which the bot spends."""
    paid = {provider.settings.currency for provider in requests.providers.values()}
    return sorted(paid | ({requests.assistant.currency} if requests.assistant else set()))


def budget_line(standing: Standing, owner: str = "") -> str:
    """One budget: "Your budget: ¥1.20 of ¥2.00 left today". `owner`: whose, else it says so itself."""
    budget = standing.budget
    left, most = shown(Cost(standing.left, budget.currency)), shown(Cost(budget.amount, budget.currency))
    if budget.period is Period.DAY:
        words = _("{owner}: {left} of {budget} left today")
    else:
        words = _("{owner}: {left} of {budget} left this month")
    return words.format(owner=owner or _owner(standing.owner), left=left, budget=most)


def _owner(owner: Owner) -> str:
    return {
        Owner.PERSON: _("Your budget"),
        Owner.GROUP: _("This group's budget"),
        Owner.BOT: _("The bot's budget"),
        Owner.SERVICE: _("The service's budget"),
    }[owner]


async def _standings(requests: RequestService, user_id: int, chat_id: int, provider: str = "") -> Iterable[Standing]:
    rules, now = requests.engine.context.budgets, requests.store.clock()
    found: list[Standing] = []
    for currency in currencies(requests):
        charge = Charge(provider, user_id, chat_id, Cost(0, currency))
        found += await requests.store.budgets.standings(rules, charge, now)
    return found
