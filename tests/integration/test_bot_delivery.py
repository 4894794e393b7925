"""Delivery of large, many, slow or broken pictures: all arrive once, or the person is told."""

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
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def heavy(width: int, height: int) -> bytes:
    """A JPEG of noise: about 2.7 bytes a pixel."""
    noise = Image.frombytes("RGB", (width, height), random.Random(3).randbytes(3 * width * height))
    out = BytesIO()
    noise.save(out, "JPEG", quality=100, subsampling=0)
    return out.getvalue()


def streamed(harness: AppHarness) -> bytes:
    """Let Jimeng make pictures too large to be read in one piece with their header."""
    made = heavy(700, 500)
    harness.draw = lambda *of: made
    return made


def sizes(harness: AppHarness) -> set[str]:
    """The captions of the pictures."""
    return {message.text.rsplit(" · ", 1)[-1] for message in harness.album() if message.text}


async def test_more_than_ten_megabytes_is_a_smaller_photo_with_the_original_on_demand(harness: AppHarness) -> None:
    original = heavy(2100, 2000)
    assert len(original) > 10_000_000
    harness.draw = lambda *of: original
    result = await harness.made("a fox")
    assert result.photo
    assert result.text.endswith("2100×2000")
    await harness.press(result, "Files")
    await harness.quiet()
    document = harness.answers()[-1].document
    assert document
    assert document.size == len(original)


async def test_sides_beyond_telegrams_are_a_smaller_photo(harness: AppHarness) -> None:
    harness.draw = lambda *of: picture(6200, 4000)
    await harness.made("foxes --n 2")
    assert [look_at(harness, number) for number in (0, 1)] == [("JPEG", 2560, 1652)] * 2
    assert sizes(harness) == {"6200×4000"}


async def test_twelve_pictures_are_two_albums(harness: AppHarness) -> None:
    asked = await harness.say("foxes --n 12")
    result = await harness.ended()
    assert result.text == "✅ 12 pictures"
    albums = [message.album for message in harness.album()]
    assert [albums.count(album) for album in dict.fromkeys(albums)] == [10, 2]
    assert {message.reply_to for message in harness.album()} == {asked.id}
    assert harness.answers()[-1] is result


async def test_eleven_are_an_album_and_one(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 11")
    assert len(harness.album()) == 11
    assert harness.answers()[-1] is result


async def test_a_picture_that_breaks_off_does_not_keep_the_others_back(harness: AppHarness) -> None:
    streamed(harness)
    # All three break off at first, and one of them again when they are fetched again.
    harness.jimeng.faults.append(Fault(kind="cut", action="picture", times=4))
    told = await harness.made("foxes --n 3")
    assert told.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    assert told.buttons[0] == "🔎 Fetch the missing"
    await harness.press(told, "Style")
    await harness.press(told, "Back")
    assert told.buttons[0] == "🔎 Fetch the missing"
    assert len(harness.album()) == 2
    answer = await harness.press(told, "Fetch the missing")
    assert answer.text == "Looking…"
    await harness.quiet()
    assert len(harness.album()) == 3
    assert harness.answers()[-1].text == "✅ 3 pictures"
    assert harness.answers()[-1].buttons[:3] == ["🔁 Again", "🎲 Variations", "✏️ Edit"]
    assert len(harness.tasks) == 3


async def test_a_single_picture_that_breaks_off_once_is_fetched_again(harness: AppHarness) -> None:
    streamed(harness)
    harness.jimeng.faults.append(Fault(kind="cut", action="picture"))
    result = await harness.made("a fox")
    assert result.photo
    assert harness.answers() == [result]


async def test_a_picture_that_can_not_be_opened_is_left_for_later(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="status", status=503, action="picture"))
    told = await harness.made("foxes --n 3")
    assert told.text == "✅ 2 pictures\n1 couldn't be fetched from the service."
    await harness.press(told, "Fetch the missing")
    await harness.quiet()
    assert len(harness.album()) == 3


async def test_when_no_picture_can_be_fetched_the_person_can_try_later(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    harness.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    await harness.say("foxes --n 2")
    told = await harness.ended("Look again")
    assert harness.album() == []
    harness.jimeng.faults.clear()
    await harness.press(told, "Look again")
    await harness.ended("Files")
    assert len(harness.album()) == 2


async def test_flood_control_during_the_delivery_is_waited_out_and_nothing_arrives_twice(harness: AppHarness) -> None:
    harness.telegram.play(Flood(method="sendMediaGroup", retry_after=4))
    await harness.made("foxes --n 4")
    assert len(harness.album()) == 4
    assert [call.status for call in harness.called("sendMediaGroup")] == [429, 200]
    harness.telegram.play(Flood(method="editMessageMedia", retry_after=4))
    result = await harness.made("a fox")
    assert result.photo
    assert [call.status for call in harness.called("editMessageMedia")] == [429, 200]
    assert len(harness.answers()) == 6


async def test_pictures_that_were_streamed_into_a_refusal_arrive_whole(harness: AppHarness) -> None:
    made = streamed(harness)
    harness.telegram.play(Flood(method="sendMediaGroup", retry_after=2))
    await harness.made("foxes --n 2")
    uploads = [call for call in harness.called("sendMediaGroup") if call.status == 200]
    assert [item["media"]["size"] for item in uploads[0].request["media"]] == [len(made)] * 2
    harness.telegram.play(Flood(method="editMessageMedia", retry_after=2))
    await harness.made("a fox")
    (last,) = [call for call in harness.called("editMessageMedia") if call.status == 200]
    assert last.request["media"]["media"]["size"] == len(made)


async def test_a_server_error_of_telegram_is_tried_again(harness: AppHarness) -> None:
    harness.telegram.play(Refusal(method="sendMediaGroup", code=502, description="Bad Gateway"))
    await harness.made("foxes --n 2")
    assert len(harness.album()) == 2


async def test_the_connection_breaks_before_the_album_is_taken(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="sendMediaGroup"))
    await harness.made("foxes --n 2")
    assert len(harness.album()) == 2


async def test_a_deleted_status_message_leaves_the_result_as_a_new_message(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("foxes --n 2")
    status = await harness.shown("Drawing")
    harness.telegram.delete(harness.ann, status)
    harness.release()
    result = await harness.ended()
    assert result.text == "✅ 2 pictures"
    assert [message.reply_to for message in harness.album()] == [asked.id] * 2


async def test_a_deleted_prompt_is_no_reason_not_to_deliver(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("a fox")
    await harness.all_submitted(1)
    harness.telegram.delete(harness.ann, asked)
    harness.release()
    assert (await harness.ended()).photo


async def test_telegram_refuses_to_turn_the_status_into_the_picture(harness: AppHarness) -> None:
    harness.telegram.play(Refusal(method="editMessageMedia", code=400, description="Bad Request: IMAGE_PROCESS_FAILED"))
    result = await harness.made("a fox")
    assert result.photo
    assert harness.answers() == [result]


# blocked, removed, muted


async def test_a_bot_that_was_blocked_ends_quietly_and_keeps_the_picture(
    harness: AppHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    groups.set_bot_status(harness.telegram.world, harness.ann.chat, "kicked")
    harness.release()
    await harness.quiet()
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
    # Days later, the service has deleted its copy, and the person comes back.
    harness.pass_time(48 * 3600)
    groups.set_bot_status(harness.telegram.world, harness.ann.chat, "member")
    await harness.say("/history")
    shown = await harness.shown("1 of 1")
    assert shown.photo
    assert shown.text.startswith("a fox")


@pytest.mark.parametrize("status", ["kicked", "left", "restricted"])
async def test_removed_from_the_group_or_muted(harness: AppHarness, status: str) -> None:
    harness.hold()
    await harness.say("/imagine foxes --n 2", chat=harness.group)
    await harness.all_submitted(2)
    asked = await harness.shown("Cancel", harness.group)
    groups.set_bot_status(harness.telegram.world, harness.group, status)  # type: ignore[arg-type]
    harness.release()
    await harness.quiet()
    assert harness.album(harness.group) == []
    # If no message of the group can be changed any more, the requester is told in private.
    told = (
        "I can't post it here" if status == "restricted" else ("“foxes” is ready, but I can't post it where you asked")
    )
    place = harness.group if status == "restricted" else harness.ann.chat
    assert told in (await harness.shown(told, place)).text
    await harness.say("/history")
    assert (await harness.shown("1 of 2")).photo
    # A press corrects the messages from before the bot was shut out; nothing is drawn again.
    groups.set_bot_status(harness.telegram.world, harness.group, "member")
    if status != "restricted":
        assert (await harness.press(asked, "Cancel")).text == "Too late: it has already finished."
    assert "I can't post it here" in asked.text
    assert asked.buttons == ["📤 Send"]
    await harness.press(asked, "Send")
    await harness.ended(chat=harness.group)
    assert len(harness.album(harness.group)) == len(harness.tasks) == 2
    assert asked not in harness.answers(harness.group)


async def test_what_was_cancelled_unseen_is_told_by_a_press(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        harness.hold()
        await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
        await harness.all_submitted(1)
        await harness.shown("Drawing", harness.group)
        await harness.say("/imagine a hare", chat=harness.group, who=harness.bob)
        asked = await harness.shown("You are next", harness.group)
        groups.set_bot_status(harness.telegram.world, harness.group, "kicked")
        await harness.taken_in()
        harness.release()
        await harness.quiet()
        groups.set_bot_status(harness.telegram.world, harness.group, "member")
        await harness.press(asked, "Cancel", harness.bob)
        assert asked.text.endswith("I couldn't have posted it here. Nothing was charged.")
        assert asked.buttons == ["🔁 Try again"]


async def test_a_prompt_of_somebody_who_blocks_at_once(harness: AppHarness) -> None:
    harness.telegram.play(Delay(method="sendMessage", seconds=0.05))
    await harness.say("a fox")
    groups.set_bot_status(harness.telegram.world, harness.ann.chat, "kicked")
    await harness.quiet()
    assert harness.answers() == []


def look_at(harness: AppHarness, number: int) -> tuple[str, int, int]:
    """The largest rendition of one of the bot's pictures in Telegram."""
    photo = harness.album()[number].photo
    stored = harness.telegram.world.files.get(photo.largest.file_id) if photo else None
    assert stored
    return picture_info(stored.data)
