"""Edited messages in the store, on each database: a job that may be paid no longer changes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from storage.edited_prompts import Offer
from storage.job_states import JobState, TaskState
from storage.records import CheckedReference, Job, Limits, NewJob, NewReference
from storage.store import Store

NEW_REQUEST = NewJob("message:7", -5, 7, 11, "en", "jimeng", "a read fox", {"n": 1}, said="1", asked_message_id=7)
NEW = replace(NEW_REQUEST, prompt="a red fox", options={"n": 2}, said="2")
PHOTO = NewReference("photo", 7)
BYTES = CheckedReference(b"x", "image/png", 8, 8, [])


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def waiting(store: Store, new: NewJob = NEW_REQUEST, parts: int = 1) -> Job:
    """A job whose tasks wait."""
    job = await store.jobs.add(new, 1.0)
    assert job
    references = [one.id for one in await store.references.of_job(job.id)]
    assert await store.tasks.queue(job.id, "jimeng", [{}] * parts, references, 1.0, said=new.said) is JobState.WORKING
    return job


async def test_what_waits_is_prepared_anew(store: Store) -> None:
    job = await waiting(store, replace(NEW_REQUEST, references=(PHOTO,)), parts=2)
    changed = await store.edits.reword(job.id, replace(NEW, references=(PHOTO,)), 5.0)
    assert changed
    assert (changed.prompt, changed.options, changed.state) == ("a red fox", {"n": 2}, JobState.PREPARING)
    assert (changed.edited_at, changed.created_at) == (5.0, job.created_at)
    assert await store.tasks.of_job(job.id) == []
    # Tasks prepared from the old prompt are not queued.
    ids = [one.id for one in await store.references.of_job(job.id)]
    assert await store.tasks.queue(job.id, "jimeng", [{}], ids, 1.0, said="1") is JobState.PREPARING
    assert await store.tasks.queue(job.id, "jimeng", [{}], ids, 1.0, said="2") is JobState.WORKING


@pytest.mark.parametrize(("options", "kept"), [({"n": 1}, True), ({"n": 2}, False)])
async def test_references_keep_their_bytes_where_they_fit(store: Store, options: dict[str, int], kept: bool) -> None:
    job = await waiting(store, replace(NEW_REQUEST, references=(PHOTO,)))
    (reference,) = await store.references.of_job(job.id)
    await store.references.store(reference.id, BYTES, "jimeng")
    assert await store.edits.reword(job.id, replace(NEW, options=options, references=(PHOTO,)), 5.0)
    assert ((await store.references.data(reference.id)) is not None) is kept
    other = NewReference("another", 7)
    assert await store.edits.reword(job.id, replace(NEW, references=(other,)), 6.0)
    assert [one.again() for one in await store.references.of_job(job.id)] == [other]


async def test_the_later_words_count(store: Store) -> None:
    job = await waiting(store)
    assert await store.edits.reword(job.id, NEW, 5.0)
    assert await store.edits.reword(job.id, replace(NEW, prompt="older"), 4.0) is None
    found = await store.jobs.get(job.id)
    assert found
    assert found.prompt == "a red fox"


async def test_what_has_begun_stays(store: Store) -> None:
    job = await waiting(store, parts=2)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    assert await store.edits.reword(job.id, NEW, 5.0) is None
    # A task that was put back with its ticket waits, and is paid.
    await store.tasks.accepted(task.id, "ticket", 3.0)
    await store.tasks.put_back(task.id, 100.0)
    assert await store.edits.reword(job.id, NEW, 5.0) is None
    assert [one.state for one in await store.tasks.of_job(job.id)] == [TaskState.QUEUED, TaskState.QUEUED]


async def test_what_was_turned_away_may_change(store: Store) -> None:
    job = await waiting(store)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    await store.tasks.put_back(task.id, 100.0)
    assert await store.edits.reword(job.id, NEW, 5.0)


async def test_what_has_ended_stays(store: Store) -> None:
    job = await waiting(store)
    await store.jobs.cancel(job.id, 2.0, {"template": "No."}, {"template": "No."})
    assert await store.edits.reword(job.id, NEW, 5.0) is None


async def test_of_an_edit_and_a_claim_at_once_one_is_first(store: Store) -> None:
    for number in range(10):
        job = await waiting(store, replace(NEW_REQUEST, idempotency_key=f"message:{number}", user_id=number + 1))
        claim = store.tasks.claim("jimeng", Limits(100), 2.0 + number)
        changed, claimed = await asyncio.gather(store.edits.reword(job.id, NEW, 5.0), claim)
        assert (changed is None) is bool(claimed.tasks)
        assert len(await store.tasks.of_job(job.id)) == len(claimed.tasks)


async def test_a_message_is_found_by_its_job_and_by_its_album(store: Store) -> None:
    job = await waiting(store)
    await store.edits.keep_captions(job, {7: "a", 8: "b"})
    await store.edits.keep_captions(job, {8: "c"})
    assert await store.edits.captions(job.id) == {7: "a", 8: "c"}
    found = [await store.edits.asked(-5, [number]) for number in (7, 8, 9)]
    assert [one and one.id for one in found] == [job.id, job.id, None]
    assert await store.edits.asked(-6, [7]) is None
    assert [await store.edits.is_answered(-5, [number]) for number in (7, 8)] == [True, False]


async def test_one_offer_for_each_message(store: Store) -> None:
    job = await waiting(store)
    first = Offer(-5, 7, job.id, "a red fox", "2", 5.0, None)
    assert await store.edits.offer(first) is None
    await store.edits.shown_at(first, 99)
    later = replace(first, words="a blue fox", said="3", edited_at=6.0)
    assert await store.edits.offer(later) == replace(first, offer_id=99)
    assert await store.edits.offer(first) == replace(later, offer_id=99)
    assert await store.edits.of_message(-5, 7) == replace(later, offer_id=99)
    await store.edits.taken(later)
    taken = await store.edits.of_message(-5, 7)
    assert taken
    assert (taken.words, taken.offer_id) == (None, 99)


async def test_erasure_takes_words_with_it(store: Store) -> None:
    job = await waiting(store)
    await store.jobs.cancel(job.id, 2.0, {"template": "No."}, {"template": "No."})
    await store.edits.keep_captions(job, {7: "a"})
    await store.edits.offer(Offer(-5, 7, job.id, "a red fox", "2", 5.0, None))
    await store.erasure.erase(11, 10.0)
    assert await store.edits.captions(job.id) == {}
    assert await store.edits.of_message(-5, 7) is None
