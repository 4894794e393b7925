"""A duel of which one picture comes late, or can't be fetched at once: it is paid, and can be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.telegram import ChatMessage, Refusal
from providers.jimeng.simulator import Fault as JimengFault
from providers.simulators.faults import Fault
from storage.job_states import JobState
from tests.support.app_harness import AppHarness
from tests.support.engine_harness import until
from tests.support.second_service import SecondService

SHOW = "🏁 Show the names"
LOOK = "🔎 Look again: Jimeng"


@pytest.fixture
def second() -> SecondService:
    service = SecondService()
    service.steps.open()
    return service


@pytest.fixture
async def harness(tmp_path: Path, second: SecondService) -> AsyncIterator[AppHarness]:
    """Jimeng's time limit is short."""
    async with second.harness(tmp_path, time_limit=0.3) as harness:
        yield harness


@pytest.fixture
async def patient(tmp_path: Path, second: SecondService) -> AsyncIterator[AppHarness]:
    async with second.harness(tmp_path) as harness:
        yield harness


async def begun(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("/duel a fox")
    await harness.press(await harness.shown("⚔️ Start"), "⚔️ Start")


async def fetched(harness: AppHarness, message: ChatMessage) -> None:
    """The service has drawn it after all, and the person looks again."""
    harness.release()
    before = len(harness.album())
    await harness.press(message, LOOK)
    await harness.telegram.until(lambda: len(harness.album()) == before + 1)
    await harness.quiet()
    late = await harness.app.store.jobs.get(1)
    assert late
    assert late.state is JobState.DELIVERED
    assert len(harness.tasks) == 1


async def test_what_comes_late_is_had_under_the_only_picture(harness: AppHarness) -> None:
    await begun(harness)
    shown = await harness.ended("🔁 Again")
    assert "unusually long" in shown.text
    await fetched(harness, shown)


async def test_what_comes_late_is_had_where_there_is_none(harness: AppHarness, second: SecondService) -> None:
    second.service.faults.append(Fault(kind="problem", name="prompt"))
    await begun(harness)
    told = await harness.ended("No service made a picture")
    assert "unusually long" in told.text
    await fetched(harness, told)


async def test_a_picture_that_is_not_there_yet_is_waited_for(patient: AppHarness) -> None:
    await begun(patient)
    patient.jimeng.faults.append(JimengFault(kind="status", status=404, action="picture", times=2))
    patient.release()
    vote = await patient.ended(SHOW)
    assert vote.buttons == ["A", "B", SHOW]
    assert len(patient.album()) == 2


async def test_a_picture_that_can_not_be_fetched_is_had_later(patient: AppHarness) -> None:
    await begun(patient)
    patient.jimeng.faults.append(JimengFault(kind="status", status=404, action="picture", times=1000))
    patient.release()
    result = await patient.ended("Tap a letter")
    assert len(patient.album()) == 1
    patient.jimeng.faults.clear()
    await fetched(patient, result)


async def test_what_comes_while_a_chat_votes_changes_no_vote(patient: AppHarness) -> None:
    await begun(patient)
    patient.release()
    await patient.ended(SHOW)
    store = patient.app.store
    (picture,) = await store.pictures.of_job(1)
    await store.database.execute(text(f"UPDATE pictures SET message_id = NULL WHERE id = {picture.id}"))
    assert await patient.app.engine.retry(1)
    await patient.quiet()
    assert len(patient.album()) == 2


async def test_a_group_that_moves_before_the_vote_has_no_foreign_message_quoted(patient: AppHarness) -> None:
    old = patient.telegram.create_group("Small club", patient.ann, patient.bob)
    patient.hold()
    await patient.say("/duel a fox", chat=old)
    await patient.press(await patient.shown("⚔️ Start", old), "⚔️ Start")
    for method in ("sendMessage", "editMessageText"):
        patient.telegram.play(Refusal(method=method, code=502, description="Bad Gateway", times=1000))
    patient.release()

    async def is_stored() -> bool:
        found = [one for job_id in (1, 2) for one in await patient.app.store.pictures.of_job(job_id)]
        return len(found) == 2 and all(one.message_id for one in found)

    await until(is_stored)
    new = patient.telegram.migrate(old)
    await patient.app.store.chats.migrate(old.id, new.id)
    patient.telegram.faults.clear()
    vote = await patient.ended(SHOW, new)
    sent = patient.called("sendMessage")[-1]
    assert sent.status == 200
    assert "reply_parameters" not in sent.request
    assert "In the album, in this order: A, B" in vote.text
