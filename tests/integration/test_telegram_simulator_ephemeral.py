"""Drafts in private chats, and ephemeral messages, which only one member of a group sees."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    EphemeralMessageParameters,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
)
from aiohttp import ClientSession

from bot.demo.bot_api.methods.answering import ANSWER_SECONDS
from bot.demo.bot_api.people_view import message_view
from bot.demo.chat import groups
from bot.demo.chat.drafts import stop_draft
from bot.demo.telegram import PeopleError, TelegramSimulator
from tests.support.clock import Clock

KEYS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, clock=clock) as running:
        yield running


async def test_a_draft_is_shown_until_the_message_comes(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    chat = telegram.ann.chat
    await bot.send_message_draft(chat.id, 7, text="<b>a fo</b>", parse_mode="HTML")
    assert chat.draft
    assert (chat.draft.id, chat.draft.text, chat.draft.entities[0]["type"]) == (7, "a fo", "bold")
    await bot.send_message_draft(chat.id, 7)
    assert chat.draft.text == ""
    async with ClientSession(telegram.url) as session, session.get(f"/demo/api/messages?chat={chat.id}") as response:
        assert (await response.json())["draft"] == {
            "id": 7,
            "text": "",
            "entities": [],
            "left": 30.0,
            "can_stop": False,
        }
    await bot.send_message(chat.id, "a fox")
    assert chat.draft is None
    await bot.send_message_draft(chat.id, 8, text="more")
    clock.now += 30
    assert chat.draft is None
    drafts = [event["draft"] for _, event in telegram.world.events.since(0) if event["kind"] == "draft"]
    assert [draft and draft["text"] for draft in drafts] == ["a fo", "", None, "more"]


async def test_drafts_that_are_refused(bot: Bot, telegram: TelegramSimulator) -> None:
    wrong: list[tuple[int, int, dict[str, Any], str]] = [
        (telegram.group.id, 1, {}, "private chats"),
        (telegram.ann.id, 0, {}, "non-zero"),
        (telegram.ann.id, 1, {"text": "x" * 4097}, "message is too long"),
    ]
    for chat, id_, how, reason in wrong:
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.send_message_draft(chat, id_, **how)
    assert telegram.ann.chat.draft is None


async def test_a_person_stops_a_draft(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, world, chat = telegram.ann, telegram.world, telegram.ann.chat
    await bot.send_message_draft(chat.id, 7, text="a fo")
    with pytest.raises(PeopleError, match="no button"):
        stop_draft(world, ann, chat, 7)
    await bot.send_message_draft(chat.id, 8, 3, "a ha", can_stop=True)
    for person, number in ((telegram.ming, 8), (ann, 7)):
        with pytest.raises(PeopleError, match="no such draft"):
            stop_draft(world, person, chat, number)
    stop_draft(world, ann, chat, 8)
    assert chat.draft is None
    await bot.send_message_draft(chat.id, 8, text="a hare", can_stop=True)
    assert chat.draft is None, "a draft that was stopped is not shown again"
    (update,) = [one for one in await bot.get_updates() if one.stopped_message_generation]
    stopped = update.stopped_message_generation
    assert stopped
    assert (stopped.chat.id, stopped.draft_id, stopped.message_thread_id) == (chat.id, 8, 3)
    await bot.send_message_draft(chat.id, 9, text="an owl", can_stop=True, keep_on_stop=True)
    stop_draft(world, ann, chat, 9)
    assert chat.draft
    assert await bot.get_updates(offset=update.update_id + 1, allowed_updates=["message"])
    await bot.send_message_draft(chat.id, 10, text="a goat", can_stop=True)
    stop_draft(world, ann, chat, 10)
    left = [one.stopped_message_generation for one in await bot.get_updates()]
    assert [one and one.draft_id for one in left] == [9], "whoever does not ask for these updates gets none"


async def test_only_the_receiver_sees_an_ephemeral_message(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    groups.set_bot_status(telegram.world, group, "administrator")
    (asked,) = await telegram.send(ming, group, text="/imagine")
    sent = await bot.send_message(
        group.id,
        "for you",
        reply_markup=KEYS,
        reply_parameters=ReplyParameters(message_id=asked.id),
        ephemeral_message_parameters=EphemeralMessageParameters(receiver_user_id=ming.id),
    )
    assert (sent.message_id, sent.ephemeral_message_id) == (0, 1)
    assert sent.receiver_user
    assert sent.receiver_user.id == ming.id
    assert sent.reply_to_message
    (hidden,) = [message for message in telegram.messages(group) if message.only_for]
    assert (hidden.only_for, hidden.buttons) == (ming, ["Go"])
    assert hidden in telegram.messages(group, ming)
    assert hidden not in telegram.messages(group, ann)
    assert hidden.id not in group.messages
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=group.id, message_id=hidden.id)
    with pytest.raises(PeopleError, match="Ann does not see"):
        telegram.press(ann, hidden, "Go")
    telegram.world.updates.drop()
    telegram.press(ming, hidden, "Go")
    (update,) = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.message
    assert getattr(update.callback_query.message, "ephemeral_message_id", None) == 1
    place: dict[str, Any] = {"chat_id": group.id, "receiver_user_id": ming.id, "ephemeral_message_id": 1}
    assert await bot.edit_ephemeral_message_text(**place, text="<i>done</i>", parse_mode="HTML") is True
    assert (hidden.text, hidden.keyboard) == ("done", None)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_ephemeral_message_text(**place, text="<i>done</i>", parse_mode="HTML")
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_ephemeral_message(**{**place, "receiver_user_id": ann.id})
    assert await bot.delete_ephemeral_message(**place) is True
    assert hidden not in telegram.messages(group)


async def test_the_page_of_another_person_hears_nothing_of_it(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    groups.set_bot_status(telegram.world, group, "administrator")
    await post_ephemeral(bot, telegram, ming.id)
    (hidden,) = (message for message in telegram.messages(group) if message.only_for)
    telegram.delete(ming, hidden)
    await bot.send_message(group.id, "for all")
    async with ClientSession(telegram.url) as session:

        async def kinds(person: int) -> list[str]:
            found: list[str] = []
            params = {"since": "0", "person": str(person)}
            async with session.get("/demo/api/events", params=params) as response:
                while not any("for all" in line for line in found):
                    found.append((await response.content.readline()).decode())
            return [kind for line in found for kind in ("for you", '"deleted"') if kind in line and "call" not in line]

        assert await kinds(ming.id) == ["for you", '"deleted"']
        assert await kinds(ann.id) == []
        await post_ephemeral(bot, telegram, ming.id)
        for person, count in ((ann, 0), (ming, 1)):
            params = {"chat": group.id, "person": person.id}
            async with session.get("/demo/api/messages", params=params) as response:
                views = (await response.json())["messages"]
            assert sum(view["only_for"] == ming.id for view in views) == count


async def post_ephemeral(
    bot: Bot, telegram: TelegramSimulator, receiver: int, query: str | None = None, **how: Any
) -> None:
    parameters = EphemeralMessageParameters(receiver_user_id=receiver, callback_query_id=query)
    await bot.send_message(telegram.group.id, "for you", ephemeral_message_parameters=parameters, **how)


async def test_who_may_send_one_and_when(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    await bot.send_message(group.id, "for all", reply_markup=KEYS)
    press = telegram.press(ann, telegram.messages(group)[0], "Go")
    assert (await bot.get_chat_member(group.id, bot.id)).status == "member"
    with pytest.raises(TelegramBadRequest, match="not enough rights"):
        await post_ephemeral(bot, telegram, ann.id)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await post_ephemeral(bot, telegram, ming.id, press.id)
    await post_ephemeral(bot, telegram, ann.id, press.id)
    clock.now += ANSWER_SECONDS + 1
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await post_ephemeral(bot, telegram, ann.id, press.id)
    groups.set_bot_status(telegram.world, group, "administrator")
    assert (await bot.get_chat_member(group.id, bot.id)).status == "administrator"
    with pytest.raises(TelegramBadRequest, match="PARTICIPANT_ID_INVALID"):
        await post_ephemeral(bot, telegram, 42)
    for lost in ({"message_id": 99}, {"ephemeral_message_id": 1}):
        reply = ReplyParameters.model_validate({"allow_sending_without_reply": True, **lost})
        with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
            await post_ephemeral(bot, telegram, ann.id, reply_parameters=reply)
    parameters = EphemeralMessageParameters(receiver_user_id=ann.id)
    for chat in (ann.chat, telegram.world.add_channel("News", ann)):
        with pytest.raises(TelegramBadRequest, match="only to groups"):
            await bot.send_message(chat.id, "x", ephemeral_message_parameters=parameters)


async def test_a_reply_is_asked_for(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    (asked,) = await telegram.send(ming, group, text="/imagine")
    reply = ForceReply(selective=True, input_field_placeholder="your words")
    await bot.send_message(group.id, "What?", reply_markup=reply, reply_parameters=ReplyParameters(message_id=asked.id))
    await bot.send_message(group.id, "What, @ann_paints?", reply_markup=reply)
    await bot.send_message(group.id, "What?", reply_markup=ForceReply())
    views = [message_view(message)["force_reply"] for message in telegram.messages(group)]
    assert views == [
        None,
        {"placeholder": "your words", "asked": [ming.id]},
        {"placeholder": "your words", "asked": [ann.id]},
        {"placeholder": None, "asked": None},
    ]
    with pytest.raises(TelegramBadRequest, match="REPLY_MARKUP_PLACEHOLDER_INVALID"):
        await bot.send_message(group.id, "x", reply_markup=ForceReply(input_field_placeholder="x" * 65))
