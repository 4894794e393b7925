"""Inline mode: one's own pictures, found in any chat by the bot's name and words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.demo.telegram import Person
from bot.demo.telegram.bot_view import account_json, inline_json, message_json
from bot.settings import AccessSettings
from storage.schema import updates
from tests.support.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def asked(house: House, words: str = "", who: Person | None = None, offset: str | None = None) -> dict[str, Any]:
    """Type words after the bot's name; returns what it answered."""
    since = house.now
    query = house.telegram.inline(who or house.ann, words)
    if offset is not None:
        # The list was scrolled to its end.
        house.telegram.world.updates.push("inline_query", {**inline_json(query), "offset": offset})
    await house.telegram.until(lambda: query.results is not None)
    await house.quiet()
    assert query.results is not None
    request = house.called("answerInlineQuery", since=since)[0].request
    assert isinstance(request, dict)
    return {**request, "results": query.results}


async def test_ones_own_pictures_are_found(house: House) -> None:
    await house.made("a red fox <3 --n 2")
    await house.made("a blue owl")
    await house.made("bob's fox", who=house.bob)
    newest = await asked(house)
    assert [one["id"] for one in newest["results"]] == ["3", "2", "1"]
    assert newest["is_personal"]
    assert not newest.get("next_offset")
    assert "button" not in newest
    found = (await asked(house, "FOX red"))["results"]
    assert [one["id"] for one in found] == ["2", "1"]
    picture = await house.app.store.pictures.get(2)
    assert picture
    assert found[0]["photo_file_id"] == picture.photo_id
    assert found[0]["caption"] == "a red fox &lt;3"
    assert [one["id"] for one in (await asked(house, who=house.bob))["results"]] == ["4"]
    # It is over in a moment, and stored nowhere.
    async with house.app.store.database.read() as connection:
        count = len((await connection.execute(select(updates))).all())
    assert count == 3


async def test_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.handlers.inline.PAGE", 2)
    await house.made("a fox --n 4")
    first = await asked(house)
    assert [one["id"] for one in first["results"]] == ["4", "3"]
    assert first["next_offset"] == "3"
    for offset, ids in (("3", ["2", "1"]), ("1", [])):
        house.telegram.world.updates.push(
            "inline_query", {"id": "7", "from": account_json(house.ann), "query": "", "offset": offset}
        )
        await house.quiet()
        request = house.called("answerInlineQuery")[-1].request
        assert isinstance(request, dict)
        assert ids == [one["id"] for one in shown(request)]
        assert not request.get("next_offset")
        assert "button" not in request


def shown(request: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = request["results"]
    return results


async def test_nothing_found_leads_to_the_private_chat(house: House) -> None:
    nothing = await asked(house, "a yak")
    assert nothing["results"] == []
    assert nothing["button"]["text"] == "Nothing found. Make one"
    await house.say(f"/start {nothing['button']['start_parameter']}")
    await house.shown("Hello!")


async def test_strangers_find_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as house:
        await house.made("a fox")
        assert len((await asked(house))["results"]) == 1
        refused = await asked(house, who=house.bob)
        assert refused["results"] == []
        assert "button" not in refused
        assert house.answers(house.bob.chat) == []


async def test_a_result_sent_to_the_bot_is_no_new_wish(house: House) -> None:
    await house.made("a fox")
    photo = house.album()[0].photo
    assert photo
    sent = house.telegram.world.post(
        house.ann.chat, house.ann, text="a fox", photo=photo, extra={"via_bot": account_json(house.telegram.bot_user)}
    )
    house.telegram.world.updates.push("message", message_json(sent))
    told = await house.shown("What should I make of it?")
    assert told.reply_to == sent.id
    assert len(house.tasks) == 1
    await house.made("in blue")
    assert len(house.tasks[-1].references) == 1
