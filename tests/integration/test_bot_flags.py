"""Flags as people type them: what reaches Jimeng, and what is answered before anything is paid."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


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
async def test_flags_reach_jimeng(harness: AppHarness, typed: str, prompt: str, expected: dict[str, Any]) -> None:
    result = await harness.made(typed)
    (submit,) = harness.submitted()
    assert submit["prompt"] == prompt
    assert {name: submit[name] for name in expected} == expected
    assert submit["force_single"] is True
    assert result.text.startswith(prompt)
    assert "--" not in result.text


async def test_several_pictures_are_independent_tasks_of_one_job(harness: AppHarness) -> None:
    await harness.made("three foxes --n 3")
    assert [submit["force_single"] for submit in harness.submitted()] == [True, True, True]
    assert len(harness.album()) == 3
    assert len({message.album for message in harness.album()}) == 1


async def test_auto_lets_the_model_decide(harness: AppHarness) -> None:
    await harness.made("four pictures of foxes --n auto")
    (submit,) = harness.submitted()
    assert "force_single" not in submit
    assert len(harness.album()) == 4


async def test_by_default_words_do_not_cost_more_than_one(harness: AppHarness) -> None:
    await harness.made("four pictures of foxes")
    assert [task.count for task in harness.tasks] == [1]


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
        ("/imagine a fox --sameseed 7", "There is no --sameseed here. Reply to a picture"),
        ("a fox --seed 7", "Jimeng 4.0 has no --seed. Leave it out, or use --model 3.1."),
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
async def test_wrong_ones_are_answered_before_anything_is_paid(harness: AppHarness, typed: str, told: str) -> None:
    asked = await harness.say(typed)
    answer = await harness.telegram.until(lambda: next(iter(harness.answers()), None))
    assert told in answer.text
    assert answer.reply_to == asked.id
    await harness.quiet()
    assert len(harness.answers()) == 1
    assert not harness.jimeng_calls


async def test_too_many_together_with_references(harness: AppHarness) -> None:
    await harness.say("foxes --n 15", picture())
    told = await harness.ended("⚠️")
    assert "References and new pictures together: at most 15. With 1 references, ask for at most 14." in told.text
    assert not harness.tasks


async def test_too_long_a_prompt(harness: AppHarness) -> None:
    await harness.say("fox " * 201)
    told = await harness.ended("⚠️")
    assert "Your prompt has 803 characters; the limit is 800." in told.text
    assert told.buttons == []  # the same again would be refused again
    assert not harness.tasks


async def test_help_tells_of_every_flag(harness: AppHarness) -> None:
    await harness.say("/help")
    told = await harness.shown("--ar")
    for flag in ("--ar", "--size", "--n", "--scale", "--model"):
        assert flag in told.text
    assert "--provider" not in told.text  # there is only one provider


async def test_a_wrong_flag_in_a_caption_or_a_reply_is_explained(harness: AppHarness) -> None:
    await harness.say("--foo", picture())
    await harness.shown("There is no --foo.")
    await harness.made("a fox --n 1")
    assert len(harness.tasks[0].references) == 1
    await harness.say("in blue --bar 2", reply_to=harness.answers()[-1])
    await harness.shown("There is no --bar.")
    await harness.say("/imagine in blue --baz 2", chat=harness.group, who=harness.bob)
    await harness.shown("There is no --baz.", harness.group)
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_help_and_explanations_name_flags_in_ones_language(harness: AppHarness) -> None:
    async def told(words: str, first: str) -> str:
        await harness.say(words, who=harness.ming)
        return (await harness.shown(first, harness.ming.chat)).text

    shown = await told("/help", "--比例")
    assert "--比例 3:2 --张数 4" in shown
    assert {"--尺寸", "--模型", "--强度", "--风格"} <= set(shown.split())
    assert await told("狐狸 --数量 99", "99") == "--数量 的值应为 1–15，或 auto（由提示词决定），不能是“99”。"
    assert await told("狐狸 --n 98", "98") == "--n 的值应为 1–15，或 auto（由提示词决定），不能是“98”。"
    shown = await told("狐狸 --color 红", "color")
    assert shown == "没有 --color。\n可用的有 --比例、--尺寸、--张数、--强度、--种子、--模型、--服务、--风格。"
    assert "用 --尺寸 设置图片大小" in await told("狐狸 --q 2", "--q")
    await harness.say("/settings", who=harness.ming)
    page = await harness.shown("你的设置", harness.ming.chat)
    assert {"比例：自动", "张数：1", "模型：4.0"} <= set(page.buttons)
    await harness.say("/help")
    assert "--ar 3:2 --n 4" in (await harness.shown("--ar")).text
    assert not harness.tasks
