"""Questions before a dear request, in the store: asked once for each update and press."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from storage.records import Cost, NewReference
from storage.store import Store
from tests.support.stored_jobs import new_job

PRICE = 2000
NOON = 20_000 * 86_400 + 43_200  # 2024-10-04, 12:00


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def _ask(store: Store) -> Callable[..., Awaitable[int | None]]:
    return lambda new, now, **how: store.confirmations.add(new, Cost(PRICE, "CNY"), now, **how)


async def test_a_question_is_asked_once_for_each_update_and_press(store: Store) -> None:
    new, ask = new_job(1, button="again", references=(NewReference("a", 1),)), _ask(store)
    first = await ask(new, NOON, apart=2)
    assert first
    # The process died before the question was sent: it is asked when the update is handled again.
    again = await ask(new, NOON, apart=2)
    assert again not in {None, first}
    assert await store.confirmations.get(first) is None
    assert again
    await store.confirmations.shown_at(again, 7)
    assert await ask(new, NOON, apart=2) is None
    assert await ask(replace(new, idempotency_key="another press"), NOON + 1, apart=2) is None
    assert await ask(replace(new, idempotency_key="a later press"), NOON + 3, apart=2)
    found = await store.confirmations.get(again)
    assert found
    assert (found.request, found.price, found.created_at, found.question_id) == (new, Cost(PRICE, "CNY"), NOON, 7)
    # At another price it is another question.
    assert await store.confirmations.add(new, Cost(PRICE + 1, "CNY"), NOON + 3)
    # An edit asks anew; what has become a job asks nothing.
    edited = await ask(replace(new, prompt="a blue fox"), NOON + 4)
    assert edited
    assert await store.confirmations.get(again) is None
    assert await store.jobs.add(new, NOON + 5)
    assert await ask(new, NOON + 6) is None
    await store.confirmations.forget(NOON + 7)
    assert await store.confirmations.get(edited) is None
