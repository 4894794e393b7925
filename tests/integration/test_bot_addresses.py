"""Pictures that a service doesn't hand over: it is asked for fresh addresses, and people are told soon."""

import gzip
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.telegram import Delay
from bot.telegram.notifier import TelegramNotifier
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def fetches(harness: AppHarness) -> int:
    return len([call for call in harness.telegram.calls if call.name == "picture"])


def fail(harness: AppHarness, status: int, times: int) -> None:
    harness.jimeng.faults.append(Fault(kind="status", status=status, action="picture", times=times))


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_address_that_is_over_is_asked_for_anew(harness: AppHarness, status: int) -> None:
    fail(harness, status, times=1)
    told = await harness.made("foxes --n 3")
    assert told.text == "✅ 3 pictures"
    assert len(harness.tasks) == 3


async def test_pictures_of_yesterday_are_found_by_their_tickets(harness: AppHarness) -> None:
    made = await harness.made("foxes --n 2")
    harness.jimeng.expire_addresses()
    await harness.press(made, "Files")
    await harness.quiet()
    assert len([one for one in harness.answers() if one.document]) == 2


async def test_what_the_service_has_lost_is_told_at_once(harness: AppHarness) -> None:
    fail(harness, 404, times=1000)
    await harness.say("foxes --n 2")
    told = await harness.ended("Look again")
    assert told.text == "⚠️ It was made, but the service doesn't have it any more."
    # Each address is tried once, and once more after the service was asked; half of the fetches store them.
    assert fetches(harness) <= 8
    harness.jimeng.faults.clear()
    await harness.press(told, "Look again")
    await harness.ended("Again")
    assert len(harness.album()) == 2
    assert len(harness.tasks) == 2


async def test_what_all_pictures_of_a_job_need_is_asked_for_once(harness: AppHarness) -> None:
    made = await harness.made("foxes --n 4")
    harness.jimeng.expire_addresses()
    for task in harness.tasks:
        harness.jimeng.forget(task.id)
    asked = len(harness.jimeng_calls)
    await harness.press(made, "Files")
    await harness.quiet()
    assert len([call for call in harness.jimeng_calls[asked:] if call.name == "CVSync2AsyncGetResult"]) == 4


async def test_a_host_that_fails_is_tried_for_half_a_minute_and_people_know(harness: AppHarness) -> None:
    fail(harness, 503, times=1000)
    harness.hold()
    await harness.say("foxes --n 2")
    await harness.shown("Drawing")
    harness.release()
    told = await harness.ended("Look again")
    assert told.text == "⚠️ It's ready, but I can't fetch it from the service. Tap “Look again” to try once more."
    said = [call.request["text"] for call in harness.called("editMessageText")]
    assert any("I can't fetch the picture from the service yet" in text and "Trying again in" in text for text in said)
    # Half of the fetches store them for the history.
    assert fetches(harness) == 16


# invalid and oversized pictures


async def test_a_picture_within_the_bots_own_network_is_not_fetched(harness: AppHarness) -> None:
    await harness.made("a fox")
    secret = f"{harness.telegram.url}/anything"
    database = harness.app.store.database
    gone = text("UPDATE pictures SET url = :url, photo_id = NULL, message_id = NULL")
    await database.execute(gone, {"url": secret})
    await database.execute(text("UPDATE jobs SET state = 'failed'"))
    await harness.app.engine.retry(1)
    told = await harness.ended("Look again")
    assert "an address for it that I must not open" in told.text
    assert len(harness.album()) == 1


@pytest.mark.parametrize("what", [b"<html>no picture</html>", gzip.compress(picture(50, 50))])
async def test_what_is_no_picture_is_said_to_be_damaged(harness: AppHarness, what: bytes) -> None:
    harness.draw = lambda *of: what
    await harness.say("foxes --n 2")
    assert (await harness.ended("Look again")).text == "⚠️ The service's file is damaged or isn't a picture."
    assert harness.album() == []


async def test_a_picture_beyond_all_bounds_is_not_fetched_to_its_end(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.downloads.MOST_BYTES", 1000)
    await harness.say("foxes --n 2")
    assert "is larger than 64 MB" in (await harness.ended("Look again")).text


async def test_files_are_named_by_their_bytes(harness: AppHarness) -> None:
    harness.draw = lambda *of: picture(60, 40, kind="PNG")
    made = await harness.made("A red fox, in the snow! --n 2")
    await harness.press(made, "Files")
    await harness.quiet()
    named = [one.document.name for one in harness.answers() if one.document]
    assert named == ["a-red-fox-in-the-snow-1.png", "a-red-fox-in-the-snow-2.png"]
    harness.draw = lambda *of: picture(60, 40)
    made = await harness.made("雪地里的红狐狸")
    await harness.press(made, "Files")
    await harness.quiet()
    assert [one.document.name for one in harness.answers() if one.document][-1] == "雪地里的红狐狸.jpg"


# a single picture


async def test_a_picture_that_took_long_is_an_answer_of_its_own(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("a fox")
    status = await harness.shown("Drawing")
    stage = harness.app.engine.context.notifier
    assert isinstance(stage, TelegramNotifier)
    for board in stage.status.boards.values():
        board.sent_at = time.monotonic() - 60
    harness.release()
    made = await harness.ended()
    assert made.photo
    assert made.reply_to == asked.id
    assert status not in harness.answers()


async def test_a_picture_below_which_somebody_has_written_is_an_answer_of_its_own(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("/imagine a fox", chat=harness.group)
    status = await harness.shown("Drawing", harness.group)
    await harness.say("look at that", chat=harness.group, who=harness.ming, reply_to=status.id)
    await harness.taken_in()
    harness.release()
    made = await harness.ended(chat=harness.group)
    assert made.reply_to == asked.id
    assert status not in harness.answers(harness.group)


async def test_a_send_that_takes_a_moment_shows_that_a_photo_is_coming(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.message_sender.ACTION_AFTER_SECONDS", 0.01)
    gate = harness.gates.new()
    harness.telegram.play(Delay(method="sendMediaGroup", seconds=gate.seconds))
    await harness.say("foxes --n 2")
    await harness.telegram.until(lambda: harness.called("sendChatAction"))
    gate.open()
    await harness.quiet()
    (action,) = harness.called("sendChatAction")
    assert action.request["action"] == "upload_photo"


# whose picture it is


async def test_in_groups_it_is_said_whose_it_is_and_below_its_own_album(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("/imagine foxes --n 2", chat=harness.group)
    await harness.say("/imagine owls --n 2", chat=harness.group, who=harness.bob)
    await harness.all_submitted(4)
    harness.release()
    await harness.quiet()
    messages = {message.id: message for message in harness.answers(harness.group)}
    told = [message for message in messages.values() if message.text.startswith("✅")]
    assert sorted(message.text for message in told) == ["✅ 2 pictures · for Ann", "✅ 2 pictures · for Bob"]
    for message in told:
        album = messages[message.reply_to or 0]
        assert album.text.startswith("foxes" if message.text.endswith("Ann") else "owls")
    made = await harness.made("/imagine a hare", chat=harness.group, who=harness.bob)
    assert "for Bob" in made.text
    assert "for Ann" not in (await harness.made("a hare")).text
