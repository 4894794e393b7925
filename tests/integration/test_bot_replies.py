"""References by reply, and pictures that wait for their words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, upload
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import numbered, widths


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def sees_everything(harness: AppHarness) -> None:
    """In groups the bot sees photos without a command only as an admin."""
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")


async def in_group(harness: AppHarness, words: str, **how: object) -> ChatMessage:
    """Ann writes in the group; waits for the end."""
    return await harness.made(words, chat=harness.group, **how)


# replies to people


async def test_a_reply_to_anybodys_photo(harness: AppHarness) -> None:
    theirs = await harness.say("my cat", picture(333), who=harness.bob, chat=harness.group)
    result = await in_group(harness, "/imagine as a watercolour", reply_to=theirs)
    assert result.text.startswith("as a watercolour")
    assert widths(harness) == [333]


async def test_a_reply_to_somebodys_picture_file(harness: AppHarness) -> None:
    theirs = await harness.say("", picture(333, 300, "PNG"), who=harness.bob, chat=harness.group, as_document=True)
    await in_group(harness, "@imagine_demo_bot in blue", reply_to=theirs)
    assert widths(harness) == [333]


async def test_a_reply_with_a_photo_of_ones_own_uses_both_in_their_order(harness: AppHarness) -> None:
    theirs = await harness.say("", picture(201), who=harness.bob, chat=harness.group)
    await in_group(harness, "/imagine together", reply_to=theirs)
    await harness.say("/imagine together", picture(202), chat=harness.group, reply_to=theirs)
    await harness.all_submitted(2)
    assert widths(harness) == [201, 202]


async def test_a_reply_to_an_item_of_an_album_means_the_whole_album(harness: AppHarness) -> None:
    sees_everything(harness)
    harness.telegram.acts.shuffle = True
    album = await harness.telegram.send(harness.bob, harness.group, text="the zoo", files=numbered(5))
    await harness.quiet()
    assert harness.answers(harness.group) == []
    await in_group(harness, "/imagine together", reply_to=album[2])
    assert widths(harness) == [200, 201, 202, 203, 204]


async def test_of_an_album_that_the_bot_did_not_see_the_item_counts(harness: AppHarness) -> None:
    album = await harness.telegram.send(harness.bob, harness.group, files=numbered(3))
    await in_group(harness, "/imagine in blue", reply_to=album[1])
    assert widths(harness) == [201]


async def test_a_reply_in_private_to_ones_own_photo(harness: AppHarness) -> None:
    mine = await harness.say("as a drawing", picture(222))
    await harness.ended()
    await harness.made("in blue", reply_to=mine)
    assert widths(harness) == [222]


async def test_a_reply_of_imagine_alone_to_a_photo_asks_for_words(harness: AppHarness) -> None:
    theirs = await harness.say("", picture(222), who=harness.bob, chat=harness.group)
    asked = await harness.say("/imagine", chat=harness.group, reply_to=theirs)
    question = await harness.shown("What should I make", harness.group)
    assert question.reply_to == asked.id
    await in_group(harness, "a drawing", reply_to=question)
    assert [task.prompt for task in harness.tasks] == ["a drawing"]
    assert widths(harness) == [222]


# replies to the bot's results


async def test_a_reply_to_a_single_result_changes_it(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.made("now with a hat", reply_to=result)
    assert widths(harness) == [result.photo.largest.width if result.photo else 0]


async def test_anybody_may_reply_to_a_result_in_the_group_with_a_command(harness: AppHarness) -> None:
    result = await in_group(harness, "/imagine a fox")
    asked = await harness.say("/imagine in blue", chat=harness.group, who=harness.bob, reply_to=result)
    await harness.all_submitted(2)
    await harness.quiet()
    assert len(harness.tasks[-1].references) == 1
    assert harness.answers(harness.group)[-1].reply_to == asked.id


async def test_a_reply_to_one_picture_of_the_bots_album_means_that_one(harness: AppHarness) -> None:
    sides = iter([210, 220, 230, 300])
    harness.draw = lambda *of: picture(next(sides), 200)
    await harness.made("foxes --n 3")
    second = next(message for message in harness.album() if look_width(message) == 220)
    await harness.made("in blue", reply_to=second)
    assert widths(harness) == [220]


async def test_a_reply_to_the_buttons_of_an_album_means_all_of_it(harness: AppHarness) -> None:
    buttons = await harness.made("foxes --n 3")
    assert buttons.is_text
    await harness.made("all of you together", reply_to=buttons)
    assert len(harness.tasks[-1].references) == 3


async def test_a_reply_to_an_original_sent_as_a_file(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.press(result, "Files")
    await harness.quiet()
    original = harness.answers()[-1]
    assert original.document
    await harness.made("in blue", reply_to=original)
    assert len(harness.tasks[-1].references) == 1


# pictures that wait for words


async def test_a_photo_without_words_asks_and_the_answer_uses_it(harness: AppHarness) -> None:
    photo = await harness.say("", picture(222))
    question = await harness.shown("What should I make")
    assert question.reply_to == photo.id
    assert not harness.tasks
    answered = await harness.say("as a watercolour", reply_to=question)
    result = await harness.ended()
    assert result.reply_to == answered.id
    assert widths(harness) == [222]
    await harness.made("a cat")
    assert widths(harness) == []


async def test_the_next_message_is_the_answer_too(harness: AppHarness) -> None:
    await harness.say("", *numbered(3))
    await harness.shown("What should I make")
    await harness.made("as a watercolour --n 2")
    assert [len(task.references) for task in harness.tasks] == [3, 3]
    assert widths(harness) == [200, 201, 202]


async def test_photos_sent_one_by_one_are_all_used(harness: AppHarness) -> None:
    await harness.say("", picture(201))
    await harness.say("", picture(202))
    await harness.telegram.until(lambda: len(harness.answers()) == 2)
    await harness.made("together", picture(203))
    assert widths(harness) == [201, 202, 203]


async def test_somebody_elses_words_do_not_take_my_pictures(harness: AppHarness) -> None:
    photo = await harness.say("", picture(222), chat=harness.group, who=harness.bob)
    await harness.say("/imagine", chat=harness.group, who=harness.bob, reply_to=photo)
    await harness.shown("What should I make", harness.group)
    await in_group(harness, "/imagine a cat")
    assert widths(harness) == []
    await in_group(harness, "/imagine a dog", who=harness.bob)
    assert widths(harness) == [222]


async def test_pictures_wait_in_their_own_chat(harness: AppHarness) -> None:
    await harness.say("", picture(222))
    await harness.shown("What should I make")
    await in_group(harness, "/imagine a cat")
    assert widths(harness) == []


async def test_a_reply_to_another_photo_wins_over_pictures_that_wait(harness: AppHarness) -> None:
    other = await harness.say("as a drawing", picture(201))
    await harness.ended()
    await harness.say("", picture(202))
    asked = await harness.shown("What should I make")
    await harness.made("in blue", reply_to=other)
    assert widths(harness) == [201]
    await harness.made("a cat")
    assert widths(harness) == []
    await harness.made("in green", reply_to=asked)
    assert widths(harness) == [202], "a reply to the question still uses them"


async def test_words_in_reply_to_the_photo_itself_are_its_words(harness: AppHarness) -> None:
    first, *_ = await harness.telegram.send(harness.ann, files=numbered(2))
    await harness.shown("What should I make")
    await harness.made("in blue", reply_to=first)
    assert widths(harness) == [200, 201]
    await harness.made("a cat")
    assert widths(harness) == []


async def test_a_wrong_flag_keeps_the_pictures_waiting(harness: AppHarness) -> None:
    await harness.say("in blue --ar 9:1", picture(222))
    told = await harness.shown("from 1:3 to 3:1")
    assert not harness.tasks
    await harness.made("in blue --ar 16:9", reply_to=told)
    assert widths(harness) == [222]


async def test_flags_alone_do_not_use_up_pictures_that_wait(harness: AppHarness) -> None:
    await harness.say("", picture(222))
    await harness.shown("What should I make")
    await harness.say("--ar 16:9")
    await harness.quiet()
    assert not harness.tasks
    await harness.made("in blue")
    assert widths(harness) == [222]


async def test_a_file_that_is_no_picture_in_the_answer_leaves_the_pictures_waiting(harness: AppHarness) -> None:
    await harness.say("", picture(222))
    question = await harness.shown("What should I make")
    await harness.say("like this", upload(b"words", "list.txt"), reply_to=question)
    await harness.shown("not a picture")
    await harness.made("in blue")
    assert widths(harness) == [222]


def look_width(message: ChatMessage) -> int:
    """The width of a message's photo."""
    return message.photo.largest.width if message.photo else 0
