"""The status message: at once, in reply to the prompt; place, bar and time left; cancelled by whoever may."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.calls import Call
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, Drop, Refusal
from providers.jimeng.simulator import Fault
from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An account with one task at once, whose tasks wait until they are released."""
    async with open_house(tmp_path, concurrency=1) as house:
        house.hold()
        yield house


async def test_the_place_in_the_queue(house: House) -> None:
    await house.say("first")
    await house.shown("Drawing")
    second = await house.say("second", who=house.bob)
    status = await house.shown("You are next", house.bob.chat)
    assert status.reply_to == second.id
    assert status.buttons == ["Cancel"]
    await house.say("third", who=house.bob)
    await house.shown("Number 2 in the queue", house.bob.chat)
    house.release()
    await house.ended(chat=house.bob.chat)
    assert [task.prompt for task in house.tasks] == ["first", "second", "third"]
    assert not [message for message in house.answers(house.bob.chat) if "Cancel" in message.buttons]


async def test_a_bar_and_the_time_left_once_durations_are_known(house: House) -> None:
    await house.say("a fox")
    plain = await house.shown("Drawing")
    assert "▱" not in plain.text
    house.learn(40, 40, 40)
    bar = await house.shown("▱▱▱▱▱")
    assert "about 40 s left" in bar.text
    await house.say("a cat", who=house.bob)
    waiting = await house.shown("You are next", house.bob.chat)
    assert "about 80 s left" in waiting.text
    house.release()
    await house.ended()


async def test_several_pictures_are_counted(tmp_path: Path) -> None:
    async with open_house(tmp_path, concurrency=2) as house:
        house.hold()
        await house.say("foxes --n 3")
        await house.all_submitted(2)
        house.pass_time(10_000)
        await house.shown("2 of 3 ready")
        house.release()
        assert (await house.ended()).text == "✅ 3 pictures"


# cancelling


async def test_who_asked_can_cancel_what_waits_and_it_costs_nothing(house: House) -> None:
    await house.say("first")
    await house.all_submitted(1)
    await house.say("second", who=house.bob)
    status = await house.shown("You are next", house.bob.chat)
    told = await house.press(status, "Cancel", house.bob)
    assert (told.text, told.alert) == ("Cancelled", False)
    ended = await house.shown("Cancelled. Nothing was charged.", house.bob.chat)
    assert ended.id == status.id
    assert ended.buttons == ["🔁 Try again"]
    house.release()
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["first"]
    await house.press(ended, "Try again", house.bob)
    await house.ended(chat=house.bob.chat)
    assert [task.prompt for task in house.tasks] == ["first", "second"]


async def test_what_runs_is_paid_and_goes_into_the_history(house: House) -> None:
    await house.say("a fox")
    await house.all_submitted(1)
    status = await house.shown("Drawing")
    await house.press(status, "Cancel")
    assert "you'll find it in /history" in (await house.shown("already being drawn")).text
    house.release()
    await house.quiet()
    assert house.album() == []
    await house.say("/history")
    assert "a fox" in (await house.shown("1 of 1")).text


async def test_the_account_is_free_only_when_the_cancelled_task_ends(house: House) -> None:
    await house.say("a fox")
    await house.all_submitted(1)
    await house.press(await house.shown("Drawing"), "Cancel")
    await house.say("a cat")
    await house.shown("You are next")
    assert len(house.tasks) == 1
    house.release()
    await house.ended("Files")
    assert [task.prompt for task in house.tasks] == ["a fox", "a cat"]


async def test_strangers_can_not_cancel_but_admins_of_the_chat_can(house: House) -> None:
    ann, bob = house.ann, house.bob
    await house.say("/imagine a fox", chat=house.group)
    await house.all_submitted(1)
    status = await house.shown("Drawing", house.group)
    told = await house.press(status, "Cancel", bob)
    assert told.alert
    assert told.text == "Only the person who asked for it can cancel it."
    await house.say("/imagine a cat", chat=house.group, who=bob)
    theirs = await house.shown("You are next", house.group)
    assert (await house.press(theirs, "Cancel", ann)).text == "Cancelled"
    await house.shown("Cancelled. Nothing was charged.", house.group)
    house.release()
    await house.ended(chat=house.group)
    assert [task.prompt for task in house.tasks] == ["a fox"]


async def test_cancelling_twice_and_too_late(house: House) -> None:
    await house.say("a fox")
    status = await house.shown("Cancel")
    data = next(str(button["callback_data"]) for row in status.keyboard or [] for button in row)
    await house.all_submitted(1)
    await house.press(status, "Cancel")
    await house.shown("already being drawn")
    # A phone that has not seen the change yet still shows the button.
    status.keyboard = [[{"text": "Cancel", "callback_data": data}]]
    told = await house.press(status, data)
    assert told.alert
    assert "already finished" in told.text
    house.release()


# what goes wrong


async def test_a_failure_is_told_where_the_progress_stood(house: House) -> None:
    house.release()
    asked = await house.say("an unsafe result")
    told = await house.ended("Try again")
    assert told.reply_to == asked.id
    assert "held it back" in told.text
    assert house.answers() == [told]


async def test_a_part_that_failed_is_told_with_the_album(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.jimeng.faults.append(Fault(kind="code", code=50411, action="submit"))
        await house.say("foxes --n 3", picture())
        told = await house.ended()
        assert told.text.startswith("✅ 2 pictures\n⚠️ The service refused one of the reference pictures")
        assert len(house.album()) == 2


async def test_a_part_that_failed_is_told_with_the_one_that_is_left(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.jimeng.faults.append(Fault(kind="code", code=50411, action="submit"))
        # With the longest prompt that there is, all of it must still fit.
        result = await house.made("🦊" * 500 + " --n 2", picture())
        assert result.photo
        assert "⚠️ The service refused one of the reference pictures" in result.text


async def test_the_operator_must_act_and_the_person_is_told_so(house: House) -> None:
    house.release()
    house.jimeng.activate(active=False)
    await house.say("a fox")
    told = await house.ended("Try again")
    assert "isn't set up correctly" in told.text
    assert "50400" not in told.text


async def test_a_lost_submit_is_not_repeated_by_itself(house: House) -> None:
    house.release()
    house.jimeng.faults.append(Fault(kind="lost", action="submit"))
    # Its call would bring the ticket.
    house.jimeng.faults.append(Fault(kind="drop", action="call"))
    await house.say("a fox")
    told = await house.ended("Try again")
    assert "I can't tell whether it was charged" in told.text
    assert len(house.tasks) == 1
    await house.press(told, "Try again")
    await house.ended("Files")
    assert len(house.tasks) == 2


async def test_a_deleted_status_message_is_no_error(house: House) -> None:
    await house.say("a fox")
    status = await house.shown("Drawing")
    house.telegram.delete(house.ann, status)
    house.learn(40, 40)  # the bar wants to be shown
    house.release()
    result = await house.ended()
    assert result.photo
    assert house.answers() == [result]


async def test_a_lost_answer_to_the_status_message_does_not_stop_the_job(house: House) -> None:
    house.release()
    house.telegram.play(Drop(method="sendMessage", applied=True))
    await house.say("a fox")
    result = await house.ended("Files")
    assert result.photo


async def test_a_group_without_room_for_progress_still_gets_its_pictures(house: House) -> None:
    house.release()
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    for number in range(6):
        await house.say(f"/imagine fox {number}", chat=house.group)
    await house.quiet(20)
    assert len(house.album(house.group)) == 6


async def test_progress_that_could_not_be_shown_is_tried_again(house: House) -> None:
    await house.say("first")
    await house.shown("Drawing")
    house.telegram.play(Refusal(method="editMessageText", times=1000))
    await house.say("second", who=house.bob)
    status = await house.shown("Got it", house.bob.chat)
    await house.telegram.until(lambda: _edits(house, status))
    house.telegram.faults.clear()
    await house.shown("You are next", house.bob.chat)
    house.release()
    await house.quiet()


def _edits(house: House, message: ChatMessage, since: int = 0) -> list[Call]:
    edits = house.called("editMessageText", since=since)
    return [call for call in edits if call.request["message_id"] == message.id]


async def test_the_jobs_of_a_chat_take_turns_in_showing_progress(house: House) -> None:
    await house.say("/imagine first", chat=house.group)
    status = await house.shown("Drawing", house.group)
    waiting = []
    for number in range(4):
        await house.say(f"/imagine no. {number}", who=house.bob, chat=house.group)
        waiting.append(await house.shown("Got it", house.group))
    since = house.now
    house.learn(2, 2)
    await house.telegram.until(lambda: all("queue" in one.text or "next" in one.text for one in waiting))
    assert len(_edits(house, status, since)) <= 2
    house.release()
    await house.quiet()
