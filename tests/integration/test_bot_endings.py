"""How deliveries end: buttons under what has arrived, plain words about the rest, and an end for every job."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.demo.telegram import Drop, Flood
from bot.jobs import retry
from bot.telegram.notifier import TelegramNotifier
from bot.telegram.uploads import NOT_FETCHED, UnavailablePicture, Upload
from providers.jimeng.simulator import Fault
from storage.job_states import JobState
from storage.pictures import Picture
from storage.records import Job
from storage.settings_records import Delivery
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import BAD_ITEM, refuse


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def set_delivery(harness: AppHarness, delivery: Delivery) -> None:
    await harness.app.store.users.deliver(harness.ann.id, delivery)


def stage_of(harness: AppHarness) -> TelegramNotifier:
    stage = harness.app.engine.context.notifier
    assert isinstance(stage, TelegramNotifier)
    return stage


def grow_old(harness: AppHarness, seconds: float) -> None:
    """Make all status messages so old."""
    for board in stage_of(harness).status.boards.values():
        board.sent_at = time.monotonic() - seconds


def has_button(harness: AppHarness, label: str) -> bool:
    return any(label in button for message in harness.answers() for button in message.buttons)


async def test_words_that_fail_offer_only_to_pay_again(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.hold()
    await harness.say("foxes --n 2")
    await harness.all_submitted(2)
    await harness.shown("Drawing")
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 5.0))
    refuse(harness, "sendMessage", "Bad Gateway", times=6, code=502)
    harness.release()
    await harness.quiet()
    assert len(harness.album()) == 2
    told = harness.answers()[-1] if not harness.answers()[-1].photo else harness.answers()[0]
    assert all("sending them failed" not in m.text for m in harness.answers())
    assert has_button(harness, "Files"), told


async def test_two_lost_answers_silence_all_words_of_a_job(harness: AppHarness) -> None:
    harness.hold()
    harness.telegram.play(Drop(method="sendMessage", applied=True, times=2))
    await harness.say("foxes --n 2")
    await harness.all_submitted(2)
    await harness.telegram.until(lambda: len(harness.called("sendMessage")) == 2)
    await asyncio.sleep(0.3)
    harness.release()
    await harness.quiet()
    assert len(harness.album()) == 2
    assert has_button(harness, "Files")


async def test_two_lost_answers_and_a_failure_is_never_told(harness: AppHarness) -> None:
    harness.hold()
    harness.telegram.play(Drop(method="sendMessage", applied=True, times=2))
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.telegram.until(lambda: len(harness.called("sendMessage")) == 2)
    await asyncio.sleep(0.3)
    harness.jimeng.faults.append(Fault(kind="status", status=404, action="picture", times=1000))
    harness.release()
    await harness.quiet()
    assert has_button(harness, "Look again")


async def test_fetching_the_missing_in_vain_leaves_the_buttons_of_the_others(harness: AppHarness) -> None:
    uploads = stage_of(harness).uploads
    fetched = uploads.open_one

    async def open_(picture: Picture, stack: AsyncExitStack, **how: Any) -> Upload | UnavailablePicture:
        return UnavailablePicture(picture, NOT_FETCHED) if picture.id == 2 else await fetched(picture, stack, **how)

    uploads.open_one = open_  # type: ignore[method-assign]
    told = await harness.made("foxes --n 3")
    assert told.text.startswith("✅ 2 pictures")
    await harness.press(told, "Fetch the missing")
    await harness.quiet()
    assert len(harness.album()) == 2
    last = harness.answers()[-1]
    assert last.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    assert has_button(harness, "Files")


async def test_one_picture_that_goes_in_no_form_keeps_the_second_album_and_the_buttons_back(
    harness: AppHarness,
) -> None:
    refuse(harness, "sendMediaGroup", BAD_ITEM)
    refuse(harness, "sendDocument", "Bad Request: not enough rights to send documents to the chat", times=100)
    await harness.say("foxes --n 12")
    await harness.quiet()
    assert len(harness.album()) == 11
    assert has_button(harness, "Again")


@pytest.mark.parametrize("words", ["foxes --n 2", "a fox"])
async def test_a_status_message_that_could_not_be_deleted_at_once_stays_for_ever(
    harness: AppHarness, words: str
) -> None:
    harness.hold()
    await harness.say(words)
    await harness.shown("Drawing")
    grow_old(harness, 60)
    refuse(harness, "deleteMessage", "Bad Gateway", code=502)
    harness.release()
    await harness.quiet()
    await harness.telegram.until(lambda: not any("Drawing" in one.text for one in harness.answers()))


async def test_a_status_message_older_than_two_days(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("foxes --n 2")
    await harness.shown("Drawing")
    grow_old(harness, 3 * 86400)
    refuse(harness, "deleteMessage", "Bad Request: message can't be deleted for everyone", times=100)
    harness.release()
    await harness.quiet()
    await harness.telegram.until(lambda: not any("Drawing" in one.text for one in harness.answers()))


async def taken_over(harness: AppHarness) -> None:
    await harness.app.store.database.execute(text("UPDATE jobs SET worker_id = 4711"))


async def over(harness: AppHarness) -> None:
    await harness.app.store.database.execute(text("UPDATE jobs SET state = 'delivered', finished_at = 1"))


async def test_who_hangs_while_originals_wait_sends_none_afterwards(harness: AppHarness) -> None:
    await set_delivery(harness, "both")
    harness.telegram.play(Flood(method="sendDocument", retry_after=60))
    await harness.say("foxes --n 2")
    await harness.telegram.until(lambda: harness.called("sendDocument"))
    await taken_over(harness)
    await harness.quiet()
    files = [one for one in harness.answers() if one.document]
    await over(harness)
    assert files == []


async def test_a_second_failure_while_pictures_are_still_being_kept_is_told(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()
    stage = stage_of(harness)
    keep = stage.keep

    async def slowly(job: Job) -> None:
        await slow.wait()
        await keep(job)

    monkeypatch.setattr(stage, "keep", slowly)
    harness.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await harness.say("foxes --n 2")
    told = await harness.shown("Look again")
    await asyncio.sleep(0.2)
    await harness.press(told, "Look again")
    await harness.telegram.until(lambda: len(harness.album()) >= 8 or not harness.app.parts.finisher.is_delivering(1))
    await asyncio.sleep(0.5)
    slow.set()
    await harness.quiet()
    assert has_button(harness, "Look again")


async def test_a_group_that_takes_no_photos_gets_a_single_picture_as_a_file(harness: AppHarness) -> None:
    for method in ("editMessageMedia", "sendPhoto"):
        refuse(harness, method, "Bad Request: not enough rights to send photos to the chat", times=100)
    await harness.say("/imagine a fox", chat=harness.group)
    await harness.quiet()
    assert [m for m in harness.answers(harness.group) if m.document]


async def test_a_status_that_grew_old_in_a_flood_wait_does_not_become_the_picture(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("/imagine a fox", chat=harness.group)
    status = await harness.shown("Drawing", harness.group)
    harness.telegram.play(Flood(method="editMessageMedia", retry_after=100))
    harness.release()
    await harness.telegram.until(lambda: harness.called("editMessageMedia"))
    talk = await harness.say("haha", chat=harness.group, who=harness.ming, reply_to=status.id)
    await harness.taken_in()
    await harness.quiet()
    made = harness.album(harness.group)[-1]
    assert made.id > talk.id


async def test_ten_that_arrived_have_buttons_though_the_eleventh_is_unconfirmed(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="sendPhoto", applied=True, times=2))
    await harness.say("foxes --n 11")
    await harness.quiet()
    assert has_button(harness, "Files")


async def test_one_forgotten_file_id_does_not_lose_the_others(harness: AppHarness) -> None:
    await harness.made("foxes --n 2")
    before = [one.photo_id for one in await harness.app.store.pictures.of_job(1)]
    job = await harness.app.store.jobs.reopen(1, JobState.DELIVERING)
    assert job
    await harness.app.store.database.execute(text("UPDATE pictures SET message_id = NULL"))
    words = 'Bad Request: failed to send message #2 with the error message "wrong file identifier/HTTP URL specified"'
    refuse(harness, "sendMediaGroup", words)
    harness.jimeng.faults.append(Fault(kind="status", status=404, action="picture", times=1000))
    harness.app.engine.context.wake(job.id)
    await harness.quiet()
    after = [one.photo_id for one in await harness.app.store.pictures.of_job(1)]
    assert before[0]
    assert after[0]
    assert len(harness.album()) == 3


async def test_an_unknown_fault_of_ours_is_not_a_bare_sending(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 10.0))
    uploads = stage_of(harness).uploads

    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_fitted", full)
    harness.hold()
    await harness.say("foxes --n 2")
    await harness.shown("Drawing")
    harness.release()
    await harness.shown("Look again")
    said = [c.request.get("text") for c in harness.called("editMessageText")]
    assert any("Trying again" in text for text in said)
