"""A reply to the message below an album: the bot asks which picture is meant, unless the words name one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Drop
from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info

QUESTION = "Which picture do you mean?"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        sides = iter(range(210, 400, 10))
        harness.draw = lambda *of: picture(next(sides), 200)
        yield harness


def widths(harness: AppHarness, task: int = -1) -> list[int]:
    return [picture_info(one)[1] for one in harness.tasks[task].references]


def shown(album: list[ChatMessage]) -> list[int]:
    return [message.photo.largest.width for message in album if message.photo]


async def test_a_press_answers(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    album = shown(harness.album())
    question = await harness.made("darker --ar 16:9", reply_to=result)
    assert (question.text, question.buttons) == (QUESTION, ["1", "2", "3", "All"])
    assert len(harness.tasks) == 3
    await harness.restart()
    assert (await harness.press(question, "2")).text == "On its way."
    await harness.quiet()
    assert widths(harness) == [album[1]]
    assert harness.tasks[-1].prompt == "darker"
    assert question not in harness.answers()


async def test_a_press_answers_though_the_questions_arrival_was_not_heard_of(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        result = await harness.made("foxes --n 3")
        harness.hold()
        await harness.say("hares")
        await harness.all_submitted(4)
        harness.telegram.play(Drop(method="sendMessage", applied=True))
        await harness.say("darker", reply_to=result.id)
        question = await harness.shown(QUESTION)
        assert (await harness.press(question, "2")).alert, "another request waits"
        harness.release()
        await harness.quiet()
        assert (await harness.press(question, "2")).text == "On its way."
        await harness.quiet()
        assert (harness.tasks[-1].prompt, len(harness.tasks[-1].references)) == ("darker", 1)


@pytest.mark.parametrize(
    ("words", "which", "drawn"),
    [
        ("the second", [1], "darker"),
        ("3", [2], "darker"),
        ("all", [0, 1, 2], "darker"),
        ("第二张", [1], "darker"),
        ("make 3 lighter", [2], "make it lighter"),
    ],
)
async def test_words_answer(harness: AppHarness, words: str, which: list[int], drawn: str) -> None:
    result = await harness.made("foxes --n 3")
    album = shown(harness.album())
    question = await harness.made("darker", reply_to=result)
    await harness.made(words, reply_to=question)
    assert widths(harness) == [album[one] for one in which]
    assert harness.tasks[-1].prompt == drawn


async def test_words_that_name_a_picture_are_not_asked_about(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    album = shown(harness.album())
    await harness.made("make 3 darker", reply_to=result)
    assert widths(harness) == [album[2]]
    assert harness.tasks[-1].prompt == "make it darker"
    asks = await harness.made("the second", reply_to=result)
    assert asks.text.startswith("What should I make of it?")
    await harness.made("in the snow", reply_to=asks)
    assert widths(harness) == [album[1]]


async def test_other_words_are_asked_about_again(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    question = await harness.made("darker", reply_to=result)
    again = await harness.made("no, lighter", reply_to=question)
    assert again.text == QUESTION
    await harness.press(again, "All")
    await harness.quiet()
    assert harness.tasks[-1].prompt == "no, lighter"
    assert len(harness.tasks[-1].references) == 2


async def test_a_photo_of_ones_own_goes_along(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    album = shown(harness.album())
    question = await harness.made("with this hat", picture(444), reply_to=result)
    await harness.press(question, "1")
    await harness.quiet()
    assert widths(harness) == [album[0], 444]


async def test_only_the_person_who_was_asked_answers(harness: AppHarness) -> None:
    result = await harness.made("/imagine foxes --n 2", chat=harness.group)
    question = await harness.made("darker", chat=harness.group, reply_to=result)
    told = await harness.press(question, "1", harness.bob)
    assert (told.alert, told.text) == (True, "Only the person who asked for it can answer this.")
    await harness.made("2", chat=harness.group, who=harness.bob, reply_to=question)
    assert len(harness.tasks) == 2
    await harness.made("2", chat=harness.group, reply_to=question)
    assert len(harness.tasks) == 3
    assert (await harness.press(question, "1")).alert, "it was answered"
    await harness.quiet()
    assert len(harness.tasks) == 3


async def test_thanks_are_no_request(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    told = await harness.made("thank you!", reply_to=result)
    assert told.text.startswith("That sounded like chatting")


async def test_wrong_options_and_a_command_alone(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    question = await harness.made("darker --ar 9:1", reply_to=result)
    assert (await harness.press(question, "1")).text.startswith("--ar 9:1 is too extreme")
    question = await harness.made("/imagine", reply_to=result)
    await harness.press(question, "2")
    asks = harness.answers()[-1]
    assert asks.text.startswith("What should I make of it?")
    await harness.made("in the snow", reply_to=asks)
    assert len(harness.tasks[-1].references) == 1
