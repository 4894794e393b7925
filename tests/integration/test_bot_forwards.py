"""Forwarded messages: comments with forwarded posts, forwarded pictures, and words that are drawn at a press."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import numbered, widths
from tests.support.fast_time import albums_of


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        albums = albums_of(harness.app)
        # On a busy machine the forward may arrive a little after its comment.
        albums.quiet *= 3
        yield harness


async def posted(harness: AppHarness, words: str, *files: bytes) -> list[ChatMessage]:
    """Bob posts in the group, where the bot is no admin."""
    return await harness.telegram.send(harness.bob, harness.group, text=words, files=files)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("count", [1, 3])
async def test_a_comment_is_the_prompt_and_the_forwarded_pictures_are_its_references(
    harness: AppHarness, last: bool, count: int
) -> None:
    posts = await posted(harness, "our cats at home, 50 euros each", *numbered(count))
    harness.telegram.acts.gap = 0.015
    harness.telegram.forward(harness.ann, *posts, comment="as a watercolour", last=last)
    result = await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["as a watercolour"]
    assert widths(harness) == [200, 201, 202][:count]
    assert result.reply_to == next(
        one.id for one in harness.telegram.messages(harness.ann.chat) if one.text[:2] == "as"
    )
    assert len(harness.answers()) == 1


async def test_several_posts_with_one_comment(harness: AppHarness) -> None:
    posts = [*await posted(harness, "one", picture(201)), *await posted(harness, "two", *numbered(2))]
    harness.telegram.forward(harness.ann, *posts, comment="together --n 1")
    await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["together"]
    assert widths(harness) == [201, 200, 201]


async def test_a_comment_in_a_group_where_the_bot_sees_both(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    posts = await harness.telegram.send(harness.ann, text="a cat", files=[picture(201)])
    await harness.quiet()
    harness.telegram.forward(harness.ann, *posts, chat=harness.group, comment="/imagine in blue")
    await harness.ended(chat=harness.group)
    assert [task.prompt for task in harness.tasks] == ["a cat", "in blue"]
    assert len(harness.tasks[-1].references) == 1


async def test_a_result_that_is_forwarded_with_a_comment_is_known_again(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    harness.telegram.forward(harness.ann, result, comment="with a hat")
    await harness.ended()
    assert (await harness.app.store.references.of_job(2))[0].picture_id == 1


async def test_forwarded_pictures_alone_wait_for_words(harness: AppHarness) -> None:
    posts = await posted(harness, "our cats at home, 50 euros each", *numbered(2))
    forwarded = harness.telegram.forward(harness.ann, *posts)
    asked = await harness.shown("What should I make")
    assert asked.reply_to == forwarded[0].id
    await harness.made("as a watercolour", reply_to=asked)
    assert [task.prompt for task in harness.tasks] == ["as a watercolour"]
    assert widths(harness) == [200, 201]


async def test_forwarded_words_are_drawn_only_at_a_press(harness: AppHarness) -> None:
    harness.telegram.forward(harness.ann, *await posted(harness, "a red fox --ar 16:9"))
    asked = await harness.shown("This is a forwarded message")
    await harness.quiet()
    assert not harness.tasks
    await harness.press(asked, "Draw its words")
    await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["a red fox"]
    assert harness.answers()[0].buttons == []


@pytest.mark.parametrize("words", ["/imagine a fox", "@imagine_demo_bot a fox"])
async def test_a_forwarded_order_is_none(harness: AppHarness, words: str) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    theirs = await harness.telegram.send(harness.bob, text="hello")
    await harness.quiet()
    made = len(harness.tasks)
    theirs[0].text = words
    theirs[0].entities = [{"type": "mention", "offset": 0, "length": 17}] if words.startswith("@") else []
    harness.telegram.forward(harness.ann, *theirs, chat=harness.group)
    harness.telegram.forward(harness.ann, *theirs)
    await harness.shown("This is a forwarded message")
    await harness.quiet()
    assert len(harness.tasks) == made
    assert harness.answers(harness.group) == []


async def test_a_comment_on_what_has_no_picture_is_not_drawn_without(harness: AppHarness) -> None:
    comment, _story = harness.telegram.forward(harness.ann, *await posted(harness, "a long story"), comment="draw this")
    told = await harness.shown("There is no picture in what you forwarded")
    harness.telegram.forward(
        harness.ann, harness.telegram.send_thing(harness.bob, "video", harness.group), comment="draw this"
    )
    await harness.shown("I can't use a video")
    await harness.quiet()
    assert not harness.tasks
    assert told.reply_to == comment.id


async def test_words_are_heard_before_it_is_known_what_follows_them(harness: AppHarness) -> None:
    harness.telegram.acts.gap = 0.03
    posts = await posted(harness, "our cats", picture(201))
    harness.telegram.forward(harness.ann, *posts, comment="as a watercolour")
    # The post has not come yet, so nothing is paid.
    await harness.shown("Got it")
    assert not harness.tasks
    await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["as a watercolour"]
    assert widths(harness) == [201]


async def test_a_post_after_small_talk_stands_alone(harness: AppHarness) -> None:
    harness.telegram.forward(harness.ann, *await posted(harness, "our cats", picture(201)), comment="thanks!")
    await harness.shown("What should I make")
    await harness.quiet()
    assert not harness.tasks


async def test_several_texts_are_requests_of_their_own_in_their_order(harness: AppHarness) -> None:
    posts = await posted(harness, "our cats", picture(201))
    await harness.say("a fox")
    await harness.say("a hare")
    harness.telegram.forward(harness.ann, *posts, comment="in blue")
    await harness.quiet()
    await harness.telegram.until(lambda: len(harness.tasks) == 3)
    await harness.quiet()
    assert {task.prompt: len(task.references) for task in harness.tasks} == {"a fox": 0, "a hare": 0, "in blue": 1}


async def test_words_some_time_before_a_forwarded_post_are_a_request_of_their_own(harness: AppHarness) -> None:
    await harness.made("a fox")
    # A backlog delivers both at once.
    world = harness.telegram.world
    now, push = world.clock, world.updates.push
    held: list[tuple[str, dict[str, object]]] = []

    def hold(kind: str, payload: dict[str, object]) -> None:
        held.append((kind, payload))

    world.updates.push = hold  # type: ignore[method-assign]
    await harness.say("a cat")
    world.clock = lambda: now() + 5
    harness.telegram.forward(harness.ann, *await posted(harness, "our cats", picture(201)))
    world.clock, world.updates.push = now, push  # type: ignore[method-assign]
    for update in held:
        push(*update)
    await harness.shown("What should I make")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox", "a cat"]
    assert not harness.tasks[-1].references


async def test_forwarded_words_are_drawn_once_however_late_the_second_press(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second press is no double tap.
    monkeypatch.setattr("bot.handlers.request_service.DOUBLE_TAP_SECONDS", 0.0)
    harness.telegram.forward(harness.ann, await harness.say("a red fox", who=harness.bob, chat=harness.group))
    question = await harness.shown("Shall I draw its words")
    await harness.press(question, "🎨 Draw its words")
    await harness.quiet()
    # The chat still shows the button.
    assert not (await harness.forge(question, "w")).alert
    await harness.quiet()
    assert len(harness.tasks) == 1
