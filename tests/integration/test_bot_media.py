"""A picture is found wherever Telegram puts it; what can't be used is answered in words, not drawn without."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.bot_api.bot_view import message_json, size_json
from bot.demo.bot_api.model import JSON
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, upload
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def widths(house: House) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [look(reference)[1] for reference in house.tasks[-1].references]


async def a_photo(house: House, width: int) -> list[JSON]:
    """The sizes of a photo that somebody has sent, as Telegram writes them."""
    photo = await house.telegram.world.files.add_picture(picture(width))
    return [size_json(size) for size in photo.sizes]


def sent(house: House, **fields: Any) -> ChatMessage:
    """Ann sends something with these fields of a Message; the bot gets it."""
    world = house.telegram.world
    message = world.post(house.ann.chat, house.ann, extra=fields)
    world.updates.push("message", message_json(message))
    return message


async def test_a_live_photo_with_a_caption(house: House) -> None:
    await house.made("as a watercolour", picture(201), live=True)
    assert widths(house) == [201]
    await house.made("/imagine in blue", picture(202), live=True, chat=house.group)
    assert widths(house) == [202]
    await house.made("@imagine_demo_bot in red", picture(203), live=True, chat=house.group)
    assert widths(house) == [203]


async def test_a_live_photo_without_words_waits_for_them(house: House) -> None:
    await house.say("", picture(201), live=True)
    await house.shown("What should I make")
    await house.made("in blue")
    assert widths(house) == [201]


async def test_a_reply_to_a_live_photo(house: House) -> None:
    theirs = await house.say("my cat", picture(201), who=house.bob, chat=house.group, live=True)
    await house.made("/imagine in blue", chat=house.group, reply_to=theirs)
    assert widths(house) == [201]


async def test_an_album_of_live_photos(house: House) -> None:
    await house.made("together", picture(201), picture(202), live=True)
    assert widths(house) == [201, 202]


async def test_a_reply_to_a_photo_of_another_chat(house: House) -> None:
    theirs = await house.say("my cat in the garden", picture(201), who=house.bob, chat=house.group)
    await house.made("in blue", external=theirs)
    assert widths(house) == [201]
    await house.made("in red", external=theirs, quote="my cat")
    assert widths(house) == [201]
    await house.made("together", picture(202), external=theirs)
    assert widths(house) == [201, 202]
    await house.say("/imagine", external=theirs)
    await house.shown("What should I make")
    await house.made("in green")
    assert widths(house) == [201]


async def test_a_reply_to_the_bots_picture_in_another_chat_is_known_again(house: House) -> None:
    result = await house.made("a fox")
    await house.made("/imagine in blue", external=result, chat=house.group)
    made = await house.app.store.pictures.of_job(1)
    source = (await house.app.store.sources.of_job(2))[0]
    assert (source.picture_id, len(house.tasks[-1].references)) == (made[0].id, 1)


async def test_a_quote_of_a_caption(house: House) -> None:
    theirs = await house.say("my cat", picture(201), who=house.bob, chat=house.group)
    await house.made("/imagine in blue", chat=house.group, reply_to=theirs, quote="cat")
    assert widths(house) == [201]


async def test_pictures_in_paid_media_games_polls_and_rich_messages(house: House) -> None:
    one, two = await a_photo(house, 201), await a_photo(house, 202)
    paid = [{"type": "photo", "photo": one}, {"type": "live_photo", "live_photo": {**film(), "photo": two}}]
    collage = {"type": "collage", "blocks": [{"type": "photo", "photo": one}, {"type": "photo", "photo": two}]}
    poll = {"id": "1", "question": "This?", "options": [], "total_voter_count": 0, "type": "regular"}
    poll |= dict.fromkeys(["is_closed", "is_anonymous", "allows_multiple_answers"], False)
    poll |= dict.fromkeys(["allows_revoting", "members_only"], False)
    for expected, fields in (
        ([201, 202], {"paid_media": {"star_count": 1, "paid_media": paid}}),
        ([201, 202], {"rich_message": {"blocks": [collage]}}),
        ([201], {"poll": {**poll, "media": {"photo": one}}}),
        ([202], {"game": {"title": "Foxes", "description": "Run!", "photo": two}}),
        ([201], {"new_chat_photo": one}),
    ):
        theirs = house.telegram.world.post(house.ann.chat, house.ann, extra=fields)
        await house.made("in blue", reply_to=theirs)
        assert widths(house) == expected, fields


async def test_a_rich_message_of_pictures_waits_for_words(house: House) -> None:
    photo = await a_photo(house, 201)
    sent(house, rich_message={"blocks": [{"type": "photo", "photo": photo}]})
    await house.shown("What should I make")
    await house.made("in blue")
    assert widths(house) == [201]


async def test_a_file_without_a_type_and_an_ending_is_known_by_its_bytes(house: House) -> None:
    await house.made("in blue", upload(picture(201), "IMG_0001", "application/octet-stream"), as_document=True)
    assert widths(house) == [201]


def film(**fields: Any) -> JSON:
    """What all films have."""
    return {"file_id": "film", "file_unique_id": "film", "width": 640, "height": 480, "duration": 3, **fields}


UNUSABLE: list[tuple[JSON, str]] = [
    ({"video": film()}, "I can't use a video"),
    ({"animation": film(), "document": {"file_id": "f", "file_unique_id": "f", "mime_type": "image/gif"}}, "or a GIF"),
    ({"video_note": film(length=200)}, "I can't use a video"),
    ({"sticker": film(type="regular", is_animated=False, is_video=False)}, "I can't use a sticker"),
    ({"voice": film()}, "I can't listen"),
    ({"story": {"chat": {"id": 7, "type": "private"}, "id": 3}}, "I can't see stories"),
    ({"document": {"file_id": "f", "file_unique_id": "f", "file_name": "a.pdf"}}, "This file is not a picture"),
    ({"paid_media": {"star_count": 5, "paid_media": [{"type": "preview"}]}}, "has to be paid for"),
    ({"location": {"latitude": 48.2, "longitude": 16.3}}, "I can't use this as a picture"),
]


@pytest.mark.parametrize(("fields", "words"), UNUSABLE)
async def test_what_cant_be_used_is_answered_in_words(house: House, fields: JSON, words: str) -> None:
    theirs = house.telegram.world.post(house.group, house.bob, extra=fields)
    asked = await house.say("/imagine like this", chat=house.group, reply_to=theirs)
    assert (await house.shown(words, house.group)).reply_to == asked.id
    asked = await house.say("like this", external=theirs)
    assert (await house.shown(words)).reply_to == asked.id
    # Without words nothing is asked for that can't be had.
    await house.say("/imagine", chat=house.group, reply_to=theirs)
    await house.quiet()
    assert [words in one.text for one in house.answers(house.group)] == [True, True]
    assert not house.tasks


async def test_a_reply_to_a_story(house: House) -> None:
    sent(house, text="in blue", reply_to_story={"chat": {"id": 7, "type": "private"}, "id": 3})
    await house.shown("I can't see stories")
    await house.quiet()
    assert not house.tasks


@pytest.mark.parametrize("words", ["/imagine like this", "@imagine_demo_bot like this"])
async def test_an_order_in_the_caption_of_a_video(house: House, words: str) -> None:
    asked = house.telegram.send_thing(house.ann, "video", house.group, text=words)
    assert (await house.shown("I can't use a video", house.group)).reply_to == asked.id
    await house.quiet()
    assert not house.tasks


async def test_a_video_with_words_in_private(house: House) -> None:
    house.telegram.send_thing(house.ann, "video", text="like this")
    await house.shown("I can't use a video")
    await house.quiet()
    assert not house.tasks


async def test_a_reply_to_words_needs_no_picture(house: House) -> None:
    theirs = await house.say("what a day", who=house.bob, chat=house.group)
    await house.made("/imagine a fox", chat=house.group, reply_to=theirs)
    topic = groups.add_topic(house.telegram.world, house.group, "Foxes")
    await house.made("/imagine a hare", chat=house.group, topic=topic)
    assert [task.prompt for task in house.tasks] == ["a fox", "a hare"]
