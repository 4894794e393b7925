"""Drafts in the store, on each database: they wait for their prompt, and become a job in one step."""

from collections.abc import AsyncIterator
from math import inf

import pytest

from storage.quota import Quota, QuotaExceededError
from storage.records import Draft, NewDraft, NewJob, NewReference, Question
from storage.store import Store

ANN, MING = 11, 22
OLD, NEW = -5, -1_000_000_000_066
STYLE = {"name": "ink", "words": "black ink"}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def new_draft(number: int, *pictures: NewReference, words: str = "") -> NewDraft:
    key = f"-5:message:{number}"
    return NewDraft(key, OLD, ANN, 10 * number, Draft(pictures), message_id=number, words=words)


def new_job(number: int, draft: Draft) -> NewJob:
    key = f"-5:message:{number}"
    return NewJob(key, OLD, number, ANN, "en", "jimeng", "a fox", {}, references=draft.references, style=draft.style)


async def test_drafts_wait_for_words(store: Store) -> None:
    pictures = (NewReference("b", 8), NewReference("a", 7))
    await store.drafts.add(new_draft(7, *pictures), 100.0)
    await store.drafts.add(new_draft(9, NewReference("c", 9)), 110.0)
    assert await store.drafts.take(-5, MING, "-5:message:99", since=0.0) == Draft()
    taken = await store.drafts.take(-5, ANN, "-5:message:99", since=50.0)
    assert [reference.file_id for reference in taken.references] == ["a", "b", "c"]
    # The same update again, after a crash, finds the same; another finds nothing, and none does once there is a job.
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=50.0) == taken
    assert await store.drafts.take(-5, ANN, "-5:message:98", since=50.0) == Draft()
    assert await store.jobs.add(new_job(99, taken), 120.0)
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=50.0) == Draft()


async def test_an_old_draft_is_found_only_by_the_message_that_asked(store: Store) -> None:
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 100.0)
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=101.0) == Draft()
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=101.0, question_id=70) == Draft(
        (NewReference("a", 7),)
    )


async def test_only_what_a_message_asked_words_for_is_taken(store: Store) -> None:
    for number in (7, 8):
        await store.drafts.add(new_draft(number, NewReference("a", number)), 1e9)
    taken = await store.drafts.take(-5, ANN, "-5:message:7", since=inf, question_id=70)
    assert taken == Draft((NewReference("a", 7),))
    assert await store.jobs.add(new_job(7, taken), 2e9)
    assert await store.drafts.take(-5, ANN, "-5:message:7", since=inf, question_id=70) == Draft()
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=0.0) == Draft((NewReference("a", 8),))


async def test_a_draft_becomes_one_job_with_all_that_it_has(store: Store) -> None:
    pictures = (NewReference("elsewhere", None, 3), NewReference("a", 7), NewReference("b", 8))
    await store.drafts.add(NewDraft("brought", OLD, ANN, 70, Draft(pictures, STYLE), message_id=7), 100.0)
    taken = await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0)
    assert taken == Draft(pictures, STYLE)
    # A crash here loses nothing; one after the job is stored makes no second job.
    taken = await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0)
    job = await store.jobs.add(new_job(9, taken), 110.0)
    assert job
    assert job.style == STYLE
    assert tuple(one.again() for one in await store.references.of_job(job.id)) == pictures
    assert await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0) == Draft()
    assert await store.jobs.add(new_job(9, taken), 111.0) is None


async def test_a_job_that_is_one_too_many_leaves_the_draft(store: Store) -> None:
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 100.0)
    taken = await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0)
    with pytest.raises(QuotaExceededError):
        await store.jobs.add(new_job(9, taken), 110.0, quota=Quota(waiting=0))
    assert await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0) == taken


async def test_the_latest_of_an_update_counts(store: Store) -> None:
    await store.drafts.add(new_draft(6, NewReference("earlier", 6)), 90.0)
    taken = await store.drafts.take(OLD, ANN, "-5:message:7", since=0.0)
    # Its prompt was invalid: the drafts that it took wait on, as its own.
    await store.drafts.add(new_draft(7, *taken.references), 100.0)
    await store.drafts.add(new_draft(7, *taken.references, words="a fox"), 101.0)
    assert await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0) == taken


async def test_a_picture_of_two_drafts_is_one(store: Store) -> None:
    """The update that took a draft has stored it as another one's, and is repeated."""
    await store.drafts.add(new_draft(6, NewReference("a", 6), NewReference("b", 6)), 90.0)
    taken = await store.drafts.take(OLD, ANN, "-5:message:7", since=0.0)
    await store.drafts.add(NewDraft("-5:told:7", OLD, ANN, None, taken), 100.0)
    assert await store.drafts.take(OLD, ANN, "-5:message:7", since=0.0) == taken


async def test_an_update_that_has_made_its_job_begins_nothing(store: Store) -> None:
    assert await store.jobs.add(new_job(7, Draft()), 100.0)
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 101.0)
    assert not await store.drafts.is_waiting(OLD, [7])
    assert await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0) == Draft()


async def test_a_job_of_the_same_update_takes_the_place_of_its_draft(store: Store) -> None:
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 100.0)
    assert await store.drafts.is_waiting(OLD, [6, 7])
    assert await store.jobs.add(new_job(7, Draft((NewReference("a", 7),))), 101.0)
    assert not await store.drafts.is_waiting(OLD, [6, 7])


async def test_a_picture_that_comes_late_joins_while_the_words_are_waited_for(store: Store) -> None:
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 100.0)
    for _twice in range(2):
        assert await store.drafts.join(OLD, 7, NewReference("b", 8))
    assert not await store.drafts.join(OLD, 6, NewReference("c", 9)), "another message"
    taken = await store.drafts.take(OLD, ANN, "-5:message:10", since=0.0)
    assert taken == Draft((NewReference("a", 7), NewReference("b", 8)))
    assert not await store.drafts.join(OLD, 7, NewReference("c", 9)), "its words have come"


async def test_who_is_asked_for_words(store: Store) -> None:
    await store.drafts.add(new_draft(7, words="a fox"), 100.0)
    assert await store.drafts.question(OLD, 70) == Question(ANN, "a fox")
    assert await store.drafts.question(OLD, 7) is None
    taken = await store.drafts.take(OLD, ANN, "-5:message:9", since=0.0)
    assert await store.drafts.question(OLD, 70) == Question(ANN, "a fox"), "the job is not made yet"
    assert await store.jobs.add(new_job(9, taken), 101.0)
    assert await store.drafts.question(OLD, 70) is None


async def test_a_question_is_answered_before_its_id_is_known(store: Store) -> None:
    key, other = "-5:message:7", "-5:message:8"
    for number in (7, 8):
        new = NewDraft(f"-5:message:{number}", OLD, ANN, None, Draft((NewReference("a", number),)), words="a fox")
        await store.drafts.add(new, 1.0)
    assert await store.drafts.question(OLD, 70) is None
    assert await store.drafts.question(OLD, 70, key=key) == Question(ANN, "a fox")
    assert await store.drafts.take(OLD, ANN, key, since=inf, question_id=70) == Draft((NewReference("a", 7),))
    # The press came to nothing, and is made again.
    assert await store.drafts.question(OLD, 70, key=key) == Question(ANN, "a fox")
    await store.drafts.asked(key, 70)
    await store.drafts.asked(other, 80)
    assert await store.drafts.question(OLD, 70) == Question(ANN, "a fox")
    assert await store.drafts.take(OLD, ANN, key, since=inf, question_id=70) == Draft((NewReference("a", 7),))
    assert await store.drafts.question(OLD, 80) == Question(ANN, "a fox")
    assert await store.drafts.question(OLD, 71, key=other) is None, "the question of that message is another one"
    assert await store.drafts.take(OLD, ANN, other, since=inf, question_id=71) == Draft()


async def test_drafts_follow_their_group(store: Store) -> None:
    await store.drafts.add(new_draft(7, NewReference("a", 7)), 100.0)
    await store.chats.migrate(OLD, NEW)
    await store.drafts.add(new_draft(8, NewReference("b", 8)), 101.0)
    assert not await store.drafts.is_waiting(NEW, [7, 8]), "these messages are not in the new group"
    taken = await store.drafts.take(NEW, ANN, f"{NEW}:message:1", since=0.0)
    assert [one.file_id for one in taken.references] == ["a", "b"]
