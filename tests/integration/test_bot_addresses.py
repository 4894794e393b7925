"""Pictures that a service doesn't hand over: it is asked for fresh addresses, and people hear soon how it stands."""

import gzip
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import Delay
from bot.telegram.stage import TelegramStage
from providers.jimeng.simulator import Fault
from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def fetches(house: House) -> int:
    return len([call for call in house.telegram.calls if call.name == "picture"])


def fail(house: House, status: int, times: int) -> None:
    house.jimeng.faults.append(Fault(kind="status", status=status, action="picture", times=times))


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_address_that_is_over_is_asked_for_anew(house: House, status: int) -> None:
    fail(house, status, times=3)
    told = await house.made("foxes --n 3")
    assert told.text == "✅ 3 pictures"
    assert len(house.tasks) == 3


async def test_pictures_of_yesterday_are_found_by_their_tickets(house: House) -> None:
    made = await house.made("foxes --n 2")
    house.jimeng.expire_addresses()
    await house.press(made, "Files")
    await house.quiet()
    assert len([one for one in house.answers() if one.document]) == 2


async def test_what_the_service_has_lost_is_told_at_once(house: House) -> None:
    fail(house, 404, times=1000)
    await house.say("foxes --n 2")
    told = await house.ended("Look again")
    assert told.text == "⚠️ It was made, but the service doesn't have it any more."
    # Each address is tried once, and once more after the service was asked; half of it is to keep them.
    assert fetches(house) <= 8
    house.jimeng.faults.clear()
    await house.press(told, "Look again")
    await house.ended("Again")
    assert len(house.album()) == 2
    assert len(house.tasks) == 2


async def test_what_all_pictures_of_a_job_need_is_asked_for_once(house: House) -> None:
    made = await house.made("foxes --n 4")
    house.jimeng.expire_addresses()
    for task in house.tasks:
        house.jimeng.forget(task.id)
    asked = len(house.jimeng_calls)
    await house.press(made, "Files")
    await house.quiet()
    assert len([call for call in house.jimeng_calls[asked:] if call.name == "CVSync2AsyncGetResult"]) == 4


async def test_a_host_that_fails_is_tried_for_half_a_minute_and_people_know(house: House) -> None:
    fail(house, 503, times=1000)
    house.hold()
    await house.say("foxes --n 2")
    await house.shown("Drawing")
    house.release()
    told = await house.ended("Look again")
    assert told.text == "⚠️ It's ready, but I can't fetch it from the service. Tap “Look again” to try once more."
    said = [call.request["text"] for call in house.called("editMessageText")]
    assert any("I can't fetch the picture from the service yet" in text and "Trying again in" in text for text in said)
    # Half of it is to keep them for the history.
    assert fetches(house) == 16


# what is no picture, or too much of one


async def test_a_picture_within_the_bots_own_network_is_not_fetched(house: House) -> None:
    await house.made("a fox")
    secret = f"{house.telegram.url}/anything"
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE pictures SET url = '{secret}', photo_id = NULL, message_id = NULL")
        await connection.exec_driver_sql("UPDATE jobs SET state = 'failed'")
    await house.app.engine.retry(1)
    told = await house.ended("Look again")
    assert "an address for it that I must not open" in told.text
    assert len(house.album()) == 1


@pytest.mark.parametrize("what", [b"<html>no picture</html>", gzip.compress(picture(50, 50))])
async def test_what_is_no_picture_is_said_to_be_damaged(house: House, what: bytes) -> None:
    house.draw = lambda *of: what
    await house.say("foxes --n 2")
    assert (await house.ended("Look again")).text == "⚠️ The service's file is damaged or isn't a picture."
    assert house.album() == []


async def test_a_picture_beyond_all_bounds_is_not_fetched_to_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.downloads.MOST_BYTES", 1000)
    await house.say("foxes --n 2")
    assert "is larger than 64 MB" in (await house.ended("Look again")).text


async def test_files_are_named_by_their_bytes(house: House) -> None:
    house.draw = lambda *of: picture(60, 40, kind="PNG")
    made = await house.made("A red fox, in the snow! --n 2")
    await house.press(made, "Files")
    await house.quiet()
    named = [one.document.name for one in house.answers() if one.document]
    assert named == ["a-red-fox-in-the-snow-1.png", "a-red-fox-in-the-snow-2.png"]
    house.draw = lambda *of: picture(60, 40)
    made = await house.made("雪地里的红狐狸")
    await house.press(made, "Files")
    await house.quiet()
    assert [one.document.name for one in house.answers() if one.document][-1] == "雪地里的红狐狸.jpg"


# a single picture


async def test_a_picture_that_took_long_is_an_answer_of_its_own(house: House) -> None:
    house.hold()
    asked = await house.say("a fox")
    status = await house.shown("Drawing")
    stage = house.app.engine.context.notifier
    assert isinstance(stage, TelegramStage)
    for board in stage._status._boards.values():
        board.sent_at = time.monotonic() - 60
    house.release()
    made = await house.ended()
    assert made.photo
    assert made.reply_to == asked.id
    assert status not in house.answers()


async def test_a_picture_below_which_somebody_has_written_is_an_answer_of_its_own(house: House) -> None:
    house.hold()
    asked = await house.say("/imagine a fox", chat=house.group)
    status = await house.shown("Drawing", house.group)
    await house.say("look at that", chat=house.group, who=house.ming, reply_to=status.id)
    await house.taken_in()
    house.release()
    made = await house.ended(chat=house.group)
    assert made.reply_to == asked.id
    assert status not in house.answers(house.group)


async def test_a_send_that_takes_a_moment_shows_that_a_photo_is_coming(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.sender.ACTION_AFTER", 0.01)
    house.telegram.play(Delay(method="sendMediaGroup", seconds=0.2))
    await house.made("foxes --n 2")
    (action,) = house.called("sendChatAction")
    assert action.request["action"] == "upload_photo"


# whose it is


async def test_in_groups_it_is_said_whose_it_is_and_below_its_own_album(house: House) -> None:
    house.hold()
    await house.say("/imagine foxes --n 2", chat=house.group)
    await house.say("/imagine owls --n 2", chat=house.group, who=house.bob)
    await house.all_submitted(4)
    house.release()
    await house.quiet()
    messages = {message.id: message for message in house.answers(house.group)}
    told = [message for message in messages.values() if message.text.startswith("✅")]
    assert sorted(message.text for message in told) == ["✅ 2 pictures · for Ann", "✅ 2 pictures · for Bob"]
    for message in told:
        album = messages[message.reply_to or 0]
        assert album.text.startswith("foxes" if message.text.endswith("Ann") else "owls")
    made = await house.made("/imagine a hare", chat=house.group, who=house.bob)
    assert "for Bob" in made.text
    assert "for Ann" not in (await house.made("a hare")).text
