"""Actions of people, and the updates that the bot gets of them: albums, files, replies, privacy mode, edits."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    Message,
)
from PIL import Image

from bot.demo.chat import groups
from bot.demo.telegram import PeopleError, TelegramSimulator, upload


def picture(width: int = 64, height: int = 48, kind: str = "JPEG", **how: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, kind, **how)
    return out.getvalue()


async def seen(bot: Bot) -> list[Message]:
    """The messages that wait for the bot; they are confirmed."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message for update in updates if update.message]


async def test_words_arrive_with_their_entities(bot: Bot, telegram: TelegramSimulator) -> None:
    text = "/imagine@imagine_demo_bot 🦊 for @xiaoming_art #art https://example.org/x, a/b 1/2 #1"
    await telegram.send(telegram.ann, text=text)
    (message,) = await seen(bot)
    assert message.from_user
    assert (message.from_user.first_name, message.from_user.language_code) == ("Ann", "en")
    assert message.chat.type == "private"
    assert message.chat.id == telegram.ann.id
    assert [(entity.type, entity.extract_from(text)) for entity in message.entities or []] == [
        ("bot_command", "/imagine@imagine_demo_bot"),
        ("mention", "@xiaoming_art"),
        ("hashtag", "#art"),
        ("url", "https://example.org/x"),
    ]


async def test_photos_are_scaled_and_files_are_kept(bot: Bot, telegram: TelegramSimulator, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    big = picture(4000, 3000, exif=exif)
    path = tmp_path / "holiday.png"
    path.write_bytes(picture(kind="PNG"))
    await telegram.send(telegram.ann, text="as photo", files=[big])
    await telegram.send(telegram.ann, files=[path, upload(big, "big.jpg")], as_document=True)
    await telegram.send(telegram.ann, files=[upload(b"%PDF-1.4", "paper.pdf")])
    photo, png, jpeg, pdf = await seen(bot)
    assert photo.photo
    assert photo.caption == "as photo"
    assert (photo.photo[-1].width, photo.photo[-1].height) == (2560, 1920)
    data = await bot.download(photo.photo[-1])
    assert data
    with Image.open(data) as image:
        assert dict(image.getexif()) == {}
    assert png.document
    assert (png.document.file_name, png.document.mime_type) == ("holiday.png", "image/png")
    assert jpeg.document
    assert jpeg.document.thumbnail
    assert jpeg.media_group_id == png.media_group_id
    kept = await bot.download(jpeg.document)
    assert kept
    assert kept.read() == big
    assert pdf.document
    assert pdf.document.mime_type == "application/pdf"
    assert pdf.document.thumbnail is None


async def test_an_album_arrives_in_pieces(bot: Bot, telegram: TelegramSimulator) -> None:
    posted = await telegram.send(telegram.ann, text="foxes", files=[picture()] * 4)
    messages = await seen(bot)
    assert [message.message_id for message in messages] == [message.id for message in posted]
    assert len({message.media_group_id for message in messages}) == 1
    assert messages[0].media_group_id
    assert [message.caption for message in messages] == ["foxes", None, None, None]
    assert len({message.photo[-1].file_id for message in messages if message.photo}) == 4
    assert len({message.photo[-1].file_unique_id for message in messages if message.photo}) == 1


async def test_an_album_arrives_shuffled_and_with_gaps(bot: Bot) -> None:
    pauses: list[float] = []
    go_on = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await go_on.wait()

    async with TelegramSimulator(strict=False, sleep=sleep, album_gap=0.4, shuffle=True) as telegram:
        session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
        other = Bot(telegram.token, session=session)
        posted = await telegram.send(telegram.ann, files=[picture()] * 5)
        (first,) = await other.get_updates(timeout=5)
        await telegram.until(lambda: pauses)
        go_on.set()
        ids = [first.message.message_id if first.message else 0]
        while len(ids) < 5:
            updates = await other.get_updates(offset=first.update_id + len(ids), timeout=5)
            ids += [update.message.message_id for update in updates if update.message]
        assert pauses == [0.4] * 4
        assert sorted(ids) == [message.id for message in posted] != ids
        await session.close()


async def test_pictures_and_other_files_are_separate_albums(telegram: TelegramSimulator) -> None:
    text = upload(b"words", "a.txt")
    posted = await telegram.send(telegram.ann, text="look", files=[text, picture(), text, picture()])
    assert [bool(message.photo) for message in posted] == [True, True, False, False]
    assert len({message.album for message in posted}) == 2
    assert [message.text for message in posted] == ["look", "", "", ""]


async def test_a_reply_brings_what_it_replies_to(bot: Bot, telegram: TelegramSimulator) -> None:
    first, second = await telegram.send(telegram.ming, telegram.group, files=[picture()] * 2)
    await telegram.send(telegram.ann, telegram.group, text="/imagine like this", reply_to=second)
    (message,) = await seen(bot)
    original = message.reply_to_message
    assert original
    assert original.photo
    assert original.message_id == second.id
    assert original.media_group_id == first.album
    assert original.from_user
    assert original.from_user.first_name == "小明"


async def test_privacy_mode(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, group = telegram.ann, telegram.group
    mine = await bot.send_message(group.id, "done")
    (hidden,) = await telegram.send(ann, group, text="just talking")
    for text in ("/imagine@other_bot x", "talk of /imagine", "@other_bot hello", "mail@imagine_demo_bot.org"):
        await telegram.send(ann, group, text=text)
    await telegram.send(ann, group, text="not for the bot", reply_to=hidden)
    await telegram.send(ann, group, files=[picture()] * 2, text="an album")
    assert await seen(bot) == []
    wanted = ["/imagine x", "/imagine@Imagine_Demo_Bot x", "hey @imagine_demo_bot, x"]
    for text in wanted:
        await telegram.send(ann, group, text=text)
    await telegram.send(ann, group, text="and now", reply_to=mine.message_id)
    await telegram.send(ann, group, text="/imagine album", files=[picture()] * 3)
    await telegram.send(ann, group, files=[picture()] * 2, reply_to=mine.message_id)
    messages = await seen(bot)
    assert [message.text or message.caption for message in messages] == [
        *wanted,
        "and now",
        "/imagine album",
        None,
        None,
    ]
    groups.set_bot_status(telegram.world, group, "administrator")
    await telegram.send(ann, group, text="now an admin hears all")
    assert [message.text for message in await seen(bot)] == ["now an admin hears all"]
    groups.set_bot_status(telegram.world, group, "left")
    await telegram.send(ann, group, text="/imagine unheard")
    assert [message.left_chat_member for message in await seen(bot)] != [None]


async def test_voices_stickers_videos_and_places(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    mine = await bot.send_message(group.id, "done")
    answered = telegram.world.chats[group.id].messages[mine.message_id]
    for kind in ("voice", "sticker", "video", "location"):
        telegram.send_thing(ann, kind)
        telegram.send_thing(ann, kind, group)
    telegram.send_thing(ann, "voice", group, reply_to=answered)
    messages = await seen(bot)
    assert [message.content_type for message in messages] == ["voice", "sticker", "video", "location", "voice"]
    voice, sticker, *_, answer = messages
    assert voice.voice
    assert answer.voice
    assert (voice.voice.duration, voice.voice.mime_type) == (3, "audio/ogg")
    assert voice.voice.file_id != answer.voice.file_id
    assert voice.voice.file_unique_id == answer.voice.file_unique_id
    assert sticker.sticker
    assert (sticker.sticker.type, sticker.sticker.emoji) == ("regular", "🦊")
    await bot.copy_message(ann.id, ann.id, sticker.message_id)
    assert telegram.messages(ann.chat)[-1].thing["sticker"]["emoji"] == "🦊"
    telegram.set_person(group, ming, "restricted")
    with pytest.raises(PeopleError, match="may only read"):
        telegram.send_thing(ming, "voice", group)


async def test_a_topic_frames_its_messages(bot: Bot, telegram: TelegramSimulator) -> None:
    topic = groups.add_topic(telegram.world, telegram.group, "Foxes")
    await telegram.send(telegram.ann, telegram.group, text="/imagine", topic=topic)
    created, message = await seen(bot)
    assert created.forum_topic_created
    assert created.forum_topic_created.name == "Foxes"
    assert message.is_topic_message
    assert message.message_thread_id == topic
    assert message.reply_to_message
    assert message.reply_to_message.forum_topic_created
    with pytest.raises(PeopleError, match="no such topic"):
        await telegram.send(telegram.ann, telegram.group, text="x", topic=99)


async def test_an_anonymous_admin_has_no_face(bot: Bot, telegram: TelegramSimulator) -> None:
    await telegram.send(telegram.ann, telegram.group, text="/imagine", anonymous=True)
    (message,) = await seen(bot)
    assert message.sender_chat
    assert message.sender_chat.id == telegram.group.id
    assert message.from_user
    assert message.from_user.username == "GroupAnonymousBot"
    with pytest.raises(PeopleError, match="Only an admin"):
        await telegram.send(telegram.ming, telegram.group, text="x", anonymous=True)


async def test_people_forward_with_a_comment(bot: Bot, telegram: TelegramSimulator) -> None:
    posts = await telegram.send(telegram.ming, telegram.group, text="cats", files=[picture(), picture()], live=True)
    telegram.forward(telegram.ann, *posts, comment="in blue")
    comment, *forwarded = await seen(bot)
    assert (comment.text, comment.forward_origin) == ("in blue", None)
    assert [one.caption for one in forwarded] == ["cats", None]
    assert all(one.forward_origin and one.photo and one.live_photo for one in forwarded)
    assert len({one.media_group_id for one in forwarded}) == 1


async def test_people_reply_to_another_chat(bot: Bot, telegram: TelegramSimulator) -> None:
    (post,) = await telegram.send(telegram.ming, telegram.group, text="my cat", files=[picture()])
    await telegram.send(telegram.ann, text="in blue", external=post, quote="cat")
    (message,) = await seen(bot)
    assert message.reply_to_message is None
    assert message.external_reply
    assert message.external_reply.photo
    assert message.external_reply.message_id == post.id
    assert message.quote
    assert message.quote.text == "cat"


async def test_telegram_changes_something_itself(bot: Bot, telegram: TelegramSimulator) -> None:
    (message,) = await telegram.send(telegram.ann, text="https://example.org")
    telegram.acts.touch(message)
    _new, changed = await bot.get_updates()
    assert changed.edited_message
    assert changed.edited_message.edit_date is None


async def test_people_edit_and_delete(bot: Bot, telegram: TelegramSimulator) -> None:
    (message,) = await telegram.send(telegram.ann, text="a fxo")
    telegram.edit(telegram.ann, message, "a fox")
    first, second = await bot.get_updates()
    assert first.message
    assert first.message.text == "a fxo"
    assert second.edited_message
    assert second.edited_message.text == "a fox"
    assert second.edited_message.edit_date
    (other,) = await telegram.send(telegram.ann, telegram.group, text="x")
    with pytest.raises(PeopleError, match="only what they wrote"):
        telegram.delete(telegram.ming, other)
    with pytest.raises(PeopleError, match="only what they wrote"):
        telegram.edit(telegram.ming, other, "y")
    telegram.delete(telegram.ann, other)
    assert telegram.messages(telegram.group) == []


async def test_what_people_can_not_send(telegram: TelegramSimulator) -> None:
    ann = telegram.ann
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("Write something", {"text": " "}),
        ("At most 4096", {"text": "x" * 4097}),
        ("At most 1024", {"text": "x" * 1025, "files": [picture()]}),
        ("at most 10 files", {"files": [picture()] * 11}),
        ("is gone", {"text": "x", "reply_to": 99}),
        ("is not in this chat", {"text": "x", "chat": telegram.ming.chat}),
    ]
    for reason, how in wrong:
        with pytest.raises(PeopleError, match=reason):
            await telegram.send(ann, **how)
    groups.set_bot_status(telegram.world, ann.chat, "kicked")
    with pytest.raises(PeopleError, match="blocked"):
        await telegram.send(ann, text="x")
