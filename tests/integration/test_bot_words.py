"""Asking in words: in private, in groups by command, mention or reply, and in forum topics."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.bot_view import message_json
from bot.demo.chat import groups
from bot.demo.telegram import Refusal
from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_any_text_in_private_is_a_prompt(harness: AppHarness) -> None:
    asked = await harness.say("a red fox in the snow")
    result = await harness.ended()
    assert result.photo
    assert result.reply_to == asked.id
    assert result.text.startswith("a red fox in the snow")
    assert [task.prompt for task in harness.tasks] == ["a red fox in the snow"]
    assert harness.submitted()[0]["force_single"] is True


@pytest.mark.parametrize(
    "words",
    [
        "/imagine a red fox",
        "/imagine@imagine_demo_bot a red fox",
        "/IMAGINE@Imagine_Demo_Bot a red fox",
        "/imagine\na red fox",
        "@imagine_demo_bot a red fox",
        "a red @Imagine_Demo_Bot fox",
        "a red fox, @imagine_demo_bot",
        "@imagine_demo_bot, a red fox",
    ],
)
async def test_ways_to_ask_in_a_group(harness: AppHarness, words: str) -> None:
    asked = await harness.say(words, chat=harness.group)
    result = await harness.ended(chat=harness.group)
    assert result.photo
    assert result.reply_to == asked.id
    assert harness.tasks[0].prompt == "a red fox"


async def test_a_reply_to_the_bots_own_message_is_a_prompt(harness: AppHarness) -> None:
    await harness.say("/imagine", chat=harness.group)
    example = await harness.shown("for example", harness.group)
    await harness.say("a red fox", chat=harness.group, reply_to=example)
    await harness.ended(chat=harness.group)
    assert [task.prompt for task in harness.tasks] == ["a red fox"]


async def test_what_is_not_for_the_bot_is_left_alone(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        # As an admin the bot sees everything.
        groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
        theirs = await harness.say("what a day", chat=harness.group)
        await harness.say("/imagine@another_bot a fox", chat=harness.group)
        await harness.say("/imagine@another_bot a fox", picture(), chat=harness.group)
        await harness.say("/start@another_bot", chat=harness.group)
        await harness.say("/weather", chat=harness.group)
        await harness.say("@xiaoming_art a fox?", chat=harness.group)
        await harness.say("so it is", chat=harness.group, reply_to=theirs, who=harness.bob)
        await harness.say("", picture(), chat=harness.group)
        await harness.say("", picture(), picture(), chat=harness.group)
        await harness.quiet()
        assert harness.answers(harness.group) == []
        assert not harness.tasks


async def test_another_bots_command_in_reply_to_this_bot_is_left_alone(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    count = len(harness.answers(harness.group))
    await harness.say("/imagine@another_bot a fox", chat=harness.group, reply_to=result)
    await harness.say("/imagine@another_bot a fox", picture(), chat=harness.group, reply_to=result)
    await harness.quiet()
    assert len(harness.answers(harness.group)) == count
    assert len(harness.tasks) == 1


@pytest.mark.parametrize("words", ["/imagine", "/imagine@imagine_demo_bot", "/imagine --ar 16:9", "@imagine_demo_bot"])
async def test_imagine_alone_explains_itself_with_an_example(harness: AppHarness, words: str) -> None:
    asked = await harness.say(words, chat=harness.group)
    example = await harness.shown("for example", harness.group)
    assert example.reply_to == asked.id
    assert "/imagine a red fox in the snow --ar 16:9" in example.text
    assert [mark["type"] for mark in example.entities if mark["type"] == "code"] == ["code"]
    assert not harness.tasks


async def test_imagine_alone_in_private(harness: AppHarness) -> None:
    await harness.say("/imagine")
    await harness.shown("for example")


async def test_a_forum_topic_is_answered_in_its_topic(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Foxes")
    other = groups.add_topic(harness.telegram.world, harness.group, "Cats")
    await harness.say("/imagine", chat=harness.group, topic=topic)
    await harness.say("/imagine three foxes --n 3", chat=harness.group, topic=topic)
    await harness.shown("3 pictures", harness.group)
    await harness.made("/imagine a cat", chat=harness.group, topic=other)
    await harness.say("", picture(), chat=harness.group, topic=topic)
    await harness.say(
        "/imagine", chat=harness.group, topic=topic, reply_to=harness.telegram.messages(harness.group)[-1]
    )
    await harness.say("/history", chat=harness.group, topic=topic)
    await harness.shown("of 4", harness.group)
    await harness.quiet()
    answers = harness.answers(harness.group)
    assert {message.topic for message in answers if "cat" not in message.text} == {topic}
    assert {message.topic for message in answers if "a cat" in message.text} == {other, topic}  # the history shows it
    wanted = next(message for message in answers if "What should I make" in message.text)
    result = await harness.shown("3 pictures", harness.group)
    assert wanted.topic == topic
    await harness.press(result, "Files")
    await harness.press(result, "Again")
    await harness.quiet()
    assert {message.topic for message in harness.answers(harness.group)[len(answers) :]} == {topic}


async def test_an_anonymous_admin_may_use_the_buttons_of_what_was_asked_in_the_groups_name(harness: AppHarness) -> None:
    await harness.say("/imagine a fox", chat=harness.group, anonymous=True)
    result = await harness.ended(chat=harness.group)
    assert (await harness.press(result, "Edit", harness.bob)).alert
    assert not (await harness.press(result, "Again", harness.ann)).alert
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox", "a fox"]


async def test_unknown_commands_and_other_things_in_private(harness: AppHarness) -> None:
    await harness.say("/paint a fox")
    assert (await harness.shown("don't know")).reply_to == 1
    await harness.say("/paint a fox", picture())
    await harness.telegram.until(lambda: len(harness.answers()) == 2)
    await harness.quiet()
    assert not harness.tasks


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("voice", "I can't listen"),
        ("sticker", "I can't use stickers"),
        ("video", "a photo or a screenshot with"),
        ("location", "I work with words and photos"),
    ],
)
async def test_what_is_neither_words_nor_pictures(harness: AppHarness, kind: str, words: str) -> None:
    sent = harness.telegram.send_thing(harness.ann, kind)
    # As an admin the bot sees everything.
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    harness.telegram.send_thing(harness.ann, kind, harness.group)
    assert (await harness.shown(words)).reply_to == sent.id
    await harness.quiet()
    assert len(harness.answers()) == 1
    assert harness.answers(harness.group) == []


async def test_a_contact_is_neither_words_nor_pictures(harness: AppHarness) -> None:
    world, contact = harness.telegram.world, {"phone_number": "1", "first_name": "Bob"}
    world.updates.push("message", message_json(world.post(harness.ann.chat, harness.ann, extra={"contact": contact})))
    await harness.shown("I work with words and photos")


async def test_start_shows_how_to_begin_with_examples_that_run(harness: AppHarness) -> None:
    await harness.say("/start")
    told = await harness.shown("Tell me what you'd like to see")
    assert "a red fox in the snow" in told.text
    assert "/history" in told.text
    assert "/help" in told.text
    assert len(told.buttons) == 3
    await harness.press(told, "a lighthouse at dusk, oil painting")
    result = await harness.ended()
    assert result.reply_to == told.id
    assert [task.prompt for task in harness.tasks] == ["a lighthouse at dusk, oil painting"]


async def test_a_double_tap_on_an_example_is_one_request(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("/start")
    told = await harness.shown("Tell me what you'd like to see")
    await harness.press(told, told.buttons[0])
    await harness.press(told, told.buttons[0])
    await harness.press(told, told.buttons[1])
    await harness.all_submitted(2)
    await harness.taken_in()
    assert [task.prompt for task in harness.tasks] == told.buttons[:2]
    harness.release()


async def test_examples_speak_ones_language_and_keep_to_the_limits(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        harness.hold()
        await harness.say("/start", who=harness.ming)
        told = await harness.shown("你好", harness.ming.chat)
        await harness.press(told, told.buttons[0], harness.ming)
        await harness.all_submitted(1)
        assert harness.tasks[0].prompt == told.buttons[0]
        assert "你已有 1 个请求在排队" in (await harness.press(told, told.buttons[1], harness.ming)).text
        harness.release()
        await harness.ended("再来一次", harness.ming.chat)
        assert len(harness.tasks) == 1


async def test_a_group_sees_at_once_that_a_request_is_taken(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("/imagine a red fox", chat=harness.group)
    await harness.telegram.until(lambda: asked.reactions)
    assert list(asked.reactions.values()) == ["👀"]
    wrong = await harness.say("/imagine a fox --ar none", chat=harness.group)
    alone = await harness.say("a red hare")
    await harness.taken_in()
    await harness.all_submitted(2)
    assert not wrong.reactions
    assert not alone.reactions
    harness.release()


async def test_a_group_without_reactions_gets_its_pictures(harness: AppHarness) -> None:
    harness.telegram.play(Refusal(method="setMessageReaction", code=400, description="Bad Request: REACTION_INVALID"))
    await harness.made("/imagine a red fox", chat=harness.group)
