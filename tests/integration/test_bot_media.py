"""References in every kind of message: pictures are found, and unusable media get an explanation, not a picture."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.bot_api.bot_view import message_json, size_json
from bot.demo.bot_api.model import JSON
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, upload
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def widths(harness: AppHarness) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [picture_info(reference)[1] for reference in harness.tasks[-1].references]


async def a_photo(harness: AppHarness, width: int) -> list[JSON]:
    """The sizes of a photo that somebody has sent, as Telegram writes them."""
    photo = await harness.telegram.world.files.add_picture(picture(width))
    return [size_json(size) for size in photo.sizes]


def sent(harness: AppHarness, **fields: Any) -> ChatMessage:
    """Ann sends something with these fields of a Message; the bot gets it."""
    world = harness.telegram.world
    message = world.post(harness.ann.chat, harness.ann, extra=fields)
    world.updates.push("message", message_json(message))
    return message


async def test_a_live_photo_with_a_caption(harness: AppHarness) -> None:
    await harness.made("as a watercolour", picture(201), live=True)
    assert widths(harness) == [201]
    await harness.made("/imagine in blue", picture(202), live=True, chat=harness.group)
    assert widths(harness) == [202]
    await harness.made("@imagine_demo_bot in red", picture(203), live=True, chat=harness.group)
    assert widths(harness) == [203]


async def test_a_live_photo_without_words_waits_for_them(harness: AppHarness) -> None:
    await harness.say("", picture(201), live=True)
    await harness.shown("What should I make")
    await harness.made("in blue")
    assert widths(harness) == [201]


async def test_a_reply_to_a_live_photo(harness: AppHarness) -> None:
    theirs = await harness.say("my cat", picture(201), who=harness.bob, chat=harness.group, live=True)
    await harness.made("/imagine in blue", chat=harness.group, reply_to=theirs)
    assert widths(harness) == [201]


async def test_an_album_of_live_photos(harness: AppHarness) -> None:
    await harness.made("together", picture(201), picture(202), live=True)
    assert widths(harness) == [201, 202]


async def test_a_reply_to_a_photo_of_another_chat(harness: AppHarness) -> None:
    theirs = await harness.say("my cat in the garden", picture(201), who=harness.bob, chat=harness.group)
    await harness.made("in blue", external=theirs)
    assert widths(harness) == [201]
    await harness.made("in red", external=theirs, quote="my cat")
    assert widths(harness) == [201]
    await harness.made("together", picture(202), external=theirs)
    assert widths(harness) == [201, 202]
    await harness.say("/imagine", external=theirs)
    await harness.shown("What should I make")
    await harness.made("in green")
    assert widths(harness) == [201]


async def test_a_reply_to_the_bots_picture_in_another_chat_is_known_again(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.made("/imagine in blue", external=result, chat=harness.group)
    made = await harness.app.store.pictures.of_job(1)
    reference = (await harness.app.store.references.of_job(2))[0]
    assert (reference.picture_id, len(harness.tasks[-1].references)) == (made[0].id, 1)


async def test_a_quote_of_a_caption(harness: AppHarness) -> None:
    theirs = await harness.say("my cat", picture(201), who=harness.bob, chat=harness.group)
    await harness.made("/imagine in blue", chat=harness.group, reply_to=theirs, quote="cat")
    assert widths(harness) == [201]


async def test_pictures_in_paid_media_games_polls_and_rich_messages(harness: AppHarness) -> None:
    one, two = await a_photo(harness, 201), await a_photo(harness, 202)
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
        theirs = harness.telegram.world.post(harness.ann.chat, harness.ann, extra=fields)
        await harness.made("in blue", reply_to=theirs)
        assert widths(harness) == expected, fields


async def test_a_rich_message_of_pictures_waits_for_words(harness: AppHarness) -> None:
    photo = await a_photo(harness, 201)
    sent(harness, rich_message={"blocks": [{"type": "photo", "photo": photo}]})
    await harness.shown("What should I make")
    await harness.made("in blue")
    assert widths(harness) == [201]


async def test_a_file_without_a_type_and_an_ending_is_known_by_its_bytes(harness: AppHarness) -> None:
    await harness.made("in blue", upload(picture(201), "IMG_0001", "application/octet-stream"), as_document=True)
    assert widths(harness) == [201]


def film(**fields: Any) -> JSON:
    """The fields that all videos have."""
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
async def test_what_cant_be_used_is_answered_in_words(harness: AppHarness, fields: JSON, words: str) -> None:
    theirs = harness.telegram.world.post(harness.group, harness.bob, extra=fields)
    asked = await harness.say("/imagine like this", chat=harness.group, reply_to=theirs)
    assert (await harness.shown(words, harness.group)).reply_to == asked.id
    asked = await harness.say("like this", external=theirs)
    assert (await harness.shown(words)).reply_to == asked.id
    # Without words there is no request, so nothing is explained.
    await harness.say("/imagine", chat=harness.group, reply_to=theirs)
    await harness.quiet()
    assert [words in one.text for one in harness.answers(harness.group)] == [True, True]
    assert not harness.tasks


async def test_a_reply_to_a_story(harness: AppHarness) -> None:
    sent(harness, text="in blue", reply_to_story={"chat": {"id": 7, "type": "private"}, "id": 3})
    await harness.shown("I can't see stories")
    await harness.quiet()
    assert not harness.tasks


@pytest.mark.parametrize("words", ["/imagine like this", "@imagine_demo_bot like this"])
async def test_an_order_in_the_caption_of_a_video(harness: AppHarness, words: str) -> None:
    asked = harness.telegram.send_thing(harness.ann, "video", harness.group, text=words)
    assert (await harness.shown("I can't use a video", harness.group)).reply_to == asked.id
    await harness.quiet()
    assert not harness.tasks


async def test_a_video_with_words_in_private(harness: AppHarness) -> None:
    harness.telegram.send_thing(harness.ann, "video", text="like this")
    await harness.shown("I can't use a video")
    await harness.quiet()
    assert not harness.tasks


async def test_a_reply_to_words_needs_no_picture(harness: AppHarness) -> None:
    theirs = await harness.say("what a day", who=harness.bob, chat=harness.group)
    await harness.made("/imagine a fox", chat=harness.group, reply_to=theirs)
    topic = groups.add_topic(harness.telegram.world, harness.group, "Foxes")
    await harness.made("/imagine a hare", chat=harness.group, topic=topic)
    assert [task.prompt for task in harness.tasks] == ["a fox", "a hare"]
