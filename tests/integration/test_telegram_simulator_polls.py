"""Polls of the bot: how people vote, what the bot hears, and the errors for wrong ones."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from bot.demo.bot_api.errors import PeopleError
from bot.demo.telegram import TelegramSimulator


async def test_a_person_votes_changes_the_vote_and_takes_it_back(telegram: TelegramSimulator, bot: Bot) -> None:
    sent = await bot.send_poll(telegram.group.id, "Which?", ["A", "B"], is_anonymous=False)
    assert sent.poll
    message = telegram.group.messages[sent.message_id]
    for option in (0, 1, None):
        telegram.acts.vote(telegram.ann, message, option)
    answers = [update.poll_answer for update in await bot.get_updates() if update.poll_answer]
    assert [answer.option_ids for answer in answers] == [[0], [1], []]
    assert {answer.poll_id for answer in answers} == {sent.poll.id}
    with pytest.raises(PeopleError, match="no such answer"):
        telegram.acts.vote(telegram.ann, message, 2)


async def test_a_closed_poll_takes_no_votes_and_is_closed_once(telegram: TelegramSimulator, bot: Bot) -> None:
    sent = await bot.send_poll(telegram.group.id, "Which?", ["A", "B"], is_anonymous=False)
    message = telegram.group.messages[sent.message_id]
    telegram.acts.vote(telegram.ming, message, 1)
    closed = await bot.stop_poll(telegram.group.id, sent.message_id)
    assert (closed.is_closed, [one.voter_count for one in closed.options]) == (True, [0, 1])
    with pytest.raises(PeopleError, match="closed"):
        telegram.acts.vote(telegram.ann, message, 0)
    with pytest.raises(TelegramBadRequest, match="already been closed"):
        await bot.stop_poll(telegram.group.id, sent.message_id)


async def test_what_the_official_server_refuses(telegram: TelegramSimulator, bot: Bot) -> None:
    channel = telegram.world.add_channel("News", telegram.ann)
    with pytest.raises(TelegramBadRequest, match="channel"):
        await bot.send_poll(channel.id, "Which?", ["A", "B"], is_anonymous=False)
    with pytest.raises(TelegramBadRequest, match="1 to 12 answers"):
        await bot.send_poll(telegram.group.id, "Which?", [], is_anonymous=False)
    with pytest.raises(TelegramBadRequest, match="question"):
        await bot.send_poll(telegram.group.id, "", ["A", "B"])
    text = await bot.send_message(telegram.group.id, "no poll")
    with pytest.raises(TelegramBadRequest, match="can't be stopped"):
        await bot.stop_poll(telegram.group.id, text.message_id)
