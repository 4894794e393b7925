"""How deliveries end: with buttons under what has arrived, in plain words for the rest, and nothing for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.demo.telegram import Drop, Flood, Refusal
from bot.jobs import retry
from bot.telegram.stage import TelegramStage
from bot.telegram.uploads import NOT_FETCHED, Unfetched, Upload
from providers.jimeng.simulator import Fault
from storage.job_states import JobState
from storage.pictures import Picture
from storage.records import Delivery, Job
from tests.support.house import House, open_house

BAD_ITEM = 'Bad Request: failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"'


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def refuse(house: House, method: str, description: str, times: int = 1, code: int = 400) -> None:
    house.telegram.play(Refusal(method=method, code=code, description=description, times=times))


async def wishes(house: House, delivery: Delivery) -> None:
    await house.app.store.people.deliver(house.ann.id, delivery)


def stage_of(house: House) -> TelegramStage:
    stage = house.app.engine.context.notifier
    assert isinstance(stage, TelegramStage)
    return stage


def grow_old(house: House, seconds: float) -> None:
    """The status messages were sent long ago."""
    for board in stage_of(house)._status._boards.values():
        board.sent_at = time.monotonic() - seconds


def has_button(house: House, label: str) -> bool:
    return any(label in button for message in house.answers() for button in message.buttons)


async def test_words_that_fail_offer_only_to_pay_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hold()
    await house.say("foxes --n 2")
    await house.all_submitted(2)
    await house.shown("Drawing")
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 5.0))
    refuse(house, "sendMessage", "Bad Gateway", times=6, code=502)
    house.release()
    await house.quiet()
    assert len(house.album()) == 2
    told = house.answers()[-1] if not house.answers()[-1].photo else house.answers()[0]
    assert all("sending them failed" not in m.text for m in house.answers())
    assert has_button(house, "Files"), told


async def test_two_lost_answers_silence_all_words_of_a_job(house: House) -> None:
    house.hold()
    house.telegram.play(Drop(method="sendMessage", applied=True, times=2))
    await house.say("foxes --n 2")
    await house.all_submitted(2)
    await house.telegram.until(lambda: len(house.called("sendMessage")) == 2)
    await asyncio.sleep(0.3)
    house.release()
    await house.quiet()
    assert len(house.album()) == 2
    assert has_button(house, "Files")


async def test_two_lost_answers_and_a_failure_is_never_told(house: House) -> None:
    house.hold()
    house.telegram.play(Drop(method="sendMessage", applied=True, times=2))
    await house.say("a fox")
    await house.all_submitted(1)
    await house.telegram.until(lambda: len(house.called("sendMessage")) == 2)
    await asyncio.sleep(0.3)
    house.jimeng.faults.append(Fault(kind="status", status=404, action="picture", times=1000))
    house.release()
    await house.quiet()
    assert has_button(house, "Look again")


async def test_fetching_the_missing_in_vain_leaves_the_buttons_of_the_others(house: House) -> None:
    uploads = stage_of(house)._uploads
    fetched = uploads.open_one

    async def open_(picture: Picture, stack: AsyncExitStack, *, as_file: bool) -> Upload | Unfetched:
        return Unfetched(picture, NOT_FETCHED) if picture.id == 2 else await fetched(picture, stack, as_file=as_file)

    uploads.open_one = open_  # type: ignore[method-assign]
    told = await house.made("foxes --n 3")
    assert told.text.startswith("✅ 2 pictures")
    await house.press(told, "Fetch the missing")
    await house.quiet()
    assert len(house.album()) == 2
    last = house.answers()[-1]
    assert last.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    assert has_button(house, "Files")


async def test_one_picture_that_goes_in_no_form_keeps_the_second_album_and_the_buttons_back(house: House) -> None:
    refuse(house, "sendMediaGroup", BAD_ITEM)
    refuse(house, "sendDocument", "Bad Request: not enough rights to send documents to the chat", times=100)
    await house.say("foxes --n 12")
    await house.quiet()
    assert len(house.album()) == 11
    assert has_button(house, "Again")


async def test_an_original_that_is_too_large_takes_the_albums_buttons(house: House) -> None:
    await wishes(house, "both")
    refuse(house, "sendDocument", "Request Entity Too Large", times=100, code=413)
    await house.say("foxes --n 2")
    await house.quiet()
    assert len(house.album()) == 2
    assert has_button(house, "Files")


@pytest.mark.parametrize("words", ["foxes --n 2", "a fox"])
async def test_a_status_message_that_could_not_be_deleted_at_once_stays_for_ever(house: House, words: str) -> None:
    house.hold()
    await house.say(words)
    await house.shown("Drawing")
    grow_old(house, 60)
    refuse(house, "deleteMessage", "Bad Gateway", code=502)
    house.release()
    await house.quiet()
    await house.telegram.until(lambda: not any("Drawing" in one.text for one in house.answers()))


async def test_a_status_message_older_than_two_days(house: House) -> None:
    house.hold()
    await house.say("foxes --n 2")
    await house.shown("Drawing")
    grow_old(house, 3 * 86400)
    refuse(house, "deleteMessage", "Bad Request: message can't be deleted for everyone", times=100)
    house.release()
    await house.quiet()
    await house.telegram.until(lambda: not any("Drawing" in one.text for one in house.answers()))


async def taken_over(house: House) -> None:
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET worker_id = 4711")


async def over(house: House) -> None:
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET state = 'delivered', finished_at = 1")


async def test_who_hangs_while_originals_wait_sends_none_afterwards(house: House) -> None:
    await wishes(house, "both")
    house.telegram.play(Flood(method="sendDocument", retry_after=60))
    await house.say("foxes --n 2")
    await house.telegram.until(lambda: house.called("sendDocument"))
    await taken_over(house)
    await house.quiet()
    files = [one for one in house.answers() if one.document]
    await over(house)
    assert files == []


async def test_a_second_failure_while_pictures_are_still_being_kept_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()
    stage = stage_of(house)
    keep = stage.keep

    async def slowly(job: Job) -> None:
        await slow.wait()
        await keep(job)

    monkeypatch.setattr(stage, "keep", slowly)
    house.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await house.say("foxes --n 2")
    told = await house.shown("Look again")
    await asyncio.sleep(0.2)
    await house.press(told, "Look again")
    await house.telegram.until(lambda: len(house.album()) >= 8 or not house.app.parts.finisher.is_delivering(1))
    await asyncio.sleep(0.5)
    slow.set()
    await house.quiet()
    assert has_button(house, "Look again")


async def test_a_group_that_takes_no_photos_gets_a_single_picture_as_a_file(house: House) -> None:
    for method in ("editMessageMedia", "sendPhoto"):
        refuse(house, method, "Bad Request: not enough rights to send photos to the chat", times=100)
    await house.say("/imagine a fox", chat=house.group)
    await house.quiet()
    assert [m for m in house.answers(house.group) if m.document]


async def test_a_status_that_grew_old_in_a_flood_wait_does_not_become_the_picture(house: House) -> None:
    house.hold()
    await house.say("/imagine a fox", chat=house.group)
    status = await house.shown("Drawing", house.group)
    house.telegram.play(Flood(method="editMessageMedia", retry_after=100))
    house.release()
    await house.telegram.until(lambda: house.called("editMessageMedia"))
    talk = await house.say("haha", chat=house.group, who=house.ming, reply_to=status.id)
    await house.taken_in()
    await house.quiet()
    made = house.album(house.group)[-1]
    assert made.id > talk.id


async def test_a_forgotten_document_id_is_fetched_anew(house: House) -> None:
    made = await house.made("a fox")
    await house.press(made, "Files")
    await house.quiet()
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET document_id = 'BQACforgotten'")
    await house.press(made, "Files")
    await house.quiet()
    assert len([m for m in house.answers() if m.document]) == 2


async def test_ten_that_arrived_have_buttons_though_the_eleventh_is_unconfirmed(house: House) -> None:
    house.telegram.play(Drop(method="sendPhoto", applied=True, times=2))
    await house.say("foxes --n 11")
    await house.quiet()
    assert has_button(house, "Files")


async def test_one_forgotten_file_id_does_not_lose_the_others(house: House) -> None:
    await house.made("foxes --n 2")
    before = [one.photo_id for one in await house.app.store.pictures.of_job(1)]
    job = await house.app.store.jobs.reopen(1, JobState.DELIVERING)
    assert job
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET message_id = NULL")
    words = 'Bad Request: failed to send message #2 with the error message "wrong file identifier/HTTP URL specified"'
    refuse(house, "sendMediaGroup", words)
    house.jimeng.faults.append(Fault(kind="status", status=404, action="picture", times=1000))
    house.app.engine.context.wake(job.id)
    await house.quiet()
    after = [one.photo_id for one in await house.app.store.pictures.of_job(1)]
    assert before[0]
    assert after[0]
    assert len(house.album()) == 3


@pytest.mark.parametrize("how", ["both", "button"])
async def test_one_original_whose_answer_is_lost_does_not_keep_the_others_back(house: House, how: str) -> None:
    if how == "both":
        await wishes(house, "both")
    else:
        made = await house.made("foxes --n 3")
    house.telegram.play(Drop(method="sendDocument", applied=True))
    if how == "both":
        await house.made("foxes --n 3")
    else:
        await house.press(made, "Files")
        await house.quiet()
    assert len([m for m in house.answers() if m.document]) == 3


async def test_one_original_that_is_refused_does_not_keep_the_others_back(house: House) -> None:
    await wishes(house, "both")
    refuse(house, "sendDocument", "Bad Request: file is too big")
    await house.made("foxes --n 3")
    assert len([m for m in house.answers() if m.document]) == 2


async def test_a_group_that_takes_no_files_says_so(house: House) -> None:
    made = await house.made("/imagine foxes --n 2", chat=house.group)
    refuse(house, "sendDocument", "Bad Request: CHAT_SEND_DOCS_FORBIDDEN", times=10)
    await house.press(made, "Files")
    await house.quiet()
    assert any("I can't send files in this chat" in m.text for m in house.answers(house.group))


async def test_an_unknown_fault_of_ours_is_not_a_bare_sending(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 10.0))
    uploads = stage_of(house)._uploads

    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_fitted", full)
    house.hold()
    await house.say("foxes --n 2")
    await house.shown("Drawing")
    house.release()
    await house.shown("Look again")
    said = [c.request.get("text") for c in house.called("editMessageText")]
    assert any("Trying again" in text for text in said)
