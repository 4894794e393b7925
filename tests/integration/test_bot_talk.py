"""Talk is no request: thanks and hellos get a hint with a button that draws them anyway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import Drop, Refusal
from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.bot_steps import prompts

HINT = "That sounded like chatting"
DRAW_ANYWAY = "🎨 Draw it anyway"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


# in private


@pytest.mark.parametrize("words", ["hi", "thanks!", "谢谢", "👍", "?", "test"])
async def test_talk_gets_a_hint_and_no_bill(harness: AppHarness, words: str) -> None:
    said = await harness.say(words)
    told = await harness.shown(HINT)
    assert told.reply_to == said.id
    assert told.buttons == [DRAW_ANYWAY, "✨ a red fox in the snow"]
    await harness.quiet()
    assert not harness.tasks


async def test_a_button_draws_it_all_the_same_exactly_once(harness: AppHarness) -> None:
    said = await harness.say("hello")
    told = await harness.shown(HINT)
    await harness.restart()
    presses = [harness.telegram.press(harness.ann, told, DRAW_ANYWAY) for _tap in range(2)]
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


async def test_short_requests_and_commands_are_orders(harness: AppHarness) -> None:
    await harness.made("blue")
    await harness.made("/imagine thanks")
    await harness.made("hello --n 1")
    assert prompts(harness) == ["blue", "thanks", "hello"]


async def test_a_photo_with_talk_waits_for_words_or_the_button(harness: AppHarness) -> None:
    said = await harness.say("👍", picture(222))
    told = await harness.shown(HINT)
    assert told.buttons == [DRAW_ANYWAY]
    await harness.press(told, DRAW_ANYWAY)
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
    answer = await harness.press(told, DRAW_ANYWAY)
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
    await harness.press(told, DRAW_ANYWAY)
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
    await harness.press(told, DRAW_ANYWAY)
    await harness.ended()
    assert "ink wash" in prompts(harness)[0]


async def test_a_deleted_message_has_no_words(harness: AppHarness) -> None:
    said = await harness.say("hello")
    told = await harness.shown(HINT)
    del harness.ann.chat.messages[said.id]
    assert (await harness.press(told, DRAW_ANYWAY)).alert
    assert not harness.tasks


async def test_the_button_keeps_to_the_limits(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        harness.hold()
        await harness.say("hello")
        told = await harness.shown(HINT)
        await harness.say("a fox")
        await harness.all_submitted(1)
        answer = await harness.press(told, DRAW_ANYWAY)
        assert (answer.alert, answer.text[:25]) == (True, "You've reached your limit")
        harness.release()
        await harness.quiet()
        await harness.press(told, DRAW_ANYWAY)
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


async def test_the_button_draws_with_the_photo_though_the_hints_arrival_was_not_heard_of(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="sendMessage", applied=True))
    await harness.say("👍", picture(222))
    await harness.press(await harness.shown(HINT), DRAW_ANYWAY)
    await harness.ended()
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222]


async def test_a_photo_whose_question_telegram_refused_waits_for_no_words(harness: AppHarness) -> None:
    harness.telegram.play(Refusal(method="sendMessage", code=400, description="Bad Request: SOMETHING_NEW"))
    await harness.say("", picture(222))
    await harness.shown("Something went wrong on my side")
    await harness.made("a red fox")
    assert [len(one.references) for one in harness.tasks] == [0]


async def test_a_misspelled_command_with_a_photo(harness: AppHarness) -> None:
    await harness.say("/imagien as a drawing", picture(222))
    await harness.press(await harness.shown("Did you mean"), "🎨 Draw it")
    await harness.ended()
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [222]


# in reply to a picture


async def test_thanks_for_a_picture_do_not_make_it_a_reference_of_the_next_request(harness: AppHarness) -> None:
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


async def test_the_button_of_a_second_hint_draws(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    asked = await harness.say("thanks!", reply_to=result)
    told = await harness.shown(HINT)
    await harness.quiet()
    harness.telegram.edit(harness.ann, asked, "thank you!")
    await harness.quiet()
    latest = harness.answers()[-1]
    assert latest is not told
    assert not (await harness.press(latest, DRAW_ANYWAY)).alert
    await harness.quiet()
    assert prompts(harness) == ["a fox", "thank you!"]
    assert len(harness.tasks[1].references) == 1


async def test_the_button_draws_all_words_of_an_album(harness: AppHarness) -> None:
    await harness.telegram.send(harness.ann, text="thanks", files=[picture(201), picture(202)], captions=["hello"])
    told = await harness.shown(HINT)
    await harness.quiet()
    await harness.press(told, DRAW_ANYWAY)
    await harness.quiet()
    assert prompts(harness) == ["thanks\nhello"]
    assert len(harness.tasks[0].references) == 2
