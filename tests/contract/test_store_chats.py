"""Groups in the store, on each database: their open jobs, and migration to a supergroup."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from storage.history import HistoryFilter
from storage.job_states import JobState
from storage.pictures import Sent
from storage.records import Draft, Limits, NewDraft, NewJob, NewPicture, NewReference, OpenInChat
from storage.settings_records import ChatRules
from storage.store import Store

OLD, NEW = -55, -1_000_000_000_066
FREE, PAID = {"template": "free", "values": {}}, {"template": "paid", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def new_request(number: int, chat_id: int = OLD) -> NewJob:
    return NewJob(
        f"{chat_id}:{number}", chat_id, number, 7, "en", "jimeng", f"wish {number}", {}, asked_message_id=number
    )


async def queued(store: Store, number: int, chat_id: int = OLD) -> int:
    job = await store.jobs.add(new_request(number, chat_id), 1.0)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}], [], 1.0)
    return job.id


async def test_what_is_open_in_a_chat_and_what_of_it_can_be_cleared(store: Store) -> None:
    first, second = await queued(store, 1), await queued(store, 2)
    await queued(store, 3, chat_id=-6)
    fresh = await store.jobs.add(new_request(4), 1.0)
    await store.drafts.add(NewDraft("draft", OLD, 7, 50, Draft((NewReference("a", 5),))), 1.0)
    assert fresh
    await store.tasks.claim("jimeng", Limits(1), 2.0)
    assert await store.chats.open_jobs(OLD) == [
        OpenInChat(first, 7, "wish 1", begun=True),
        OpenInChat(second, 7, "wish 2", begun=False),
        OpenInChat(fresh.id, 7, "wish 4", begun=False),
    ]
    assert await store.jobs.cancel(first, 3.0, FREE, PAID, only_unstarted=True) is None
    for waiting in (second, fresh.id):
        cancelled = await store.jobs.cancel(waiting, 3.0, FREE, PAID, only_unstarted=True)
        assert cancelled
        assert (cancelled.state, cancelled.error_message) == (JobState.CANCELLING, FREE)
    assert [one.job_id for one in await store.chats.open_jobs(OLD)] == [first]


async def test_all_of_a_group_follows_it_into_the_supergroup(store: Store) -> None:
    job_id = await queued(store, 1)
    await store.jobs.shown_at(job_id, 2)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    await store.tasks.accepted(task.id, "t", 2.0)
    await store.tasks.finish_task(task.id, [NewPicture(url="a"), NewPicture(url="b")], 3.0)
    sent, unsent = await store.pictures.of_job(job_id)
    await store.pictures.sent(sent.id, Sent("photo", 3, 10, 10, 1))
    for number in (8, 9):
        await store.posted.add(OLD, "album", NewReference(f"file {number}", number), 1.0)
    await store.chats.set(OLD, quiet=True, provider="ark", replies="none")
    await store.chats.set(NEW, provider="jimeng")

    await store.chats.migrate(OLD, NEW)
    await store.chats.migrate(OLD, NEW)

    rules = ChatRules(quiet=True, provider="jimeng", replies="none")
    assert await store.chats.now(OLD) == await store.chats.now(NEW) == (NEW, rules)
    assert (await store.chats.former(NEW), await store.chats.former(OLD)) == (OLD, None)
    job = await store.jobs.get(job_id)
    assert job
    assert (job.chat_id, job.message_id, job.asked_message_id, job.status_id) == (NEW, None, None, None)
    assert await store.jobs.add(new_request(1), 4.0) is None, (
        "an update that comes again after the move makes no second job"
    )
    assert await store.pictures.of_job(job_id) == [
        replace(sent, chat_id=NEW, photo_id="photo", message_id=3, former_chat_id=OLD, width=10, height=10, size=1),
        replace(unsent, chat_id=NEW),
    ]
    assert await store.history.page(HistoryFilter(7, NEW))
    assert await store.posted.album(NEW, "album") == (NewReference("file 8", None), NewReference("file 9", None))
    # The new group numbers its messages anew: an old id must not match a new message.
    assert await store.jobs.add(new_request(1, NEW), 4.0)


async def test_a_group_of_which_nothing_is_known_migrates_too(store: Store) -> None:
    assert await store.chats.now(OLD) == (OLD, ChatRules())
    await store.chats.migrate(OLD, NEW)
    assert await store.chats.now(OLD) == (NEW, ChatRules())


async def test_what_was_asked_before_the_move_and_is_read_after_it(store: Store) -> None:
    await store.chats.migrate(OLD, NEW)
    job = await store.jobs.add(new_request(7), 1.0)
    assert job
    assert (job.chat_id, job.message_id, job.asked_message_id) == (NEW, None, None)
    assert await store.jobs.add(new_request(7), 1.0) is None, "an update that comes twice makes one job"
