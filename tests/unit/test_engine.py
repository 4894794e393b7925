"""The engine: each step of a job, from the prompt to its end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs import task_failures
from bot.jobs.ports import InvalidReferenceError, Phase, Undelivered, Unreachable, sentence
from providers.base import ProviderSettings
from providers.errors import (
    ContentRefusedError,
    OutcomeUnknownError,
    ProviderBusyError,
    Sentence,
    TaskTimeoutError,
)
from providers.missing import missing
from storage.job_states import FAILED_STATES, JobState
from storage.records import CheckedReference, Job, NewReference
from tests.support.bare_engine import BareEngine, open_bare_engine

PNG = CheckedReference(b"png", "image/png", 10, 10, [])


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BareEngine]:
    async with open_bare_engine(tmp_path) as bare:
        yield bare


async def test_from_prompt_to_album(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.stage.until(lambda: harness.stage.shown)
    assert harness.stage.shown[job.id].phase is Phase.PREPARING
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.delivered == [job.id]
    assert harness.provider.submits == 1


async def test_several_pictures_are_several_tasks_one_after_another(harness: BareEngine) -> None:
    job = await harness.ask(n=3)
    for number in (1, 2, 3):
        await harness.until_submits(number)
        harness.provider.finish(f"t{number}")
    await harness.until_state(job, JobState.DELIVERED)
    assert len(await harness.store.pictures.of_job(job.id)) == 3


async def test_a_note_on_missing_pictures_goes_with_the_album(harness: BareEngine) -> None:
    harness.provider.note = missing(held_back=2)
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    found = await harness.store.jobs.get(job.id)
    assert found
    assert found.error_message
    assert str(sentence(found.error_message)) == "The service's safety check held back 2 of the pictures."


async def test_one_refused_task_does_not_spoil_the_others(harness: BareEngine) -> None:
    harness.provider.refuse = [ContentRefusedError("prompt")]
    job = await harness.ask(n=2)
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    found = await harness.store.jobs.get(job.id)
    assert found
    assert found.error_message == {
        "template": ContentRefusedError.sentences["prompt"].template,
        "values": {},
        "refused": "prompt",
        "paid": False,
    }


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ContentRefusedError("prompt"), JobState.FAILED),
        (OutcomeUnknownError(), JobState.INTERRUPTED),
        (KeyError("bug"), JobState.INTERRUPTED),
    ],
)
async def test_a_submit_that_fails_is_never_repeated(
    harness: BareEngine, error: Exception, state: JobState, caplog: pytest.LogCaptureFixture
) -> None:
    harness.provider.refuse = [error]
    job = await harness.ask()
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, state)
    assert harness.provider.submits == 0
    assert [ended.id for ended in harness.stage.endings] == [job.id]


async def test_a_busy_service_is_asked_again_and_nobody_notices(harness: BareEngine) -> None:
    harness.provider.refuse = [ProviderBusyError(retry_after=0.01) for _ in range(7)]
    job = await harness.ask()
    await harness.until_submitted(1)
    assert harness.stage.shown[job.id].phase is not Phase.PAUSED
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.stage.endings) == (1, [])


async def test_a_service_that_is_busy_for_long_is_told_of_and_then_works_again(
    harness: BareEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(task_failures, "BUSY_LONGEST_SECONDS", 0.01)
    harness.provider.settings = ProviderSettings(busy_limit=0.02)
    busy = [ProviderBusyError(retry_after=0.01) for _ in range(9)]
    harness.provider.refuse = [*busy]
    job = await harness.ask()
    await harness.stage.until(lambda: job.id in harness.stage.shown)
    await harness.stage.until(lambda: harness.stage.shown[job.id].phase is Phase.PAUSED)
    assert harness.stage.shown[job.id].why == task_failures.BUSY_FOR_LONG
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.provider.submits == 1
    health = await harness.store.provider_health.get("fake")
    assert (health.error_message, health.busy_since) == (None, None)
    told = [record.levelname for record in caplog.records if "is paused" in record.getMessage()]
    assert told.count("ERROR") == 1, "the operator is told once"


async def test_what_can_never_be_made_is_refused_before_it_costs(harness: BareEngine) -> None:
    job = await harness.ask(references=tuple(NewReference(f"f{number}", number) for number in range(3)))
    await harness.stage.until(lambda: harness.stage.endings)
    await harness.until_state(job, JobState.FAILED)
    (ended,) = harness.stage.endings
    assert ended.error_message
    assert ended.error_message["values"] == {"count": 3, "most": 2, "model": "Fake"}


async def test_references_reach_the_provider(harness: BareEngine) -> None:
    harness.stage.files = {"f1": PNG}
    await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png"]


async def test_an_unfit_reference_is_told(harness: BareEngine) -> None:
    harness.stage.files = {"f1": PNG, "f2": InvalidReferenceError(Sentence("Too wide."))}
    job = await harness.ask(references=(NewReference("f1", 1), NewReference("f2", 2)))
    await harness.stage.until(lambda: harness.stage.endings)
    assert harness.stage.endings[0].error_message == {"template": "Too wide.", "values": {}}
    await harness.until_state(job, JobState.FAILED)


async def test_a_late_reference_joins_a_waiting_job(harness: BareEngine) -> None:
    harness.stage.files = {"f1": PNG, "f2": PNG}
    first = await harness.ask()
    await harness.until_submitted(1)
    second = await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_state(second, JobState.WORKING)
    assert await harness.engine.attach_reference(second, NewReference("f2", 2))
    await harness.until_state(second, JobState.WORKING)
    harness.provider.finish("t1")
    await harness.until_state(first, JobState.DELIVERED)
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png", b"png"]
    assert not await harness.engine.attach_reference(second, NewReference("f3", 3))


async def test_a_reference_that_joins_while_others_are_fetched_is_fetched_too(harness: BareEngine) -> None:
    harness.stage.files = {"f1": PNG, "f2": PNG}
    job: Job

    async def joined(file_id: str) -> None:
        if file_id == "f1":
            assert await harness.engine.attach_reference(job, NewReference("f2", 2))

    harness.stage.fetched = joined
    job = await harness.ask(references=(NewReference("f1", 1),))
    await harness.until_submitted(1)
    assert harness.provider.references == [b"png", b"png"]


async def test_references_that_take_their_time_hold_nobody_else_up(harness: BareEngine) -> None:
    files = {f"slow {number}": PNG for number in range(10)}
    harness.stage.files = {**files, "f": PNG}
    never = asyncio.Event()

    async def slow(file_id: str) -> None:
        if file_id in files:
            await never.wait()

    harness.stage.fetched = slow
    await harness.ask(user=1, references=tuple(NewReference(name, number) for number, name in enumerate(files)))
    await harness.ask(user=2, references=(NewReference("f", 1),))

    await harness.until_submitted(1)

    assert harness.provider.references == [b"png"]


async def test_the_queue_shows_places_and_learns_the_time(harness: BareEngine) -> None:
    first = await harness.ask(user=1)
    await harness.until_submitted(1)
    second, third = await harness.ask(user=2), await harness.ask(user=3)
    await harness.stage.until(lambda: {second.id, third.id} <= harness.stage.shown.keys())
    await harness.stage.until(lambda: [harness.stage.shown[job.id].place for job in (second, third)] == [1, 2])
    assert harness.stage.shown[third.id].left is None
    harness.provider.finish("t1")
    await harness.until_state(first, JobState.DELIVERED)
    await harness.stage.until(lambda: harness.stage.shown[third.id].place == 1)
    assert harness.stage.shown[third.id].left is not None


async def test_a_task_that_took_too_long_is_looked_at_again_by_its_ticket(harness: BareEngine) -> None:
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1", TaskTimeoutError())
    await harness.stage.until(lambda: harness.stage.endings)
    assert await harness.state(job) in FAILED_STATES
    harness.provider.work_on("t1")
    assert await harness.engine.retry(job.id)
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert (harness.provider.submits, harness.provider.resumed) == (1, ["t1"])


async def test_delivery_is_tried_until_it_succeeds(harness: BareEngine) -> None:
    harness.stage.error_message = [Undelivered("network"), Undelivered("network")]
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert {2.0, 10.0} <= set(harness.sleeps)


async def test_delivery_that_never_succeeds_is_told_and_can_be_asked_for(harness: BareEngine) -> None:
    harness.stage.error_message = [Undelivered("network")] * 6
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.stage.until(lambda: harness.stage.endings)
    assert await harness.state(job) in FAILED_STATES
    assert await harness.engine.retry(job.id)
    await harness.until_state(job, JobState.DELIVERED)
    assert not await harness.engine.retry(job.id)


async def test_a_chat_that_is_gone_ends_quietly(harness: BareEngine) -> None:
    harness.stage.error_message = [Unreachable("blocked")]
    job = await harness.ask()
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(job, JobState.DELIVERED)
    assert harness.stage.endings == []
