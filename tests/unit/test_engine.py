"""The engine: what happens to a job at every step, and after a crash at every step."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.jobs import engine as engine_module
from bot.jobs.engine import JobEngine
from bot.jobs.ports import Phase, Undelivered, Unfit, Unreachable
from providers.base import ProviderSettings
from providers.errors import Busy, Expired, OutcomeUnknown, Refused, Sentence, TookTooLong
from storage.job_states import FAILED_STATES, JobState, TaskState
from storage.records import CheckedSource, Job, NewJob, NewSource
from storage.store import Store
from tests.support.blank import put_blank_database
from tests.support.fakes import FakeProvider, RecordingStage
from tests.support.parts import engine_parts

PNG = CheckedSource(b"png", "image/png", 10, 10, [])


class House:
    """An engine with its store, its provider and its stage."""

    def __init__(self, store: Store, at_once: int = 1) -> None:
        self.store = store
        self.provider = FakeProvider(ProviderSettings(concurrency=at_once))
        self.stage = RecordingStage(store)
        self.sleeps: list[float] = []
        self.engine = self.new_engine()
        self._number = 0

    def new_engine(self) -> JobEngine:
        return engine_parts(self.store, {"fake": self.provider}, self.stage, sleep=self._sleep).engine

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        # The progress ticker asks for a second each time; it goes on as soon as everybody else had a turn.
        await asyncio.sleep(0.001)

    async def ask(self, n: int = 1, user: int = 1, sources: tuple[NewSource, ...] = ()) -> Job:
        self._number += 1
        job = await self.engine.submit(
            NewJob(
                idempotency_key=f"message:{self._number}",
                chat_id=5,
                message_id=self._number,
                user_id=user,
                language="en",
                provider="fake",
                prompt="a fox",
                options={"n": n},
                sources=sources,
            )
        )
        assert job
        return job

    async def state(self, job: Job) -> JobState:
        found = await self.store.jobs.get(job.id)
        assert found
        return found.state

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(5):
            while not await true():  # noqa: ASYNC110 - the store has no events to wait for
                await asyncio.sleep(0.002)

    async def until_state(self, job: Job, state: JobState) -> None:
        async def reached() -> bool:
            return await self.state(job) is state

        await self.until(reached)

    async def until_submits(self, count: int) -> None:
        async def reached() -> bool:
            return self.provider.submits == count

        await self.until(reached)

    async def until_submitted(self, count: int) -> None:
        async def reached() -> bool:
            return len(await self.store.tasks.running()) == count

        await self.until(reached)

    @asynccontextmanager
    async def crashed(self) -> AsyncIterator[None]:
        """The process dies (nothing is finished or cleaned up), the body changes things, another process starts."""
        await self.engine.abandon()
        yield
        self.engine = self.new_engine()
        await self.engine.open()
        await self.engine.start()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    await asyncio.to_thread(put_blank_database, tmp_path / "bot.db")
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    house = House(store)
    await house.engine.open()
    await house.engine.start()
    yield house
    await house.engine.stop()
    await store.aclose()


async def test_from_prompt_to_album(house: House) -> None:
    job = await house.ask()
    await house.stage.until(lambda: house.stage.shown)
    assert house.stage.shown[job.id].phase is Phase.PREPARING
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert house.stage.delivered == [job.id]
    assert house.provider.submits == 1


async def test_several_pictures_are_several_tasks_one_after_another(house: House) -> None:
    job = await house.ask(n=3)
    for number in (1, 2, 3):
        await house.until_submits(number)
        house.provider.finish(f"t{number}")
    await house.until_state(job, JobState.DELIVERED)
    assert len(await house.store.pictures.of_job(job.id)) == 3


async def test_one_refused_task_does_not_spoil_the_others(house: House) -> None:
    house.provider.refuse = [Refused("prompt")]
    job = await house.ask(n=2)
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    found = await house.store.jobs.get(job.id)
    assert found
    assert found.trouble == {"template": Refused.sentences["prompt"].template, "values": {}, "paid": False}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused("prompt"), JobState.FAILED),
        (OutcomeUnknown(), JobState.INTERRUPTED),
        (KeyError("bug"), JobState.INTERRUPTED),
    ],
)
async def test_a_submit_that_fails_is_never_repeated(
    house: House, error: Exception, state: JobState, caplog: pytest.LogCaptureFixture
) -> None:
    house.provider.refuse = [error]
    job = await house.ask()
    await house.stage.until(lambda: house.stage.endings)
    await house.until_state(job, state)
    assert house.provider.submits == 0
    assert [ended.id for ended in house.stage.endings] == [job.id]


async def test_a_busy_service_is_asked_again_and_nobody_notices(house: House) -> None:
    house.provider.refuse = [Busy(retry_after=0.01) for _ in range(7)]
    job = await house.ask()
    await house.until_submitted(1)
    assert house.stage.shown[job.id].phase is not Phase.PAUSED
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert (house.provider.submits, house.stage.endings) == (1, [])


async def test_what_can_never_be_made_is_refused_before_it_costs(house: House) -> None:
    job = await house.ask(sources=tuple(NewSource(f"f{number}", number) for number in range(3)))
    await house.stage.until(lambda: house.stage.endings)
    await house.until_state(job, JobState.FAILED)
    (ended,) = house.stage.endings
    assert ended.trouble
    assert ended.trouble["values"] == {"count": 3, "most": 2}


async def test_references_reach_the_provider(house: House) -> None:
    house.stage.files = {"f1": PNG}
    await house.ask(sources=(NewSource("f1", 1),))
    await house.until_submitted(1)
    assert house.provider.references == [b"png"]


async def test_an_unfit_reference_is_told(house: House) -> None:
    house.stage.files = {"f1": PNG, "f2": Unfit(Sentence("Too wide."))}
    job = await house.ask(sources=(NewSource("f1", 1), NewSource("f2", 2)))
    await house.stage.until(lambda: house.stage.endings)
    assert house.stage.endings[0].trouble == {"template": "Too wide.", "values": {}}
    await house.until_state(job, JobState.FAILED)


async def test_a_late_reference_joins_a_waiting_job(house: House) -> None:
    house.stage.files = {"f1": PNG, "f2": PNG}
    first = await house.ask()
    await house.until_submitted(1)
    second = await house.ask(sources=(NewSource("f1", 1),))
    await house.until_state(second, JobState.WORKING)
    assert await house.engine.attach_reference(second, NewSource("f2", 2))
    await house.until_state(second, JobState.WORKING)
    house.provider.finish("t1")
    await house.until_state(first, JobState.DELIVERED)
    await house.until_submitted(1)
    assert house.provider.references == [b"png", b"png"]
    assert not await house.engine.attach_reference(second, NewSource("f3", 3))


async def test_a_reference_that_joins_while_others_are_fetched_is_fetched_too(house: House) -> None:
    house.stage.files = {"f1": PNG, "f2": PNG}
    job: Job

    async def joined(file_id: str) -> None:
        if file_id == "f1":
            assert await house.engine.attach_reference(job, NewSource("f2", 2))

    house.stage.fetched = joined
    job = await house.ask(sources=(NewSource("f1", 1),))
    await house.until_submitted(1)
    assert house.provider.references == [b"png", b"png"]


async def test_references_that_take_their_time_hold_nobody_else_up(house: House) -> None:
    files = {f"slow {number}": PNG for number in range(10)}
    house.stage.files = {**files, "f": PNG}
    never = asyncio.Event()

    async def slow(file_id: str) -> None:
        if file_id in files:
            await never.wait()

    house.stage.fetched = slow
    await house.ask(user=1, sources=tuple(NewSource(name, number) for number, name in enumerate(files)))
    await house.ask(user=2, sources=(NewSource("f", 1),))

    await house.until_submitted(1)

    assert house.provider.references == [b"png"]


async def test_the_queue_shows_places_and_learns_the_time(house: House) -> None:
    first = await house.ask(user=1)
    await house.until_submitted(1)
    second, third = await house.ask(user=2), await house.ask(user=3)
    await house.stage.until(lambda: {second.id, third.id} <= house.stage.shown.keys())
    await house.stage.until(lambda: [house.stage.shown[job.id].place for job in (second, third)] == [1, 2])
    assert house.stage.shown[third.id].left is None
    house.provider.finish("t1")
    await house.until_state(first, JobState.DELIVERED)
    await house.stage.until(lambda: house.stage.shown[third.id].place == 1)
    assert house.stage.shown[third.id].left is not None


async def test_cancelling_in_the_queue_costs_nothing(house: House) -> None:
    await house.ask()
    await house.until_submitted(1)
    second = await house.ask()
    await house.until_state(second, JobState.WORKING)
    assert await house.engine.cancel(second.id)
    assert not await house.engine.cancel(second.id)
    await house.stage.until(lambda: house.stage.endings)
    assert house.stage.endings[0].trouble == {"template": engine_module.CANCELLED.template, "values": {}}
    house.provider.finish("t1")
    await house.stage.until(lambda: house.stage.delivered)
    assert house.provider.submits == 1


async def test_cancelling_what_runs_keeps_the_picture_for_the_history(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    assert await house.engine.cancel(job.id)
    await house.stage.until(lambda: house.stage.endings)
    assert house.stage.endings[0].trouble == {"template": engine_module.CANCELLED_PAID.template, "values": {}}
    house.provider.finish("t1")
    await house.stage.until(lambda: house.stage.kept)
    assert house.provider.cancelled == ["t1"]
    await house.until_state(job, JobState.CANCELLED)
    assert house.stage.delivered == []


async def test_a_task_that_took_too_long_is_looked_at_again_by_its_ticket(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1", TookTooLong())
    await house.stage.until(lambda: house.stage.endings)
    assert await house.state(job) in FAILED_STATES
    house.provider.work_on("t1")
    assert await house.engine.retry(job.id)
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert (house.provider.submits, house.provider.resumed) == (1, ["t1"])


async def test_delivery_is_tried_until_it_succeeds(house: House) -> None:
    house.stage.trouble = [Undelivered("network"), Undelivered("network")]
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert {2.0, 10.0} <= set(house.sleeps)


async def test_delivery_that_never_succeeds_is_told_and_can_be_asked_for(house: House) -> None:
    house.stage.trouble = [Undelivered("network")] * 6
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.stage.until(lambda: house.stage.endings)
    assert await house.state(job) in FAILED_STATES
    assert await house.engine.retry(job.id)
    await house.until_state(job, JobState.DELIVERED)
    assert not await house.engine.retry(job.id)


async def test_a_chat_that_is_gone_ends_quietly(house: House) -> None:
    house.stage.trouble = [Unreachable("blocked")]
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert house.stage.endings == []


async def test_after_a_crash_while_running_the_ticket_is_taken_up(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    async with house.crashed():
        pass
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert (house.provider.submits, house.provider.resumed) == (1, ["t1"])


async def test_after_a_crash_in_the_queue_the_job_runs(house: House) -> None:
    await house.ask()
    await house.until_submitted(1)
    second = await house.ask()
    await house.until_state(second, JobState.WORKING)
    async with house.crashed():
        house.provider.finish("t1")
    await house.until_submitted(1)
    house.provider.finish("t2")
    await house.until_state(second, JobState.DELIVERED)


async def test_after_a_crash_while_submitting_the_person_decides(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    async with house.crashed(), house.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE tasks SET state = 'submitting', ticket = NULL")
    await house.stage.until(lambda: house.stage.endings)
    await house.until_state(job, JobState.INTERRUPTED)
    assert house.provider.submits == 1


async def test_after_a_crash_while_delivering_the_rest_arrives(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    async with house.crashed():
        await house.store.jobs.reopen(job.id, JobState.DELIVERING)
    await house.until_state(job, JobState.DELIVERED)
    assert house.stage.delivered == [job.id, job.id]
    assert house.provider.submits == 1


async def test_after_a_crash_while_preparing_the_references_are_fetched_again(house: House) -> None:
    never = asyncio.Event()

    async def hang(file_id: str, limits: object, person: int) -> CheckedSource:
        await never.wait()
        return PNG

    fetch, house.stage.fetch = house.stage.fetch, hang  # type: ignore[method-assign]
    job = await house.ask(sources=(NewSource("f1", 1),))
    async with house.crashed():
        house.stage.fetch = fetch  # type: ignore[method-assign]
        house.stage.files = {"f1": PNG}
    await house.until_submitted(1)
    assert house.provider.references == [b"png"]
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)


async def test_stopping_leaves_running_tasks_to_the_next_start(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    await house.engine.stop()
    assert await house.state(job) is JobState.WORKING
    house.engine = house.new_engine()
    await house.engine.open()
    await house.engine.start()
    house.provider.finish("t1")
    await house.until_state(job, JobState.DELIVERED)
    assert house.provider.submits == 1


async def test_a_task_the_service_forgot_is_told(house: House) -> None:
    job = await house.ask()
    await house.until_submitted(1)
    house.provider.finish("t1", Expired())
    await house.stage.until(lambda: house.stage.endings)
    (task,) = await house.store.tasks.of_job(job.id)
    assert task.state is TaskState.FAILED
