"""The words of inline mode, on each database."""

from collections.abc import AsyncIterator

import pytest

from storage.inline_offers import MOST_OF_A_PERSON, InlineFeedback, InlineOffer, offer_id
from storage.records import NewJob
from storage.store import DRAFT_LIFETIME_SECONDS, Store

ANN, BOB = 7, 8
NOW = 1_000_000.0


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_words_wait_until_their_message_is_begun(store: Store) -> None:
    for user_id in (ANN, BOB, ANN):
        await store.inline_offers.add(user_id, "一只 'fox'", NOW)
    for by_feedback in (True, True, False):
        taken = await store.inline_offers.take(offer_id(ANN, "一只 'fox'"), NOW, by_feedback=by_feedback)
        assert taken == InlineOffer(ANN, "一只 'fox'")
    assert await store.inline_offers.feedback() == InlineFeedback(chosen=1, pressed=1)
    assert await store.inline_offers.take("nobody's", NOW, by_feedback=True) is None


async def test_the_oldest_words_go_first(store: Store) -> None:
    await store.inline_offers.add(BOB, "an owl", NOW)
    for number in range(MOST_OF_A_PERSON + 2):
        await store.inline_offers.add(ANN, f"fox {number}", NOW + number)
    kept = [
        await store.inline_offers.take(offer_id(ANN, f"fox {number}"), NOW, by_feedback=False) is not None
        for number in range(MOST_OF_A_PERSON + 2)
    ]
    assert kept == [False, False, *[True] * MOST_OF_A_PERSON]
    await store.tidy(NOW + DRAFT_LIFETIME_SECONDS + 1.5)
    gone = await store.inline_offers.take(offer_id(BOB, "an owl"), NOW, by_feedback=False)
    assert gone is None


async def test_forgetting_a_person_forgets_their_words_and_messages(store: Store) -> None:
    await store.inline_offers.add(ANN, "a secret", NOW)
    await store.inline_offers.add(BOB, "an owl", NOW)
    new = NewJob("k", ANN, None, ANN, "en", "jimeng", "a secret", {}, inline_message_id="secret-message")
    job = await store.jobs.add(new, NOW)
    assert job
    assert job.inline_message_id == "secret-message"
    await store.jobs.fail(job.id, {"template": "No.", "values": {}})
    await store.erasure.erase(ANN, NOW)
    assert await store.inline_offers.take(offer_id(ANN, "a secret"), NOW, by_feedback=False) is None
    assert await store.inline_offers.take(offer_id(BOB, "an owl"), NOW, by_feedback=False)
