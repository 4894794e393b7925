"""What is made must arrive, once, whatever Telegram does: answers lost, servers down, chats closed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Drop, Refusal
from providers.jimeng.simulator import Fault
from storage.history import Shelf
from storage.job_states import JobState
from storage.pictures import Picture
from storage.records import Job
from tests.support.house import House, look, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def job_of(house: House, prompt: str) -> Job:
    (job,) = [job for job in await jobs(house) if job.prompt == prompt]
    return job


async def jobs(house: House) -> list[Job]:
    found = [await house.app.store.jobs.get(number) for number in range(1, 10)]
    return [job for job in found if job]


async def newest(house: House) -> Picture:
    page = await house.app.store.history.page(Shelf(house.ann.id))
    assert page
    return page.picture


def down(method: str, times: int) -> Refusal:
    return Refusal(method=method, code=502, description="Bad Gateway", times=times)


async def test_a_picture_whose_arrival_was_not_heard_of_comes_once(house: House) -> None:
    house.telegram.play(Drop(method="editMessageMedia", applied=True))
    shown = await house.made("a fox")
    assert house.album() == [shown]
    assert shown.buttons
    assert (await newest(house)).photo_id


@pytest.mark.parametrize("flags", ["", "--n 3"])
async def test_what_arrived_before_a_crash_is_not_sent_after_it(house: House, flags: str) -> None:
    await house.made(f"a fox {flags}")
    before = [message.photo for message in house.album()]
    job = await job_of(house, "a fox")
    await house.app.store.jobs.reopen(job.id, JobState.DELIVERING)
    await house.restart()
    await house.quiet()
    assert (await job_of(house, "a fox")).state is JobState.DELIVERED
    assert [message.photo for message in house.album()] == before
    (last,) = [message for message in house.answers() if message.buttons or not message.photo]
    assert "🔁 Again" in last.buttons


async def test_looking_at_it_in_the_history_does_not_count_as_its_arrival(house: House) -> None:
    house.telegram.play(down("editMessageMedia", times=100))
    asked = await house.say("a fox")
    await house.telegram.until(lambda: house.called("editMessageMedia"))
    await house.say("/history")
    await house.telegram.until(house.album)
    house.telegram.faults.clear()
    answer = await house.ended("🔁 Again")
    assert (answer.reply_to, bool(answer.photo)) == (asked.id, True)


async def test_a_refusal_is_told_when_telegram_is_up_again(house: House) -> None:
    house.telegram.play(down("editMessageText", times=3))
    await house.say("a forbidden fox")
    assert "refused this prompt" in (await house.ended("refused")).text


async def test_what_a_blocked_chat_does_not_take_is_in_the_history_for_good(house: House) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    house.ann.chat.bot = "kicked"
    house.release()
    await house.quiet()
    for task in house.tasks:
        house.jimeng.forget(task.id)
    house.ann.chat.bot = "member"
    assert (await in_history(house)).photo


async def test_what_was_paid_before_the_cancelling_is_kept_in_spite_of_a_fault(house: House) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    await house.press(await house.shown("Cancel"), "Cancel")
    house.jimeng.faults.append(Fault(kind="drop", action="picture", times=2))
    house.release()
    await house.shown("/history")
    await house.quiet()
    kept = await house.app.store.pictures.data((await newest(house)).id)
    assert kept
    assert look(kept)[0] == "JPEG"


async def test_a_task_whose_end_was_not_heard_of_can_be_fetched_later(house: House) -> None:
    seconds = iter([0.02, 10_000.0])
    house.jimeng.queue.durations = lambda _: next(seconds)
    await house.say("a fox --n 2")
    await house.shown("1 of 2 ready")
    # The operator's mistake, for longer than the provider's patience: the ticket is as good as before.
    house.jimeng.faults.append(Fault(kind="gateway", action="result", name="AccessDenied", status=403, times=1000))
    first = await house.ended("Fetch the missing", timeout=10)
    assert first.photo
    house.jimeng.faults.clear()
    house.release()
    await house.press(first, "Fetch the missing")
    await house.ended("2 pictures")
    assert len(house.album()) == 2
    assert house.album()[0] is first
    assert len(house.tasks) == 2


async def in_history(house: House) -> ChatMessage:
    await house.say("/history")
    return await house.shown("a fox")
