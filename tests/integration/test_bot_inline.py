"""Inline mode: one's own pictures, found in any chat by the bot's name and words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.demo.bot_api.model import InlineAnswer
from bot.demo.telegram import Person
from bot.settings import AccessSettings
from storage.schema import updates
from tests.support.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def asked(house: House, words: str = "", who: Person | None = None, offset: str = "") -> InlineAnswer:
    """Type words after the bot's name; returns what it answered."""
    query, _results = await house.telegram.results(who or house.ann, words, offset=offset)
    await house.quiet()
    assert query.answer
    return query.answer


def ids(answer: InlineAnswer) -> list[str]:
    return [one.id for one in answer.results]


async def test_ones_own_pictures_are_found(house: House) -> None:
    await house.made("a red fox <3 --n 2")
    await house.made("a blue owl")
    await house.made("bob's fox", who=house.bob)
    newest = await asked(house)
    assert ids(newest) == ["3", "2", "1"]
    assert (newest.next_offset, newest.button) == ("", None)
    (call,) = house.called("answerInlineQuery")
    assert isinstance(call.request, dict)
    assert call.request["is_personal"]
    found = await asked(house, "FOX red")
    assert ids(found) == ["2", "1"]
    picture = await house.app.store.pictures.get(2)
    assert picture
    assert found.results[0].photo
    assert found.results[0].photo.largest.unique_id == picture.unique_id
    assert found.results[0].text == "a red fox <3"
    assert ids(await asked(house, who=house.bob)) == ["4"]
    # It is over in a moment, and stored nowhere.
    async with house.app.store.database.read() as connection:
        count = len((await connection.execute(select(updates))).all())
    assert count == 3


async def test_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.handlers.inline.PAGE", 2)
    await house.made("a fox --n 4")
    first = await asked(house)
    assert (ids(first), first.next_offset) == (["4", "3"], "3")
    second = await asked(house, offset="3")
    assert (ids(second), second.next_offset) == (["2", "1"], "")
    third = await asked(house, offset="1")
    assert (ids(third), third.next_offset, third.button) == ([], "", None)


async def test_nothing_found_leads_to_the_private_chat(house: House) -> None:
    nothing = await asked(house, "a yak")
    assert nothing.results == []
    assert nothing.button
    assert nothing.button["text"] == "Nothing found. Make one"
    await house.say(f"/start {nothing.button['start_parameter']}")
    await house.shown("Hi! Tell me")


async def test_strangers_find_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as house:
        await house.made("a fox")
        assert len((await asked(house)).results) == 1
        refused = await asked(house, who=house.bob)
        assert (refused.results, refused.button) == ([], None)
        assert house.answers(house.bob.chat) == []


async def test_a_result_sent_to_the_bot_is_no_new_wish(house: House) -> None:
    await house.made("a fox")
    query, results = await house.telegram.results(house.ann, "fox")
    sent = house.telegram.choose(house.ann, query, results[0])
    told = await house.shown("What should I make of it?")
    assert told.reply_to == sent.id
    assert len(house.tasks) == 1
    await house.made("in blue")
    assert len(house.tasks[-1].references) == 1
    newest = await house.app.store.pictures.get(2)
    assert newest
    assert [step.prompt for step in await house.app.store.pictures.lineage(newest)] == ["a fox"]
    # In a group it is talk.
    query, results = await house.telegram.results(house.ann, "fox", house.group)
    house.telegram.choose(house.ann, query, results[0])
    await house.quiet()
    assert house.answers(house.group) == []
