"""Inline mode: queries, the bot's answers, Telegram's cache, and the results that people send."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultPhoto,
    InlineQueryResultsButton,
    InputLocationMessageContent,
    InputTextMessageContent,
    Message,
    WebAppInfo,
)
from aiohttp import ClientSession

from bot.demo.bot_api.methods.inline import ANSWER_SECONDS
from bot.demo.telegram import PeopleError, TelegramSimulator
from tests.support.app_harness import picture
from tests.support.clock import Clock


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, clock=clock) as running:
        yield running


def article(
    id_: str = "1", title: str = "A fox", text: str = "<b>fox</b> it is", **more: Any
) -> InlineQueryResultArticle:
    content = InputTextMessageContent(message_text=text, parse_mode="HTML")
    return InlineQueryResultArticle(id=id_, title=title, input_message_content=content, **more)


async def photo_id(telegram: TelegramSimulator) -> str:
    (message,) = await telegram.send(telegram.ann, files=[picture(64, 48)])
    telegram.world.updates.drop()
    assert message.photo
    return message.photo.largest.file_id


async def asked(bot: Bot) -> InlineQuery:
    """The bot's next query; its update is confirmed."""
    (update,) = await bot.get_updates()
    await bot.get_updates(offset=update.update_id + 1)
    assert update.inline_query
    return update.inline_query


async def heard(bot: Bot) -> Message:
    (update,) = await bot.get_updates()
    assert update.message
    return update.message


async def test_a_query_is_answered_and_a_photo_of_it_is_sent(bot: Bot, telegram: TelegramSimulator) -> None:
    file_id = await photo_id(telegram)
    waiting = asyncio.create_task(telegram.results(telegram.ming, "fox  ", telegram.group, offset="20"))
    await telegram.until(lambda: len(telegram.world.updates))
    query = await asked(bot)
    assert (query.query, query.offset, query.chat_type) == ("fox", "20", "supergroup")
    assert query.from_user.first_name == "小明"
    photo = InlineQueryResultCachedPhoto(
        id="p", photo_file_id=file_id, caption="<tg-spoiler>a fox</tg-spoiler>", parse_mode="HTML"
    )
    button = InlineQueryResultsButton(text="Make one", start_parameter="make")
    assert await bot.answer_inline_query(query.id, [photo, article()], next_offset="40", button=button)
    question, (first, second) = await waiting
    assert (first.text, second.title, second.text) == ("a fox", "A fox", "fox it is")
    assert question.answer
    assert question.answer.next_offset == "40"
    assert question.answer.button == {"text": "Make one", "start_parameter": "make"}
    sent = telegram.choose(telegram.ming, question, first)
    assert (sent.sender, sent.chat, sent.entities[0]["type"]) == (telegram.ming, telegram.group, "spoiler")
    message = await heard(bot)
    assert message.via_bot
    assert message.via_bot.id == bot.id
    assert message.photo
    assert message.caption == "a fox"
    with pytest.raises(PeopleError, match="no such result"):
        telegram.choose(telegram.ann, question, "p")


async def test_words_may_go_in_place_of_a_photo(bot: Bot, telegram: TelegramSimulator) -> None:
    file_id = await photo_id(telegram)
    query = telegram.inline(telegram.ann, "")
    assert (await asked(bot)).chat_type == "sender"
    keys = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])
    words = InputTextMessageContent(message_text="instead")
    result = InlineQueryResultCachedPhoto(id="p", photo_file_id=file_id, input_message_content=words, reply_markup=keys)
    await bot.answer_inline_query(query.id, [result])
    assert query.results
    assert query.results[0].shown
    sent = telegram.choose(telegram.ann, query, "p")
    assert (sent.text, sent.photo, sent.buttons) == ("instead", None, ["Go"])
    telegram.world.updates.drop()
    telegram.press(telegram.ann, sent, "Go")
    (update,) = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.message is None
    assert update.callback_query.inline_message_id


async def test_results_go_where_and_as_their_person_writes(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    channel = telegram.world.add_channel("Fox news", ann, ming, admins=(ann,))
    telegram.write_as_group(ann, group)
    topic = telegram.add_topic(group, "Foxes")
    telegram.close_topic(group, topic)
    telegram.world.updates.drop()
    queries = []
    for chat, kind in ((channel, "channel"), (group, "supergroup")):
        for person in (ann, ming):
            query = telegram.inline(person, f"{person.name} in a {kind}", chat)
            assert (await asked(bot)).chat_type == kind
            await bot.answer_inline_query(query.id, [article()], is_personal=True)
            queries.append(query)
    post = telegram.choose(ann, queries[0], "1")
    with pytest.raises(PeopleError, match="Only admins write in a channel"):
        telegram.choose(ming, queries[1], "1")
    masked = telegram.acts.choose(ann, queries[2], "1", topic=topic)
    with pytest.raises(PeopleError, match="This topic is closed"):
        telegram.acts.choose(ming, queries[3], "1", reply_to=masked.id)
    assert [(sent.sender_chat, sent.author) for sent in (post, masked)] == [(channel, ann), (group, ann)]
    first, second = await bot.get_updates()
    assert first.channel_post
    assert (first.channel_post.from_user, first.channel_post.via_bot and first.channel_post.via_bot.id) == (
        None,
        bot.id,
    )
    assert second.message
    assert second.message.message_thread_id == topic


def wrong_answers() -> list[tuple[dict[str, Any], str]]:
    located = InputLocationMessageContent(latitude=1, longitude=1)
    elsewhere = WebAppInfo(url="http://example.org")
    button = {"results": [], "button": InlineQueryResultsButton(text="x")}
    return [
        ({"results": [article(str(number)) for number in range(51)]}, "RESULTS_TOO_MUCH"),
        ({"results": [article(), article()]}, "RESULT_ID_DUPLICATE"),
        ({"results": [article("")]}, "RESULT_ID_EMPTY"),
        ({"results": [article("狐" * 22)]}, "RESULT_ID_INVALID"),
        ({"results": [], "next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
        ({"results": [InlineQueryResultCachedPhoto(id="1", photo_file_id="fox")]}, "wrong file identifier"),
        ({"results": [article(title=" ")]}, "ARTICLE_TITLE_EMPTY"),
        ({"results": [article(text=" ")]}, "MESSAGE_EMPTY"),
        ({"results": [article(text="<b>")]}, "can't parse entities"),
        (
            {"results": [InlineQueryResultPhoto(id="1", photo_url="https://x", thumbnail_url="https://x")]},
            "cached photos",
        ),
        (
            {"results": [InlineQueryResultArticle(id="1", title="x", input_message_content=located)]},
            "photos and texts only",
        ),
        (button, "must have exactly one optional field"),
        ({**button, "button": InlineQueryResultsButton(text="x", start_parameter="a b")}, "START_PARAM_INVALID"),
        ({**button, "button": InlineQueryResultsButton(text=" ", start_parameter="a")}, "SWITCH_PM_TEXT_EMPTY"),
        ({**button, "button": InlineQueryResultsButton(text="x", web_app=elsewhere)}, "SWITCH_WEBVIEW_URL_INVALID"),
    ]


async def test_wrong_answers_are_refused(bot: Bot, telegram: TelegramSimulator) -> None:
    query = telegram.inline(telegram.ann, "fox")
    for how, reason in wrong_answers():
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.answer_inline_query(query.id, **how)
    assert query.results is None


async def test_an_answer_comes_once_and_in_time(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    late, query = telegram.inline(telegram.ann, "late"), telegram.inline(telegram.ann, "fox")
    await bot.answer_inline_query(query.id, [])
    clock.now += ANSWER_SECONDS + 1
    for id_ in (late.id, query.id, "unknown"):
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired or query ID is"):
            await bot.answer_inline_query(id_, [])


async def test_telegram_keeps_answers(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    ann, ming = telegram.ann, telegram.ming
    for words, how in (("mine", {"is_personal": True}), ("ours", {}), ("never", {"cache_time": 0})):
        await bot.answer_inline_query(telegram.inline(ann, words).id, [article()], **how)
    asking = [telegram.inline(who, words) for words in ("mine", "ours", "never") for who in (ann, ming)]
    assert [bool(query.results) for query in asking] == [True, False, True, True, False, False]
    clock.now += 300
    assert telegram.inline(ann, "mine").results is None


async def test_the_page_asks_and_chooses(bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    file_id = await photo_id(telegram)
    async with ClientSession(telegram.url) as session:

        async def post(path: str, **what: object) -> Any:
            async with session.post(f"/demo/api/{path}", json={"person": ann, **what}) as response:
                return await response.json()

        waiting = asyncio.create_task(post("inline", chat=telegram.group.id, query="fox"))
        await telegram.until(lambda: len(telegram.world.updates))
        results: list[Any] = [InlineQueryResultCachedPhoto(id="p", photo_file_id=file_id, caption="a fox"), article()]
        await bot.answer_inline_query((await asked(bot)).id, results, next_offset="2")
        answer = await waiting
        assert [(one["id"], one["title"], one["text"]) for one in answer["results"]] == [
            ("p", "", "a fox"),
            ("1", "A fox", "fox it is"),
        ]
        assert (answer["results"][0]["photo"]["width"], answer["next_offset"]) == (64, "2")
        (sent,) = (await post("choose", query=answer["id"], result="p"))["messages"]
        assert (sent["chat"], sent["text"], sent["via"]) == (telegram.group.id, "a fox", "imagine_demo_bot")
        assert await post("choose", query="x", result="p") == {"error": "There is no such result."}
