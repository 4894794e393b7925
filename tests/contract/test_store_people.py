"""Settings, usage, and jobs that another provider takes over, on each database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.handlers.style_catalog import MAX_NAME_BYTES
from storage.job_states import JobState
from storage.records import Cost, Limits, NewJob, NewPicture
from storage.settings_records import ChatRules, Preferences, Style
from storage.store import Store
from storage.usage import ProviderUsage


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def queued(store: Store, number: int, parts: int = 1) -> int:
    new = NewJob(f"message:{number}", 5, number, 7, "en", "jimeng", "a fox", {})
    job = await store.jobs.add(new, 1.0)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}] * parts, [], 1.0)
    return job.id


async def test_a_choice_is_kept_and_taken_back(store: Store) -> None:
    assert (await store.users.preferences(7)).provider is None
    await store.users.choose(7, "ark")
    assert (await store.users.preferences(7)).provider == "ark"
    await store.users.choose(7, None)
    assert (await store.users.preferences(7)).provider is None


async def test_preferences_are_set_one_by_one(store: Store) -> None:
    people = store.users
    assert await people.preferences(7) == Preferences()
    await people.set_option(7, "jimeng", "ar", "16:9")
    await asyncio.gather(people.set_option(7, "jimeng", "n", "4"), people.set_option(7, "ark", "size", "4k"))
    await people.speak(7, "zh")
    assert await people.preferences(7) == Preferences(
        None, "zh", {"jimeng": {"ar": "16:9", "n": "4"}, "ark": {"size": "4k"}}
    )
    await people.set_option(7, "jimeng", "ar", None)
    await people.speak(7, None)
    assert await people.preferences(7) == Preferences(None, None, {"jimeng": {"n": "4"}, "ark": {"size": "4k"}})
    assert await people.preferences(8) == Preferences()


async def test_how_results_come_is_kept(store: Store) -> None:
    people = store.users
    await people.deliver(7, "both")
    await people.cover(7, True)
    await people.show_drafts(7, True)
    assert await people.preferences(7) == Preferences(delivery="both", spoiler=True, drafts=True)
    await people.deliver(7, None)
    await people.cover(7, False)
    await people.show_drafts(7, False)
    assert await people.preferences(7) == Preferences()


async def test_styles_are_each_persons_own(store: Store) -> None:
    styles = store.styles
    soft, hard = Style("mine", "soft light"), Style("mine", "hard light")
    another = Style("a" * MAX_NAME_BYTES, "in ink")
    assert await styles.keep(7, soft, most=2)
    assert await styles.keep(7, another, most=2)
    assert not await styles.keep(7, Style("third", "in oil"), most=2)
    assert await styles.keep(7, hard, most=2)
    assert await styles.keep(8, soft, most=2)
    assert await styles.of(7) == [another, hard]
    assert await styles.drop(7, "mine")
    assert not await styles.drop(7, "mine")
    assert await styles.of(7) == [another]
    assert await styles.of(8) == [soft]


async def test_what_a_groups_admins_have_set(store: Store) -> None:
    chats = store.chats
    assert await chats.rules(-5) == ChatRules()
    await chats.set(-5, admins_only=True, thread_id=9, provider="ark")
    await asyncio.gather(chats.set_option(-5, "ark", "n", "2"), chats.set_option(-5, "ark", "ar", "1:1"))
    assert await chats.rules(-5) == ChatRules(
        admins_only=True, provider="ark", options={"ark": {"n": "2", "ar": "1:1"}}, thread_id=9
    )
    await chats.set(-5, admins_only=False, thread_id=None, provider=None, quiet=True, replies="all")
    await chats.set_option(-5, "ark", "n", None)
    assert await chats.rules(-5) == ChatRules(quiet=True, replies="all", options={"ark": {"ar": "1:1"}})
    assert await chats.rules(-6) == ChatRules()


async def test_what_was_used(store: Store) -> None:
    await queued(store, 1)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    await store.tasks.accepted(task.id, "t", 2.0)
    await store.tasks.finish_task(task.id, [NewPicture(url="a"), NewPicture(url="b")], 10.0, Cost(4000, "CNY"))
    assert await store.usage.since(5.0, 7) == [ProviderUsage(7, "jimeng", 2, (Cost(4000, "CNY"),))]
    assert await store.usage.since(5.0) == await store.usage.since(5.0, 7)
    assert await store.usage.since(11.0) == await store.usage.since(5.0, 8) == []


async def test_what_waits_can_be_handed_over_once(store: Store) -> None:
    job_id = await queued(store, 1, parts=2)
    assert [job.id for job in await store.jobs.waiting_for("jimeng")] == [job_id]
    moved = await store.jobs.hand_over(job_id, "ark", {"n": 2}, None)
    assert moved
    assert (moved.provider, moved.first_provider, moved.state) == ("ark", "jimeng", JobState.PREPARING)
    assert await store.tasks.of_job(job_id) == []
    assert await store.jobs.hand_over(job_id, "jimeng", {}, None) is None


async def test_what_may_be_paid_is_not_handed_over(store: Store) -> None:
    job_id = await queued(store, 1, parts=2)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    assert await store.jobs.hand_over(job_id, "ark", {}, None) is None
    await store.tasks.accepted(task.id, "t", 2.0)
    assert await store.jobs.hand_over(job_id, "ark", {}, task.id) is None
    assert await store.jobs.waiting_for("jimeng") == []


async def test_the_task_that_was_just_refused_does_not_hold_its_job(store: Store) -> None:
    job_id = await queued(store, 1)
    (task,) = (await store.tasks.claim("jimeng", Limits(1), 2.0)).tasks
    assert await store.jobs.hand_over(job_id, "ark", {}, task.id)
