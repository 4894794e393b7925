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
        # in Chinese, and with one hyphen
        ("一只狐狸 --比例 16:9", "一只狐狸", {"width": 2560, "height": 1440}),
        ("一只狐狸，－－比例16：9", "一只狐狸", {"width": 2560, "height": 1440}),
        ("a fox --尺寸 4K", "a fox", {"size": 4096 * 4096}),
        ("a fox -ar 16:9", "a fox", {"width": 2560, "height": 1440}),
        ("a fox \u200b--ar\u200b 16×9, @Imagine_Demo_Bot", "a fox", {"width": 2560, "height": 1440}),
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
        ("a fox --ar", "--ar needs a value: 1:3 to 3:1, e.g. 16:9."),
        ("a fox --size 8k", "--size takes 1k, 2k, 4k or a size like 2048x1152, not 8k."),
        ("a fox --size 5000x5000", "won't work: use"),
        ("a fox --n 99", "--n takes 1–15, or auto (the prompt decides), not “99”."),
        ("a fox --n many", "--n takes 1–15, or auto (the prompt decides), not “many”."),
        ("a fox --scale 2", "--scale takes 0 (photos) to 1 (prompt), not “2”."),
        ("a fox --scal 0.5", "Did you mean --scale?"),
        ("a fox --colour red", "There is no --colour.\nYou can use --ar, --size, --n, --scale"),
        ("a fox --quality high", "There is no --quality here. --size sets the picture's size."),
        ("a fox --s 250", "There is no --s here. Describe the style in your prompt, or choose one with --style."),
        ("a fox —v 6", "There is no --v here. Choose the model with --model."),
        ("/imagine a fox --seed 7", "There is no --seed here. Reply to a picture"),
        ("a fox -n 99", "--n takes 1–15, or auto (the prompt decides), not “99”."),
        ("--foo", "There is no --foo."),
        ("/imagine --foo", "There is no --foo."),
        ("a fox --style nonsense --n 99 --foo 1", "There is no --foo."),
        ("a fox --style nonsense --n 99 --foo 1", "--n takes 1–15, or auto (the prompt decides), not “99”."),
        ("a fox --style nonsense --n 99 --foo 1", "There is no style called nonsense."),
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
    assert "Your prompt has 803 characters; the limit is 800." in told.text
    assert told.buttons == []  # the same again would be refused again
    assert not house.tasks


async def test_help_tells_of_every_flag(house: House) -> None:
    await house.say("/help")
    told = await house.shown("--ar")
    for flag in ("--ar", "--size", "--n", "--scale", "--model"):
        assert flag in told.text
    assert "--provider" not in told.text  # there is but one


async def test_a_wrong_flag_in_a_caption_or_a_reply_is_explained(house: House) -> None:
    await house.say("--foo", picture())
    await house.shown("There is no --foo.")
    await house.made("a fox --n 1")
    assert len(house.tasks[0].references) == 1
    await house.say("in blue --bar 2", reply_to=house.answers()[-1])
    await house.shown("There is no --bar.")
    await house.say("/imagine in blue --baz 2", chat=house.group, who=house.bob)
    await house.shown("There is no --baz.", house.group)
    await house.quiet()
    assert len(house.tasks) == 1


async def test_help_and_explanations_name_flags_in_ones_language(house: House) -> None:
    async def told(words: str, first: str) -> str:
        await house.say(words, who=house.ming)
        return (await house.shown(first, house.ming.chat)).text

    shown = await told("/help", "--比例")
    assert "--比例 3:2 --数量 4" in shown
    assert {"--尺寸", "--模型", "--强度", "--风格"} <= set(shown.split())
    assert await told("狐狸 --数量 99", "99") == "--数量 的值应为 1–15，或 auto（由提示词决定），不能是“99”。"
    assert await told("狐狸 --n 98", "98") == "--n 的值应为 1–15，或 auto（由提示词决定），不能是“98”。"
    shown = await told("狐狸 --color 红", "color")
    assert shown == "没有 --color。\n可用的有 --比例、--尺寸、--数量、--强度、--模型、--服务、--风格。"
    assert "用 --尺寸 设置图片大小" in await told("狐狸 --q 2", "--q")
    await house.say("/settings", who=house.ming)
    page = await house.shown("你的设置", house.ming.chat)
    assert {"比例：自动", "数量：1", "模型：4.0"} <= set(page.buttons)
    await house.say("/help")
    assert "--ar 3:2 --n 4" in (await house.shown("--ar")).text
    assert not house.tasks
