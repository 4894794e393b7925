"""Money: how it is written in settings, shown to people, and counted."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.jobs.over_budget import no_room
from bot.jobs.prices import cost_of, price_of
from bot.jobs.progress import TaskRun
from bot.money import budget_rules, moment, shown
from bot.settings import BudgetsSettings
from bot.telegram.formatting import plain
from bot.telegram.i18n import Languages
from providers.base import ImageRequest, ProviderSettings
from providers.models import Model
from providers.money import Money, MoneyLimit
from storage.job_states import TaskState
from storage.ledger import day_of, month_of
from storage.money import Budget, Owner, Period, Standing
from storage.records import Cost, Task
from tests.support.fakes import FakeOptions, FakeProvider

DECEMBER = 1_796_083_200.0  # 2026-12-01, 00:00 UTC


def test_budgets_are_read_as_they_are_written() -> None:
    read = BudgetsSettings.model_validate(
        {"bot": ["200 CNY a month", " 0.5 usd per day "], "person": "2 CNY a day", "confirm": ["1 CNY", "0.2 USD"]}
    )
    assert read.bot == (MoneyLimit(Decimal(200), "CNY", "month"), MoneyLimit(Decimal("0.5"), "USD", "day"))
    assert read.person == (MoneyLimit(Decimal(2), "CNY", "day"),)
    assert read.confirm == (Money(Decimal(1), "CNY"), Money(Decimal("0.2"), "USD"))
    assert BudgetsSettings(bot=read.bot, person=read.person, confirm=read.confirm) == read


@pytest.mark.parametrize(
    "wrong",
    ["2 CNY", "CNY 2 a day", "-1 CNY a day", "1 CNY a week", "1.00001 CNY a day", "¥2 a day", 2, ["2 CNY a"], ""],
)
def test_what_is_no_budget_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match='such as "2 CNY a day"'):
        BudgetsSettings.model_validate({"bot": wrong})


def test_the_rules_of_the_configuration() -> None:
    settings = ProviderSettings.model_validate({"budget": ["100 CNY a month"]})
    providers = {"fake": FakeProvider(settings), "other": FakeProvider(ProviderSettings())}
    rules = budget_rules(
        BudgetsSettings.model_validate({"person": "0.0001 CNY a day"}), providers, lambda one: one == 1
    )
    assert rules.services == {"fake": (Budget(1_000_000, "CNY", Period.MONTH),)}
    assert (rules.person, rules.is_exempt(1)) == ((Budget(1, "CNY", Period.DAY),), True)


@pytest.mark.parametrize(
    ("cost", "text"), [(Cost(8000, "CNY"), "¥0.80"), (Cost(500, "USD"), "$0.05"), (Cost(0, "EUR"), "€0.00")]
)
def test_amounts_for_people(cost: Cost, text: str) -> None:
    assert shown(cost) == text


def test_a_day_and_a_month_are_of_utc() -> None:
    november = day_of(DECEMBER) - 30, day_of(DECEMBER)
    assert month_of(DECEMBER - 0.001) == november
    assert month_of(DECEMBER) == (november[1], november[1] + 31)
    assert month_of(DECEMBER + 31 * 86_400)[0] == november[1] + 31
    assert moment(DECEMBER) == "2026-12-01 00:00 UTC"


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize("period", Period)
def test_whose_budget_it_is_and_when_it_begins_again(owner: Owner, period: Period) -> None:
    standing = Standing(owner, Budget(20_000, "CNY", period), 500, DECEMBER)
    with Languages().speaking("en"):
        words = plain(no_room(standing, Cost(8000, "CNY")))
    whose = {
        Owner.PERSON: "your",
        Owner.GROUP: "this group's",
        Owner.BOT: "this bot's",
        Owner.SERVICE: "for this service",
    }
    assert whose[owner] in words
    assert f"¥2.00 a {period.value}" in words
    assert "¥0.05 left, and this costs ¥0.80" in words
    assert "2026-12-01 00:00 UTC" in words
    assert len(words) <= 200, "Telegram shows so much above a button"


def task(price: int | None) -> Task:
    currency = None if price is None else "CNY"
    times = (0.0, 0.0, None, None, None)
    return Task(1, 1, 1, "fake", TaskState.RUNNING, "t", {}, None, *times, price=price, currency=currency)


@pytest.mark.parametrize(
    ("price", "most", "pictures", "cost"),
    [
        (8000, 4, 4, Cost(8000, "CNY")),
        (8000, 4, 1, Cost(2000, "CNY")),
        (8000, 4, 9, Cost(8000, "CNY")),
        (100, 3, 1, Cost(33, "CNY")),
        (0, 1, 1, Cost(0, "CNY")),
        (None, 1, 2, Cost(10_000, "USD")),
    ],
)
def test_a_task_costs_what_was_fixed_when_it_was_queued(
    price: int | None, most: int, pictures: int, cost: Cost
) -> None:
    # The operator has changed the price since.
    provider = FakeProvider(ProviderSettings(price=Decimal("0.5")))
    run = TaskRun(task(price), 0.0, options=FakeOptions(), most=most)
    assert cost_of(run, provider, pictures) == cost


def test_the_price_of_a_request_is_that_of_all_its_tasks() -> None:
    request = ImageRequest("a fox", FakeOptions(n=3))
    found = price_of(FakeProvider(ProviderSettings(price=Decimal("0.0334"))), request)
    assert found
    assert (found.pictures, found.cost) == (3, Cost(1002, "USD"))
    assert price_of(FakeProvider(ProviderSettings()), request) is None
    assert price_of(FakeProvider(ProviderSettings(price=Decimal(1))), ImageRequest(" ", FakeOptions())) is None


def test_pictures_that_are_still_to_come_are_counted_on() -> None:
    """The words of a forwarded post come before its pictures, and their person is asked all the same."""
    provider, request = FakeProvider(ProviderSettings(price=Decimal(1))), ImageRequest("as a fox", FakeOptions())
    provider.rows = {"": Model(name="Edit", prompt_length=50, references=FakeProvider.capabilities.references)}
    assert price_of(provider, request)
    provider.rows = {"": replace(provider.rows[""], least_references=1)}
    assert price_of(provider, request)


@pytest.mark.parametrize("owner", Owner)
def test_more_than_the_whole_budget_is_not_put_off(owner: Owner) -> None:
    standing = Standing(owner, Budget(5_000, "CNY", Period.DAY), 5_000, DECEMBER)
    with Languages().speaking("en"):
        words = plain(no_room(standing, Cost(8000, "CNY")))
    assert "this costs ¥0.80, and " in words
    assert "budget" in words
    assert " is ¥0.50" in words
    assert "2026" not in words
    assert len(words) <= 200, "Telegram shows so much above a button"
