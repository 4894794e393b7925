"""The status message: sent at once in reply to the prompt; queue place, bar and time left; who may cancel."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.calls import Call
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, Drop, Refusal
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """An account with one task at once, whose tasks wait until they are released."""
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        harness.hold()
        yield harness


async def test_the_place_in_the_queue(harness: AppHarness) -> None:
    await harness.say("first")
    await harness.shown("Drawing")
    second = await harness.say("second", who=harness.bob)
    status = await harness.shown("You are next", harness.bob.chat)
    assert status.reply_to == second.id
    assert status.buttons == ["Cancel"]
    await harness.say("third", who=harness.bob)
    await harness.shown("Number 2 in the queue", harness.bob.chat)
    harness.release()
    await harness.ended(chat=harness.bob.chat)
    assert [task.prompt for task in harness.tasks] == ["first", "second", "third"]
    assert not [message for message in harness.answers(harness.bob.chat) if "Cancel" in message.buttons]


async def test_a_bar_and_the_time_left_once_durations_are_known(harness: AppHarness) -> None:
    await harness.say("a fox")
    plain = await harness.shown("Drawing")
    assert "▱" not in plain.text
    harness.learn(40, 40, 40)
    bar = await harness.shown("▱▱▱▱▱")
    assert "about 40 s left" in bar.text
    await harness.say("a cat", who=harness.bob)
    waiting = await harness.shown("You are next", harness.bob.chat)
    assert "about 80 s left" in waiting.text
    harness.release()
    await harness.ended()


async def test_several_pictures_are_counted(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=2) as harness:
        harness.hold()
        await harness.say("foxes --n 3")
        await harness.all_submitted(2)
        harness.pass_time(10_000)
        await harness.shown("2 of 3 ready")
        harness.release()
        assert (await harness.ended()).text == "✅ 3 pictures"


# cancelling


async def test_who_asked_can_cancel_what_waits_and_it_costs_nothing(harness: AppHarness) -> None:
    await harness.say("first")
    await harness.all_submitted(1)
    await harness.say("second", who=harness.bob)
    status = await harness.shown("You are next", harness.bob.chat)
    told = await harness.press(status, "Cancel", harness.bob)
    assert (told.text, told.alert) == ("Cancelled", False)
    ended = await harness.shown("Cancelled. Nothing was charged.", harness.bob.chat)
    assert ended.id == status.id
    assert ended.buttons == ["🔁 Try again"]
    harness.release()
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["first"]
    await harness.press(ended, "Try again", harness.bob)
    await harness.ended(chat=harness.bob.chat)
    assert [task.prompt for task in harness.tasks] == ["first", "second"]


async def test_what_runs_is_paid_and_goes_into_the_history(harness: AppHarness) -> None:
    await harness.say("a fox")
    await harness.all_submitted(1)
    status = await harness.shown("Drawing")
    await harness.press(status, "Cancel")
    assert "you'll find it in /history" in (await harness.shown("already being drawn")).text
    harness.release()
    await harness.quiet()
    assert harness.album() == []
    await harness.say("/history")
    assert "a fox" in (await harness.shown("1 of 1")).text


async def test_the_account_is_free_only_when_the_cancelled_task_ends(harness: AppHarness) -> None:
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.press(await harness.shown("Drawing"), "Cancel")
    await harness.say("a cat")
    await harness.shown("You are next")
    assert len(harness.tasks) == 1
    harness.release()
    await harness.ended("Files")
    assert [task.prompt for task in harness.tasks] == ["a fox", "a cat"]


async def test_strangers_can_not_cancel_but_admins_of_the_chat_can(harness: AppHarness) -> None:
    ann, bob = harness.ann, harness.bob
    await harness.say("/imagine a fox", chat=harness.group)
    await harness.all_submitted(1)
    status = await harness.shown("Drawing", harness.group)
    told = await harness.press(status, "Cancel", bob)
    assert told.alert
    assert told.text == "Only the person who asked for it can cancel it."
    await harness.say("/imagine a cat", chat=harness.group, who=bob)
    theirs = await harness.shown("You are next", harness.group)
    assert (await harness.press(theirs, "Cancel", ann)).text == "Cancelled"
    await harness.shown("Cancelled. Nothing was charged.", harness.group)
    harness.release()
    await harness.ended(chat=harness.group)
    assert [task.prompt for task in harness.tasks] == ["a fox"]


async def test_cancelling_twice_and_too_late(harness: AppHarness) -> None:
    await harness.say("a fox")
    status = await harness.shown("Cancel")
    data = next(str(button["callback_data"]) for row in status.keyboard or [] for button in row)
    await harness.all_submitted(1)
    await harness.press(status, "Cancel")
    await harness.shown("already being drawn")
    # A phone that has not seen the change yet still shows the button.
    status.keyboard = [[{"text": "Cancel", "callback_data": data}]]
    told = await harness.press(status, data)
    assert told.alert
    assert "already finished" in told.text
    harness.release()


# failures


async def test_a_failure_is_told_where_the_progress_stood(harness: AppHarness) -> None:
    harness.release()
    asked = await harness.say("an unsafe result")
    told = await harness.ended("Try again")
    assert told.reply_to == asked.id
    assert "held it back" in told.text
    assert harness.answers() == [told]


async def test_a_part_that_failed_is_told_with_the_album(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        harness.jimeng.faults.append(Fault(kind="code", code=50411, action="submit"))
        await harness.say("foxes --n 3", picture())
        told = await harness.ended()
        assert told.text.startswith("✅ 2 pictures\n⚠️ The service refused one of the reference pictures")
        assert len(harness.album()) == 2


async def test_a_part_that_failed_is_told_with_the_one_that_is_left(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        harness.jimeng.faults.append(Fault(kind="code", code=50411, action="submit"))
        # All of it must fit with the longest possible prompt.
        result = await harness.made("🦊" * 500 + " --n 2", picture())
        assert result.photo
        assert "⚠️ The service refused one of the reference pictures" in result.text


async def test_the_operator_must_act_and_the_person_is_told_so(harness: AppHarness) -> None:
    harness.release()
    harness.jimeng.activate(active=False)
    await harness.say("a fox")
    told = await harness.ended("Try again")
    assert "isn't set up correctly" in told.text
    assert "50400" not in told.text


async def test_a_lost_submit_is_not_repeated_by_itself(harness: AppHarness) -> None:
    harness.release()
    harness.jimeng.faults.append(Fault(kind="lost", action="submit"))
    # The callback would bring the ticket.
    harness.jimeng.faults.append(Fault(kind="drop", action="call"))
    await harness.say("a fox")
    told = await harness.ended("Try again")
    assert "I can't tell whether it was charged" in told.text
    assert len(harness.tasks) == 1
    await harness.press(told, "Try again")
    await harness.ended("Files")
    assert len(harness.tasks) == 2


async def test_a_deleted_status_message_is_no_error(harness: AppHarness) -> None:
    await harness.say("a fox")
    status = await harness.shown("Drawing")
    harness.telegram.delete(harness.ann, status)
    harness.learn(40, 40)  # enough samples for the bar to be shown
    harness.release()
    result = await harness.ended()
    assert result.photo
    assert harness.answers() == [result]


async def test_a_lost_answer_to_the_status_message_does_not_stop_the_job(harness: AppHarness) -> None:
    harness.release()
    harness.telegram.play(Drop(method="sendMessage", applied=True))
    await harness.say("a fox")
    result = await harness.ended("Files")
    assert result.photo


async def test_a_group_without_room_for_progress_still_gets_its_pictures(harness: AppHarness) -> None:
    harness.release()
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    for number in range(6):
        await harness.say(f"/imagine fox {number}", chat=harness.group)
    await harness.quiet(20)
    assert len(harness.album(harness.group)) == 6


async def test_progress_that_could_not_be_shown_is_tried_again(harness: AppHarness) -> None:
    await harness.say("first")
    await harness.shown("Drawing")
    harness.telegram.play(Refusal(method="editMessageText", times=1000))
    await harness.say("second", who=harness.bob)
    status = await harness.shown("Got it", harness.bob.chat)
    await harness.telegram.until(lambda: _edits(harness, status))
    harness.telegram.faults.clear()
    await harness.shown("You are next", harness.bob.chat)
    harness.release()
    await harness.quiet()


def _edits(harness: AppHarness, message: ChatMessage, since: int = 0) -> list[Call]:
    edits = harness.called("editMessageText", since=since)
    return [call for call in edits if call.request["message_id"] == message.id]


async def test_the_jobs_of_a_chat_take_turns_in_showing_progress(harness: AppHarness) -> None:
    await harness.say("/imagine first", chat=harness.group)
    status = await harness.shown("Drawing", harness.group)
    waiting = []
    for number in range(4):
        await harness.say(f"/imagine no. {number}", who=harness.bob, chat=harness.group)
        waiting.append(await harness.shown("Got it", harness.group))
    since = harness.now
    harness.learn(2, 2)
    await harness.telegram.until(lambda: all("queue" in one.text or "next" in one.text for one in waiting))
    assert len(_edits(harness, status, since)) <= 2
    harness.release()
    await harness.quiet()
