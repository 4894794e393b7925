"""One wish in several messages: captions of albums, comments with forwarded posts, more than ten pictures at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Chat, Message, PhotoSize, User

from bot.demo.bot_api.bot_view import message_json
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from bot.middlewares.message_groups import AlbumMiddleware
from bot.telegram.i18n import Languages
from storage.database import StoreUnavailableError
from storage.records import NewReference
from storage.store import Store
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.fast_time import albums_of


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        albums = albums_of(harness.app)
        # On a busy machine the forward may be taken in a little after its comment.
        albums.quiet *= 3
        yield harness


def numbered(count: int) -> list[bytes]:
    """Pictures that can be told apart by their widths."""
    return [picture(200 + number) for number in range(count)]


def widths(harness: AppHarness) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [picture_info(reference)[1] for reference in harness.tasks[-1].references]


async def posted(harness: AppHarness, words: str, *files: bytes) -> list[ChatMessage]:
    """Bob posts something in the group, which the bot is no admin of."""
    return await harness.telegram.send(harness.bob, harness.group, text=words, files=files)


# captions


async def test_the_captions_of_an_album_are_joined_in_order(harness: AppHarness) -> None:
    harness.telegram.acts.shuffle = True
    await harness.made("a cat", *numbered(3), captions=["and a dog --n 2", "as friends"])
    assert {task.prompt for task in harness.tasks} == {"a cat\nand a dog\nas friends"}
    assert (len(harness.tasks), widths(harness)) == (2, [200, 201, 202])


@pytest.mark.parametrize(
    ("captions", "prompt"),
    [
        (["", "/imagine together"], "together"),
        (["a cat", "/imagine together"], "a cat\ntogether"),
        (["/imagine a cat", "/imagine together"], "a cat\ntogether"),
        (["", "", "together, @imagine_demo_bot"], "together"),
        (["my 🐈 cat", "@imagine_demo_bot together"], "my 🐈 cat\ntogether"),
    ],
)
async def test_in_a_group_all_captions_are_looked_through(
    harness: AppHarness, captions: list[str], prompt: str
) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    await harness.made(captions[0], *numbered(3), captions=captions[1:], chat=harness.group)
    assert [task.prompt for task in harness.tasks] == [prompt]
    assert widths(harness) == [200, 201, 202]


async def test_another_bots_command_in_any_caption_is_left_alone(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    words = ["@imagine_demo_bot", "/imagine@another_bot a cat"]
    await harness.say(words[0], *numbered(2), captions=words[1:], chat=harness.group)
    await harness.quiet()
    assert not harness.tasks


async def test_words_that_come_late_are_heard(harness: AppHarness) -> None:
    await harness.say("", *numbered(2))
    await harness.shown("What should I make")
    first = harness.telegram.messages(harness.ann.chat)[0]
    photo = await harness.telegram.world.files.add_picture(picture(333))
    harness.telegram.acts.post(
        harness.ann, harness.ann.chat, [{"photo": photo, "album": first.album, "text": "together"}]
    )
    await harness.ended()
    assert [task.prompt for task in harness.tasks] == ["together"]
    assert widths(harness) == [200, 201, 333]


# comments with forwarded posts


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


async def test_words_some_time_before_a_forwarded_post_are_a_wish_of_their_own(harness: AppHarness) -> None:
    await harness.made("a fox")
    # A backlog brings both at once.
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


# more than ten


async def test_eleven_pictures_are_answered_once(harness: AppHarness) -> None:
    await harness.say("all of them", *numbered(10))
    await harness.say("", picture(300))
    assert "You sent 11 pictures; this model takes at most 10" in (await harness.ended("⚠️")).text
    assert len(harness.answers()) == 1
    assert not harness.tasks


async def test_eleven_pictures_without_words_are_asked_for_once(harness: AppHarness) -> None:
    await harness.say("", *numbered(10))
    await harness.say("", picture(301), picture(302))
    await harness.shown("What should I make")
    await harness.quiet()
    assert len(harness.answers()) == 1


async def test_the_eleventh_picture_that_takes_its_time_contradicts_nothing(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("all of them", *numbered(10))
    await harness.all_submitted(1)
    await harness.say("", picture(300))
    await harness.shown("too late")
    harness.release()
    await harness.ended()
    assert not any("What should I make" in one.text for one in harness.answers())
    assert len(harness.tasks) == 1


# order


async def test_a_picture_and_then_words_are_handled_in_their_order(harness: AppHarness) -> None:
    """Also when both come at once, after the bot was away."""
    await harness.stop()
    await harness.say("", picture(201))
    await harness.say("in blue")
    harness.telegram.send_thing(harness.ann, "voice")
    await harness.start()
    await harness.shown("I can't listen")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["in blue"]
    assert widths(harness) == [201]


async def test_forwarded_words_are_drawn_once_however_late_the_second_press(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second press is none of a double tap.
    monkeypatch.setattr("bot.handlers.request_service.DOUBLE_TAP_SECONDS", 0.0)
    harness.telegram.forward(harness.ann, await harness.say("a red fox", who=harness.bob, chat=harness.group))
    question = await harness.shown("Shall I draw its words")
    await harness.press(question, "🎨 Draw its words")
    await harness.quiet()
    # The chat has not shown that the button is gone.
    assert not (await harness.forge(question, "w")).alert
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_an_item_of_an_album_after_a_restart_is_no_second_order(harness: AppHarness) -> None:
    album = await harness.telegram.send(harness.ann, text="cats", files=numbered(2))
    await harness.quiet()
    await harness.restart()
    late = {**message_json(album[1]), "message_id": album[1].id + 50, "caption": "and dogs"}
    harness.telegram.world.updates.push("message", late)
    await harness.shown("This picture arrived too late")
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_an_edit_is_handled_after_the_store_has_stumbled_at_an_album(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted, failures = harness.app.store.posted, [1]
    real = posted.add

    async def add(chat_id: int, media_group_id: str, item: NewReference, now: float) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailableError("for a moment")
        await real(chat_id, media_group_id, item, now)

    monkeypatch.setattr(posted, "add", add)
    album = await harness.telegram.send(harness.ann, text="cats", files=numbered(2))
    await harness.ended()
    harness.telegram.edit(harness.ann, album[0], "dogs")
    await harness.shown("Shall I make it again")
    assert not failures


async def test_late_items_join_what_was_handed_over(tmp_path: Path) -> None:
    def item(number: int) -> Message:
        photo = PhotoSize(file_id=f"f{number}", file_unique_id=f"u{number}", width=1, height=1)
        return Message(
            message_id=number,
            date=datetime.now(UTC),
            chat=Chat(id=1, type="private"),
            from_user=User(id=1, is_bot=False, first_name="x"),
            media_group_id="7",
            photo=[photo],
        )

    mains: list[int] = []
    handled: list[int] = []

    async def late(main: Message, _item: Message) -> bool:
        mains.append(main.message_id)
        return True

    async def handler(message: Any, _data: dict[str, Any]) -> None:
        handled.append(message.message_id)

    store = await Store.open(f"sqlite:///{tmp_path}/x.db")
    albums = AlbumMiddleware(store, Languages(), late, quiet=0.05)
    await asyncio.gather(*(albums(handler, item(number), {"language": "en"}) for number in (3, 4)))
    for number in (2, 1):
        await albums(handler, item(number), {"language": "en"})
    await albums.aclose()
    await store.aclose()
    assert handled == [3]
    assert mains == [3, 3]
