"""The prices of requests and tasks, before and after they are made."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.jobs.progress import TaskRun
from bot.jobs.request_builder import FITTING
from providers.base import ImageRequest, Provider
from providers.errors import ProviderError
from providers.money import Money
from storage.records import Cost

UNITS = 10_000
"""The parts of a currency's unit in which costs are counted: see `Cost`."""


@dataclass(frozen=True, slots=True)
class Price:
    """The most that a request can cost, for so many `pictures`. `is_most`: the service may make fewer; `cost` None: the
    operator has set no price."""

    pictures: int
    cost: Cost | None
    is_most: bool = False


def price_of(provider: Provider[Any, Any], *requests: ImageRequest[Any]) -> Price | None:
    """The price of a job's requests. None: the operator has set none, or one of them is going to be refused."""
    found = estimate(provider, *requests)
    return found if found and found.cost else None


def estimate(provider: Provider[Any, Any], *requests: ImageRequest[Any]) -> Price | None:
    """How many pictures a job's requests are to become, and their price. None: one of them is going to be refused."""
    parts: list[ImageRequest[Any]] = []
    for request in requests:
        # The pictures of a forwarded post join its words later.
        missing = provider.model(request.options).least_references - len(request.references)
        whole = replace(request, references=(*request.references, *(FITTING,) * missing))
        try:
            provider.validate(whole)
        except ProviderError:
            return None
        parts += provider.split(whole)
    prices = [price for price in (price_of_part(provider, part) for part in parts) if price]
    most = [(getattr(part.options, "n", None), provider.most_pictures(part)) for part in parts]
    is_most = any(given not in {asked, 1} for asked, given in most)
    cost = Cost(sum(one.amount for one in prices), prices[0].currency) if prices else None
    return Price(sum(given for _asked, given in most), cost, is_most)


def price_of_part(provider: Provider[Any, Any], part: ImageRequest[Any]) -> Cost | None:
    """The most that one task can cost; None where the operator has set no price."""
    price = provider.price(part.options)
    if price is None:
        return None
    return Cost(round(price * provider.most_pictures(part) * UNITS), provider.settings.currency)


def is_much(cost: Cost, confirm: Iterable[Money]) -> bool:
    """Whether a cost exceeds the amount of its currency above which people are asked."""
    return any(one.currency == cost.currency and cost.amount > one.amount * UNITS for one in confirm)


def is_within(cost: Cost, agreed: Cost | None) -> bool:
    """Whether a cost is known to be no more than another one."""
    return agreed is not None and cost.currency == agreed.currency and cost.amount <= agreed.amount


def cost_of(run: TaskRun, provider: Provider[Any, Any], pictures: int) -> Cost | None:
    """The cost of a task that gave so many pictures, by the price that was fixed when it was queued. None where there
    was none, and the operator has set none since."""
    task = run.task
    if task.price is not None and task.currency is not None:
        # Rounded to the nearest part, and never more than was reserved.
        shared = (2 * task.price * min(pictures, run.most) + run.most) // (2 * run.most)
        return Cost(shared, task.currency)
    price = None if run.options is None else provider.price(run.options)
    return None if price is None else Cost(round(price * pictures * UNITS), provider.settings.currency)
