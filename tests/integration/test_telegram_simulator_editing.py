"""Edits by the bot: texts, captions, media, keyboards, deletions, reactions; and answers to pressed buttons."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReactionTypeEmoji,
)
from PIL import Image

from bot.demo.bot_api.methods.answering import ANSWER_SECONDS
from bot.demo.chat import groups
from bot.demo.telegram import PeopleError, TelegramSimulator
from tests.support.clock import Clock


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, clock=clock) as running:
        yield running


def upload(colour: str = "orange", name: str = "a.jpg") -> BufferedInputFile:
    out = BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return BufferedInputFile(out.getvalue(), name)


def keyboard(data: str = "go", **look: object) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton.model_validate({"text": "Go", "callback_data": data, **look})]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def as_message(edited: Message | bool) -> Message:
    assert isinstance(edited, Message)
    return edited


async def test_a_text_is_edited(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await bot.send_message(telegram.ann.id, "one", reply_markup=keyboard())
    edited = as_message(await message.edit_text("<b>two</b>", parse_mode="HTML"))
    assert (edited.text, edited.message_id) == ("two", message.message_id)
    assert edited.edit_date
    assert edited.reply_markup is None
    with pytest.raises(TelegramBadRequest, match="message is not modified: specified new message content"):
        await message.edit_text("<b>two</b>", parse_mode="HTML")
    assert as_message(await message.edit_text("two")).entities is None
    assert as_message(await message.edit_text("two", reply_markup=keyboard())).reply_markup
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message to edit"):
        await message.edit_caption(caption="x")


async def test_what_can_not_be_edited(bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    (asked,) = await telegram.send(telegram.ann, text="hello")
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=ann, message_id=999)
    with pytest.raises(TelegramBadRequest, match="message identifier is not specified"):
        await bot.edit_message_text("x", chat_id=ann)
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=ann, message_id=asked.id)
    photo = await bot.send_photo(ann, upload())
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await photo.edit_text("x")


async def test_a_caption_is_edited(bot: Bot, telegram: TelegramSimulator) -> None:
    photo = await bot.send_photo(telegram.ann.id, upload(), caption="one")
    edited = as_message(await photo.edit_caption(caption="two", show_caption_above_media=True))
    assert (edited.caption, edited.show_caption_above_media) == ("two", True)
    assert edited.photo == photo.photo


async def test_a_text_message_becomes_a_photo(bot: Bot, telegram: TelegramSimulator) -> None:
    status = await bot.send_message(telegram.ann.id, "working", reply_markup=keyboard())
    media = InputMediaPhoto(media=upload(), caption="a fox")
    picture = as_message(await status.edit_media(media, reply_markup=keyboard("again")))
    assert picture.photo
    assert picture.text is None
    assert (picture.caption, picture.message_id) == ("a fox", status.message_id)
    known = InputMediaPhoto(media=picture.photo[-1].file_id, caption="a fox")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await status.edit_media(known, reply_markup=keyboard("again"))
    assert telegram.ann.chat.messages[status.message_id].photo is not None
    other = as_message(await status.edit_media(InputMediaPhoto(media=upload("blue"))))
    assert other.caption is None
    assert other.reply_markup is None
    paper = as_message(await status.edit_media(InputMediaDocument(media=upload(name="b.jpg"))))
    assert paper.document
    assert paper.photo is None


async def test_items_of_an_album_keep_their_kind_and_take_no_keyboard(bot: Bot, telegram: TelegramSimulator) -> None:
    album = await bot.send_media_group(telegram.ann.id, [InputMediaPhoto(media=upload()) for _ in range(2)])
    edited = as_message(await album[0].edit_media(InputMediaPhoto(media=upload("blue"), caption="x")))
    assert edited.media_group_id == album[0].media_group_id
    with pytest.raises(TelegramBadRequest, match="can't use the media of the specified type in the album"):
        await album[0].edit_media(InputMediaDocument(media=upload()))
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await album[0].edit_reply_markup(reply_markup=keyboard())


async def test_a_keyboard_is_edited(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await bot.send_message(telegram.ann.id, "x", reply_markup=keyboard())
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await message.edit_reply_markup(reply_markup=keyboard())
    assert as_message(await message.edit_reply_markup(reply_markup=keyboard("b"))).text == "x"
    assert as_message(await message.edit_reply_markup()).reply_markup is None


async def test_messages_are_deleted(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    ann, group = telegram.ann, telegram.group
    mine = await bot.send_message(ann.id, "mine")
    (theirs,) = await telegram.send(ann, text="theirs")
    await mine.delete()
    await bot.delete_message(ann.id, theirs.id)
    assert telegram.messages(ann.chat) == []
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await mine.delete()
    (foreign,) = await telegram.send(ann, group, text="/imagine")
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await bot.delete_message(group.id, foreign.id)
    groups.set_bot_status(telegram.world, group, "administrator")
    await bot.delete_message(group.id, foreign.id)
    old = await bot.send_message(ann.id, "old")
    many = [(await bot.send_message(ann.id, text)).message_id for text in "ab"]
    clock.now += 48 * 3600
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await old.delete()
    new = await bot.send_message(ann.id, "new")
    assert await bot.delete_messages(ann.id, [*many, 999, new.message_id])
    assert [message.text for message in telegram.messages(ann.chat)] == ["old", "a", "b"]
    late = await bot.send_message(group.id, "late")
    clock.now += 48 * 3600
    await late.delete()
    groups.set_bot_status(telegram.world, group, "member")
    late = await bot.send_message(group.id, "late")
    clock.now += 48 * 3600
    with pytest.raises(TelegramBadRequest, match="message can't be deleted for everyone"):
        await late.delete()


async def test_reactions(bot: Bot, telegram: TelegramSimulator) -> None:
    (asked,) = await telegram.send(telegram.ann, text="hello")
    await bot.set_message_reaction(telegram.ann.id, asked.id, [ReactionTypeEmoji(emoji="👀")])
    assert asked.reactions == {bot.id: "👀"}
    await bot.set_message_reaction(telegram.ann.id, asked.id, [])
    assert asked.reactions == {}
    for emoji, reason in ((["👀", "👍"], "REACTIONS_TOO_MANY"), (["🦊"], "REACTION_INVALID")):
        wanted: list[Any] = [ReactionTypeEmoji(emoji=one) for one in emoji]
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.set_message_reaction(telegram.ann.id, asked.id, wanted)
    with pytest.raises(TelegramBadRequest, match="message to react not found"):
        await bot.set_message_reaction(telegram.ann.id, 999, [ReactionTypeEmoji(emoji="👀")])


async def test_a_button_is_pressed_and_answered_once(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await bot.send_message(telegram.ann.id, "x", reply_markup=keyboard("go:1"))
    stored = telegram.messages(telegram.ann.chat)[0]
    press = telegram.press(telegram.ann, stored, "Go")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query
    assert query.data == "go:1"
    assert query.from_user.id == telegram.ann.id
    assert query.message
    assert query.message.message_id == message.message_id
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query.id, text="x" * 201)
    await bot.answer_callback_query(query.id, text="done", show_alert=True)
    assert press.answer
    assert (press.answer.text, press.answer.alert) == ("done", True)
    for wrong in (query.id, "12345"):
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
            await bot.answer_callback_query(wrong)


async def test_a_press_expires(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    await bot.send_message(telegram.ann.id, "x", reply_markup=keyboard())
    press = telegram.press(telegram.ann, telegram.messages(telegram.ann.chat)[0], "go")
    clock.now += ANSWER_SECONDS + 1
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(press.id)


async def test_only_live_buttons_can_be_pressed(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await bot.send_message(telegram.ann.id, "x", reply_markup=keyboard("go"))
    stored = telegram.messages(telegram.ann.chat)[0]
    dead = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton.model_validate({"text": "Wait", "disabled": {}})]]
    )
    await message.edit_reply_markup(reply_markup=dead)
    with pytest.raises(PeopleError, match="There is no such button"):
        telegram.press(telegram.ann, stored, "go")
    with pytest.raises(PeopleError, match="disabled"):
        telegram.press(telegram.ann, stored, "Wait")
    with pytest.raises(PeopleError, match="is not in this chat"):
        telegram.press(telegram.ming, stored, "Wait")
    telegram.delete(telegram.ann, stored)
    with pytest.raises(PeopleError, match="deleted"):
        telegram.press(telegram.ann, stored, "Wait")


async def test_chat_actions(bot: Bot, telegram: TelegramSimulator) -> None:
    await bot.send_chat_action(telegram.ann.id, "upload_photo")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await bot.send_chat_action(telegram.ann.id, "generate_photo")
    events = [event for _, event in telegram.world.events.since(0) if event["kind"] == "action"]
    assert events == [{"kind": "action", "chat": telegram.ann.id, "topic": None, "action": "upload_photo"}]
