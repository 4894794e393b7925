"""Pictures arrive once, whatever Telegram does: answers lost, servers down, chats closed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Drop, Refusal
from providers.jimeng.simulator import Fault
from storage.history import HistoryFilter
from storage.job_states import JobState
from storage.pictures import Picture
from storage.records import Job
from tests.support.app_harness import AppHarness, open_app_harness, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def job_of(harness: AppHarness, prompt: str) -> Job:
    (job,) = [job for job in await jobs(harness) if job.prompt == prompt]
    return job


async def jobs(harness: AppHarness) -> list[Job]:
    found = [await harness.app.store.jobs.get(number) for number in range(1, 10)]
    return [job for job in found if job]


async def newest(harness: AppHarness) -> Picture:
    page = await harness.app.store.history.page(HistoryFilter(harness.ann.id))
    assert page
    return page.picture


def down(method: str, times: int) -> Refusal:
    return Refusal(method=method, code=502, description="Bad Gateway", times=times)


async def test_a_picture_whose_arrival_was_not_heard_of_comes_once(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="editMessageMedia", applied=True))
    shown = await harness.made("a fox")
    assert harness.album() == [shown]
    assert shown.buttons
    assert (await newest(harness)).photo_id


@pytest.mark.parametrize("flags", ["", "--n 3"])
async def test_what_arrived_before_a_crash_is_not_sent_after_it(harness: AppHarness, flags: str) -> None:
    await harness.made(f"a fox {flags}")
    before = [message.photo for message in harness.album()]
    job = await job_of(harness, "a fox")
    await harness.app.store.jobs.reopen(job.id, JobState.DELIVERING)
    await harness.restart()
    await harness.quiet()
    assert (await job_of(harness, "a fox")).state is JobState.DELIVERED
    assert [message.photo for message in harness.album()] == before
    (last,) = [message for message in harness.answers() if message.buttons or not message.photo]
    assert "🔁 Again" in last.buttons


async def test_looking_at_it_in_the_history_does_not_count_as_its_arrival(harness: AppHarness) -> None:
    harness.telegram.play(down("editMessageMedia", times=100))
    asked = await harness.say("a fox")
    await harness.telegram.until(lambda: harness.called("editMessageMedia"))
    await harness.say("/history")
    await harness.telegram.until(harness.album)
    harness.telegram.faults.clear()
    answer = await harness.ended("🔁 Again")
    assert (answer.reply_to, bool(answer.photo)) == (asked.id, True)


async def test_a_refusal_is_told_when_telegram_is_up_again(harness: AppHarness) -> None:
    harness.telegram.play(down("editMessageText", times=3))
    await harness.say("a forbidden fox")
    assert "refused this prompt" in (await harness.ended("refused")).text


async def test_what_a_blocked_chat_does_not_take_is_in_the_history_for_good(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    harness.ann.chat.bot = "kicked"
    harness.release()
    await harness.quiet()
    for task in harness.tasks:
        harness.jimeng.forget(task.id)
    harness.ann.chat.bot = "member"
    assert (await in_history(harness)).photo


async def test_what_was_paid_before_the_cancelling_is_kept_in_spite_of_a_fault(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.press(await harness.shown("Cancel"), "Cancel")
    harness.jimeng.faults.append(Fault(kind="drop", action="picture", times=2))
    harness.release()
    await harness.shown("/history")
    await harness.quiet()
    kept = await harness.app.store.pictures.data((await newest(harness)).id)
    assert kept
    assert picture_info(kept)[0] == "JPEG"


async def test_a_task_whose_end_was_not_heard_of_can_be_fetched_later(harness: AppHarness) -> None:
    seconds = iter([0.02, 10_000.0])
    harness.jimeng.queue.durations = lambda _: next(seconds)
    await harness.say("a fox --n 2")
    await harness.shown("1 of 2 ready")
    # The operator's mistake lasts longer than the provider retries: the ticket is still good.
    harness.jimeng.faults.append(Fault(kind="gateway", action="result", name="AccessDenied", status=403, times=1000))
    first = await harness.ended("Fetch the missing", timeout=10)
    assert first.photo
    harness.jimeng.faults.clear()
    harness.release()
    await harness.press(first, "Fetch the missing")
    await harness.ended("2 pictures")
    assert len(harness.album()) == 2
    assert harness.album()[0] is first
    assert len(harness.tasks) == 2


async def in_history(harness: AppHarness) -> ChatMessage:
    await harness.say("/history")
    return await harness.shown("a fox")
