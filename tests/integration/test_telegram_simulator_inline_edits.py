"""Inline mode: choices that the bot hears of, and edits of messages that it knows only by an id."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    Update,
)

from bot.demo.telegram import ChatMessage, Rates, TelegramSimulator
from tests.support.app_harness import picture

GO = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(rates=Rates(group=(20, 60.0))) as running:
        running.bot_user.feedback = True
        yield running


async def updates(bot: Bot) -> list[Update]:
    found = await bot.get_updates()
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1, timeout=0)
    return found


async def sent(bot: Bot, telegram: TelegramSimulator, *, private: bool = False, keys: bool = True) -> ChatMessage:
    """Ann sends a text by inline mode; its query is read."""
    chat = telegram.ann.chat if private else telegram.group
    asked = telegram.inline(telegram.ann, "a fox", chat)
    await updates(bot)
    text = InputTextMessageContent(message_text="wait")
    result = InlineQueryResultArticle(id="r", title="x", input_message_content=text, reply_markup=GO if keys else None)
    await bot.answer_inline_query(asked.id, [result], cache_time=0)
    return telegram.choose(telegram.ann, asked, "r")


async def test_a_choice_is_heard_of_with_feedback_only(bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.group.bot = "left"
    message = await sent(bot, telegram)
    (update,) = await updates(bot)
    chosen = update.chosen_inline_result
    assert chosen
    assert (chosen.result_id, chosen.query, chosen.from_user.id) == ("r", "a fox", telegram.ann.id)
    assert chosen.inline_message_id == message.inline_id
    telegram.press(telegram.ming, message, "Go")
    (update,) = await updates(bot)
    press = update.callback_query
    assert press
    assert (press.message, press.inline_message_id) == (None, message.inline_id)
    await sent(bot, telegram, keys=False)
    (update,) = await updates(bot)
    assert update.chosen_inline_result
    assert update.chosen_inline_result.inline_message_id is None, "there are no buttons"
    telegram.play({"kind": "no_feedback"})
    await sent(bot, telegram)
    telegram.bot_user.feedback = False
    await sent(bot, telegram)
    telegram.press(telegram.ann, message, "Go")
    (update,) = await updates(bot)
    assert update.callback_query


async def test_edits_by_the_id_of_the_message(bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.group.bot = "left"
    message = await sent(bot, telegram)
    number = message.inline_id
    assert await bot.edit_message_text("half", inline_message_id=number, reply_markup=GO) is True
    assert (message.text, message.buttons) == ("half", ["Go"])
    with pytest.raises(TelegramBadRequest, match="not modified"):
        await bot.edit_message_text("half", inline_message_id=number, reply_markup=GO)
    upload = InputMediaPhoto(media=BufferedInputFile(picture(64, 48), "fox.png"))
    with pytest.raises(TelegramBadRequest, match="invalid message content"):
        await bot.edit_message_media(upload, inline_message_id=number)
    shown = await bot.send_photo(telegram.ann.id, BufferedInputFile(picture(64, 48), "fox.png"))
    assert shown.photo
    known = InputMediaPhoto(media=shown.photo[-1].file_id, caption="a fox")
    assert await bot.edit_message_media(known, inline_message_id=number) is True
    assert (message.text, message.keyboard) == ("a fox", None)
    assert message.photo
    with pytest.raises(TelegramBadRequest, match="no text in the message"):
        await bot.edit_message_text("late", inline_message_id=number)
    assert await bot.edit_message_caption(caption="late", inline_message_id=number) is True
    telegram.delete(telegram.ann, message)
    for wrong in (number, "AAAA"):
        with pytest.raises(TelegramBadRequest, match="MESSAGE_ID_INVALID"):
            await bot.edit_message_text("late", inline_message_id=wrong)


async def test_a_message_by_its_person_is_not_the_bots_in_its_chat(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await sent(bot, telegram)
    with pytest.raises(TelegramBadRequest, match="can't be edited"):
        await bot.edit_message_text("half", chat_id=message.chat.id, message_id=message.id)


async def test_where_the_bot_sees_the_message_it_hears_of_its_own_edits(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await sent(bot, telegram, private=True)
    assert [update.event_type for update in await updates(bot)] == ["message", "chosen_inline_result"]
    await bot.edit_message_text("half", inline_message_id=message.inline_id)
    (update,) = await updates(bot)
    assert update.edited_message
    assert update.edited_message.via_bot


async def test_edits_count_where_they_are_seen(bot: Bot, telegram: TelegramSimulator) -> None:
    message = await sent(bot, telegram)
    for number in range(20):
        await bot.edit_message_text(str(number), inline_message_id=message.inline_id)
    with pytest.raises(TelegramRetryAfter):
        await bot.edit_message_text("x", inline_message_id=message.inline_id)


async def test_a_person_who_has_not_started_the_bot(bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.ming.chat.bot = "left"
    for call in (bot.send_chat_action(telegram.ming.id, "typing"), bot.send_message(telegram.ming.id, "Hi")):
        with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
            await call
    await telegram.send(telegram.ming, text="/start")
    assert await bot.send_chat_action(telegram.ming.id, "typing")
