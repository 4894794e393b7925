"""Budgets as records: how much money may be spent in a day or a month, and by whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from storage.quota import QuotaExceededError
from storage.records import Cost, Task


class Period(StrEnum):
    """The time for which a budget holds: a day or a month of UTC."""

    DAY = "day"
    MONTH = "month"


class Owner(StrEnum):
    """Whose budget it is."""

    PERSON = "person"
    GROUP = "group"
    BOT = "bot"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Budget:
    """So much may be spent in a period: `amount` in ten-thousandths of the `currency`, as in `Cost`. It says nothing
    about prices in other currencies."""

    amount: int
    currency: str
    period: Period


Budgets = tuple[Budget, ...]


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """The budgets of the configuration: of the whole bot, of each person and group without budgets of their own, and of
    services, by name. `is_exempt`: whether a person has none, by their id."""

    bot: Budgets = ()
    person: Budgets = ()
    group: Budgets = ()
    services: Mapping[str, Budgets] = field(default_factory=dict)
    is_exempt: Callable[[int], bool] = lambda _user_id: False


NO_BUDGETS = BudgetRules()


@dataclass(frozen=True, slots=True)
class Charge:
    """A price that is to be spent at a provider, by a person in a chat."""

    provider: str
    user_id: int
    chat_id: int
    price: Cost


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a budget. `again_at`: when its next period begins, in seconds since 1970."""

    owner: Owner
    budget: Budget
    left: int
    again_at: float


@dataclass(frozen=True, slots=True)
class RefusedTask:
    """A task that was not claimed, as the budget of `standing` has no room for its price."""

    task: Task
    standing: Standing


class BudgetExceededError(QuotaExceededError):
    """A budget has no room for a price. `standing`: that budget."""

    def __init__(self, standing: Standing, price: Cost) -> None:
        super().__init__(standing.left, waiting=False)
        self.standing = standing
        self.price = price
