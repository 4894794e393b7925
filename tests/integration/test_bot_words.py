"""Asking in words: in private, in groups by command, mention or reply, and in forum topics."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.bot_view import message_json
from bot.demo.chat import groups
from bot.demo.telegram import Refusal
from bot.settings import LimitsSettings
from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def test_any_text_in_private_is_a_prompt(house: House) -> None:
    asked = await house.say("a red fox in the snow")
    result = await house.ended()
    assert result.photo
    assert result.reply_to == asked.id
    assert result.text.startswith("a red fox in the snow")
    assert [task.prompt for task in house.tasks] == ["a red fox in the snow"]
    assert house.submitted()[0]["force_single"] is True


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
async def test_ways_to_ask_in_a_group(house: House, words: str) -> None:
    asked = await house.say(words, chat=house.group)
    result = await house.ended(chat=house.group)
    assert result.photo
    assert result.reply_to == asked.id
    assert house.tasks[0].prompt == "a red fox"


async def test_a_reply_to_the_bots_own_message_is_a_prompt(house: House) -> None:
    await house.say("/imagine", chat=house.group)
    example = await house.shown("for example", house.group)
    await house.say("a red fox", chat=house.group, reply_to=example)
    await house.ended(chat=house.group)
    assert [task.prompt for task in house.tasks] == ["a red fox"]


async def test_what_is_not_for_the_bot_is_left_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        # As an admin the bot sees everything.
        groups.set_bot_status(house.telegram.world, house.group, "administrator")
        theirs = await house.say("what a day", chat=house.group)
        await house.say("/imagine@another_bot a fox", chat=house.group)
        await house.say("/imagine@another_bot a fox", picture(), chat=house.group)
        await house.say("/start@another_bot", chat=house.group)
        await house.say("/weather", chat=house.group)
        await house.say("@xiaoming_art a fox?", chat=house.group)
        await house.say("so it is", chat=house.group, reply_to=theirs, who=house.bob)
        await house.say("", picture(), chat=house.group)
        await house.say("", picture(), picture(), chat=house.group)
        await house.quiet()
        assert house.answers(house.group) == []
        assert not house.tasks


async def test_another_bots_command_in_reply_to_this_bot_is_left_alone(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    count = len(house.answers(house.group))
    await house.say("/imagine@another_bot a fox", chat=house.group, reply_to=result)
    await house.say("/imagine@another_bot a fox", picture(), chat=house.group, reply_to=result)
    await house.quiet()
    assert len(house.answers(house.group)) == count
    assert len(house.tasks) == 1


@pytest.mark.parametrize("words", ["/imagine", "/imagine@imagine_demo_bot", "/imagine --ar 16:9", "@imagine_demo_bot"])
async def test_imagine_alone_explains_itself_with_an_example(house: House, words: str) -> None:
    asked = await house.say(words, chat=house.group)
    example = await house.shown("for example", house.group)
    assert example.reply_to == asked.id
    assert "/imagine a red fox in the snow --ar 16:9" in example.text
    assert [mark["type"] for mark in example.entities if mark["type"] == "code"] == ["code"]
    assert not house.tasks


async def test_imagine_alone_in_private(house: House) -> None:
    await house.say("/imagine")
    await house.shown("for example")


async def test_a_forum_topic_is_answered_in_its_topic(house: House) -> None:
    topic = groups.add_topic(house.telegram.world, house.group, "Foxes")
    other = groups.add_topic(house.telegram.world, house.group, "Cats")
    await house.say("/imagine", chat=house.group, topic=topic)
    await house.say("/imagine three foxes --n 3", chat=house.group, topic=topic)
    await house.shown("3 pictures", house.group)
    await house.made("/imagine a cat", chat=house.group, topic=other)
    await house.say("", picture(), chat=house.group, topic=topic)
    await house.say("/imagine", chat=house.group, topic=topic, reply_to=house.telegram.messages(house.group)[-1])
    await house.say("/history", chat=house.group, topic=topic)
    await house.shown("of 4", house.group)
    await house.quiet()
    answers = house.answers(house.group)
    assert {message.topic for message in answers if "cat" not in message.text} == {topic}
    assert {message.topic for message in answers if "a cat" in message.text} == {other, topic}  # the history shows it
    wanted = next(message for message in answers if "What should I make" in message.text)
    result = await house.shown("3 pictures", house.group)
    assert wanted.topic == topic
    await house.press(result, "Files")
    await house.press(result, "Again")
    await house.quiet()
    assert {message.topic for message in house.answers(house.group)[len(answers) :]} == {topic}


async def test_an_anonymous_admin_may_use_the_buttons_of_what_was_asked_in_the_groups_name(house: House) -> None:
    await house.say("/imagine a fox", chat=house.group, anonymous=True)
    result = await house.ended(chat=house.group)
    assert (await house.press(result, "Again", house.bob)).alert
    assert not (await house.press(result, "Again", house.ann)).alert
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["a fox", "a fox"]


async def test_unknown_commands_and_other_things_in_private(house: House) -> None:
    await house.say("/paint a fox")
    assert (await house.shown("don't know")).reply_to == 1
    await house.say("/paint a fox", picture())
    await house.telegram.until(lambda: len(house.answers()) == 2)
    await house.quiet()
    assert not house.tasks


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("voice", "I can't listen"),
        ("sticker", "I can't use stickers"),
        ("video", "a photo or a screenshot with"),
        ("location", "I work with words and photos"),
    ],
)
async def test_what_is_neither_words_nor_pictures(house: House, kind: str, words: str) -> None:
    sent = house.telegram.send_thing(house.ann, kind)
    # As an admin the bot sees everything.
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    house.telegram.send_thing(house.ann, kind, house.group)
    assert (await house.shown(words)).reply_to == sent.id
    await house.quiet()
    assert len(house.answers()) == 1
    assert house.answers(house.group) == []


async def test_a_contact_is_neither_words_nor_pictures(house: House) -> None:
    world, contact = house.telegram.world, {"phone_number": "1", "first_name": "Bob"}
    world.updates.push("message", message_json(world.post(house.ann.chat, house.ann, extra={"contact": contact})))
    await house.shown("I work with words and photos")


async def test_start_shows_how_to_begin_with_examples_that_run(house: House) -> None:
    await house.say("/start")
    told = await house.shown("Tell me what you'd like to see")
    assert "a red fox in the snow" in told.text
    assert "/history" in told.text
    assert "/help" in told.text
    assert len(told.buttons) == 3
    await house.press(told, "a lighthouse at dusk, oil painting")
    result = await house.ended()
    assert result.reply_to == told.id
    assert [task.prompt for task in house.tasks] == ["a lighthouse at dusk, oil painting"]


async def test_a_double_tap_on_an_example_is_one_wish(house: House) -> None:
    house.hold()
    await house.say("/start")
    told = await house.shown("Tell me what you'd like to see")
    await house.press(told, told.buttons[0])
    await house.press(told, told.buttons[0])
    await house.press(told, told.buttons[1])
    await house.all_submitted(2)
    await house.taken_in()
    assert [task.prompt for task in house.tasks] == told.buttons[:2]
    house.release()


async def test_examples_speak_ones_language_and_keep_to_the_limits(tmp_path: Path) -> None:
    async with open_house(tmp_path, limits=LimitsSettings(waiting=1)) as house:
        house.hold()
        await house.say("/start", who=house.ming)
        told = await house.shown("你好", house.ming.chat)
        await house.press(told, told.buttons[0], house.ming)
        await house.all_submitted(1)
        assert house.tasks[0].prompt == told.buttons[0]
        assert "你已有 1 个请求在排队" in (await house.press(told, told.buttons[1], house.ming)).text
        house.release()
        await house.ended("再来一次", house.ming.chat)
        assert len(house.tasks) == 1


async def test_a_group_sees_at_once_that_a_request_is_taken(house: House) -> None:
    house.hold()
    asked = await house.say("/imagine a red fox", chat=house.group)
    await house.telegram.until(lambda: asked.reactions)
    assert list(asked.reactions.values()) == ["👀"]
    wrong = await house.say("/imagine a fox --ar none", chat=house.group)
    alone = await house.say("a red hare")
    await house.taken_in()
    await house.all_submitted(2)
    assert not wrong.reactions
    assert not alone.reactions
    house.release()


async def test_a_group_without_reactions_gets_its_pictures(house: House) -> None:
    house.telegram.play(Refusal(method="setMessageReaction", code=400, description="Bad Request: REACTION_INVALID"))
    await house.made("/imagine a red fox", chat=house.group)
