"""Replies in groups: which ones are requests, by the group's rule."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import prompts

HINT = "That sounded like chatting"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def set_rule(harness: AppHarness, rule: str) -> None:
    await harness.app.store.chats.set(harness.group.id, replies=rule)


async def in_group(harness: AppHarness, words: str, *files: Any, **how: Any) -> None:
    """Bob writes in the group; waits until the bot is done."""
    await harness.say(words, *files, chat=harness.group, **{"who": harness.bob, **how})
    await harness.quiet()


async def test_a_reply_is_an_order_from_whoever_asked_for_the_picture(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    await in_group(harness, "make one for me as well", reply_to=result)
    await in_group(harness, "haha so cute!", reply_to=result)
    await in_group(harness, "haha so cute!", reply_to=result, who=harness.ann)
    count = len(harness.answers(harness.group))
    assert prompts(harness) == ["a fox"]
    await in_group(harness, "in blue", reply_to=result, who=harness.ann)
    await in_group(harness, "/imagine in green", reply_to=result)
    await in_group(harness, "@Imagine_Demo_Bot in red", reply_to=result)
    assert prompts(harness) == ["a fox", "in blue", "in green", "in red"]
    assert all(len(task.references) == 1 for task in harness.tasks[1:])
    assert len(harness.answers(harness.group)) == count + 3


async def test_replies_to_albums_and_files(harness: AppHarness) -> None:
    buttons = await harness.made("/imagine foxes --n 2", chat=harness.group)
    await harness.press(buttons, "Files")
    await harness.quiet()
    shown = [
        buttons,
        harness.album(harness.group)[0],
        next(one for one in harness.answers(harness.group) if one.document),
    ]
    for there in shown:
        await in_group(harness, "all in blue", reply_to=there)
    assert len(harness.tasks) == 2
    for there in shown:
        await in_group(harness, "all in blue", reply_to=there, who=harness.ann)
    assert [len(task.references) for task in harness.tasks[2:]] == [2, 1, 1]


async def test_only_who_was_asked_answers_a_question(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    await harness.press(result, "Edit")
    question = await harness.shown("What should I make", harness.group)
    await in_group(harness, "a green hat", reply_to=question)
    await in_group(harness, "ok", reply_to=question, who=harness.ann)
    assert prompts(harness) == ["a fox"]
    await in_group(harness, "a red hat", reply_to=question, who=harness.ann)
    assert prompts(harness) == ["a fox", "a red hat"]
    assert len(harness.tasks[1].references) == 1


async def test_an_explanation_is_answered_by_whom_it_is_for(harness: AppHarness) -> None:
    await in_group(harness, "/imagine a fox --ar none")
    told = await harness.shown("a shape like 16:9", harness.group)
    await in_group(harness, "a fox --ar 1:1", reply_to=told, who=harness.ann)
    assert not harness.tasks
    await in_group(harness, "a fox --ar 1:1", reply_to=told)
    assert prompts(harness) == ["a fox"]


async def test_what_only_one_sees_is_answered_by_them(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    await harness.say("/imagine", chat=harness.group)
    await harness.quiet()
    (told,) = harness.group.ephemeral.values()
    assert "for example" in told.text


async def test_talk_that_names_the_bot_gets_a_hint(harness: AppHarness) -> None:
    await in_group(harness, "@imagine_demo_bot thanks!")
    told = await harness.shown(HINT, harness.group)
    assert told.buttons == []
    assert not harness.tasks
    await in_group(harness, "an owl", reply_to=told, who=harness.ann)
    assert not harness.tasks
    await in_group(harness, "an owl", reply_to=told)
    assert prompts(harness) == ["an owl"]


async def test_everybodys_replies(harness: AppHarness) -> None:
    await set_rule(harness, "all")
    result = await harness.made("/imagine a fox", chat=harness.group)
    await in_group(harness, "haha so cute!", reply_to=result)
    await in_group(harness, "in blue", reply_to=result)
    await harness.press(result, "Edit")
    await in_group(harness, "in red", reply_to=await harness.shown("What should I make", harness.group))
    assert prompts(harness) == ["a fox", "in blue"]


async def test_only_commands(harness: AppHarness) -> None:
    await set_rule(harness, "none")
    result = await harness.made("/imagine a fox", chat=harness.group)
    await in_group(harness, "in blue", reply_to=result, who=harness.ann)
    await in_group(harness, "@imagine_demo_bot an owl")
    await harness.shown("/imagine a red fox in the snow", harness.group)
    assert prompts(harness) == ["a fox"]
    await in_group(harness, "/imagine in blue", reply_to=result)
    await harness.press(result, "Edit")
    await in_group(
        harness, "in red", reply_to=await harness.shown("What should I make", harness.group), who=harness.ann
    )
    assert prompts(harness) == ["a fox", "in blue", "in red"]


async def test_an_anonymous_admins_picture(harness: AppHarness) -> None:
    await harness.say("/imagine a fox", chat=harness.group, anonymous=True)
    result = await harness.ended(chat=harness.group)
    await in_group(harness, "in red", reply_to=result)
    assert prompts(harness) == ["a fox"]
    await in_group(harness, "in blue", reply_to=result, who=harness.ann, anonymous=True)
    assert prompts(harness) == ["a fox", "in blue"]


@pytest.mark.parametrize(
    ("who", "first", "label", "choices"),
    [
        ("ann", "Replies: who asked for it", "everyone", ["✓ who asked for it", "everyone", "only commands", "‹ Back"]),
        ("ming", "回复：发起人", "所有人", ["✓ 发起人", "所有人", "仅命令", "‹ 返回"]),
    ],
)
async def test_the_groups_page_sets_the_rule(
    harness: AppHarness, who: str, first: str, label: str, choices: list[str]
) -> None:
    person = getattr(harness, who)
    if person not in harness.group.admins:
        harness.group.admins.append(person)
    await harness.say("/settings", chat=harness.group, who=person)
    page: ChatMessage = await harness.shown(first, harness.group)
    await harness.press(page, first, person)
    await harness.telegram.until(lambda: page.buttons == choices)
    await harness.press(page, label, person)
    await harness.telegram.until(lambda: first not in page.buttons and len(page.buttons) > 4)
    assert (await harness.app.store.chats.rules(harness.group.id)).replies == "all"


async def test_thanks_in_a_group_do_not_make_the_picture_a_reference_of_the_next_request(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    await harness.say("@imagine_demo_bot thanks!", reply_to=result, chat=harness.group)
    await harness.quiet()
    await harness.made("/imagine a lighthouse at dusk", chat=harness.group)
    assert prompts(harness) == ["a fox", "a lighthouse at dusk"]
    assert not harness.tasks[1].references


async def test_rule_none_and_a_mention_in_answer_to_a_question(harness: AppHarness) -> None:
    await set_rule(harness, "none")
    await harness.say("/imagine", picture(222), chat=harness.group)
    question = await harness.shown("What should I make", harness.group)
    await harness.say("@imagine_demo_bot as a drawing", chat=harness.group, reply_to=question)
    await harness.quiet()
    assert prompts(harness) == ["as a drawing"]
