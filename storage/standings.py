"""What is left of budgets, and whether they have room for a charge."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, bindparam, case, cast, func, literal_column, null, select, union_all

from storage import ledger
from storage.column_types import JSON
from storage.connection import Connection
from storage.ledger import BOT, DAY_SECONDS, day_of, month_of
from storage.money import Budget, BudgetExceededError, BudgetRules, Budgets, Charge, Owner, Period, Standing
from storage.own_budgets import read_budgets
from storage.schema import budgets, spending

NOBODY = ""
"""In place of a payer that there is not."""
_PAYERS: list[BindParameter[str]] = [bindparam(name) for name in ("bot", "service", "person", "group")]
_IS_TODAY = spending.c.day == bindparam("today")
_STANDINGS = union_all(
    select(
        budgets.c.payer,
        budgets.c.budgets,
        cast(literal_column("0"), BigInteger).label("day"),
        cast(literal_column("0"), BigInteger).label("month"),
    ).where(budgets.c.payer.in_(_PAYERS[2:])),
    select(
        spending.c.payer,
        cast(null(), JSON),
        cast(func.sum(case((_IS_TODAY, spending.c.amount), else_=0)), BigInteger),
        cast(func.sum(spending.c.amount), BigInteger),
    )
    .where(
        spending.c.payer.in_(_PAYERS),
        spending.c.currency == bindparam("currency"),
        spending.c.day >= bindparam("first"),
        spending.c.day < bindparam("following"),
    )
    .group_by(spending.c.payer),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a charge's payers: the sums of its currency in `day` and `month`, and their `own`
    budgets."""

    day: Mapping[str, int]
    month: Mapping[str, int]
    own: Mapping[str, Budgets]


async def read_known(connection: Connection, charge: Charge, now: float) -> Known:
    """What the database knows of the payers of a charge, within a step."""
    which: dict[str, Any] = _payers(charge)
    which |= {"currency": charge.price.currency, "today": day_of(now)}
    which["first"], which["following"] = month_of(now)
    day, month, own = dict[str, int](), dict[str, int](), dict[str, Budgets]()
    for payer, stored, today, this_month in await connection.execute(_STANDINGS, which):
        if stored is not None:
            own[payer] = read_budgets(stored)
        else:
            day[payer], month[payer] = today, this_month
    return Known(day, month, own)


async def find_shortage(connection: Connection, rules: BudgetRules, charge: Charge, now: float) -> Standing | None:
    """The first budget without room for a charge, within a step."""
    return shortage(rules, charge, await read_known(connection, charge, now), now, Counter())


def shortage(rules: BudgetRules, charge: Charge, known: Known, now: float, added: Mapping[str, int]) -> Standing | None:
    """The first budget without room for a charge. `added`: what its payers spend besides what is known."""
    met = standings(rules, charge, known, now, added)
    return next((one for one in met if charge.price.amount > one.left), None)


async def refuse_unaffordable(connection: Connection, rules: BudgetRules, charge: Charge, now: float) -> None:
    """Raise `BudgetExceededError` where a budget has no room for a charge."""
    if short := await find_shortage(connection, rules, charge, now):
        raise BudgetExceededError(short, charge.price)


def is_limited(rules: BudgetRules, charge: Charge, known: Known) -> bool:
    """Whether there is any budget for this charge."""
    return any(_budgets(rules, charge, known))


def standings(
    rules: BudgetRules, charge: Charge, known: Known, now: float, added: Mapping[str, int]
) -> Iterator[Standing]:
    """What is left of all budgets that hold for a charge. `added`: see `shortage`."""
    following = month_of(now)[1]
    for owner, payer, budget in _budgets(rules, charge, known):
        is_daily = budget.period is Period.DAY
        spent = (known.day if is_daily else known.month).get(payer, 0) + added.get(payer, 0)
        again_at = (day_of(now) + 1 if is_daily else following) * DAY_SECONDS
        yield Standing(owner, budget, max(0, budget.amount - spent), again_at)


def _budgets(rules: BudgetRules, charge: Charge, known: Known) -> Iterator[tuple[Owner, str, Budget]]:
    """The budgets that hold for a charge, with their owners and payers. The service's is the last one: where only that
    has no room, another service may take over."""
    payers = _payers(charge)
    person, group = payers["person"], payers["group"]
    by_owner = {
        Owner.PERSON: (person, () if rules.is_exempt(charge.user_id) else known.own.get(person, rules.person)),
        Owner.GROUP: (group, known.own.get(group, rules.group)),
        Owner.BOT: (BOT, rules.bot),
        Owner.SERVICE: (payers["service"], rules.services.get(charge.provider, ())),
    }
    for owner, (payer, limits) in by_owner.items():
        for budget in limits if payer else ():
            if budget.currency == charge.price.currency:
                yield owner, payer, budget


def _payers(charge: Charge) -> dict[str, str]:
    known = ledger.payers(charge.provider, charge.user_id, charge.chat_id)
    person, group = ledger.person(charge.user_id), ledger.group(charge.chat_id)
    return {
        "bot": BOT,
        "service": ledger.service(charge.provider),
        "person": person if person in known else NOBODY,
        "group": group if group in known else NOBODY,
    }
