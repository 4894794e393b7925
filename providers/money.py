"""Amounts of money in settings: "1 CNY" and "2 CNY a day", with errors that say how they are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

_AMOUNT = r"(?P<amount>\d{1,9}(?:\.\d{1,4})?)\s+(?P<currency>[A-Za-z]{3})"
_MONEY = re.compile(_AMOUNT)
_BUDGET = re.compile(_AMOUNT + r"\s+(?:a|per)\s+(?P<period>day|month)")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency: a code of three capital letters."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class MoneyLimit:
    """The most that may be spent in a day or a month."""

    amount: Decimal
    currency: str
    period: Literal["day", "month"]


def _money(given: object) -> Money:
    if isinstance(given, Money):
        return given
    found = _MONEY.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f'must be an amount and a currency, such as "1 CNY" or "0.20 USD", not {given!r}')
    return Money(Decimal(found["amount"]), found["currency"].upper())


def _money_limit(given: object) -> MoneyLimit:
    if isinstance(given, MoneyLimit):
        return given
    found = _BUDGET.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        examples = '"2 CNY a day" or "20 USD a month"'
        raise ValueError(f"must be an amount, a currency and a time, such as {examples}, not {given!r}")
    period: Any = found["period"]
    return MoneyLimit(Decimal(found["amount"]), found["currency"].upper(), period)


def _listed(given: object) -> object:
    """A single one needs no brackets."""
    return given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)


Amounts = Annotated[tuple[Annotated[Money, BeforeValidator(_money)], ...], BeforeValidator(_listed)]
"""A setting: amounts such as `["1 CNY", "0.20 USD"]`."""
MoneyLimits = Annotated[tuple[Annotated[MoneyLimit, BeforeValidator(_money_limit)], ...], BeforeValidator(_listed)]
"""A setting: budgets such as `["2 CNY a day", "20 USD a month"]`."""
