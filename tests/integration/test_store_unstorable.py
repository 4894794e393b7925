"""Characters and numbers that a database rejects: each job ends with pictures or a message, and the bot goes on."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.jobs.ports import Undelivered
from providers.base import Accepted, Event, Finished, ImageRequest, Picture
from providers.errors import GenerationFailedError, OutcomeUnknownError, Sentence
from storage.column_types import clean
from storage.database import UnstorableValueError
from storage.job_states import JobState, TaskState
from storage.records import NewPicture
from storage.store import Store
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.engine_harness import EngineHarness, Provider, logged
from tests.support.fakes import FakeOptions

NEVER, KEPT = "a\x00b\ud800c", "ab\ufffdc"
# For the log: the lines of a test must be texts.
NUL, SAID = "a\x00b", "ab"
HUGE = 10**20


class Odd(Provider):
    """A service whose tickets, URLs and error messages contain characters that no database stores."""

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        async for event in super().imagine(request, ticket):
            match event:
                case Accepted(known):
                    yield Accepted(f"{known}{NUL}")
                case Finished((picture,)):
                    yield Finished((Picture(url=f"{picture.url}{NEVER}", seed=HUGE),))
                case _:
                    yield event


@pytest.fixture
async def engine_harness(database_url: str) -> AsyncIterator[EngineHarness]:
    store = await Store.open(database_url)
    engine_harness = EngineHarness(store)
    engine_harness.provider = Odd()
    await engine_harness.start()
    yield engine_harness
    await engine_harness.engine.stop()
    await store.aclose()


@pytest.fixture
async def harness(database_url: str, tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, public=False, database=database_url) as harness:
        yield harness


def test_all_that_json_is_made_of_is_cleaned() -> None:
    found = {NEVER: [NEVER, 1, None, (NEVER,), float("nan"), float("inf"), 0.5, True, "🦊"]}
    assert clean(found) == {KEPT: [KEPT, 1, None, [KEPT], None, None, 0.5, True, "🦊"]}


async def test_a_ticket_and_an_address_that_no_database_takes(
    engine_harness: EngineHarness, caplog: pytest.LogCaptureFixture
) -> None:
    first = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(first, JobState.DELIVERED)
    second = await engine_harness.ask()
    await engine_harness.running()
    (task,) = await engine_harness.store.tasks.of_job(second.id)
    assert task.ticket == f"t2{SAID}"
    engine_harness.provider.finish("t2")
    await engine_harness.finished(second, JobState.DELIVERED)
    (picture,) = await engine_harness.store.pictures.of_job(second.id)
    assert picture.url == f"https://pictures/t2{KEPT}"
    assert (engine_harness.provider.submits, "failed in the store" in caplog.text) == (2, False)


@pytest.mark.parametrize("kind", [GenerationFailedError, OutcomeUnknownError])
async def test_a_complaint_that_no_database_takes(
    engine_harness: EngineHarness, kind: type[GenerationFailedError | OutcomeUnknownError]
) -> None:
    engine_harness.provider.refuse = [kind(Sentence("It says {words}.", {"words": NEVER}), detail=NUL)]
    job = await engine_harness.ask()
    await engine_harness.stage.until(lambda: engine_harness.stage.endings)
    assert engine_harness.stage.endings[0].error_message
    assert engine_harness.stage.endings[0].error_message["values"] == {"words": KEPT}
    assert await engine_harness.tasks(job) == [
        TaskState.FAILED if kind is GenerationFailedError else TaskState.INTERRUPTED
    ]


async def test_a_result_that_can_never_be_stored_ends_with_a_sentence(
    engine_harness: EngineHarness, caplog: pytest.LogCaptureFixture
) -> None:
    await engine_harness.run("CREATE UNIQUE INDEX once ON pictures (url)")
    first = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(first, JobState.DELIVERED)
    second = await engine_harness.ask()
    await engine_harness.run(f"UPDATE pictures SET url = 'https://pictures/t2{KEPT}'")
    await engine_harness.running()
    engine_harness.provider.finish("t2")
    await engine_harness.stage.until(lambda: engine_harness.stage.endings)
    (ended,) = engine_harness.stage.endings
    assert (ended.id, await engine_harness.tasks(second)) == (second.id, [TaskState.OVERDUE])
    assert "can never be stored" in caplog.text
    # No other job waits, and looking again pays nothing.
    assert await engine_harness.engine.retry(second.id)
    engine_harness.provider.finish(f"t2{SAID}")
    await engine_harness.finished(second, JobState.DELIVERED)
    assert engine_harness.provider.submits == 2


async def test_a_ticket_that_can_never_be_stored_is_watched_all_the_same(
    engine_harness: EngineHarness, caplog: pytest.LogCaptureFixture
) -> None:
    await engine_harness.run("CREATE UNIQUE INDEX once ON tasks (ticket)")
    first = await engine_harness.ask()
    await engine_harness.running()
    engine_harness.provider.finish("t1")
    await engine_harness.finished(first, JobState.DELIVERED)
    await engine_harness.run(f"UPDATE tasks SET ticket = 't2{SAID}'")
    second = await engine_harness.ask()
    await logged(caplog, "can never be stored")
    engine_harness.provider.finish("t2")
    await engine_harness.finished(second, JobState.DELIVERED)
    assert engine_harness.provider.submits == 2


async def test_what_took_too_long_and_has_no_ticket_is_not_made_anew(engine_harness: EngineHarness) -> None:
    engine_harness.stage.error_message = [Undelivered("later")]
    job = await engine_harness.ask()
    await engine_harness.running()
    await engine_harness.run("UPDATE tasks SET state = 'overdue', ticket = NULL")
    assert await engine_harness.store.jobs.reopen(job.id, JobState.WORKING) is None


async def test_numbers_that_no_column_holds(engine_harness: EngineHarness) -> None:
    job = await engine_harness.ask()
    await engine_harness.running()
    (task,) = await engine_harness.store.tasks.of_job(job.id)
    for step in (
        engine_harness.store.pictures.get(HUGE),
        engine_harness.store.users.choose(HUGE, "fake"),
        engine_harness.store.jobs.add(replace(engine_harness.wish, idempotency_key="message:9", user_id=HUGE), 1.0),
    ):
        with pytest.raises(UnstorableValueError):
            await step
    await engine_harness.store.tasks.finish_task(task.id, [NewPicture("https://pictures/1", seed=HUGE)], 1.0)


async def test_a_person_is_answered_and_nobody_is_held_up(
    harness: AppHarness, caplog: pytest.LogCaptureFixture
) -> None:
    result = await harness.made(f"a {NEVER} fox")
    assert (await harness.forge(result, f"p:star:{HUGE}")).alert
    await harness.app.store.database.execute(text("CREATE UNIQUE INDEX once ON jobs (prompt)"))
    await harness.say(f"a {NEVER} fox")
    await harness.shown("can't store this")
    await harness.made("a snow owl")
    assert harness.jimeng.submits[f"a {KEPT} fox"] == 1
    assert caplog.text.count("failed; it is not repeated") == 1
    assert "failed in the store" not in caplog.text
