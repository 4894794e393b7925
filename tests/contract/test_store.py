"""The contract of the store, on each database the bot runs on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from storage.history import NEWEST, HistoryFilter, Page, Step
from storage.job_states import JobState, TaskState
from storage.pictures import Sent
from storage.records import CheckedReference, Draft, Job, Limits, NewDraft, NewJob, NewPicture, NewReference, Task
from storage.schema import metadata
from storage.store import Store

ANN, MING = 11, 22
TROUBLE = {"template": "No.", "values": {}}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


def new_job(number: int = 1, user: int = ANN, **changes: Any) -> NewJob:
    job = NewJob(
        idempotency_key=f"{changes.get('chat_id', -5)}:message:{number}",
        chat_id=-5,
        message_id=number,
        user_id=user,
        language="en",
        provider="jimeng",
        prompt="a red fox",
        options={"n": 1},
    )
    return replace(job, **changes)


async def queued(store: Store, number: int, user: int = ANN, parts: int = 1, now: float = 0.0) -> Job:
    job = await store.jobs.add(new_job(number, user), now)
    assert job
    assert await store.tasks.queue(job.id, "jimeng", [{"n": 1}] * parts, [], now) is JobState.WORKING
    return job


async def claim(store: Store, now: float, at_once: int = 100) -> Task:
    (task,) = (await store.tasks.claim("jimeng", Limits(at_once), now)).tasks
    return task


async def nothing_due(store: Store, now: float, at_once: int = 1, provider: str = "jimeng") -> float | None:
    """Nobody's turn has come; returns when to look again."""
    turns = await store.tasks.claim(provider, Limits(at_once), now)
    assert not turns.tasks
    return turns.due


async def run(store: Store, now: float) -> Task:
    task = await claim(store, now)
    await store.tasks.accepted(task.id, f"ticket {task.id}", now)
    return task


async def finished(store: Store, number: int, prompt: str = "a red fox", **changes: Any) -> Job:
    job = await store.jobs.add(new_job(number, prompt=prompt, **changes), number)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}], [], number)
    task = await run(store, number)
    await store.tasks.finish_task(task.id, [NewPicture(url=f"https://pictures/{number}")], number + 10)
    assert await store.jobs.settle(job.id)
    ended = await store.jobs.end(job.id, JobState.DELIVERED, number + 11)
    assert ended
    return ended


async def test_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with store.database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_was_stored_is_there_after_opening_again(database_url: str) -> None:
    first = await Store.open(database_url)
    job = await first.jobs.add(new_job(references=(NewReference("file", 3),)), 1.0)
    await first.aclose()
    second = await Store.open(database_url)
    assert job
    assert await second.jobs.get(job.id) == job
    assert [reference.file_id for reference in await second.references.of_job(job.id)] == ["file"]
    await second.aclose()


async def test_one_update_makes_one_job(store: Store) -> None:
    assert await store.jobs.add(new_job(), 1.0)
    assert await store.jobs.add(new_job(), 2.0) is None
    assert await store.jobs.add(new_job(chat_id=-6), 2.0)


async def test_a_life_from_prompt_to_album(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 5.0)
    assert task.state is TaskState.SUBMITTING
    await store.tasks.accepted(task.id, "7392", 6.0)
    (running,) = await store.tasks.running()
    assert (running.ticket, running.submitted_at) == ("7392", 6.0)
    assert await store.jobs.settle(job.id) is None
    made = [NewPicture(url="u1", seed=2**64 - 1), NewPicture(data=b"2", seed=2)]
    await store.tasks.finish_task(task.id, made, 16.0, seconds=9.5)
    settled = await store.jobs.settle(job.id)
    assert settled
    assert settled.state is JobState.DELIVERING
    assert await store.jobs.settle(job.id) is None, "a job is handed on once"
    one, two = await store.pictures.of_job(job.id)
    assert (one.url, await store.pictures.data(two.id)) == ("u1", b"2")
    assert (one.seed, two.seed) == (None, 2), "one that is too large is left out"
    ended = await store.jobs.end(job.id, JobState.DELIVERED, 17.0)
    assert ended
    assert (ended.state, ended.finished_at) == (JobState.DELIVERED, 17.0)
    assert await store.tasks.durations("jimeng") == [(9.5, task.options)]


async def test_only_durations_that_are_known_are_learned_from(store: Store) -> None:
    await queued(store, 1, parts=4)
    for number, seconds in enumerate((3.0, None, 4.0, 5.0)):
        task = await claim(store, float(number), at_once=4)
        await store.tasks.finish_task(task.id, [NewPicture(url="u")], 10.0 + number, seconds=seconds)
    known = await store.tasks.durations("jimeng", most=3)
    assert [seconds for seconds, _ in known] == [4.0, 5.0]


async def test_the_limit_of_a_provider_counts_submitting_and_running(store: Store) -> None:
    await queued(store, 1, parts=3)
    first = await claim(store, 1.0, at_once=2)
    await store.tasks.accepted(first.id, "t", 1.0)
    await claim(store, 1.0, at_once=2)
    assert await nothing_due(store, 1.0, at_once=2) is None
    assert await nothing_due(store, 1.0, at_once=2, provider="another") is None
    await store.tasks.finish_task(first.id, [NewPicture(url="u")], 2.0)
    await claim(store, 2.0, at_once=2)


async def test_turns_are_fair_with_one_place(store: Store) -> None:
    await queued(store, 1, ANN, parts=4, now=1.0)
    await queued(store, 2, MING, parts=2, now=2.0)
    order = []
    for now in range(10, 16):
        task = await run(store, float(now))
        await store.tasks.finish_task(task.id, [NewPicture(url="u")], now + 0.5)
        order.append(task.user_id)
    assert order == [ANN, MING, ANN, MING, ANN, ANN]


async def test_fewest_under_way_goes_first(store: Store) -> None:
    await queued(store, 1, ANN, parts=3, now=1.0)
    await run(store, 2.0)
    await queued(store, 2, MING, now=3.0)
    assert (await claim(store, 4.0)).user_id == MING


async def test_a_busy_service_lets_the_task_wait(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 1.0)
    await store.tasks.put_back(task.id, not_before=9.0)
    assert await nothing_due(store, 8.9) == 9.0
    await store.jobs.cancel(job.id, 8.0, TROUBLE, TROUBLE)
    assert await nothing_due(store, 9.0) is None


async def test_a_cancelled_job_is_not_put_back(store: Store) -> None:
    job = await queued(store, 1)
    task = await claim(store, 1.0)
    assert await store.jobs.cancel(job.id, 2.0, TROUBLE, TROUBLE)
    await store.tasks.put_back(task.id, 3.0)
    assert await nothing_due(store, 1.0) is None


async def test_cancelling_keeps_what_was_paid(store: Store) -> None:
    job = await queued(store, 1, parts=2)
    task = await run(store, 1.0)
    cancelled = await store.jobs.cancel(job.id, 2.0, TROUBLE, TROUBLE)
    assert cancelled
    assert cancelled.state is JobState.CANCELLING
    assert await store.jobs.cancel(job.id, 2.0, TROUBLE, TROUBLE) is None
    await store.tasks.finish_task(task.id, [NewPicture(url="late")], 3.0)
    assert await store.jobs.settle(job.id) is None
    assert [picture.url for picture in await store.pictures.of_job(job.id)] == ["late"]
    assert [one.state for one in await store.tasks.of_job(job.id)] == [TaskState.DONE, TaskState.CANCELLED]


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([TaskState.FAILED, TaskState.FAILED], JobState.FAILING),
        ([TaskState.FAILED, TaskState.INTERRUPTED], JobState.INTERRUPTING),
        ([TaskState.FAILED, None], JobState.DELIVERING),
    ],
)
async def test_how_a_job_ends_follows_its_tasks(store: Store, ends: list[TaskState | None], state: JobState) -> None:
    job = await queued(store, 1, parts=2)
    for end in ends:
        task = await run(store, 1.0)
        if end:
            await store.tasks.end_task(task.id, end, TROUBLE, 2.0)
        else:
            await store.tasks.finish_task(task.id, [NewPicture(url="u")], 2.0)
    settled = await store.jobs.settle(job.id)
    assert settled
    assert (settled.state, settled.error_message) == (state, TROUBLE)


async def test_a_cut_off_submit_is_interrupted_and_never_runs_again(store: Store) -> None:
    job = await queued(store, 1)
    await claim(store, 1.0)
    (adopted,) = await store.workers.recover_jobs(await store.workers.join(2.0), TROUBLE, 2.0)
    assert adopted.id == job.id
    assert await nothing_due(store, 3.0) is None
    settled = await store.jobs.settle(job.id)
    assert settled
    assert settled.state is JobState.INTERRUPTING


async def test_a_task_that_took_too_long_can_be_looked_at_again(store: Store) -> None:
    job = await queued(store, 1)
    task = await run(store, 1.0)
    await store.tasks.end_task(task.id, TaskState.OVERDUE, TROUBLE, 900.0)
    await store.jobs.settle(job.id)
    assert await store.tasks.watch_again(job.id)
    (again,) = await store.tasks.running()
    assert again.ticket == f"ticket {task.id}"
    assert await store.tasks.watch_again(job.id) == []


async def test_whose_file_it_is(store: Store) -> None:
    job = await finished(store, 1)
    (picture, *_others) = await store.pictures.of_job(job.id)
    await store.pictures.sent_as_file(picture.id, "original")
    assert await store.pictures.is_file_of(picture.user_id, "original")
    assert not await store.pictures.is_file_of(picture.user_id, "another")
    assert not await store.pictures.is_file_of(MING, "original")


async def test_which_picture_a_message_shows(store: Store) -> None:
    job = await finished(store, 1)
    (picture,) = await store.pictures.of_job(job.id)
    # It is not sent yet: no message shows it, neither one of this chat nor one of another.
    assert await store.pictures.shown_as("unique", -5, None) is None
    assert await store.pictures.shown_as("unique", -5, 77) is None
    await store.pictures.sent(picture.id, Sent("photo", 77, 1, 1, 1, "unique"))
    for unique_id, chat_id, message_id in (("unique", -6, None), ("unique", -5, 78), ("another", -5, 77)):
        shown = await store.pictures.shown_as(unique_id, chat_id, message_id)
        assert shown
        assert shown.id == picture.id
    assert await store.pictures.shown_as("another", -6, 77) is None


async def test_a_job_is_found_by_its_status_message(store: Store) -> None:
    job = await queued(store, 1)
    await store.jobs.shown_at(job.id, 70)
    found = await store.jobs.with_status(-5, 70)
    assert found
    assert found.id == job.id
    assert await store.jobs.with_status(-5, 71) is None


async def test_a_late_reference_joins_while_the_job_waits(store: Store) -> None:
    job = await queued(store, 1)
    assert await store.references.join(job.id, NewReference("late", 2))
    assert not await store.references.join(job.id, NewReference("late", 2)), "the same message twice"
    again = await store.jobs.get(job.id)
    assert again
    assert again.state is JobState.PREPARING
    (reference,) = await store.references.of_job(job.id)
    assert await store.tasks.queue(job.id, "jimeng", [{}], [], 1.0) is JobState.PREPARING, (
        "prepared without the late one"
    )
    assert await store.tasks.queue(job.id, "jimeng", [{}], [reference.id], 1.0) is JobState.WORKING
    await claim(store, 2.0)
    assert not await store.references.join(job.id, NewReference("too late", 3))


async def test_references_are_kept_for_the_jobs_life(store: Store) -> None:
    job = await store.jobs.add(new_job(references=(NewReference("f", 1),)), 1.0)
    assert job
    (reference,) = await store.references.of_job(job.id)
    assert await store.references.data(reference.id) is None
    other = CheckedReference(b"fitted for another", "image/png", 3, 4, [])
    assert not await store.references.store(reference.id, other, "ark")
    assert await store.references.data(reference.id) is None
    assert await store.references.store(
        reference.id, CheckedReference(b"bytes", "image/png", 3, 4, [TROUBLE]), "jimeng"
    )
    (checked,) = await store.references.of_job(job.id)
    assert (checked.media_type, checked.size, checked.changes) == ("image/png", 5, [TROUBLE])
    assert await store.references.data(reference.id) == (b"bytes", "image/png")
    await store.jobs.fail(job.id, TROUBLE)
    await store.jobs.end(job.id, JobState.FAILED, 2.0)
    assert await store.references.data(reference.id) is None


async def test_history_is_ones_own_newest_first(store: Store) -> None:
    for number in (1, 2, 3):
        await finished(store, number)
    await finished(store, 4, user_id=MING)
    await finished(store, 5, chat_id=-9)
    everything, here = HistoryFilter(ANN), HistoryFilter(ANN, chat_id=-5)
    newest = await page(store, everything)
    assert (newest.picture.chat_id, newest.number, newest.count) == (-9, 1, 4)
    three = await page(store, here)
    assert (three.number, three.count) == (1, 3)
    assert await store.history.page(here, Step(three.picture.id, "newer")) is None
    two = await page(store, here, Step(three.picture.id, "older"))
    assert (two.picture.url, two.prompt, two.number, two.count) == ("https://pictures/2", "a red fox", 2, 3)
    assert await page(store, here, Step(two.picture.id)) == two
    assert await page(store, here, Step(two.picture.id, "newer")) == three
    assert await store.pictures.hide(two.picture.id, MING, 9.0) is False
    assert await store.pictures.hide(two.picture.id, ANN, 9.0) is True
    assert await store.history.page(here, Step(two.picture.id)) is None
    one = await page(store, here, Step(two.picture.id, "older"))
    assert (one.picture.url, one.number, one.count) == ("https://pictures/1", 2, 2)
    assert await store.history.page(HistoryFilter(33)) is None


async def page(store: Store, filters: HistoryFilter, step: Step = NEWEST) -> Page:
    found = await store.history.page(filters, step)
    assert found
    return found


@pytest.mark.parametrize(
    ("words", "found"),
    [(("FOX",), 2), (("fox", "snow"), 1), (("狐狸",), 1), (("100%",), 1), (("_",), 0), (("owl",), 0)],
)
async def test_history_is_searched_by_words(store: Store, words: tuple[str, ...], found: int) -> None:
    for number, prompt in enumerate(["a red fox in the snow", "雪地里的狐狸", "Fox, 100% wool"], 1):
        await finished(store, number, prompt)
    shown = await store.history.page(HistoryFilter(ANN, words=words))
    assert (shown.count if shown else 0) == found


async def test_what_telegram_confirmed_is_remembered(store: Store) -> None:
    job = await finished(store, 1)
    (picture,) = await store.pictures.of_job(job.id)
    await store.pictures.keep(picture.id, b"bytes")
    await store.pictures.sent(picture.id, Sent("photo", 77, 2048, 1024, 999))
    await store.pictures.sent_as_file(picture.id, "document")
    known = await store.pictures.get(picture.id)
    assert known
    assert (known.photo_id, known.document_id, known.width, known.size) == ("photo", "document", 2048, 999)
    assert await store.pictures.data(picture.id) is None


async def test_albums_are_found_by_any_item(store: Store) -> None:
    for message in (9, 8, 9):
        await store.posted.add(-5, "album", NewReference(f"f{message}", message), 1.0)
    assert await store.posted.album(-5, "album") == (NewReference("f8", 8), NewReference("f9", 9))
    assert await store.posted.album(-5, "other") == ()


async def test_what_nobody_comes_back_to_is_forgotten(store: Store) -> None:
    month = 30 * 24 * 3600
    await store.drafts.add(NewDraft("draft", -5, ANN, 70, Draft((NewReference("a", 7),))), 100.0)
    kept = await finished(store, 8)
    await store.posted.add(-5, "old", NewReference("f", 1), 100.0)
    await store.posted.add(-5, "new", NewReference("g", 2), 100.0 + month)
    await store.tidy(101.0 + month)
    assert await store.drafts.take(-5, ANN, "-5:message:99", since=0.0) == Draft()
    assert await store.jobs.get(kept.id)
    assert await store.posted.album(-5, "old") == ()
    assert await store.posted.album(-5, "new")


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    async def broken() -> None:
        async with store.database.write() as connection:
            await connection.exec_driver_sql("INSERT INTO people (id, last_turn) VALUES (1, 2)")
            raise KeyError

    with pytest.raises(KeyError):
        await broken()
    async with store.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM people")).scalar() == 0
