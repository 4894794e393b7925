"""Refusals, lost answers and demanded waits: the form changes, nothing is repeated in vain, nothing comes twice."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.chat import groups
from bot.demo.telegram import Drop, Flood, GatewayPage, PartialAlbum, Refusal
from bot.jobs import retry
from storage.job_states import JobState
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import BAD_ITEM, refuse

NO_PHOTO = "Bad Request: IMAGE_PROCESS_FAILED"
NO_TOPIC = "Bad Request: message thread not found"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def statuses(harness: AppHarness, *methods: str) -> list[tuple[str, int]]:
    return [(call.name, call.status) for call in harness.called(*methods)]


# forms


async def test_one_bad_item_comes_as_a_file_and_the_others_as_an_album(harness: AppHarness) -> None:
    refuse(harness, "sendMediaGroup", BAD_ITEM)
    told = await harness.made("foxes --n 3")
    assert statuses(harness, "sendMediaGroup", "sendDocument") == [
        ("sendMediaGroup", 400),
        ("sendMediaGroup", 200),
        ("sendDocument", 200),
    ]
    assert len(harness.album()) == 2
    assert [one.document.name for one in harness.answers() if one.document] == ["foxes-2.jpg"]
    assert told.text == "✅ 3 pictures\nTelegram couldn't show one of them as a photo, so it comes as a file."


async def test_an_album_that_is_too_large_goes_in_parts(harness: AppHarness) -> None:
    refuse(harness, "sendMediaGroup", "Request Entity Too Large", code=413)
    await harness.made("foxes --n 4")
    sent = [len(call.request["media"]) for call in harness.called("sendMediaGroup") if call.status == 200]
    assert sent == [2, 2]
    assert len(harness.album()) == 4


async def test_an_album_beyond_telegrams_size_is_not_even_tried(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = picture(200, 200)
    harness.draw = lambda *of: made
    monkeypatch.setattr("bot.telegram.result_sender.ALBUM_BYTES", int(len(made) * 3.5))
    await harness.made("foxes --n 5")
    assert [(len(call.request["media"]), call.status) for call in harness.called("sendMediaGroup")] == [
        (3, 200),
        (2, 200),
    ]


async def test_a_picture_that_is_no_photo_for_telegram_comes_as_a_file(harness: AppHarness) -> None:
    refuse(harness, "editMessageMedia", NO_PHOTO)
    refuse(harness, "sendPhoto", NO_PHOTO)
    told = await harness.made("a fox")
    assert told.document
    assert told.document.name == "a-fox.jpg"
    assert "🔁 Again" in told.buttons
    assert harness.answers() == [told]
    assert len(harness.called("editMessageMedia", "sendPhoto", "sendDocument")) == 3


async def test_an_album_is_refused_for_reasons_unknown(harness: AppHarness) -> None:
    refuse(harness, "sendMediaGroup", "Bad Request: SOMETHING_NEW", times=100)
    refuse(harness, "sendPhoto", "Bad Request: SOMETHING_NEW", times=1)
    await harness.made("foxes --n 2")
    # One picture at a time, and the one that is no photo as a file.
    assert len(harness.album()) == 1
    assert len([one for one in harness.answers() if one.document]) == 1
    assert len(harness.called("sendMediaGroup")) == 1


async def test_what_is_taken_in_no_form_is_kept_and_told_at_once(harness: AppHarness) -> None:
    for method in ("sendMediaGroup", "sendPhoto", "sendDocument"):
        refuse(harness, method, "Bad Request: SOMETHING_NEW", times=100)
    await harness.say("foxes --n 2")
    told = await harness.ended("📤 Send")
    assert told.text.startswith("🗂 It's ready, but I can't post it here.")
    assert len(harness.called("sendMediaGroup", "sendPhoto", "sendDocument")) == 5


async def test_only_the_topic_is_gone(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    harness.hold()
    await harness.say("/imagine foxes --n 2", chat=harness.group, topic=topic)
    await harness.all_submitted(2)
    await harness.shown("Cancel", harness.group)
    for method in ("sendMediaGroup", "sendMessage"):
        refuse(harness, method, NO_TOPIC)
    harness.release()
    told = await harness.ended(chat=harness.group)
    assert told.text.startswith("✅ 2 pictures")
    sent = [call.request for call in harness.called("sendMediaGroup", "sendMessage") if call.status == 200][1:]
    assert len(sent) == 2
    assert not any("message_thread_id" in request for request in sent)


async def test_the_message_that_was_answered_is_gone(harness: AppHarness) -> None:
    refuse(harness, "sendMediaGroup", "Bad Request: message to be replied not found")
    await harness.made("foxes --n 2")
    assert [one.reply_to for one in harness.album()] == [None, None]


async def test_a_file_id_that_telegram_has_forgotten_is_fetched_anew(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.app.store.jobs.reopen(1, JobState.DELIVERING)
    await harness.stop()
    await harness.start()
    await harness.quiet()
    # The picture was shown before, but not delivered, and Telegram does not know its file id any more.
    job = await harness.app.store.jobs.reopen(1, JobState.DELIVERING)
    assert job
    await harness.app.store.database.execute(text("UPDATE pictures SET message_id = NULL, photo_id = 'AgACforgotten'"))
    harness.app.engine.context.wake(job.id)
    await harness.telegram.until(lambda: len(harness.album()) == 2)
    assert statuses(harness, "sendPhoto") == [("sendPhoto", 400), ("sendPhoto", 200)]


# demanded waits


@pytest.mark.parametrize("fault", [PartialAlbum(items=1, retry_after=3), Flood(method="sendMediaGroup", retry_after=3)])
async def test_a_wait_is_obeyed(harness: AppHarness, fault: Flood | PartialAlbum) -> None:
    harness.telegram.play(fault)
    await harness.made("foxes --n 2")
    assert statuses(harness, "sendMediaGroup") == [("sendMediaGroup", 429), ("sendMediaGroup", 200)]


async def test_a_wait_that_is_demanded_within_a_refusal_is_obeyed(harness: AppHarness) -> None:
    words = 'Bad Request: failed to send message #1 with the error message "Too Many Requests: retry after 4"'
    refuse(harness, "sendMediaGroup", words)
    await harness.made("foxes --n 2")
    assert statuses(harness, "sendMediaGroup", "sendPhoto") == [("sendMediaGroup", 400), ("sendMediaGroup", 200)]
    assert len(harness.album()) == 2


async def test_a_wait_that_is_demanded_for_a_reference_is_obeyed(harness: AppHarness) -> None:
    harness.telegram.play(Flood(method="getFile", retry_after=20))
    await harness.made("a fox", picture())
    assert statuses(harness, "getFile") == [("getFile", 429), ("getFile", 200)]
    assert harness.submitted()[0]["image_urls"]


async def test_a_reference_that_is_unavailable_for_a_minute_is_waited_for(harness: AppHarness) -> None:
    words = "Bad Request: wrong file_id or the file is temporarily unavailable"
    refuse(harness, "getFile", words, times=4)
    await harness.made("a fox", picture())
    assert harness.submitted()[0]["image_urls"]
    assert len(harness.called("getFile")) == 5


# lost answers


async def test_an_album_whose_answer_is_lost_is_sent_twice_at_most_then_a_person_decides(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await harness.say("foxes --n 2")
    told = await harness.ended("Look again")
    assert told.text.startswith("⚠️ I've sent this, but Telegram didn't confirm it.")
    assert len(harness.album()) == 4
    harness.telegram.faults.clear()
    await harness.press(told, "Look again")
    await harness.ended("Again")
    assert len(harness.album()) == 6
    assert len(harness.tasks) == 2


async def test_a_single_picture_whose_answer_is_lost_is_shown_twice_at_most(harness: AppHarness) -> None:
    for method in ("editMessageMedia", "sendPhoto"):
        harness.telegram.play(Drop(method=method, applied=True, times=100))
    await harness.say("a fox")
    told = await harness.ended("Look again")
    assert "Telegram didn't confirm it" in told.text
    assert len(harness.album()) == 2
    harness.telegram.faults.clear()
    await harness.press(told, "Look again")
    await harness.ended("Files")
    assert len(harness.tasks) == 1


async def test_what_was_sent_before_a_crash_counts_as_sent(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="sendMediaGroup", applied=True, times=100))
    await harness.app.store.pictures.send_again(1)
    await harness.say("foxes --n 2")
    await harness.telegram.until(lambda: len(harness.album()) >= 2)
    await harness.restart()
    await harness.ended("Look again")
    assert len(harness.album()) == 4


async def test_a_send_whose_body_never_left_is_no_send(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0, 2.0, 2.0))
    harness.draw = lambda *of: picture(4000, 3000, detail=True)
    harness.telegram.play(Refusal(method="sendMediaGroup", code=502, description="Bad Gateway", times=3))
    await harness.made("foxes --n 2")
    assert len(harness.album()) == 2


async def test_a_gateways_page_in_place_of_an_answer_is_no_send(harness: AppHarness) -> None:
    harness.telegram.play(GatewayPage(method="sendMediaGroup", code=502, times=2))
    await harness.made("foxes --n 2")
    assert len(harness.album()) == 2


@pytest.mark.parametrize("fault", [Drop, partial(GatewayPage, code=504)])
async def test_words_under_an_album_whose_answer_is_lost_are_not_said_again_and_again(
    harness: AppHarness, fault: Callable[..., Drop | GatewayPage]
) -> None:
    harness.hold()
    await harness.say("foxes --n 2")
    await harness.all_submitted(2)
    await harness.shown("Cancel")
    harness.telegram.play(fault(method="sendMessage", applied=True, times=100))
    harness.release()
    await harness.quiet()
    told = [one for one in harness.answers() if one.text.startswith("✅ 2 pictures")]
    assert len(told) == 2
    assert len(harness.album()) == 2


async def test_a_first_answer_that_is_not_confirmed_is_said_twice_at_most(harness: AppHarness) -> None:
    harness.hold()
    harness.telegram.play(Drop(method="sendMessage", applied=True, times=100))
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.telegram.until(lambda: len(harness.called("sendMessage")) == 2)
    harness.release()
    made = await harness.ended()
    assert made.photo
    assert len(harness.called("sendMessage")) == 2


async def test_who_hangs_while_a_chat_is_muted_sends_nothing_afterwards(harness: AppHarness) -> None:
    harness.telegram.play(Flood(method="sendMediaGroup", retry_after=60))
    await harness.say("foxes --n 2")
    await harness.telegram.until(lambda: harness.called("sendMediaGroup"))
    # Meanwhile another process has evicted this one.
    await harness.app.store.database.execute(text("UPDATE jobs SET worker_id = 4711"))
    await harness.quiet()
    assert harness.album() == []
    await harness.app.store.database.execute(text("UPDATE jobs SET state = 'delivered', finished_at = 1"))


async def test_who_hangs_in_the_wait_after_a_lost_topic_sends_nothing_afterwards(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    harness.hold()
    await harness.say("/imagine foxes --n 2", chat=harness.group, topic=topic)
    await harness.all_submitted(2)
    refuse(harness, "sendMediaGroup", NO_TOPIC)
    refuse(harness, "sendMediaGroup", 'Bad Request: failed to send message #1 "Too Many Requests: retry after 60"')
    harness.release()
    await harness.telegram.until(lambda: len(harness.called("sendMediaGroup")) == 2)
    await harness.app.store.database.execute(text("UPDATE jobs SET worker_id = 4711"))
    await harness.quiet()
    assert harness.album(harness.group) == []
    await harness.app.store.database.execute(text("UPDATE jobs SET state = 'delivered', finished_at = 1"))
