"""Likenesses on each database: where they may be used, taking them back, and who is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from storage.job_states import JobState
from storage.likeness_records import AllowedChat, LikenessGoneError, NewLikeness
from storage.likenesses import NOTICE_SECONDS
from storage.records import CheckedReference, Job, NewPicture, NewReference
from storage.store import Store
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, MING, new_job, run

CLUB, OTHER, NOW = -5, -6, 1_000_000.0
PAID = {"template": "Paid.", "values": {}}
CHECKED = CheckedReference(b"photo", "image/jpeg", 8, 8, [])


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def kept(store: Store, user: int = ANN, name: str | None = "ann", chat: int = CLUB) -> NewReference:
    """A person's likeness, allowed in one group, as a reference."""
    new = NewLikeness(user, name, "Ann", b"photo", "image/jpeg")
    await store.likenesses.keep(new, AllowedChat(chat, "Club"), NOW)
    own = await store.likenesses.of(user)
    assert own
    return NewReference(f"likeness {own.id}", None, likeness_id=own.id, named="@ann")


async def added(store: Store, number: int, *references: NewReference, chat: int = CLUB) -> Job:
    job = await store.jobs.add(new_job(number, MING, chat_id=chat, references=references), NOW)
    assert job
    return job


async def made(store: Store, number: int, reference: NewReference) -> Job:
    """A job of 小明's that has its picture."""
    job = await added(store, number, reference)
    ids = [one.id for one in await store.references.of_job(job.id)]
    assert await store.references.store(ids[0], CHECKED, "jimeng")
    await store.tasks.queue(job.id, "jimeng", [{}], ids, NOW)
    task = await run(store, NOW)
    assert await store.tasks.finish_task(task.id, [NewPicture(url="https://pictures/1")], NOW)
    ended = await store.jobs.end(job.id, JobState.DELIVERED, NOW)
    assert ended
    return ended


async def test_taking_it_back_erases_it_and_stops_what_is_not_ready(store: Store) -> None:
    photo = await kept(store)
    done = await made(store, 1, photo)
    waiting, other = await added(store, 2, photo), await added(store, 3)
    (reference,) = await store.references.of_job(waiting.id)
    assert await store.references.store(reference.id, CHECKED, "jimeng")
    # Made from a picture of the first one: it depicts the same person.
    (picture,) = await store.pictures.of_job(done.id)
    from_picture = NewReference("photo", None, picture.id)
    edited = await added(store, 4, from_picture)
    stopped = await store.taking_back.everywhere(ANN, NOW, ERROR_MESSAGE, PAID)
    assert stopped == [waiting.id, edited.id]
    assert await store.references.data(reference.id) is None
    jobs = [await store.jobs.get(one.id) for one in (waiting, edited, other, done)]
    states = [job and job.state for job in jobs]
    assert states == [JobState.CANCELLING, JobState.CANCELLING, JobState.PREPARING, JobState.DELIVERED]
    assert await store.likenesses.data(photo.likeness_id or 0) is None
    for gone in (photo, from_picture):
        with pytest.raises(LikenessGoneError):
            await added(store, 5, gone)
    # Another photo is another likeness: what was made with the first one does not come back with it.
    assert (await kept(store)).likeness_id != photo.likeness_id
    with pytest.raises(LikenessGoneError):
        await added(store, 6, from_picture)
    assert await store.taking_back.everywhere(MING, NOW, ERROR_MESSAGE, PAID) is None


@pytest.mark.parametrize("how", ["everywhere", "here", "forget"])
async def test_what_is_fetched_at_this_moment_is_not_stored(store: Store, how: str) -> None:
    photo = await kept(store)
    job = await added(store, 1, photo)
    (reference,) = await store.references.of_job(job.id)
    if how == "everywhere":
        await store.taking_back.everywhere(ANN, NOW, ERROR_MESSAGE, PAID)
    elif how == "here":
        await store.taking_back.here(ANN, CLUB, NOW, ERROR_MESSAGE, PAID)
    else:
        await store.erasure.erase(ANN, NOW)
    # The bytes were read before, and made to fit.
    assert not await store.references.store(reference.id, CHECKED, "jimeng")
    assert await store.references.data(reference.id) is None


async def test_a_chat_is_taken_back_alone(store: Store) -> None:
    photo = await kept(store)
    assert await store.likenesses.allow(ANN, AllowedChat(OTHER, "Other"))
    here, there = await added(store, 1, photo), await added(store, 2, photo, chat=OTHER)
    assert await store.taking_back.here(ANN, CLUB, NOW, ERROR_MESSAGE, PAID) == [here.id]
    with pytest.raises(LikenessGoneError):
        await added(store, 3, photo)
    job = await store.jobs.get(there.id)
    assert job
    assert job.state is JobState.PREPARING
    # Her own private chat needs no permission, another's has none.
    await added(store, 4, photo, chat=ANN)
    with pytest.raises(LikenessGoneError):
        await added(store, 5, photo, chat=MING)


async def test_a_request_and_taking_back_at_the_same_moment(store: Store) -> None:
    for number in range(10):
        photo = await kept(store)

        async def ask(number: int = number, photo: NewReference = photo) -> None:
            with suppress(LikenessGoneError):
                await added(store, number, photo)

        await asyncio.gather(ask(), store.taking_back.everywhere(ANN, NOW, ERROR_MESSAGE, PAID))
    open_jobs = await store.chats.open_jobs(CLUB)
    assert open_jobs == []


async def test_usernames_are_of_one_person(store: Store) -> None:
    await kept(store, ANN, "ann")
    await kept(store, MING, "ming")
    await store.likenesses.rename(MING, "Ann")
    found = await store.likenesses.named(["ann", ANN, "ming"], CLUB)
    assert {name: person.user_id for name, person in found.items()} == {"ann": MING, ANN: ANN}
    await store.people.seen(ANN, "Ann", "en", NOW, username="Ann")
    assert (await store.likenesses.named(["ann"], OTHER))["ann"].user_id == ANN
    assert not (await store.likenesses.named(["ann"], OTHER))["ann"].is_allowed


async def test_each_use_is_told_once_and_not_in_a_flood(store: Store) -> None:
    photo = await kept(store)
    first, second, third = [await added(store, number, photo) for number in (1, 2, 3)]
    assert await store.likenesses.untold(0.0) == [first.id, second.id, third.id]
    assert [one.earlier for one in await store.likenesses.take_notices(first.id, NOW)] == [0]
    assert await store.likenesses.take_notices(first.id, NOW + 2 * NOTICE_SECONDS) == []
    assert await store.likenesses.take_notices(second.id, NOW + 1) == []
    (notice,) = await store.likenesses.take_notices(third.id, NOW + NOTICE_SECONDS)
    assert (notice.user_id, notice.title, notice.earlier) == (ANN, "Club", 1)
    assert await store.likenesses.untold(0.0) == []
    own = await store.jobs.add(new_job(4, ANN, chat_id=CLUB, references=(photo,)), NOW)
    assert own
    assert await store.likenesses.take_notices(own.id, NOW + 9 * NOTICE_SECONDS) == []


async def test_forgetting_a_person_erases_their_likeness(store: Store) -> None:
    photo = await kept(store)
    job = await added(store, 1, photo)
    (reference,) = await store.references.of_job(job.id)
    await store.references.store(reference.id, CHECKED, "jimeng")
    await store.erasure.erase(ANN, NOW)
    assert await store.likenesses.of(ANN) is None
    assert await store.references.data(reference.id) is None
    (left,) = await store.references.of_job(job.id)
    # It is fetched anew, and refused then.
    assert left.media_type is None
