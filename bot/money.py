"""Money for people, and the budgets of the configuration as the store takes them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from bot.local_time import written
from bot.settings import BudgetsSettings
from providers.money import MoneyLimit
from providers.registry import AnyProvider
from storage.ledger import ASSISTANT
from storage.money import Budget, BudgetRules, Budgets, Period
from storage.records import Cost

UNITS = 10_000
"""The parts of a currency's unit in which the store counts."""


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency: "¥0.20", "$0.042", "0.2 GBP"."""
    digits = f"{amount.quantize(Decimal('0.0001')).normalize():f}"
    whole, _point, cents = digits.partition(".")
    text = f"{whole}.{cents.ljust(2, '0')}"
    sign = {"CNY": "¥", "USD": "$", "EUR": "€"}.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}"


def shown(cost: Cost) -> str:
    """A cost of the store for a person."""
    return money(Decimal(cost.amount) / UNITS, cost.currency)


def moment(at: float) -> str:
    """A time at which a budget begins again, in seconds since 1970, by the person's clock: "2026-12-01 00:00 UTC"."""
    return written(at)


def budget_rules(
    settings: BudgetsSettings,
    providers: Mapping[str, AnyProvider],
    is_exempt: Callable[[int], bool],
    assistant: Iterable[MoneyLimit] = (),
) -> BudgetRules:
    """The budgets of the configuration. `is_exempt`: whether a person, by their id, has none of their own; `assistant`:
    the budget of help with words."""
    services = {name: stored(provider.settings.budget) for name, provider in providers.items()}
    services[ASSISTANT] = stored(assistant)
    return BudgetRules(
        stored(settings.bot),
        stored(settings.person),
        stored(settings.group),
        {name: budgets for name, budgets in services.items() if budgets},
        is_exempt,
    )


def stored(limits: Iterable[MoneyLimit]) -> Budgets:
    """Budgets of the settings as the store takes them."""
    return tuple(Budget(int(one.amount * UNITS), one.currency, Period(one.period)) for one in limits)
