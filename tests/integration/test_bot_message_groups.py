"""One request in several messages: captions of albums, more than ten pictures at once, late items, and the order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Chat, Message, MessageOriginHiddenUser, PhotoSize, User

from bot.demo.bot_api.bot_view import message_json
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage
from bot.middlewares.message_groups import AlbumMiddleware
from bot.telegram.i18n import Languages
from bot.telegram.message_groups import MessageGroup
from storage.database import StoreUnavailableError
from storage.records import NewReference
from storage.store import Store
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import numbered, widths
from tests.support.fast_time import albums_of

NOW = datetime(2026, 11, 30, tzinfo=UTC)


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


# more than ten


async def test_eleven_pictures_are_answered_once(harness: AppHarness) -> None:
    await harness.say("all of them", *numbered(10))
    await harness.say("", picture(300))
    assert "You sent 11 pictures; Jimeng 4.0 takes at most 10" in (await harness.ended("⚠️")).text
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
    """Also when both come at once, after the bot was stopped."""
    await harness.stop()
    await harness.say("", picture(201))
    await harness.say("in blue")
    harness.telegram.send_thing(harness.ann, "voice")
    await harness.start()
    await harness.shown("I can't listen")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["in blue"]
    assert widths(harness) == [201]


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

    async def join(_group: MessageGroup, _data: dict[str, Any]) -> bool:
        return False

    store = await Store.open(f"sqlite:///{tmp_path}/x.db")
    albums = AlbumMiddleware(store, Languages(), late, join, quiet=0.05)
    await asyncio.gather(*(albums(handler, item(number), {"language": "en"}) for number in (3, 4)))
    for number in (2, 1):
        await albums(handler, item(number), {"language": "en"})
    await albums.aclose()
    await store.aclose()
    assert handled == [3]
    assert mains == [3, 3]


async def test_a_post_that_can_not_be_joined_keeps_nobody_waiting(tmp_path: Path) -> None:
    def message(number: int, **more: Any) -> Message:
        ann = User(id=1, is_bot=False, first_name="x")
        return Message(message_id=number, date=NOW, chat=Chat(id=1, type="private"), from_user=ann, **more)

    async def late(_main: Message, _item: Message) -> bool:
        return True

    async def join(_group: MessageGroup, _data: dict[str, Any]) -> bool:
        raise RuntimeError("nobody thought of this")

    async def handler(_message: Any, _data: dict[str, Any]) -> None:
        """The words are handled."""

    store = await Store.open(f"sqlite:///{tmp_path}/x.db")
    albums = AlbumMiddleware(store, Languages(), late, join, quiet=0.05)
    words = message(1, text="as a watercolour")
    post = message(2, text="our cats", forward_origin=MessageOriginHiddenUser(date=NOW, sender_user_name="Bob"))
    async with asyncio.timeout(20):
        handled = [asyncio.create_task(albums(handler, one, {"language": "en"})) for one in (words, post)]
        results = await asyncio.gather(*handled, return_exceptions=True)
    assert [type(one) for one in results] == [RuntimeError, RuntimeError]
    await albums.aclose()
    await store.aclose()
