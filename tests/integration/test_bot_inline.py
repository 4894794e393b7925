"""Inline mode: a person's own pictures, found in any chat by the bot's name and words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.demo.bot_api.model import InlineAnswer, InlineResult
from bot.demo.telegram import Person
from bot.settings import AccessSettings
from storage.schema import updates
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def asked(harness: AppHarness, words: str = "", who: Person | None = None, offset: str = "") -> InlineAnswer:
    """Type words after the bot's name; returns what it answered."""
    query, _results = await harness.telegram.results(who or harness.ann, words, offset=offset)
    await harness.quiet()
    assert query.answer
    return query.answer


def ids(answer: InlineAnswer) -> list[str]:
    """The pictures; the offer to draw the words goes before them."""
    return [one.id for one in answer.results if not one.id.startswith("make:")]


def pictures(results: list[InlineResult]) -> list[InlineResult]:
    return [one for one in results if one.photo]


async def test_ones_own_pictures_are_found(harness: AppHarness) -> None:
    await harness.made("a red fox <3 --n 2")
    await harness.made("a blue owl")
    await harness.made("bob's fox", who=harness.bob)
    newest = await asked(harness)
    assert ids(newest) == ["3", "2", "1"]
    assert (newest.next_offset, newest.button) == ("", None)
    (call,) = harness.called("answerInlineQuery")
    assert isinstance(call.request, dict)
    assert call.request["is_personal"]
    found = await asked(harness, "FOX red")
    assert ids(found) == ["2", "1"]
    picture = await harness.app.store.pictures.get(2)
    assert picture
    (offer, first, _second) = found.results
    assert (offer.title, offer.description, offer.photo) == ("🎨 Make it", "FOX red · 1 picture, ¥0.20", None)
    assert first.photo
    assert first.photo.largest.unique_id == picture.unique_id
    assert first.text == "a red fox <3"
    assert ids(await asked(harness, who=harness.bob)) == ["4"]
    # Inline queries are answered at once, and not stored in the inbox.
    assert len((await harness.app.store.database.fetch(select(updates))).all()) == 3


async def test_page_by_page(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.handlers.inline.PAGE_SIZE", 2)
    await harness.made("a fox --n 4")
    first = await asked(harness)
    assert (ids(first), first.next_offset) == (["4", "3"], "3")
    second = await asked(harness, offset="3")
    assert (ids(second), second.next_offset) == (["2", "1"], "")
    third = await asked(harness, offset="1")
    assert (ids(third), third.next_offset, third.button) == ([], "", None)


async def test_nothing_found_leads_to_the_private_chat(harness: AppHarness) -> None:
    nothing = await asked(harness, "--n 2")
    assert nothing.results == []
    assert nothing.button
    assert nothing.button["text"] == "Nothing found. Make one"
    await harness.say(f"/start {nothing.button['start_parameter']}")
    await harness.shown("Hi! Tell me")


async def test_strangers_find_nothing(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        await harness.made("a fox")
        assert len((await asked(harness)).results) == 1
        refused = await asked(harness, who=harness.bob)
        assert (refused.results, refused.button) == ([], None)
        assert harness.answers(harness.bob.chat) == []


async def test_a_result_sent_to_the_bot_is_no_new_request(harness: AppHarness) -> None:
    await harness.made("a fox")
    query, results = await harness.telegram.results(harness.ann, "fox")
    sent = harness.telegram.choose(harness.ann, query, pictures(results)[0])
    told = await harness.shown("What should I make of it?")
    assert told.reply_to == sent.id
    assert len(harness.tasks) == 1
    await harness.made("in blue")
    assert len(harness.tasks[-1].references) == 1
    newest = await harness.app.store.pictures.get(2)
    assert newest
    assert [step.prompt for step in await harness.app.store.pictures.lineage(newest)] == ["a fox"]
    # In a group the result is no request.
    query, results = await harness.telegram.results(harness.ann, "fox", harness.group)
    harness.telegram.choose(harness.ann, query, pictures(results)[0])
    await harness.quiet()
    assert harness.answers(harness.group) == []
