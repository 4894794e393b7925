"""Help with words, on each database: reserved before it is asked, settled after, counted when it is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from storage.erasure import JobsUnderWayError
from storage.ledger import ASSISTANT
from storage.money import Budget, BudgetExceededError, BudgetRules, Period
from storage.quota import Quota, QuotaExceededError
from storage.records import Cost, NewJob
from storage.schema import spending, suggestions
from storage.store import Store
from storage.suggestions import NewSuggestion, Suggestion, SuggestionState
from storage.usage import ProviderUsage

ANN, BOB, GROUP, SUPERGROUP = 7, 8, -5, -100_5
NOW = 1_700_000_000.0
PRICE = Cost(1000, "USD")
NO_LIMITS: dict[str, Any] = {"price": PRICE, "quota": Quota(), "budgets": BudgetRules()}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def added(store: Store, number: int, user_id: int = ANN, chat_id: int = ANN, at: float = NOW) -> Suggestion:
    request = NewJob(f"update:{number}", chat_id, number, user_id, "en", "jimeng", "a secret fox", {"n": 2})
    return await store.suggestions.add(NewSuggestion("improve", request), "ai.example", at)


async def asked(store: Store, number: int, user_id: int = ANN, chat_id: int = ANN, **how: Any) -> Suggestion:
    found, worker_id = await added(store, number, user_id, chat_id), await store.workers.join(NOW)
    assert await store.suggestions.ask(found, worker_id, NOW, **{**NO_LIMITS, **how})
    return found


async def sums(store: Store) -> dict[str, int]:
    rows = await store.database.fetch(select(spending.c.payer, spending.c.amount))
    return {row.payer: row.amount for row in rows}


async def test_it_is_reserved_and_settled_once(store: Store) -> None:
    found = await asked(store, 1, chat_id=GROUP)
    everybody = {"bot", f"s{ASSISTANT}", f"u{ANN}", f"g{GROUP}"}
    assert await sums(store) == dict.fromkeys(everybody, 1000)
    assert not await store.suggestions.ask(found, 1, NOW, **NO_LIMITS)
    assert await store.suggestions.answered(found.id, "a better fox", cost=240)
    assert not await store.suggestions.answered(found.id, "another fox", cost=0)
    assert not await store.suggestions.failed(found.id, 0)
    assert await sums(store) == dict.fromkeys(everybody, 240)
    stored = await store.suggestions.get(found.id)
    assert stored is not None
    assert (stored.state, stored.words) == (SuggestionState.OFFERED, "a better fox")
    assert await store.usage.since(NOW, ANN) == [ProviderUsage(ANN, ASSISTANT, 0, (Cost(240, "USD"),))]
    assert await store.suggestions.close(found.id)
    assert not await store.suggestions.close(found.id)


@pytest.mark.parametrize(("cost", "counted"), [(None, 1000), (0, 0), (300, 300), (5000, 1000)])
async def test_what_a_failure_costs(store: Store, cost: int | None, counted: int) -> None:
    found = await asked(store, 1)
    assert await store.suggestions.failed(found.id, cost)
    assert set((await sums(store)).values()) == {counted}


async def test_a_repeated_update_is_one_question(store: Store) -> None:
    first, second = await added(store, 1), await added(store, 1, at=NOW + 5)
    assert (first.id, first.created_at) == (second.id, second.created_at)
    assert not second.has_agreed
    await store.suggestions.agree(ANN, "ai.example", NOW)
    assert (await added(store, 1)).has_agreed
    # Another assistant is somebody else.
    await store.suggestions.agree(ANN, "other.example", NOW)
    assert not (await added(store, 2)).has_agreed


async def test_limits_and_budgets_refuse_and_nothing_is_reserved(store: Store) -> None:
    waiting = await asked(store, 1)
    second = await added(store, 2)
    with pytest.raises(QuotaExceededError):
        await store.suggestions.ask(second, 1, NOW, **{**NO_LIMITS, "quota": Quota(waiting=1)})
    await store.suggestions.failed(waiting.id, None)
    with pytest.raises(QuotaExceededError):
        await store.suggestions.ask(second, 1, NOW, **{**NO_LIMITS, "quota": Quota(1, 1)})
    rules = BudgetRules(services={ASSISTANT: (Budget(1500, "USD", Period.DAY),)})
    with pytest.raises(BudgetExceededError):
        await store.suggestions.ask(second, 1, NOW, **{**NO_LIMITS, "budgets": rules})
    assert set((await sums(store)).values()) == {1000}
    stored = await store.suggestions.get(second.id)
    assert stored is not None
    assert stored.state is SuggestionState.NEW
    assert await store.suggestions.ask(second, 1, NOW, **NO_LIMITS)


async def test_two_at_once_don_t_spend_the_same_money(store: Store) -> None:
    rules = BudgetRules(bot=(Budget(1500, "USD", Period.MONTH),))
    both = [await added(store, 1), await added(store, 2, BOB, BOB)]
    how = {**NO_LIMITS, "budgets": rules}
    results = await asyncio.gather(*(store.suggestions.ask(one, 1, NOW, **how) for one in both), return_exceptions=True)
    assert [type(one) for one in sorted(results, key=str)] in (
        [bool, BudgetExceededError],
        [BudgetExceededError, bool],
    )
    assert (await sums(store))["bot"] == 1000


async def test_what_a_dead_worker_asked_stays_counted_and_is_told_once(store: Store) -> None:
    alive = await asked(store, 1)
    dead = await asked(store, 2, BOB, BOB)
    (worker_id,) = [
        row.worker_id
        for row in await store.database.fetch(select(suggestions.c.worker_id).where(suggestions.c.id == dead.id))
    ]
    assert await store.suggestions.give_up_lost() == []
    await store.workers.leave(worker_id)
    assert [one.id for one in await store.suggestions.give_up_lost()] == [dead.id]
    assert await store.suggestions.give_up_lost() == []
    assert not await store.suggestions.answered(dead.id, "too late", cost=0)
    assert (await sums(store))["bot"] == 2000
    assert await store.suggestions.answered(alive.id, "in time", cost=None)


async def test_a_group_that_migrates_takes_its_spending_along(store: Store) -> None:
    found = await asked(store, 1, chat_id=GROUP)
    await store.suggestions.shown_at(found.id, 70)
    await store.chats.migrate(GROUP, SUPERGROUP)
    assert await store.suggestions.answered(found.id, "words", cost=100)
    assert {name: amount for name, amount in (await sums(store)).items() if name.startswith("g")} == {
        f"g{SUPERGROUP}": 100
    }
    stored = await store.suggestions.get(found.id)
    assert stored is not None
    assert (stored.chat_id, stored.question_id) == (SUPERGROUP, None)


async def test_nobody_is_erased_while_the_assistant_is_asked(store: Store) -> None:
    found = await asked(store, 1)
    with pytest.raises(JobsUnderWayError):
        await store.erasure.erase(ANN, NOW)
    await store.suggestions.answered(found.id, "a secret answer", cost=None)
    await store.erasure.erase(ANN, NOW)
    rows = str((await store.database.fetch(select(suggestions))).all())
    assert "secret" not in rows
    # The daily limit still holds; after a day nothing names the person.
    again = await added(store, 2)
    with pytest.raises(QuotaExceededError):
        await store.suggestions.ask(again, 1, NOW, **{**NO_LIMITS, "quota": Quota(9, 1)})
    await store.erasure.forget(NOW + 1)
    assert {one.user_id for one in await store.usage.since(NOW)} == {0}


async def test_words_are_forgotten_after_a_day_and_costs_are_not(store: Store) -> None:
    answered, free = await asked(store, 1), await added(store, 2)
    await store.suggestions.answered(answered.id, "a secret answer", cost=None)
    await store.tidy(NOW + 23 * 3600)
    assert len(await store.suggestions.of_person(ANN)) == 2
    await store.tidy(NOW + 25 * 3600)
    assert await store.suggestions.of_person(ANN) == []
    assert await store.suggestions.get(free.id) is None
    kept = await store.suggestions.get(answered.id)
    assert kept is not None
    assert (kept.state, kept.words, kept.request) == (SuggestionState.CLOSED, None, None)
    assert await store.usage.since(NOW, ANN)
