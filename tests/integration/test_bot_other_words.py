"""Refused words: the button asks for other ones, and all else of the request stays."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info

CHANGE = "✏️ Change the words"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_other_words_keep_photos_and_options(harness: AppHarness) -> None:
    told = await harness.made("something forbidden --ar 16:9 --style ink", picture(333))
    assert told.text == (
        "⚠️ The service refused this prompt. Please rephrase it and send it again. Nothing was charged."
    )
    assert told.buttons == [CHANGE]
    await harness.press(told, CHANGE)
    question = harness.answers()[-1]
    assert question.text.startswith("What should I draw instead?")
    await harness.restart()
    result = await harness.made("a fox", reply_to=question)
    (task,) = harness.tasks
    assert task.prompt.startswith("a fox, a Chinese ink wash")
    assert task.width / task.height == pytest.approx(16 / 9, rel=0.02)
    assert [picture_info(one)[1] for one in task.references] == [333]
    assert result.text.startswith("a fox")


async def test_what_is_typed_goes_before_what_was_kept(harness: AppHarness) -> None:
    told = await harness.made("something forbidden --ar 16:9")
    await harness.press(told, CHANGE)
    await harness.made("a fox --ar 1:1")
    (task,) = harness.tasks
    assert task.width == task.height


async def test_words_that_are_refused_again(harness: AppHarness) -> None:
    told = await harness.made("something forbidden --n 2", picture(333))
    await harness.press(told, CHANGE)
    again = await harness.made("still forbidden", reply_to=harness.answers()[-1])
    assert again.buttons == [CHANGE]
    await harness.press(again, CHANGE)
    await harness.made("a fox", reply_to=harness.answers()[-1])
    assert [len(task.references) for task in harness.tasks] == [1, 1]


async def test_only_the_person_who_asked(harness: AppHarness) -> None:
    told = await harness.made("/imagine something forbidden", chat=harness.group)
    assert (await harness.press(told, CHANGE, harness.bob)).alert
    await harness.press(told, CHANGE)
    question = harness.answers(harness.group)[-1]
    await harness.made("a dog", chat=harness.group, who=harness.bob, reply_to=question)
    assert not harness.tasks
    await harness.made("a fox", chat=harness.group, reply_to=question)
    assert [task.prompt for task in harness.tasks] == ["a fox"]


async def test_a_picture_that_was_held_back_can_be_tried_again(harness: AppHarness) -> None:
    told = await harness.made("an unsafe result")
    assert told.buttons == ["🔁 Try again"]
