"""Refusals, lost answers and demanded waits: the form changes, nothing is repeated in vain, nothing comes twice."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Drop, Flood, Page, PartialAlbum, Refusal
from bot.jobs import retry
from storage.job_states import JobState
from tests.support.house import House, open_house, picture

BAD_ITEM = 'Bad Request: failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"'
NO_PHOTO = "Bad Request: IMAGE_PROCESS_FAILED"
NO_TOPIC = "Bad Request: message thread not found"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def refuse(house: House, method: str, description: str, times: int = 1, code: int = 400) -> None:
    house.telegram.play(Refusal(method=method, code=code, description=description, times=times))


def statuses(house: House, *methods: str) -> list[tuple[str, int]]:
    return [(call.name, call.status) for call in house.called(*methods)]


# forms


async def test_one_bad_item_comes_as_a_file_and_the_others_as_an_album(house: House) -> None:
    refuse(house, "sendMediaGroup", BAD_ITEM)
    told = await house.made("foxes --n 3")
    assert statuses(house, "sendMediaGroup", "sendDocument") == [
        ("sendMediaGroup", 400),
        ("sendMediaGroup", 200),
        ("sendDocument", 200),
    ]
    assert len(house.album()) == 2
    assert [one.document.name for one in house.answers() if one.document] == ["foxes-2.jpg"]
    assert told.text == "✅ 3 pictures\nTelegram couldn't show one of them as a photo, so it comes as a file."


async def test_an_album_that_is_too_large_goes_in_parts(house: House) -> None:
    refuse(house, "sendMediaGroup", "Request Entity Too Large", code=413)
    await house.made("foxes --n 4")
    sent = [len(call.request["media"]) for call in house.called("sendMediaGroup") if call.status == 200]
    assert sent == [2, 2]
    assert len(house.album()) == 4


async def test_an_album_beyond_telegrams_size_is_not_even_tried(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = picture(200, 200)
    house.draw = lambda *of: made
    monkeypatch.setattr("bot.telegram.result_sender.ALBUM_BYTES", int(len(made) * 3.5))
    await house.made("foxes --n 5")
    assert [(len(call.request["media"]), call.status) for call in house.called("sendMediaGroup")] == [
        (3, 200),
        (2, 200),
    ]


async def test_a_picture_that_is_no_photo_for_telegram_comes_as_a_file(house: House) -> None:
    refuse(house, "editMessageMedia", NO_PHOTO)
    refuse(house, "sendPhoto", NO_PHOTO)
    told = await house.made("a fox")
    assert told.document
    assert told.document.name == "a-fox.jpg"
    assert "🔁 Again" in told.buttons
    assert house.answers() == [told]
    assert len(house.called("editMessageMedia", "sendPhoto", "sendDocument")) == 3


async def test_an_album_is_refused_for_reasons_unknown(house: House) -> None:
    refuse(house, "sendMediaGroup", "Bad Request: SOMETHING_NEW", times=100)
    refuse(house, "sendPhoto", "Bad Request: SOMETHING_NEW", times=1)
    await house.made("foxes --n 2")
    # One picture at a time, and the one that is no photo as a file.
    assert len(house.album()) == 1
    assert len([one for one in house.answers() if one.document]) == 1
    assert len(house.called("sendMediaGroup")) == 1


async def test_what_is_taken_in_no_form_is_kept_and_told_at_once(house: House) -> None:
    for method in ("sendMediaGroup", "sendPhoto", "sendDocument"):
        refuse(house, method, "Bad Request: SOMETHING_NEW", times=100)
    await house.say("foxes --n 2")
    told = await house.ended("📤 Send")
    assert told.text.startswith("🗂 It's ready, but I can't post it here.")
    assert len(house.called("sendMediaGroup", "sendPhoto", "sendDocument")) == 5


async def test_only_the_topic_is_gone(house: House) -> None:
    topic = groups.add_topic(house.telegram.world, house.group, "Pictures")
    house.hold()
    await house.say("/imagine foxes --n 2", chat=house.group, topic=topic)
    await house.all_submitted(2)
    for method in ("sendMediaGroup", "sendMessage"):
        refuse(house, method, NO_TOPIC)
    house.release()
    told = await house.ended(chat=house.group)
    assert told.text.startswith("✅ 2 pictures")
    sent = [call.request for call in house.called("sendMediaGroup", "sendMessage") if call.status == 200][1:]
    assert len(sent) == 2
    assert not any("message_thread_id" in request for request in sent)


async def test_the_message_that_was_answered_is_gone(house: House) -> None:
    refuse(house, "sendMediaGroup", "Bad Request: message to be replied not found")
    await house.made("foxes --n 2")
    assert [one.reply_to for one in house.album()] == [None, None]


async def test_a_file_id_that_telegram_has_forgotten_is_fetched_anew(house: House) -> None:
    await house.made("a fox")
    await house.app.store.jobs.reopen(1, JobState.DELIVERING)
    await house.stop()
    await house.start()
    await house.quiet()
    # The picture was shown in passing, has not been delivered, and its id is not known any more.
    job = await house.app.store.jobs.reopen(1, JobState.DELIVERING)
    assert job
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET message_id = NULL, photo_id = 'AgACforgotten'")
    house.app.engine.context.wake(job.id)
    await house.telegram.until(lambda: len(house.album()) == 2)
    assert statuses(house, "sendPhoto") == [("sendPhoto", 400), ("sendPhoto", 200)]


# demanded waits


@pytest.mark.parametrize("fault", [PartialAlbum(items=1, retry_after=3), Flood(method="sendMediaGroup", retry_after=3)])
async def test_a_wait_is_obeyed(house: House, fault: Flood | PartialAlbum) -> None:
    house.telegram.play(fault)
    await house.made("foxes --n 2")
    assert statuses(house, "sendMediaGroup") == [("sendMediaGroup", 429), ("sendMediaGroup", 200)]


async def test_a_wait_that_is_demanded_within_a_refusal_is_obeyed(house: House) -> None:
    words = 'Bad Request: failed to send message #1 with the error message "Too Many Requests: retry after 4"'
    refuse(house, "sendMediaGroup", words)
    await house.made("foxes --n 2")
    assert statuses(house, "sendMediaGroup", "sendPhoto") == [("sendMediaGroup", 400), ("sendMediaGroup", 200)]
    assert len(house.album()) == 2


async def test_a_wait_that_is_demanded_for_a_reference_is_obeyed(house: House) -> None:
    house.telegram.play(Flood(method="getFile", retry_after=20))
    await house.made("a fox", picture())
    assert statuses(house, "getFile") == [("getFile", 429), ("getFile", 200)]
    assert house.submitted()[0]["image_urls"]


async def test_a_reference_that_is_unavailable_for_a_minute_is_waited_for(house: House) -> None:
    words = "Bad Request: wrong file_id or the file is temporarily unavailable"
    refuse(house, "getFile", words, times=4)
    await house.made("a fox", picture())
    assert house.submitted()[0]["image_urls"]
    assert len(house.called("getFile")) == 5


# lost answers


async def test_an_album_whose_answer_is_lost_is_sent_twice_at_most_then_a_person_decides(house: House) -> None:
    house.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await house.say("foxes --n 2")
    told = await house.ended("Look again")
    assert told.text.startswith("⚠️ I've sent this, but Telegram didn't confirm it.")
    assert len(house.album()) == 4
    house.telegram.faults.clear()
    await house.press(told, "Look again")
    await house.ended("Again")
    assert len(house.album()) == 6
    assert len(house.tasks) == 2


async def test_a_single_picture_whose_answer_is_lost_is_shown_twice_at_most(house: House) -> None:
    for method in ("editMessageMedia", "sendPhoto"):
        house.telegram.play(Drop(method=method, applied=True, times=100))
    await house.say("a fox")
    told = await house.ended("Look again")
    assert "Telegram didn't confirm it" in told.text
    assert len(house.album()) == 2
    house.telegram.faults.clear()
    await house.press(told, "Look again")
    await house.ended("Files")
    assert len(house.tasks) == 1


async def test_what_was_sent_before_a_crash_counts_as_sent(house: House) -> None:
    house.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await house.app.store.pictures.send_again(1)
    await house.say("foxes --n 2")
    await house.telegram.until(lambda: len(house.album()) >= 2)
    await house.restart()
    await house.ended("Look again")
    assert len(house.album()) == 4


async def test_a_send_whose_body_never_left_is_no_send(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 2.0, 2.0))
    house.draw = lambda *of: picture(4000, 3000, detail=True)
    house.telegram.play(Refusal(method="sendMediaGroup", code=502, description="Bad Gateway", times=3))
    await house.made("foxes --n 2")
    assert len(house.album()) == 2


async def test_a_gateways_page_in_place_of_an_answer_is_no_send(house: House) -> None:
    house.telegram.play(Page(method="sendMediaGroup", code=502, times=2))
    await house.made("foxes --n 2")
    assert len(house.album()) == 2


@pytest.mark.parametrize("fault", [Drop, partial(Page, code=504)])
async def test_words_under_an_album_whose_answer_is_lost_are_not_said_again_and_again(
    house: House, fault: Callable[..., Drop | Page]
) -> None:
    house.hold()
    await house.say("foxes --n 2")
    await house.all_submitted(2)
    await house.shown("Cancel")
    house.telegram.play(fault(method="sendMessage", applied=True, times=100))
    house.release()
    await house.quiet()
    told = [one for one in house.answers() if one.text.startswith("✅ 2 pictures")]
    assert len(told) == 2
    assert len(house.album()) == 2


async def test_a_first_answer_that_is_not_confirmed_is_said_twice_at_most(house: House) -> None:
    house.hold()
    house.telegram.play(Drop(method="sendMessage", applied=True, times=100))
    await house.say("a fox")
    await house.all_submitted(1)
    await house.telegram.until(lambda: len(house.called("sendMessage")) == 2)
    house.release()
    made = await house.ended()
    assert made.photo
    assert len(house.called("sendMessage")) == 2


async def test_who_hangs_while_a_chat_is_muted_sends_nothing_afterwards(house: House) -> None:
    house.telegram.play(Flood(method="sendMediaGroup", retry_after=60))
    await house.say("foxes --n 2")
    await house.telegram.until(lambda: house.called("sendMediaGroup"))
    # Meanwhile another process has taken this one for dead.
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET worker_id = 4711")
    await house.quiet()
    assert house.album() == []
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET state = 'delivered', finished_at = 1")


async def test_who_hangs_in_the_wait_after_a_lost_topic_sends_nothing_afterwards(house: House) -> None:
    topic = groups.add_topic(house.telegram.world, house.group, "Pictures")
    house.hold()
    await house.say("/imagine foxes --n 2", chat=house.group, topic=topic)
    await house.all_submitted(2)
    refuse(house, "sendMediaGroup", NO_TOPIC)
    refuse(house, "sendMediaGroup", 'Bad Request: failed to send message #1 "Too Many Requests: retry after 60"')
    house.release()
    await house.telegram.until(lambda: len(house.called("sendMediaGroup")) == 2)
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET worker_id = 4711")
    await house.quiet()
    assert house.album(house.group) == []
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE jobs SET state = 'delivered', finished_at = 1")
