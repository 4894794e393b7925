"""Thanks and hellos are no orders: hints in private, and in groups the rule for replies."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from bot.settings import LimitsSettings
from tests.support.house import House, look, open_house, picture

HINT = "That sounded like chatting"
ALL_THE_SAME = "🎨 Draw it anyway"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def prompts(house: House) -> list[str]:
    return [task.prompt for task in house.tasks]


async def set_rule(house: House, rule: str) -> None:
    await house.app.store.chats.set(house.group.id, replies=rule)


async def in_group(house: House, words: str, *files: Any, **how: Any) -> None:
    """Bob writes in the group; waits until the bot is through."""
    await house.say(words, *files, chat=house.group, **{"who": house.bob, **how})
    await house.quiet()


# in private


@pytest.mark.parametrize("words", ["hi", "thanks!", "谢谢", "👍", "?", "test"])
async def test_talk_gets_a_hint_and_no_bill(house: House, words: str) -> None:
    said = await house.say(words)
    told = await house.shown(HINT)
    assert told.reply_to == said.id
    assert told.buttons == [ALL_THE_SAME, "✨ a red fox in the snow"]
    await house.quiet()
    assert not house.tasks


async def test_a_button_draws_it_all_the_same_exactly_once(house: House) -> None:
    said = await house.say("hello")
    told = await house.shown(HINT)
    await house.restart()
    presses = [house.telegram.press(house.ann, told, ALL_THE_SAME) for _tap in range(2)]
    await house.telegram.until(lambda: all(press.answer for press in presses))
    result = await house.ended()
    assert result.reply_to == said.id
    assert told.buttons == []
    await house.restart()
    assert not (await house.forge(told, "d:0")).alert
    await house.quiet()
    assert prompts(house) == ["hello"]


async def test_the_example_under_a_hint_runs(house: House) -> None:
    await house.say("hello")
    told = await house.shown(HINT)
    await house.press(told, "✨ a red fox in the snow")
    await house.ended()
    assert prompts(house) == ["a red fox in the snow"]


async def test_the_hint_in_chinese(house: House) -> None:
    await house.say("在吗？", who=house.ming)
    told = await house.shown("这听起来像在聊天", house.ming.chat)
    assert told.buttons == ["🎨 还是画出来", "✨ 雪地里的一只红狐狸"]
    await house.press(told, "🎨 还是画出来", house.ming)
    await house.ended("再来一次", house.ming.chat)
    assert prompts(house) == ["在吗？"]


async def test_short_wishes_and_commands_are_orders(house: House) -> None:
    await house.made("blue")
    await house.made("/imagine thanks")
    await house.made("hello --n 1")
    assert prompts(house) == ["blue", "thanks", "hello"]


async def test_a_photo_with_talk_waits_for_words_or_the_button(house: House) -> None:
    said = await house.say("👍", picture(222))
    told = await house.shown(HINT)
    assert told.buttons == [ALL_THE_SAME]
    await house.press(told, ALL_THE_SAME)
    result = await house.ended()
    assert result.reply_to == said.id
    assert [look(one)[1] for one in house.tasks[0].references] == [222]
    await house.made("a fox")
    assert not house.tasks[1].references


async def test_words_after_a_hint_use_its_photos_and_the_button_is_over(house: House) -> None:
    await house.say("thanks", picture(222), picture(223))
    told = await house.shown(HINT)
    await house.made("as a drawing")
    assert [look(one)[1] for one in house.tasks[0].references] == [222, 223]
    answer = await house.press(told, ALL_THE_SAME)
    assert answer.alert
    await house.quiet()
    assert len(house.tasks) == 1


async def test_a_reply_to_ones_own_picture_is_an_order_but_thanks_are_not(house: House) -> None:
    result = await house.made("a fox")
    await house.say("so cute!", reply_to=result)
    told = await house.shown(HINT)
    await house.made("blue", reply_to=result)
    assert prompts(house) == ["a fox", "blue"]
    assert len(house.tasks[1].references) == 1
    await house.press(told, ALL_THE_SAME)
    await house.quiet()
    assert prompts(house) == ["a fox", "blue", "so cute!"]
    assert len(house.tasks[2].references) == 1


async def test_talk_in_answer_to_a_question_leaves_it_open(house: House) -> None:
    await house.say("", picture(222))
    question = await house.shown("What should I make")
    await house.say("?", reply_to=question)
    await house.shown(HINT)
    await house.made("as a drawing")
    assert [look(one)[1] for one in house.tasks[0].references] == [222]


async def test_talk_after_a_style_was_chosen(house: House) -> None:
    await house.say("/style")
    await house.press(await house.shown("Styles"), "ink")
    await house.say("ok", reply_to=await house.shown("What should I draw in the style ink"))
    told = await house.shown(HINT)
    assert not house.tasks
    await house.press(told, ALL_THE_SAME)
    await house.ended()
    assert "ink wash" in prompts(house)[0]


async def test_a_deleted_message_has_no_words(house: House) -> None:
    said = await house.say("hello")
    told = await house.shown(HINT)
    del house.ann.chat.messages[said.id]
    assert (await house.press(told, ALL_THE_SAME)).alert
    assert not house.tasks


async def test_the_button_keeps_to_the_limits(tmp_path: Path) -> None:
    async with open_house(tmp_path, limits=LimitsSettings(waiting=1)) as house:
        house.hold()
        await house.say("hello")
        told = await house.shown(HINT)
        await house.say("a fox")
        await house.all_submitted(1)
        answer = await house.press(told, ALL_THE_SAME)
        assert (answer.alert, answer.text[:25]) == (True, "You've reached your limit")
        house.release()
        await house.quiet()
        await house.press(told, ALL_THE_SAME)
        await house.quiet()
        assert prompts(house) == ["a fox", "hello"]


async def test_a_command_that_is_none(house: House) -> None:
    await house.say("/")
    await house.shown("I don't know this command. /help")
    await house.quiet()
    assert not house.tasks


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/imagin a fox", "imagine"), ("/ imagine a fox", "imagine"), ("／imagine a fox", "imagine"), ("/HELP", "help")],
)
async def test_a_misspelled_command(house: House, typed: str, meant: str) -> None:
    await house.say(typed)
    told = await house.shown(f"Did you mean /{meant}?")
    assert not house.tasks
    if meant == "help":
        assert told.buttons == []
        return
    await house.press(told, "🎨 Draw it")
    await house.ended()
    assert prompts(house) == ["a fox"]


async def test_a_misspelled_command_with_a_photo(house: House) -> None:
    await house.say("/imagien as a drawing", picture(222))
    await house.press(await house.shown("Did you mean"), "🎨 Draw it")
    await house.ended()
    assert [look(one)[1] for one in house.tasks[0].references] == [222]


# replies in groups


async def test_a_reply_is_an_order_from_whoever_asked_for_the_picture(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    await in_group(house, "make one for me as well", reply_to=result)
    await in_group(house, "haha so cute!", reply_to=result)
    await in_group(house, "haha so cute!", reply_to=result, who=house.ann)
    count = len(house.answers(house.group))
    assert prompts(house) == ["a fox"]
    await in_group(house, "in blue", reply_to=result, who=house.ann)
    await in_group(house, "/imagine in green", reply_to=result)
    await in_group(house, "@Imagine_Demo_Bot in red", reply_to=result)
    assert prompts(house) == ["a fox", "in blue", "in green", "in red"]
    assert all(len(task.references) == 1 for task in house.tasks[1:])
    assert len(house.answers(house.group)) == count + 3


async def test_replies_to_albums_and_files(house: House) -> None:
    buttons = await house.made("/imagine foxes --n 2", chat=house.group)
    await house.press(buttons, "Files")
    await house.quiet()
    shown = [buttons, house.album(house.group)[0], next(one for one in house.answers(house.group) if one.document)]
    for there in shown:
        await in_group(house, "in blue", reply_to=there)
    assert len(house.tasks) == 2
    for there in shown:
        await in_group(house, "in blue", reply_to=there, who=house.ann)
    assert [len(task.references) for task in house.tasks[2:]] == [2, 1, 1]


async def test_only_who_was_asked_answers_a_question(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    await house.press(result, "Edit")
    question = await house.shown("What should I make", house.group)
    await in_group(house, "a green hat", reply_to=question)
    await in_group(house, "ok", reply_to=question, who=house.ann)
    assert prompts(house) == ["a fox"]
    await in_group(house, "a red hat", reply_to=question, who=house.ann)
    assert prompts(house) == ["a fox", "a red hat"]
    assert len(house.tasks[1].references) == 1


async def test_an_explanation_is_answered_by_whom_it_is_for(house: House) -> None:
    await in_group(house, "/imagine a fox --ar none")
    told = await house.shown("a shape like 16:9", house.group)
    await in_group(house, "a fox --ar 1:1", reply_to=told, who=house.ann)
    assert not house.tasks
    await in_group(house, "a fox --ar 1:1", reply_to=told)
    assert prompts(house) == ["a fox"]


async def test_what_only_one_sees_is_answered_by_them(house: House) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    await house.say("/imagine", chat=house.group)
    await house.quiet()
    (told,) = house.group.ephemeral.values()
    assert "for example" in told.text


async def test_talk_that_names_the_bot_gets_a_hint(house: House) -> None:
    await in_group(house, "@imagine_demo_bot thanks!")
    told = await house.shown(HINT, house.group)
    assert told.buttons == []
    assert not house.tasks
    await in_group(house, "an owl", reply_to=told, who=house.ann)
    assert not house.tasks
    await in_group(house, "an owl", reply_to=told)
    assert prompts(house) == ["an owl"]


async def test_everybodys_replies(house: House) -> None:
    await set_rule(house, "all")
    result = await house.made("/imagine a fox", chat=house.group)
    await in_group(house, "haha so cute!", reply_to=result)
    await in_group(house, "in blue", reply_to=result)
    await house.press(result, "Edit")
    await in_group(house, "in red", reply_to=await house.shown("What should I make", house.group))
    assert prompts(house) == ["a fox", "in blue"]


async def test_only_commands(house: House) -> None:
    await set_rule(house, "none")
    result = await house.made("/imagine a fox", chat=house.group)
    await in_group(house, "in blue", reply_to=result, who=house.ann)
    await in_group(house, "@imagine_demo_bot an owl")
    await house.shown("/imagine a red fox in the snow", house.group)
    assert prompts(house) == ["a fox"]
    await in_group(house, "/imagine in blue", reply_to=result)
    await house.press(result, "Edit")
    await in_group(house, "in red", reply_to=await house.shown("What should I make", house.group), who=house.ann)
    assert prompts(house) == ["a fox", "in blue", "in red"]


async def test_an_anonymous_admins_picture(house: House) -> None:
    await house.say("/imagine a fox", chat=house.group, anonymous=True)
    result = await house.ended(chat=house.group)
    await in_group(house, "in red", reply_to=result)
    assert prompts(house) == ["a fox"]
    await in_group(house, "in blue", reply_to=result, who=house.ann, anonymous=True)
    assert prompts(house) == ["a fox", "in blue"]


@pytest.mark.parametrize(
    ("who", "first", "label", "choices"),
    [
        ("ann", "Replies: who asked for it", "everyone", ["✓ who asked for it", "everyone", "only commands", "‹ Back"]),
        ("ming", "回复：发起人", "所有人", ["✓ 发起人", "所有人", "仅命令", "‹ 返回"]),
    ],
)
async def test_the_groups_page_sets_the_rule(
    house: House, who: str, first: str, label: str, choices: list[str]
) -> None:
    person = getattr(house, who)
    if person not in house.group.admins:
        house.group.admins.append(person)
    await house.say("/settings", chat=house.group, who=person)
    page: ChatMessage = await house.shown(first, house.group)
    await house.press(page, first, person)
    await house.telegram.until(lambda: page.buttons == choices)
    await house.press(page, label, person)
    await house.telegram.until(lambda: first not in page.buttons and len(page.buttons) > 4)
    assert (await house.app.store.chats.rules(house.group.id)).replies == "all"


# in reply to a picture


async def test_thanks_for_a_picture_do_not_make_it_a_reference_of_the_next_wish(house: House) -> None:
    result = await house.made("a fox")
    await house.say("thanks!", reply_to=result)
    await house.shown(HINT)
    await house.made("a lighthouse at dusk")
    assert prompts(house) == ["a fox", "a lighthouse at dusk"]
    assert not house.tasks[1].references


async def test_an_answer_to_the_hint_still_changes_the_picture(house: House) -> None:
    result = await house.made("a fox")
    await house.say("thanks!", reply_to=result)
    told = await house.shown(HINT)
    await house.made("in blue", reply_to=told)
    assert len(house.tasks[1].references) == 1


async def test_thanks_in_a_group_do_not_make_the_picture_a_reference_of_the_next_wish(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    await house.say("@imagine_demo_bot thanks!", reply_to=result, chat=house.group)
    await house.quiet()
    await house.made("/imagine a lighthouse at dusk", chat=house.group)
    assert prompts(house) == ["a fox", "a lighthouse at dusk"]
    assert not house.tasks[1].references


async def test_the_button_of_a_second_hint_draws(house: House) -> None:
    result = await house.made("a fox")
    asked = await house.say("thanks!", reply_to=result)
    told = await house.shown(HINT)
    await house.quiet()
    house.telegram.edit(house.ann, asked, "thank you!")
    await house.quiet()
    latest = house.answers()[-1]
    assert latest is not told
    assert not (await house.press(latest, ALL_THE_SAME)).alert
    await house.quiet()
    assert prompts(house) == ["a fox", "thank you!"]
    assert len(house.tasks[1].references) == 1


async def test_rule_none_and_a_mention_in_answer_to_a_question(house: House) -> None:
    await set_rule(house, "none")
    await house.say("/imagine", picture(222), chat=house.group)
    question = await house.shown("What should I make", house.group)
    await house.say("@imagine_demo_bot as a drawing", chat=house.group, reply_to=question)
    await house.quiet()
    assert prompts(house) == ["as a drawing"]


async def test_the_button_draws_all_words_of_an_album(house: House) -> None:
    await house.telegram.send(house.ann, text="thanks", files=[picture(201), picture(202)], captions=["hello"])
    told = await house.shown(HINT)
    await house.quiet()
    await house.press(told, ALL_THE_SAME)
    await house.quiet()
    assert prompts(house) == ["thanks\nhello"]
    assert len(house.tasks[0].references) == 2
