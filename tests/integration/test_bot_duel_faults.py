"""Duels in which a service, the chat or the bot fails, or somebody ends them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat.drafts import stop_draft
from bot.jobs import duels
from providers.simulators.faults import Fault
from storage.duel_records import DuelState
from storage.job_states import JobState
from tests.support.app_harness import AppHarness
from tests.support.dueling import NAMES, SHOW, START, begun, duel_state, states
from tests.support.second_service import SecondService


@pytest.fixture
def second() -> SecondService:
    service = SecondService()
    service.steps.open()
    return service


@pytest.fixture
async def harness(tmp_path: Path, second: SecondService) -> AsyncIterator[AppHarness]:
    async with second.harness(tmp_path) as harness:
        yield harness


async def test_the_only_picture_is_shown_as_one_with_the_reasons(harness: AppHarness, second: SecondService) -> None:
    second.service.faults.append(Fault(kind="problem", name="prompt"))
    await begun(harness)
    shown = await harness.ended("🔁 Again")
    assert shown.photo
    assert "No duel: the other services made no picture" in shown.text
    assert "OpenAI" in shown.text
    assert await duel_state(harness) is DuelState.VOID
    assert await states(harness) == [JobState.DELIVERED, JobState.FAILED]
    assert len(harness.answers()) == 2


async def test_without_any_picture_all_reasons_are_told(harness: AppHarness) -> None:
    await begun(harness, "a forbidden fox")
    told = await harness.ended("No service made a picture")
    assert "✖️ Jimeng: " in told.text
    assert "✖️ OpenAI: " in told.text
    assert await states(harness) == [JobState.FAILED, JobState.FAILED]


async def test_a_slow_service_is_waited_for_and_shown_without_its_name(
    harness: AppHarness, second: SecondService
) -> None:
    harness.hold()
    await begun(harness)
    await harness.all_submitted(1)
    waiting = await harness.shown("1 of 2 ready")
    assert waiting.text.startswith("⚔️")
    assert not any(name in waiting.text for name in NAMES)
    assert not harness.album()
    harness.release()
    await harness.ended(SHOW)
    assert len(harness.album()) == 2


async def test_cancelling_ends_the_whole_duel(harness: AppHarness, second: SecondService) -> None:
    harness.hold()
    second.steps.is_open = False
    await begun(harness, chat=harness.group)
    await harness.telegram.until(lambda: len(harness.tasks) == len(second.prompts) == 1)
    waiting = await harness.shown("Cancel", harness.group)
    assert "Only the person" in (await harness.press(waiting, "Cancel", who=harness.bob)).text
    await harness.press(waiting, "Cancel")
    harness.release()
    second.steps.open()
    told = await harness.ended("/history", harness.group)
    assert told.text.startswith("✖️ Cancelled")
    assert not harness.album(harness.group)
    assert await states(harness) == [JobState.CANCELLED, JobState.CANCELLED]


async def test_a_service_that_does_not_begin_is_left_out(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duels, "WAIT_SECONDS", -1.0)
    monkeypatch.setattr(duels, "LOOK_SECONDS", 0.05)
    await harness.restart()
    await harness.say("/duel a fox")
    asked = await harness.shown(START)
    await harness.app.store.provider_health.pause_by_admin("openai", harness.ann.id)
    await harness.press(asked, START)
    shown = await harness.ended("🔁 Again")
    assert "didn't start in time" in shown.text
    assert shown.photo


async def test_a_paused_service_takes_no_part(harness: AppHarness) -> None:
    await harness.app.store.provider_health.pause_by_admin("openai", harness.ann.id)
    await harness.say("/duel a fox")
    assert "a duel needs two services" in (await harness.shown("Only Jimeng")).text


async def test_a_restart_in_the_vote_loses_nothing(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    await begun(harness)
    vote = await harness.ended(SHOW)
    await harness.press(vote, "A")
    await harness.stop()
    await harness.start()
    await harness.app.store.duel_votes.end_now(1, 0.0)
    await harness.restart()
    result = await harness.ended("Tap a letter")
    assert "wins with picture A" in result.text
    assert len(harness.album()) == 2


async def test_a_restart_while_one_is_ready_pays_nothing_twice(harness: AppHarness, second: SecondService) -> None:
    harness.hold()
    await begun(harness)
    await harness.all_submitted(1)
    await harness.shown("1 of 2 ready")
    await harness.restart()
    harness.release()
    await harness.ended(SHOW)
    assert (len(harness.tasks), len(second.prompts), len(harness.album())) == (1, 1, 2)


async def test_what_arrived_before_a_crash_is_not_sent_after_it(harness: AppHarness) -> None:
    await begun(harness)
    await harness.ended(SHOW)
    before = [one.id for one in harness.album()]
    for job_id in (1, 2):
        await harness.app.store.jobs.reopen(job_id, JobState.DELIVERING)
    await harness.restart()
    await harness.quiet()
    assert [one.id for one in harness.album()] == before
    assert await states(harness) == [JobState.DELIVERED, JobState.DELIVERED]


async def test_where_the_bot_is_removed_the_pictures_are_in_the_history(harness: AppHarness) -> None:
    harness.hold()
    await begun(harness, chat=harness.group)
    await harness.all_submitted(1)
    harness.group.bot = "kicked"
    harness.release()
    await harness.quiet()
    assert await duel_state(harness) is DuelState.VOID
    assert await states(harness) == [JobState.DELIVERED, JobState.DELIVERED]
    private = [one for one in harness.answers() if "can't post it" in one.text]
    assert len(private) == 1


async def test_a_drafts_stop_ends_the_whole_duel(harness: AppHarness, second: SecondService) -> None:
    await harness.app.store.users.show_drafts(harness.ann.id, True)
    harness.hold()
    second.steps.is_open = False
    await begun(harness)
    await harness.telegram.until(lambda: len(harness.tasks) == len(second.prompts) == 1)
    draft = await harness.telegram.until(lambda: harness.ann.chat.draft)
    stop_draft(harness.telegram.world, harness.ann, harness.ann.chat, draft.id)
    await harness.taken_in()
    harness.release()
    second.steps.open()
    await harness.quiet()
    assert await states(harness) == [JobState.CANCELLED, JobState.CANCELLED]


async def test_the_queue_cancels_the_whole_duel(harness: AppHarness, second: SecondService) -> None:
    harness.hold()
    second.steps.is_open = False
    await begun(harness)
    await harness.telegram.until(lambda: len(harness.tasks) == len(second.prompts) == 1)
    await harness.say("/queue")
    page = await harness.shown("Your queue")
    await harness.press(page, next(one for one in page.buttons if one.startswith("✖")))
    harness.release()
    second.steps.open()
    await harness.quiet()
    assert await states(harness) == [JobState.CANCELLED, JobState.CANCELLED]
