"""References by reply, and pictures that wait for their words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, upload
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def numbered(count: int) -> list[bytes]:
    """Pictures that can be told apart by their widths."""
    return [picture(200 + number) for number in range(count)]


def widths(house: House) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [look(reference)[1] for reference in house.tasks[-1].references]


def sees_everything(house: House) -> None:
    """In groups the bot sees photos without a command only as an admin."""
    groups.set_bot_status(house.telegram.world, house.group, "administrator")


async def in_group(house: House, words: str, **how: object) -> ChatMessage:
    """Ann writes in the group; waits for the end."""
    return await house.made(words, chat=house.group, **how)


# replies to people


async def test_a_reply_to_anybodys_photo(house: House) -> None:
    theirs = await house.say("my cat", picture(333), who=house.bob, chat=house.group)
    result = await in_group(house, "/imagine as a watercolour", reply_to=theirs)
    assert result.text.startswith("as a watercolour")
    assert widths(house) == [333]


async def test_a_reply_to_somebodys_picture_file(house: House) -> None:
    theirs = await house.say("", picture(333, 300, "PNG"), who=house.bob, chat=house.group, as_document=True)
    await in_group(house, "@imagine_demo_bot in blue", reply_to=theirs)
    assert widths(house) == [333]


async def test_a_reply_with_a_photo_of_ones_own_uses_both_in_their_order(house: House) -> None:
    theirs = await house.say("", picture(201), who=house.bob, chat=house.group)
    await in_group(house, "/imagine together", reply_to=theirs)
    await house.say("/imagine together", picture(202), chat=house.group, reply_to=theirs)
    await house.all_submitted(2)
    assert widths(house) == [201, 202]


async def test_a_reply_to_an_item_of_an_album_means_the_whole_album(house: House) -> None:
    sees_everything(house)
    house.telegram.acts.shuffle = True
    album = await house.telegram.send(house.bob, house.group, text="the zoo", files=numbered(5))
    await house.quiet()
    assert house.answers(house.group) == []
    await in_group(house, "/imagine together", reply_to=album[2])
    assert widths(house) == [200, 201, 202, 203, 204]


async def test_of_an_album_that_the_bot_did_not_see_the_item_counts(house: House) -> None:
    album = await house.telegram.send(house.bob, house.group, files=numbered(3))
    await in_group(house, "/imagine in blue", reply_to=album[1])
    assert widths(house) == [201]


async def test_a_reply_in_private_to_ones_own_photo(house: House) -> None:
    mine = await house.say("as a drawing", picture(222))
    await house.ended()
    await house.made("in blue", reply_to=mine)
    assert widths(house) == [222]


async def test_a_reply_of_imagine_alone_to_a_photo_asks_for_words(house: House) -> None:
    theirs = await house.say("", picture(222), who=house.bob, chat=house.group)
    asked = await house.say("/imagine", chat=house.group, reply_to=theirs)
    question = await house.shown("What should I make", house.group)
    assert question.reply_to == asked.id
    await in_group(house, "a drawing", reply_to=question)
    assert [task.prompt for task in house.tasks] == ["a drawing"]
    assert widths(house) == [222]


# replies to the bot's results


async def test_a_reply_to_a_single_result_changes_it(house: House) -> None:
    result = await house.made("a fox")
    await house.made("now with a hat", reply_to=result)
    assert widths(house) == [result.photo.largest.width if result.photo else 0]


async def test_anybody_may_reply_to_a_result_in_the_group_with_a_command(house: House) -> None:
    result = await in_group(house, "/imagine a fox")
    asked = await house.say("/imagine in blue", chat=house.group, who=house.bob, reply_to=result)
    await house.all_submitted(2)
    await house.quiet()
    assert len(house.tasks[-1].references) == 1
    assert house.answers(house.group)[-1].reply_to == asked.id


async def test_a_reply_to_one_picture_of_the_bots_album_means_that_one(house: House) -> None:
    sides = iter([210, 220, 230, 300])
    house.draw = lambda *of: picture(next(sides), 200)
    await house.made("foxes --n 3")
    second = next(message for message in house.album() if look_width(message) == 220)
    await house.made("in blue", reply_to=second)
    assert widths(house) == [220]


async def test_a_reply_to_the_buttons_of_an_album_means_all_of_it(house: House) -> None:
    buttons = await house.made("foxes --n 3")
    assert buttons.is_text
    await house.made("all of you together", reply_to=buttons)
    assert len(house.tasks[-1].references) == 3


async def test_a_reply_to_an_original_sent_as_a_file(house: House) -> None:
    result = await house.made("a fox")
    await house.press(result, "Files")
    await house.quiet()
    original = house.answers()[-1]
    assert original.document
    await house.made("in blue", reply_to=original)
    assert len(house.tasks[-1].references) == 1


# pictures that wait for words


async def test_a_photo_without_words_asks_and_the_answer_uses_it(house: House) -> None:
    photo = await house.say("", picture(222))
    question = await house.shown("What should I make")
    assert question.reply_to == photo.id
    assert not house.tasks
    answered = await house.say("as a watercolour", reply_to=question)
    result = await house.ended()
    assert result.reply_to == answered.id
    assert widths(house) == [222]
    await house.made("a cat")
    assert widths(house) == []


async def test_the_next_message_is_the_answer_too(house: House) -> None:
    await house.say("", *numbered(3))
    await house.shown("What should I make")
    await house.made("as a watercolour --n 2")
    assert [len(task.references) for task in house.tasks] == [3, 3]
    assert widths(house) == [200, 201, 202]


async def test_photos_sent_one_by_one_are_all_used(house: House) -> None:
    await house.say("", picture(201))
    await house.say("", picture(202))
    await house.telegram.until(lambda: len(house.answers()) == 2)
    await house.made("together", picture(203))
    assert widths(house) == [201, 202, 203]


async def test_somebody_elses_words_do_not_take_my_pictures(house: House) -> None:
    photo = await house.say("", picture(222), chat=house.group, who=house.bob)
    await house.say("/imagine", chat=house.group, who=house.bob, reply_to=photo)
    await house.shown("What should I make", house.group)
    await in_group(house, "/imagine a cat")
    assert widths(house) == []
    await in_group(house, "/imagine a dog", who=house.bob)
    assert widths(house) == [222]


async def test_pictures_wait_in_their_own_chat(house: House) -> None:
    await house.say("", picture(222))
    await house.shown("What should I make")
    await in_group(house, "/imagine a cat")
    assert widths(house) == []


async def test_a_reply_to_another_photo_wins_over_pictures_that_wait(house: House) -> None:
    other = await house.say("as a drawing", picture(201))
    await house.ended()
    await house.say("", picture(202))
    asked = await house.shown("What should I make")
    await house.made("in blue", reply_to=other)
    assert widths(house) == [201]
    await house.made("a cat")
    assert widths(house) == []
    await house.made("in green", reply_to=asked)
    assert widths(house) == [202], "an answer to what was asked still finds them"


async def test_words_in_reply_to_the_photo_itself_are_its_words(house: House) -> None:
    first, *_ = await house.telegram.send(house.ann, files=numbered(2))
    await house.shown("What should I make")
    await house.made("in blue", reply_to=first)
    assert widths(house) == [200, 201]
    await house.made("a cat")
    assert widths(house) == []


async def test_a_wrong_flag_keeps_the_pictures_waiting(house: House) -> None:
    await house.say("in blue --ar 9:1", picture(222))
    told = await house.shown("from 1:3 to 3:1")
    assert not house.tasks
    await house.made("in blue --ar 16:9", reply_to=told)
    assert widths(house) == [222]


async def test_flags_alone_do_not_use_up_pictures_that_wait(house: House) -> None:
    await house.say("", picture(222))
    await house.shown("What should I make")
    await house.say("--ar 16:9")
    await house.quiet()
    assert not house.tasks
    await house.made("in blue")
    assert widths(house) == [222]


async def test_a_file_that_is_no_picture_in_the_answer_leaves_the_pictures_waiting(house: House) -> None:
    await house.say("", picture(222))
    question = await house.shown("What should I make")
    await house.say("like this", upload(b"words", "list.txt"), reply_to=question)
    await house.shown("not a picture")
    await house.made("in blue")
    assert widths(house) == [222]


def look_width(message: ChatMessage) -> int:
    """The width of a message's photo."""
    return message.photo.largest.width if message.photo else 0
