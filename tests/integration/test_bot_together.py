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
from bot.middlewares.albums import AlbumMiddleware
from bot.telegram.language import Languages
from storage.database import OutOfReach
from storage.records import NewSource
from storage.store import Store
from tests.support.haste import albums_of
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        albums = albums_of(house.app)
        # On a busy machine the forward may be taken in a little after its comment.
        albums.quiet *= 3
        yield house


def numbered(count: int) -> list[bytes]:
    """Pictures that can be told apart by their widths."""
    return [picture(200 + number) for number in range(count)]


def widths(house: House) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [look(reference)[1] for reference in house.tasks[-1].references]


async def posted(house: House, words: str, *files: bytes) -> list[ChatMessage]:
    """Bob posts something in the group, which the bot is no admin of."""
    return await house.telegram.send(house.bob, house.group, text=words, files=files)


# captions


async def test_the_captions_of_an_album_are_joined_in_order(house: House) -> None:
    house.telegram.acts.shuffle = True
    await house.made("a cat", *numbered(3), captions=["and a dog --n 2", "as friends"])
    assert {task.prompt for task in house.tasks} == {"a cat\nand a dog\nas friends"}
    assert (len(house.tasks), widths(house)) == (2, [200, 201, 202])


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
async def test_in_a_group_all_captions_are_looked_through(house: House, captions: list[str], prompt: str) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    await house.made(captions[0], *numbered(3), captions=captions[1:], chat=house.group)
    assert [task.prompt for task in house.tasks] == [prompt]
    assert widths(house) == [200, 201, 202]


async def test_another_bots_command_in_any_caption_is_left_alone(house: House) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    words = ["@imagine_demo_bot", "/imagine@another_bot a cat"]
    await house.say(words[0], *numbered(2), captions=words[1:], chat=house.group)
    await house.quiet()
    assert not house.tasks


async def test_words_that_come_late_are_heard(house: House) -> None:
    await house.say("", *numbered(2))
    await house.shown("What should I make")
    first = house.telegram.messages(house.ann.chat)[0]
    photo = await house.telegram.world.files.add_picture(picture(333))
    house.telegram.acts.post(house.ann, house.ann.chat, [{"photo": photo, "album": first.album, "text": "together"}])
    await house.ended()
    assert [task.prompt for task in house.tasks] == ["together"]
    assert widths(house) == [200, 201, 333]


# comments with forwarded posts


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("count", [1, 3])
async def test_a_comment_is_the_prompt_and_the_forwarded_pictures_are_its_references(
    house: House, last: bool, count: int
) -> None:
    posts = await posted(house, "our cats at home, 50 euros each", *numbered(count))
    house.telegram.acts.gap = 0.015
    house.telegram.forward(house.ann, *posts, comment="as a watercolour", last=last)
    result = await house.ended()
    assert [task.prompt for task in house.tasks] == ["as a watercolour"]
    assert widths(house) == [200, 201, 202][:count]
    assert result.reply_to == next(one.id for one in house.telegram.messages(house.ann.chat) if one.text[:2] == "as")
    assert len(house.answers()) == 1


async def test_several_posts_with_one_comment(house: House) -> None:
    posts = [*await posted(house, "one", picture(201)), *await posted(house, "two", *numbered(2))]
    house.telegram.forward(house.ann, *posts, comment="together --n 1")
    await house.ended()
    assert [task.prompt for task in house.tasks] == ["together"]
    assert widths(house) == [201, 200, 201]


async def test_a_comment_in_a_group_where_the_bot_sees_both(house: House) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    posts = await house.telegram.send(house.ann, text="a cat", files=[picture(201)])
    await house.quiet()
    house.telegram.forward(house.ann, *posts, chat=house.group, comment="/imagine in blue")
    await house.ended(chat=house.group)
    assert [task.prompt for task in house.tasks] == ["a cat", "in blue"]
    assert len(house.tasks[-1].references) == 1


async def test_a_result_that_is_forwarded_with_a_comment_is_known_again(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    house.telegram.forward(house.ann, result, comment="with a hat")
    await house.ended()
    assert (await house.app.store.sources.of_job(2))[0].picture_id == 1


async def test_forwarded_pictures_alone_wait_for_words(house: House) -> None:
    posts = await posted(house, "our cats at home, 50 euros each", *numbered(2))
    forwarded = house.telegram.forward(house.ann, *posts)
    asked = await house.shown("What should I make")
    assert asked.reply_to == forwarded[0].id
    await house.made("as a watercolour", reply_to=asked)
    assert [task.prompt for task in house.tasks] == ["as a watercolour"]
    assert widths(house) == [200, 201]


async def test_forwarded_words_are_drawn_only_at_a_press(house: House) -> None:
    house.telegram.forward(house.ann, *await posted(house, "a red fox --ar 16:9"))
    asked = await house.shown("This is a forwarded message")
    await house.quiet()
    assert not house.tasks
    await house.press(asked, "Draw its words")
    await house.ended()
    assert [task.prompt for task in house.tasks] == ["a red fox"]
    assert house.answers()[0].buttons == []


@pytest.mark.parametrize("words", ["/imagine a fox", "@imagine_demo_bot a fox"])
async def test_a_forwarded_order_is_none(house: House, words: str) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "administrator")
    theirs = await house.telegram.send(house.bob, text="hello")
    await house.quiet()
    made = len(house.tasks)
    theirs[0].text = words
    theirs[0].entities = [{"type": "mention", "offset": 0, "length": 17}] if words.startswith("@") else []
    house.telegram.forward(house.ann, *theirs, chat=house.group)
    house.telegram.forward(house.ann, *theirs)
    await house.shown("This is a forwarded message")
    await house.quiet()
    assert len(house.tasks) == made
    assert house.answers(house.group) == []


async def test_a_comment_on_what_has_no_picture_is_not_drawn_without(house: House) -> None:
    comment, _story = house.telegram.forward(house.ann, *await posted(house, "a long story"), comment="draw this")
    told = await house.shown("There is no picture in what you forwarded")
    house.telegram.forward(house.ann, house.telegram.send_thing(house.bob, "video", house.group), comment="draw this")
    await house.shown("I can't use a video")
    await house.quiet()
    assert not house.tasks
    assert told.reply_to == comment.id


async def test_words_some_time_before_a_forwarded_post_are_a_wish_of_their_own(house: House) -> None:
    await house.made("a fox")
    # A backlog brings both at once.
    world = house.telegram.world
    now, push = world.clock, world.updates.push
    held: list[tuple[str, dict[str, object]]] = []

    def hold(kind: str, payload: dict[str, object]) -> None:
        held.append((kind, payload))

    world.updates.push = hold  # type: ignore[method-assign]
    await house.say("a cat")
    world.clock = lambda: now() + 5
    house.telegram.forward(house.ann, *await posted(house, "our cats", picture(201)))
    world.clock, world.updates.push = now, push  # type: ignore[method-assign]
    for update in held:
        push(*update)
    await house.shown("What should I make")
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["a fox", "a cat"]
    assert not house.tasks[-1].references


# more than ten


async def test_eleven_pictures_are_answered_once(house: House) -> None:
    await house.say("all of them", *numbered(10))
    await house.say("", picture(300))
    assert "You sent 11 pictures; this model takes at most 10" in (await house.ended("⚠️")).text
    assert len(house.answers()) == 1
    assert not house.tasks


async def test_eleven_pictures_without_words_are_asked_for_once(house: House) -> None:
    await house.say("", *numbered(10))
    await house.say("", picture(301), picture(302))
    await house.shown("What should I make")
    await house.quiet()
    assert len(house.answers()) == 1


async def test_the_eleventh_picture_that_takes_its_time_contradicts_nothing(house: House) -> None:
    house.hold()
    await house.say("all of them", *numbered(10))
    await house.all_submitted(1)
    await house.say("", picture(300))
    await house.shown("too late")
    house.release()
    await house.ended()
    assert not any("What should I make" in one.text for one in house.answers())
    assert len(house.tasks) == 1


# order


async def test_a_picture_and_then_words_are_handled_in_their_order(house: House) -> None:
    """Also when both come at once, after the bot was away."""
    await house.stop()
    await house.say("", picture(201))
    await house.say("in blue")
    house.telegram.send_thing(house.ann, "voice")
    await house.start()
    await house.shown("I can't listen")
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["in blue"]
    assert widths(house) == [201]


async def test_forwarded_words_are_drawn_once_however_late_the_second_press(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second press is none of a double tap.
    monkeypatch.setattr("bot.handlers.desk.DOUBLE_TAP_SECONDS", 0.0)
    house.telegram.forward(house.ann, await house.say("a red fox", who=house.bob, chat=house.group))
    question = await house.shown("Shall I draw its words")
    await house.press(question, "🎨 Draw its words")
    await house.quiet()
    # The chat has not shown that the button is gone.
    assert not (await house.forge(question, "w")).alert
    await house.quiet()
    assert len(house.tasks) == 1


async def test_an_item_of_an_album_after_a_restart_is_no_second_order(house: House) -> None:
    album = await house.telegram.send(house.ann, text="cats", files=numbered(2))
    await house.quiet()
    await house.restart()
    late = {**message_json(album[1]), "message_id": album[1].id + 50, "caption": "and dogs"}
    house.telegram.world.updates.push("message", late)
    await house.shown("This picture arrived too late")
    await house.quiet()
    assert len(house.tasks) == 1


async def test_an_edit_is_handled_after_the_store_has_stumbled_at_an_album(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted, failures = house.app.store.posted, [1]
    real = posted.add

    async def add(chat_id: int, media_group_id: str, item: NewSource, now: float) -> None:
        if failures:
            failures.pop()
            raise OutOfReach("for a moment")
        await real(chat_id, media_group_id, item, now)

    monkeypatch.setattr(posted, "add", add)
    album = await house.telegram.send(house.ann, text="cats", files=numbered(2))
    await house.ended()
    house.telegram.edit(house.ann, album[0], "dogs")
    await house.shown("Shall I make it again")
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
