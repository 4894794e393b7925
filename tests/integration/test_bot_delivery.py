"""Delivery when things are large, many, slow or broken: all arrives, nothing twice, nothing without a word."""

import random
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.demo.chat import groups
from bot.demo.telegram import Delay, Drop, Flood, Refusal
from bot.jobs import retry
from providers.jimeng.simulator import Fault
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def heavy(width: int, height: int) -> bytes:
    """A JPEG of noise: about 2.7 bytes a pixel."""
    noise = Image.frombytes("RGB", (width, height), random.Random(3).randbytes(3 * width * height))
    out = BytesIO()
    noise.save(out, "JPEG", quality=100, subsampling=0)
    return out.getvalue()


def streamed(house: House) -> bytes:
    """Let Jimeng make pictures that are too large to be read at once with their head."""
    made = heavy(700, 500)
    house.draw = lambda *of: made
    return made


def sizes(house: House) -> set[str]:
    """What the captions say of the pictures."""
    return {message.text.rsplit(" · ", 1)[-1] for message in house.album() if message.text}


async def test_more_than_ten_megabytes_is_a_smaller_photo_with_the_original_on_demand(house: House) -> None:
    original = heavy(2100, 2000)
    assert len(original) > 10_000_000
    house.draw = lambda *of: original
    result = await house.made("a fox")
    assert result.photo
    assert result.text.endswith("2100×2000")
    await house.press(result, "Files")
    await house.quiet()
    document = house.answers()[-1].document
    assert document
    assert document.size == len(original)


async def test_sides_beyond_telegrams_are_a_smaller_photo(house: House) -> None:
    house.draw = lambda *of: picture(6200, 4000)
    await house.made("foxes --n 2")
    assert [look_at(house, number) for number in (0, 1)] == [("JPEG", 2560, 1652)] * 2
    assert sizes(house) == {"6200×4000"}


async def test_twelve_pictures_are_two_albums(house: House) -> None:
    asked = await house.say("foxes --n 12")
    result = await house.ended()
    assert result.text == "✅ 12 pictures"
    albums = [message.album for message in house.album()]
    assert [albums.count(album) for album in dict.fromkeys(albums)] == [10, 2]
    assert {message.reply_to for message in house.album()} == {asked.id}
    assert house.answers()[-1] is result


async def test_eleven_are_an_album_and_one(house: House) -> None:
    result = await house.made("foxes --n 11")
    assert len(house.album()) == 11
    assert house.answers()[-1] is result


async def test_a_picture_that_breaks_off_does_not_keep_the_others_back(house: House) -> None:
    streamed(house)
    # All three break off while they are streamed, and one of them once more when they are fetched whole.
    house.jimeng.faults.append(Fault(kind="cut", action="picture", times=4))
    told = await house.made("foxes --n 3")
    assert told.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    assert told.buttons[0] == "🔎 Fetch the missing"
    await house.press(told, "Style")
    await house.press(told, "Back")
    assert told.buttons[0] == "🔎 Fetch the missing"
    assert len(house.album()) == 2
    answer = await house.press(told, "Fetch the missing")
    assert answer.text == "Looking…"
    await house.quiet()
    assert len(house.album()) == 3
    assert house.answers()[-1].text == "✅ 3 pictures"
    assert house.answers()[-1].buttons[:3] == ["🔁 Again", "🎲 Variations", "✏️ Edit"]
    assert len(house.tasks) == 3


async def test_a_single_picture_that_breaks_off_once_is_fetched_again(house: House) -> None:
    streamed(house)
    house.jimeng.faults.append(Fault(kind="cut", action="picture"))
    result = await house.made("a fox")
    assert result.photo
    assert house.answers() == [result]


async def test_a_picture_that_can_not_be_opened_is_left_for_later(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="status", status=503, action="picture"))
    told = await house.made("foxes --n 3")
    assert told.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    await house.press(told, "Fetch the missing")
    await house.quiet()
    assert len(house.album()) == 3


async def test_when_no_picture_can_be_fetched_the_person_can_try_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    house.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    await house.say("foxes --n 2")
    told = await house.ended("Look again")
    assert house.album() == []
    house.jimeng.faults.clear()
    await house.press(told, "Look again")
    await house.ended("Files")
    assert len(house.album()) == 2


async def test_flood_control_during_the_delivery_is_waited_out_and_nothing_arrives_twice(house: House) -> None:
    house.telegram.play(Flood(method="sendMediaGroup", retry_after=4))
    await house.made("foxes --n 4")
    assert len(house.album()) == 4
    assert [call.status for call in house.called("sendMediaGroup")] == [429, 200]
    house.telegram.play(Flood(method="editMessageMedia", retry_after=4))
    result = await house.made("a fox")
    assert result.photo
    assert [call.status for call in house.called("editMessageMedia")] == [429, 200]
    assert len(house.answers()) == 6


async def test_pictures_that_were_streamed_into_a_refusal_arrive_whole(house: House) -> None:
    made = streamed(house)
    house.telegram.play(Flood(method="sendMediaGroup", retry_after=2))
    await house.made("foxes --n 2")
    uploads = [call for call in house.called("sendMediaGroup") if call.status == 200]
    assert [item["media"]["size"] for item in uploads[0].request["media"]] == [len(made)] * 2
    house.telegram.play(Flood(method="editMessageMedia", retry_after=2))
    await house.made("a fox")
    (last,) = [call for call in house.called("editMessageMedia") if call.status == 200]
    assert last.request["media"]["media"]["size"] == len(made)


async def test_a_server_error_of_telegram_is_tried_again(house: House) -> None:
    house.telegram.play(Refusal(method="sendMediaGroup", code=502, description="Bad Gateway"))
    await house.made("foxes --n 2")
    assert len(house.album()) == 2


async def test_the_connection_breaks_before_the_album_is_taken(house: House) -> None:
    house.telegram.play(Drop(method="sendMediaGroup"))
    await house.made("foxes --n 2")
    assert len(house.album()) == 2


async def test_a_deleted_status_message_leaves_the_result_as_a_new_message(house: House) -> None:
    house.hold()
    asked = await house.say("foxes --n 2")
    status = await house.shown("Drawing")
    house.telegram.delete(house.ann, status)
    house.release()
    result = await house.ended()
    assert result.text == "✅ 2 pictures"
    assert [message.reply_to for message in house.album()] == [asked.id] * 2


async def test_a_deleted_prompt_is_no_reason_not_to_deliver(house: House) -> None:
    house.hold()
    asked = await house.say("a fox")
    await house.all_submitted(1)
    house.telegram.delete(house.ann, asked)
    house.release()
    assert (await house.ended()).photo


async def test_telegram_refuses_to_turn_the_status_into_the_picture(house: House) -> None:
    house.telegram.play(Refusal(method="editMessageMedia", code=400, description="Bad Request: IMAGE_PROCESS_FAILED"))
    result = await house.made("a fox")
    assert result.photo
    assert house.answers() == [result]


# blocked, removed, muted


async def test_a_bot_that_was_blocked_ends_quietly_and_keeps_the_picture(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    groups.set_bot_status(house.telegram.world, house.ann.chat, "kicked")
    house.release()
    await house.quiet()
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
    # Days later, when the service has deleted its copy, the person comes back.
    house.pass_time(48 * 3600)
    groups.set_bot_status(house.telegram.world, house.ann.chat, "member")
    await house.say("/history")
    shown = await house.shown("1 of 1")
    assert shown.photo
    assert shown.text.startswith("a fox")


@pytest.mark.parametrize("status", ["kicked", "left", "restricted"])
async def test_removed_from_the_group_or_muted(house: House, status: str) -> None:
    house.hold()
    await house.say("/imagine foxes --n 2", chat=house.group)
    await house.all_submitted(2)
    groups.set_bot_status(house.telegram.world, house.group, status)  # type: ignore[arg-type]
    asked = await house.shown("Cancel", house.group)
    house.release()
    await house.quiet()
    assert house.album(house.group) == []
    # Where nothing can be changed in the group any more, whoever asked hears of it in private.
    told = (
        "I can't post it here" if status == "restricted" else ("“foxes” is ready, but I can't post it where you asked")
    )
    place = house.group if status == "restricted" else house.ann.chat
    assert told in (await house.shown(told, place)).text
    await house.say("/history")
    assert (await house.shown("1 of 2")).photo
    # What stood there when the bot was shut out is put right by a press, and nothing is drawn anew.
    groups.set_bot_status(house.telegram.world, house.group, "member")
    if status != "restricted":
        assert (await house.press(asked, "Cancel")).text == "Too late: it has already finished."
    assert "I can't post it here" in asked.text
    assert asked.buttons == ["📤 Send"]
    await house.press(asked, "Send")
    await house.ended(chat=house.group)
    assert len(house.album(house.group)) == len(house.tasks) == 2
    assert asked not in house.answers(house.group)


async def test_what_was_cancelled_unseen_is_told_by_a_press(tmp_path: Path) -> None:
    async with open_house(tmp_path, concurrency=1) as house:
        house.hold()
        await house.say("/imagine a fox", chat=house.group, who=house.bob)
        await house.all_submitted(1)
        await house.shown("Drawing", house.group)
        await house.say("/imagine a hare", chat=house.group, who=house.bob)
        asked = await house.shown("You are next", house.group)
        groups.set_bot_status(house.telegram.world, house.group, "kicked")
        await house.taken_in()
        house.release()
        await house.quiet()
        groups.set_bot_status(house.telegram.world, house.group, "member")
        await house.press(asked, "Cancel", house.bob)
        assert asked.text.endswith("I couldn't have posted it here. Nothing was charged.")
        assert asked.buttons == ["🔁 Try again"]


async def test_a_prompt_of_somebody_who_blocks_at_once(house: House) -> None:
    house.telegram.play(Delay(method="sendMessage", seconds=0.05))
    await house.say("a fox")
    groups.set_bot_status(house.telegram.world, house.ann.chat, "kicked")
    await house.quiet()
    assert house.answers() == []


def look_at(house: House, number: int) -> tuple[str, int, int]:
    """The largest rendition of one of the bot's pictures in Telegram."""
    photo = house.album()[number].photo
    stored = house.telegram.world.files.get(photo.largest.file_id) if photo else None
    assert stored
    return look(stored.data)
