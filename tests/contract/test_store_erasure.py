"""A person's own data, on each database: searched, exported, and erased."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from storage.erasure import JobsUnderWayError
from storage.exports import Exported
from storage.history import HistoryFilter
from storage.job_states import JobState, TaskState
from storage.new_jobs import DAY
from storage.pictures import Sent
from storage.quota import Quota, QuotaExceededError
from storage.records import ERASED_USER_ID, Cost, Draft, Limits, NewDraft, NewJob, NewPicture, NewReference
from storage.schema import metadata
from storage.settings_records import Preferences, Style
from storage.store import Store
from storage.usage import ProviderUsage

ANN, BOB = 7, 8
NOW = 1_000_000.0
ONCE = Limits(5)
TROUBLE = {"template": "No.", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def new_request(number: int, user_id: int = ANN, prompt: str = "a secret fox", **more: Any) -> NewJob:
    style = {"name": "ink", "words": "secret ink"}
    return NewJob(f"message:{number}", user_id, number, user_id, "en", "jimeng", prompt, {"n": 2}, style=style, **more)


async def made(store: Store, new: NewJob, at: float = NOW, pictures: int = 2) -> list[int]:
    """A job from beginning to end; returns the ids of its pictures."""
    job = await store.jobs.add(new, at)
    assert job
    prepared = [reference.id for reference in await store.references.of_job(job.id)]
    await store.tasks.queue(job.id, "jimeng", [{"n": 2}], prepared, at, prompts=new.choices or ())
    (task,) = (await store.tasks.claim("jimeng", ONCE, at)).tasks
    await store.tasks.accepted(task.id, f"secret-ticket-{job.id}", at)
    results = [NewPicture(url=f"https://secret/{job.id}", data=b"secret", seed=5) for _ in range(pictures)]
    assert await store.tasks.finish_task(task.id, results, at + 10, Cost(4000, "CNY"), 9.0)
    ids = [picture.id for picture in await store.pictures.of_job(job.id)]
    await store.pictures.all_sent({one: Sent(f"secret-photo-{one}", 900 + one, 64, 48, 1000) for one in ids})
    await store.jobs.end(job.id, JobState.DELIVERED, at + 11)
    return ids


async def everything(store: Store) -> str:
    """All rows of all tables, as text."""
    database = store.database
    rows = [str(row) for table in metadata.sorted_tables for row in await database.fetch(select(table))]
    return "\n".join(rows)


async def exported(store: Store, user_id: int) -> list[Exported]:
    return [one async for page in store.exports.pictures(user_id) for one in page]


async def test_pictures_are_found_by_all_their_words(store: Store) -> None:
    first = await made(store, new_request(1, prompt="a red Fox"))
    second = await made(store, new_request(2, prompt="a red owl, 100%"))
    await made(store, new_request(3, BOB, prompt="a red fox"))
    find = store.history.find
    newest = await find(HistoryFilter(ANN), 3)
    assert [one.picture.id for one in newest] == [second[1], second[0], first[1]]
    assert newest[0].prompt == "a red owl, 100%"
    assert [one.picture.id for one in await find(HistoryFilter(ANN), 3, before=first[1])] == [first[0]]
    assert [one.picture.id for one in await find(HistoryFilter(ANN, words=("fox", "RED")), 9)] == first[::-1]
    assert [one.picture.id for one in await find(HistoryFilter(ANN, words=("0%",)), 9, before=second[1])] == [second[0]]
    await store.pictures.hide(first[0], ANN, NOW)
    assert [one.picture.id for one in await find(HistoryFilter(ANN, words=("fox",)), 9)] == [first[1]]


async def test_an_export_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.exports.JOBS_AT_ONCE", 2)
    first = await made(store, new_request(1))
    (theirs,) = await made(store, new_request(2, BOB), pictures=1)
    given = (NewReference("a", 1, first[1]), NewReference("b", 2, theirs), NewReference("c", 3))
    (second,) = await made(store, new_request(3, references=given), pictures=1)
    await made(store, new_request(4), pictures=1)
    await store.pictures.hide(first[0], ANN, NOW)
    found = await exported(store, ANN)
    assert [(one.id, one.hidden, one.references, one.made_from) for one in found[:3]] == [
        (first[0], True, 0, ()),
        (first[1], False, 0, ()),
        (second, False, 3, (first[1],)),
    ]
    assert len(found) == 4
    one = found[1]
    assert (one.prompt, one.style, one.options) == ("a secret fox", {"name": "ink", "words": "secret ink"}, {"n": 2})
    assert (one.cost, one.among, one.seconds, one.seed) == (Cost(4000, "CNY"), 2, 10.0, 5)
    assert (one.width, one.height, one.size, one.photo_id) == (64, 48, 1000, f"secret-photo-{first[1]}")


async def seconds_known(store: Store) -> list[float]:
    return [seconds for seconds, _ in await store.tasks.durations("jimeng")]


async def test_nothing_of_a_person_is_left_but_the_sums(store: Store) -> None:
    await made(store, new_request(1, references=(NewReference("secret-file", 1),)))
    await made(store, new_request(2, choices=["a secret fox of its own"]))
    kept = await made(store, new_request(3, BOB, prompt="bob's owl"))
    await store.users.speak(ANN, "zh")
    await store.styles.keep(ANN, Style("secret", "secret words"), most=5)
    await store.drafts.add(NewDraft("secret-key", ANN, ANN, 40, Draft((NewReference("secret-draft", 1),))), NOW)
    await store.lost_tickets.announced(1, "secret-ticket-1", 0)
    durations, total = await seconds_known(store), await store.usage.since(0.0)
    await store.erasure.erase(ANN, NOW + 3 * DAY)
    left = await everything(store)
    hers = (
        "secret fox",
        "secret words",
        "secret-file",
        "secret-draft",
        "secret-key",
        "secret-photo-1",
        "ticket-1",
        "secret/1",
    )
    assert not [words for words in hers if words in left]
    assert await store.erasure.count(ANN) == 0
    assert await exported(store, ANN) == []
    assert await store.history.page(HistoryFilter(ANN)) is None
    assert await store.users.preferences(ANN) == Preferences()
    assert await store.styles.of(ANN) == []
    assert await store.jobs.get(1) is None
    assert await store.jobs.reopen(1, JobState.DELIVERING) is None
    assert await store.drafts.take(ANN, ANN, "message:99", since=0.0) == Draft()
    # Other people's rows are unchanged, and so are the sums.
    assert [one.id for one in await exported(store, BOB)] == kept
    assert await seconds_known(store) == durations == [9.0] * 3
    assert sorted(await store.usage.since(0.0), key=lambda used: used.user_id) == [
        ProviderUsage(ERASED_USER_ID, "jimeng", 4, (Cost(8000, "CNY"),)),
        *(used for used in total if used.user_id == BOB),
    ]
    await store.erasure.erase(ANN, NOW + 3 * DAY)
    assert await everything(store) == left
    await store.erasure.erase(BOB, NOW + 3 * DAY)
    assert "secret" not in await everything(store)
    # New messages may have the same ids.
    assert await made(store, new_request(1))


async def test_a_days_limit_outlives_what_was_erased(store: Store) -> None:
    quota = Quota(daily=2)
    await made(store, new_request(1), NOW - 2 * DAY)
    await made(store, new_request(2))
    failed = await store.jobs.add(new_request(3), NOW)
    assert failed
    await store.jobs.fail(failed.id, TROUBLE)
    for _ in range(2):
        await store.erasure.erase(ANN, NOW + 20)
    assert await store.jobs.add(new_request(4), NOW + 30, quota=quota)
    with pytest.raises(QuotaExceededError):
        await store.jobs.add(new_request(5), NOW + 30, quota=quota)
    assert await store.jobs.add(new_request(6, BOB), NOW + 30, quota=quota)
    await store.tidy(NOW + 30)
    with pytest.raises(QuotaExceededError):
        await store.jobs.add(new_request(5), NOW + 30, quota=quota)
    await store.tidy(NOW + DAY)
    assert await store.jobs.add(new_request(5), NOW + 30, quota=quota)


async def test_nothing_is_erased_while_something_is_made(store: Store) -> None:
    kept = await made(store, new_request(1))
    job = await store.jobs.add(new_request(2), NOW)
    assert job
    await refused(store)
    await store.tasks.queue(job.id, "jimeng", [{}], [], NOW)
    (task,) = (await store.tasks.claim("jimeng", ONCE, NOW)).tasks
    await store.tasks.accepted(task.id, "secret-ticket", NOW)
    # It is cancelled, but the service still works on it and will be paid.
    await store.jobs.cancel(job.id, NOW, TROUBLE, TROUBLE)
    await refused(store)
    assert [one.id for one in await exported(store, ANN)] == kept
    await store.tasks.end_task(task.id, TaskState.OVERDUE, TROUBLE, NOW)
    assert not await store.erasure.is_under_way(ANN)
    await store.erasure.erase(ANN, NOW)
    assert "secret" not in await everything(store)
    # An overdue task can't be looked for again, and the person is not told how it ended.
    assert await store.jobs.reopen(job.id, JobState.WORKING) is None
    assert await store.workers.recover_jobs(1, TROUBLE, NOW) == []


async def refused(store: Store) -> None:
    assert await store.erasure.is_under_way(ANN)
    with pytest.raises(JobsUnderWayError):
        await store.erasure.erase(ANN, NOW)


async def test_a_ticket_that_comes_to_light_late_is_cancelled(store: Store) -> None:
    job = await store.jobs.add(new_request(1), NOW)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}], [], NOW)
    (task,) = (await store.tasks.claim("jimeng", ONCE, NOW)).tasks
    await store.workers.recover_jobs(1, TROUBLE, NOW)
    await store.jobs.conclude(job.id)
    await store.erasure.erase(ANN, NOW)
    assert not (await store.tasks.accepted(task.id, "late", NOW)).is_wanted
