"""Edited messages: a waiting request gets the new prompt, other messages may become requests, nothing is paid twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.settings import LimitsSettings
from storage.job_states import JobState
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import edit, edited, widths


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """A bot whose only slot is taken by Bob's request, until it is released."""
    async with open_app_harness(tmp_path, concurrency=1, limits=LimitsSettings(waiting=1, daily=1)) as harness:
        harness.hold()
        await harness.say("first", who=harness.bob)
        await harness.all_submitted(1)
        yield harness


async def finished(harness: AppHarness) -> list[str]:
    """The prompts of Ann's tasks, when all is done."""
    harness.release()
    await harness.quiet()
    return [task.prompt for task in harness.tasks if task.prompt != "first"]


# waiting requests


async def test_a_request_that_waits_gets_the_new_words(busy: AppHarness) -> None:
    asked = await busy.say("a read fox --ar 9:16")
    await busy.shown("You are next")
    await edited(busy, asked, "a red fox --ar 16:9")
    told = await busy.shown("✏️ Changed.")
    assert await finished(busy) == ["a red fox"]
    (task,) = [one for one in busy.submitted() if one["prompt"] == "a red fox"]
    assert task["width"] > task["height"]
    assert len(busy.answers()) == 1
    assert told.id == busy.answers()[0].id
    assert busy.answers()[0].text.startswith("a red fox")


async def test_limits_count_a_changed_request_once(busy: AppHarness) -> None:
    """The limits are one waiting request and one a day; changes don't count."""
    asked = await busy.say("a cat")
    await busy.shown("You are next")
    for words in ("a dog", "a hare --n 2", "a fox"):
        await edited(busy, asked, words)
    assert await finished(busy) == ["a fox"]
    assert not any("You've reached your limit" in one.text for one in busy.answers())


async def test_wrong_new_words_leave_the_request_as_it_was(busy: AppHarness) -> None:
    asked = await busy.say("a fox")
    await busy.shown("You are next")
    for words, why in (
        ("a cat --ar 9:1", "from 1:3 to 3:1"),
        ("x" * 900, "Please shorten it"),
        ("--ar 16:9", "should show"),
    ):
        await edited(busy, asked, words)
        told = await busy.shown(why)
        assert told.reply_to == asked.id
        assert told.text.endswith("Your request stays as it was.")
    assert await finished(busy) == ["a fox"]


async def test_what_telegram_itself_changes_is_no_edit(busy: AppHarness) -> None:
    asked = await busy.say("a fox like https://example.org/fox")
    await busy.shown("You are next")
    busy.telegram.acts.touch(asked)
    await edited(busy, asked, asked.text)
    assert await finished(busy) == [asked.text]
    assert len(busy.answers()) == 1
    busy.telegram.acts.touch(asked)
    await edited(busy, asked, asked.text)
    assert len(busy.answers()) == 1


async def test_an_edit_delivered_twice_acts_once(busy: AppHarness) -> None:
    asked = await busy.say("a read fox")
    await busy.shown("You are next")
    await edited(busy, asked, "a red fox")
    busy.telegram.redeliver()
    await busy.taken_in()
    assert await finished(busy) == ["a red fox"]
    await edited(busy, asked, "a blue fox")
    busy.telegram.redeliver()
    await busy.taken_in()
    assert len(busy.answers()) == 2


async def test_the_references_stay_and_a_new_picture_takes_the_place_of_the_old(busy: AppHarness) -> None:
    asked = await busy.say("in bleu", picture(201))
    await busy.shown("You are next")
    await edited(busy, asked, "in blue")
    asked.photo = await busy.telegram.world.files.add_picture(picture(202))
    await edited(busy, asked, "in blue")
    assert await finished(busy) == ["in blue"]
    assert widths(busy) == [202]


@pytest.mark.parametrize("item", [0, 1])
async def test_the_caption_of_any_item_of_an_album(busy: AppHarness, item: int) -> None:
    album = await busy.telegram.send(busy.ann, text="cats", files=[picture(201), picture(202)], captions=["and dogs"])
    await busy.shown("You are next")
    await edited(busy, album[item], "hares")
    assert await finished(busy) == [["hares\nand dogs", "cats\nhares"][item]]
    assert widths(busy) == [201, 202]


async def test_in_a_group_and_by_mention(busy: AppHarness) -> None:
    asked = await busy.say("/imagine a read fox", chat=busy.group)
    await busy.shown("You are next", busy.group)
    await edited(busy, asked, "@imagine_demo_bot a red fox")
    assert list(asked.reactions.values()) == ["✍"]
    assert await finished(busy) == ["a red fox"]


async def test_what_has_become_another_command_changes_nothing(busy: AppHarness) -> None:
    asked = await busy.say("a fox")
    await busy.shown("You are next")
    await edited(busy, asked, "/help")
    assert await finished(busy) == ["a fox"]
    assert len(busy.answers()) == 1


async def test_what_was_cancelled_was_not_begun(busy: AppHarness) -> None:
    asked = await busy.say("a cat")
    await busy.press(await busy.shown("You are next"), "Cancel")
    await busy.shown("Nothing was charged")
    await edited(busy, asked, "a hare")
    offer = await busy.shown("after this had finished. Shall I make it with the new ones?")
    await busy.press(offer, "Make it again")
    assert await finished(busy) == ["a hare"]


async def test_a_change_survives_a_restart(busy: AppHarness) -> None:
    asked = await busy.say("a read fox")
    await busy.shown("You are next")
    await busy.stop()
    edit(busy, asked, "a red fox")
    await busy.start()
    await busy.shown("✏️ Changed.")
    assert await finished(busy) == ["a red fox"]


async def test_an_edit_right_after_the_message(harness: AppHarness) -> None:
    """Also while the message is still held back for others of its batch."""
    asked = await harness.say("a read fox")
    edit(harness, asked, "a red fox")
    await harness.quiet()
    assert len(harness.tasks) == 1
    job = await harness.app.store.jobs.get(1)
    assert job
    assert job.prompt == harness.tasks[0].prompt
    # Changed in time, or offered.
    offered = any("Shall I make it again" in one.text for one in harness.answers())
    assert offered is (job.prompt == "a read fox")


# messages that were no requests


async def test_an_edit_that_makes_a_request_of_what_was_none(harness: AppHarness) -> None:
    asked = await harness.say("a fox --ar 9:1")
    await harness.shown("from 1:3 to 3:1")
    await edited(harness, asked, "a fox --ar 16:9")
    await harness.ended()
    await edited(harness, asked, "a fox --ar 16:9")
    assert [task.prompt for task in harness.tasks] == ["a fox"]


@pytest.mark.parametrize("words", ["/imagine a fox", "@imagine_demo_bot a fox"])
async def test_an_order_added_in_a_group(harness: AppHarness, words: str) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    album = await harness.telegram.send(harness.ann, harness.group, text="a fox", files=[picture(201), picture(202)])
    await harness.quiet()
    await edited(harness, album[0], words)
    await harness.ended(chat=harness.group)
    assert [task.prompt for task in harness.tasks] == ["a fox"]
    assert widths(harness) == [201, 202]


async def test_words_added_to_pictures_that_wait_for_them(harness: AppHarness) -> None:
    album = await harness.telegram.send(harness.ann, files=[picture(201), picture(202)])
    await harness.shown("What should I make")
    await edited(harness, album[0], "in blue")
    await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["in blue"]
    assert widths(harness) == [201, 202]


async def test_words_added_to_pictures_that_were_used_already_order_nothing(harness: AppHarness) -> None:
    photo = await harness.say("", picture(201))
    await harness.shown("What should I make")
    await harness.made("in blue")
    await edited(harness, photo, "my cat")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["in blue"]


async def test_an_old_message_does_not_become_a_request(harness: AppHarness) -> None:
    asked = await harness.say("a fox --ar 9:1")
    await harness.shown("from 1:3 to 3:1")
    asked.date -= 700
    await edited(harness, asked, "a fox")
    await harness.quiet()
    assert not harness.tasks


# the race with the claim


async def test_of_an_edit_and_a_claim_one_is_first(tmp_path: Path) -> None:
    """Each request is paid once, with the old or the new text, whichever comes first."""
    async with open_app_harness(tmp_path) as harness:
        prompts = []
        for number in range(4):
            asked = await harness.say(f"a fox {number}")
            await harness.shown("Got it" if number % 2 else "")
            edit(harness, asked, f"a hare {number}")
            prompts.append({f"a fox {number}", f"a hare {number}"})
        await harness.quiet()
        assert len(harness.tasks) == 4
        jobs = [await harness.app.store.jobs.get(number) for number in range(1, 5)]
        # A request whose words are changed while it waits may be submitted after the next one.
        tasks = sorted(harness.tasks, key=lambda task: task.prompt[-1])
        for task, job, either in zip(tasks, jobs, prompts, strict=True):
            assert job
            assert job.state is JobState.DELIVERED
            assert task.prompt in either
            assert job.prompt == task.prompt


# replies to pictures that were answered by a question or a hint


@pytest.mark.parametrize(
    ("first", "told", "second"),
    [
        ("in blue --ar 9:1", "from 1:3 to 3:1", "in blue --ar 16:9"),
        ("thanks!", "That sounded like chatting", "in blue"),
        ("/imagin in blue", "Did you mean /imagine", "/imagine in blue"),
    ],
)
async def test_a_reply_to_a_picture_is_corrected_by_an_edit(
    harness: AppHarness, first: str, told: str, second: str
) -> None:
    result = await harness.made("a fox")
    asked = await harness.say(first, reply_to=result)
    await harness.shown(told)
    await harness.quiet()
    await edited(harness, asked, second)
    assert await finished(harness) == ["a fox", "in blue"]
    assert len(harness.tasks[1].references) == 1


async def test_a_reply_in_a_group_is_corrected_by_an_edit(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    asked = await harness.say("/imagine in blue --ar 9:1", reply_to=result, chat=harness.group)
    await harness.quiet()
    await edited(harness, asked, "/imagine in blue --ar 16:9")
    assert await finished(harness) == ["a fox", "in blue"]
    assert len(harness.tasks[1].references) == 1


async def test_a_request_that_waits_is_not_edited_into_talk(busy: AppHarness) -> None:
    asked = await busy.say("a cat")
    await busy.shown("You are next")
    await edited(busy, asked, "thanks!")
    await busy.shown("That sounded like chatting.\nYour request stays as it was.")
    assert await finished(busy) == ["a cat"]


async def test_new_words_that_are_too_long_with_their_style_leave_the_request_as_it_was(busy: AppHarness) -> None:
    asked = await busy.say("a fox --style watercolor")
    await busy.shown("You are next")
    await edited(busy, asked, "fox " * 198 + " --style watercolor")
    await busy.shown("Your request stays as it was.")
    (drawn,) = await finished(busy)
    assert drawn.startswith("a fox, ")
