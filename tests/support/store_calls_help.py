"""Calls of the store's operations on help with words."""

from dataclasses import replace

from storage.money import Budget, BudgetRules, Period
from storage.quota import Quota
from storage.records import Cost
from storage.store import Store
from storage.suggestions import NewSuggestion
from tests.support.stored_jobs import ANN, new_job

MUCH = Budget(10**9, "USD", Period.MONTH)


async def help_with_words(store: Store, n: int) -> None:
    now = float(n)
    for number in range(4):
        request = replace(new_job(n + number), user_id=ANN, idempotency_key=f"help {n} {number}")
        asked = await store.suggestions.add(NewSuggestion("improve", request), "host", now)
        await store.suggestions.shown_at(asked.id, n)
        assert await store.suggestions.unanswered(ANN)
        await store.suggestions.agree(ANN, "host", now)
        worker_id = 0 if number == 3 else await store.workers.join(now)
        how = {"price": Cost(100, "USD"), "quota": Quota(9, 99), "budgets": BudgetRules(bot=(MUCH,))}
        if number:
            assert await store.suggestions.ask(asked, worker_id, now, **how)  # type: ignore[arg-type]
        if number == 1:
            assert await store.suggestions.answered(asked.id, "better words", cost=10)
        if number == 2:
            assert await store.suggestions.failed(asked.id, None)
        assert (await store.suggestions.get(asked.id)) is not None
        await store.suggestions.close(asked.id)
    assert len(await store.suggestions.of_person(ANN)) == 4
    assert len(await store.suggestions.give_up_lost()) == 1
    assert await store.usage.since(now - 1, ANN)
    await store.suggestions.forget(now + 1)
    assert await store.suggestions.of_person(ANN) == []
