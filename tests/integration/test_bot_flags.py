"""Flags as people type them: what reaches Jimeng, and what is answered before anything is paid."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


@pytest.mark.parametrize(
    ("typed", "prompt", "expected"),
    [
        ("a fox --ar 16:9", "a fox", {"width": 2560, "height": 1440}),
        ("--ar 16:9 a fox", "a fox", {"width": 2560, "height": 1440}),
        ("a fox --size 4k", "a fox", {"size": 4096 * 4096}),
        ("a fox --size 2048x1152", "a fox", {"width": 2048, "height": 1152}),
        ("a fox --size 4K --ar 4:3", "a fox", {"width": 4694, "height": 3520}),
        ("a fox --scale 0.8 in the snow", "a fox in the snow", {"scale": 0.8}),
        # as phones type them
        ("a fox —ar 16:9", "a fox", {"width": 2560, "height": 1440}),
        ("a fox –ar 16:9", "a fox", {"width": 2560, "height": 1440}),
        ("一只狐狸－－ａｒ　１６：９", "一只狐狸", {"width": 2560, "height": 1440}),
        ("一只狐狸，——ar 16：9，在雪地里", "一只狐狸，在雪地里", {"width": 2560, "height": 1440}),
        ("a fox --size 2048×1152", "a fox", {"width": 2048, "height": 1152}),
        ("a fox --scale 0,8", "a fox", {"scale": 0.8}),
        ("a fox --provider jimeng", "a fox", {}),
    ],
)
async def test_flags_reach_jimeng(house: House, typed: str, prompt: str, expected: dict[str, Any]) -> None:
    result = await house.made(typed)
    (submit,) = house.submitted()
    assert submit["prompt"] == prompt
    assert {name: submit[name] for name in expected} == expected
    assert submit["force_single"] is True
    assert result.text.startswith(prompt)
    assert "--" not in result.text


async def test_several_pictures_are_independent_tasks_of_one_job(house: House) -> None:
    await house.made("three foxes --n 3")
    assert [submit["force_single"] for submit in house.submitted()] == [True, True, True]
    assert len(house.album()) == 3
    assert len({message.album for message in house.album()}) == 1


async def test_auto_lets_the_model_decide(house: House) -> None:
    await house.made("four pictures of foxes --n auto")
    (submit,) = house.submitted()
    assert "force_single" not in submit
    assert len(house.album()) == 4


async def test_by_default_words_do_not_cost_more_than_one(house: House) -> None:
    await house.made("four pictures of foxes")
    assert [task.count for task in house.tasks] == [1]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a fox --ar 9:1", "from 1:3 to 3:1"),
        ("a fox --ar wide", "a shape like 16:9"),
        ("a fox --ar", "--ar needs a value: W:H, from 1:3 to 3:1."),
        ("a fox --size 8k", "--size takes 1k, 2k, 4k or a size like 2048x1152, not 8k."),
        ("a fox --size 5000x5000", "out of bounds"),
        ("a fox --n 99", "--n takes 1–15 or auto, not “99”."),
        ("a fox --n many", "--n takes 1–15 or auto, not “many”."),
        ("a fox --scale 2", "--scale takes 0–1"),
        ("a fox --scal 0.5", "Did you mean --scale?"),
        ("a fox --quality high", "There is no --quality. You can use --ar, --size, --n, --scale"),
        ("a fox --provider dalle", "--provider takes jimeng, not “dalle”."),
        ("a fox --ar 16:9 --size 2048x1152", "Leave one of them out"),
        ("a <b>fox</b> --n <5>", "--n"),
    ],
)
async def test_wrong_ones_are_answered_before_anything_is_paid(house: House, typed: str, told: str) -> None:
    asked = await house.say(typed)
    answer = await house.telegram.until(lambda: next(iter(house.answers()), None))
    assert told in answer.text
    assert answer.reply_to == asked.id
    await house.quiet()
    assert len(house.answers()) == 1
    assert not house.jimeng_calls


async def test_too_many_together_with_references(house: House) -> None:
    await house.say("foxes --n 15", picture())
    told = await house.ended("⚠️")
    assert "References and new pictures together: at most 15. With 1 references, ask for at most 14." in told.text
    assert not house.tasks


async def test_too_long_a_prompt(house: House) -> None:
    await house.say("fox " * 201)
    told = await house.ended("⚠️")
    assert "The prompt has 803 characters; 800 are allowed." in told.text
    assert told.buttons == []  # the same again would be refused again
    assert not house.tasks


async def test_help_tells_of_every_flag(house: House) -> None:
    await house.say("/help")
    told = await house.shown("--ar")
    for flag in ("--ar", "--size", "--n", "--scale", "--model"):
        assert flag in told.text
    assert "--provider" not in told.text  # there is but one
