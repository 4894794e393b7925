"""Thanks and hellos are no orders: hints in private, and in groups the rule for replies."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info

HINT = "That sounded like chatting"
ALL_THE_SAME = "🎨 Draw it anyway"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def prompts(harness: AppHarness) -> list[str]:
    return [task.prompt for task in harness.tasks]


async def set_rule(harness: AppHarness, rule: str) -> None:
    await harness.app.store.chats.set(harness.group.id, replies=rule)


async def in_group(harness: AppHarness, words: str, *files: Any, **how: Any) -> None:
    """Bob writes in the group; waits until the bot is through."""
    await harness.say(words, *files, chat=harness.group, **{"who": harness.bob, **how})
    await harness.quiet()


# in private


@pytest.mark.parametrize("words", ["hi", "thanks!", "谢谢", "👍", "?", "test"])
async def test_talk_gets_a_hint_and_no_bill(harness: AppHarness, words: str) -> None:
    said = await harness.say(words)
    told = await harness.shown(HINT)
    assert told.reply_to == said.id
    assert told.buttons == [ALL_THE_SAME, "✨ a red fox in the snow"]
    await harness.quiet()
    assert not harness.tasks


async def test_a_button_draws_it_all_the_same_exactly_once(harness: AppHarness) -> None:
    said = await harness.say("hello")
    told = await harness.shown(HINT)
    await harness.restart()
    presses = [harness.telegram.press(harness.ann, told, ALL_THE_SAME) for _tap in range(2)]
    await harness.telegram.until(lambda: all(press.answer for press in presses))
    result = await harness.ended()
    assert result.reply_to == said.id
    assert told.buttons == []
    await harness.restart()
    assert not (await harness.forge(told, "d:0")).alert
    await harness.quiet()
    assert prompts(harness) == ["hello"]


async def test_the_example_under_a_hint_runs(harness: AppHarness) -> None:
    await harness.say("hello")
    told = await harness.shown(HINT)
    await harness.press(told, "✨ a red fox in the snow")
    await harness.ended()
    assert prompts(harness) == ["a red fox in the snow"]


async def test_the_hint_in_chinese(harness: AppHarness) -> None:
    await harness.say("在吗？", who=harness.ming)
    told = await harness.shown("这听起来像在聊天", harness.ming.chat)
    assert told.buttons == ["🎨 还是画出来", "✨ 雪地里的一只红狐狸"]
    await harness.press(told, "🎨 还是画出来", harness.ming)
    await harness.ended("再来一次", harness.ming.chat)
    assert prompts(harness) == ["在吗？"]


async def test_short_wishes_and_commands_are_orders(harness: AppHarness) -> None:
    await harness.made("blue")
    await harness.made("/imagine thanks")
    await harness.made("hello --n 1")
    assert prompts(harness) == ["blue", "thanks", "hello"]


async def test_a_photo_with_talk_waits_for_words_or_the_button(harness: AppHarness) -> None:
    said = await harness.say("👍", picture(222))
    told = await harness.shown(HINT)
    assert told.buttons == [ALL_THE_SAME]
    await harness.press(told, ALL_THE_SAME)
    result = await harness.ended()
    assert result.reply_to == said.id
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222]
    await harness.made("a fox")
    assert not harness.tasks[1].references


async def test_words_after_a_hint_use_its_photos_and_the_button_is_over(harness: AppHarness) -> None:
    await harness.say("thanks", picture(222), picture(223))
    told = await harness.shown(HINT)
    await harness.made("as a drawing")
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222, 223]
    answer = await harness.press(told, ALL_THE_SAME)
    assert answer.alert
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_a_reply_to_ones_own_picture_is_an_order_but_thanks_are_not(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.say("so cute!", reply_to=result)
    told = await harness.shown(HINT)
    await harness.made("blue", reply_to=result)
    assert prompts(harness) == ["a fox", "blue"]
    assert len(harness.tasks[1].references) == 1
    await harness.press(told, ALL_THE_SAME)
    await harness.quiet()
    assert prompts(harness) == ["a fox", "blue", "so cute!"]
    assert len(harness.tasks[2].references) == 1


async def test_talk_in_answer_to_a_question_leaves_it_open(harness: AppHarness) -> None:
    await harness.say("", picture(222))
    question = await harness.shown("What should I make")
    await harness.say("?", reply_to=question)
    await harness.shown(HINT)
    await harness.made("as a drawing")
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222]


async def test_talk_after_a_style_was_chosen(harness: AppHarness) -> None:
    await harness.say("/style")
    await harness.press(await harness.shown("Styles"), "ink")
    await harness.say("ok", reply_to=await harness.shown("What should I draw in the style ink"))
    told = await harness.shown(HINT)
    assert not harness.tasks
    await harness.press(told, ALL_THE_SAME)
    await harness.ended()
    assert "ink wash" in prompts(harness)[0]


async def test_a_deleted_message_has_no_words(harness: AppHarness) -> None:
    said = await harness.say("hello")
    told = await harness.shown(HINT)
    del harness.ann.chat.messages[said.id]
    assert (await harness.press(told, ALL_THE_SAME)).alert
    assert not harness.tasks


async def test_the_button_keeps_to_the_limits(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        harness.hold()
        await harness.say("hello")
        told = await harness.shown(HINT)
        await harness.say("a fox")
        await harness.all_submitted(1)
        answer = await harness.press(told, ALL_THE_SAME)
        assert (answer.alert, answer.text[:25]) == (True, "You've reached your limit")
        harness.release()
        await harness.quiet()
        await harness.press(told, ALL_THE_SAME)
        await harness.quiet()
        assert prompts(harness) == ["a fox", "hello"]


async def test_a_command_that_is_none(harness: AppHarness) -> None:
    await harness.say("/")
    await harness.shown("I don't know this command. /help")
    await harness.quiet()
    assert not harness.tasks


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/imagin a fox", "imagine"), ("/ imagine a fox", "imagine"), ("／imagine a fox", "imagine"), ("/HELP", "help")],
)
async def test_a_misspelled_command(harness: AppHarness, typed: str, meant: str) -> None:
    await harness.say(typed)
    told = await harness.shown(f"Did you mean /{meant}?")
    assert not harness.tasks
    if meant == "help":
        assert told.buttons == []
        return
    await harness.press(told, "🎨 Draw it")
    await harness.ended()
    assert prompts(harness) == ["a fox"]


async def test_a_misspelled_command_with_a_photo(harness: AppHarness) -> None:
    await harness.say("/imagien as a drawing", picture(222))
    await harness.press(await harness.shown("Did you mean"), "🎨 Draw it")
    await harness.ended()
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222]


# replies in groups


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
        await in_group(harness, "in blue", reply_to=there)
    assert len(harness.tasks) == 2
    for there in shown:
        await in_group(harness, "in blue", reply_to=there, who=harness.ann)
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


# in reply to a picture


async def test_thanks_for_a_picture_do_not_make_it_a_reference_of_the_next_wish(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.say("thanks!", reply_to=result)
    await harness.shown(HINT)
    await harness.made("a lighthouse at dusk")
    assert prompts(harness) == ["a fox", "a lighthouse at dusk"]
    assert not harness.tasks[1].references


async def test_an_answer_to_the_hint_still_changes_the_picture(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.say("thanks!", reply_to=result)
    told = await harness.shown(HINT)
    await harness.made("in blue", reply_to=told)
    assert len(harness.tasks[1].references) == 1


async def test_thanks_in_a_group_do_not_make_the_picture_a_reference_of_the_next_wish(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    await harness.say("@imagine_demo_bot thanks!", reply_to=result, chat=harness.group)
    await harness.quiet()
    await harness.made("/imagine a lighthouse at dusk", chat=harness.group)
    assert prompts(harness) == ["a fox", "a lighthouse at dusk"]
    assert not harness.tasks[1].references


async def test_the_button_of_a_second_hint_draws(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    asked = await harness.say("thanks!", reply_to=result)
    told = await harness.shown(HINT)
    await harness.quiet()
    harness.telegram.edit(harness.ann, asked, "thank you!")
    await harness.quiet()
    latest = harness.answers()[-1]
    assert latest is not told
    assert not (await harness.press(latest, ALL_THE_SAME)).alert
    await harness.quiet()
    assert prompts(harness) == ["a fox", "thank you!"]
    assert len(harness.tasks[1].references) == 1


async def test_rule_none_and_a_mention_in_answer_to_a_question(harness: AppHarness) -> None:
    await set_rule(harness, "none")
    await harness.say("/imagine", picture(222), chat=harness.group)
    question = await harness.shown("What should I make", harness.group)
    await harness.say("@imagine_demo_bot as a drawing", chat=harness.group, reply_to=question)
    await harness.quiet()
    assert prompts(harness) == ["as a drawing"]


async def test_the_button_draws_all_words_of_an_album(harness: AppHarness) -> None:
    await harness.telegram.send(harness.ann, text="thanks", files=[picture(201), picture(202)], captions=["hello"])
    told = await harness.shown(HINT)
    await harness.quiet()
    await harness.press(told, ALL_THE_SAME)
    await harness.quiet()
    assert prompts(harness) == ["thanks\nhello"]
    assert len(harness.tasks[0].references) == 2
