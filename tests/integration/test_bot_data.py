"""A person's own data: exported as a file, and erased."""

import csv
import json
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot.demo.telegram import ChatMessage, Delay
from bot.handlers.export import COLUMNS, table
from bot.settings import AccessSettings, LimitsSettings
from storage.settings_records import Style
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Ann runs it, and prices are set."""
    access = AccessSettings(open=True, admins=frozenset({510_000_001}))
    providers = {"jimeng": {"price": 0.2, "currency": "CNY"}}
    async with open_app_harness(tmp_path, access=access, providers=providers) as harness:
        yield harness


def unpacked(harness: AppHarness, message: ChatMessage) -> dict[str, bytes]:
    """The files in a ZIP that the bot has sent."""
    stored = harness.telegram.world.files.get(message.document.file_id) if message.document else None
    assert stored
    with ZipFile(BytesIO(stored.data)) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


async def exported(harness: AppHarness, words: str = "/export") -> dict[str, bytes]:
    before = len(harness.answers())
    await harness.say(words)
    return unpacked(harness, await harness.telegram.until(lambda: next(iter(harness.answers()[before:]), None)))


async def test_words_that_wait_are_in_the_file_and_are_erased(harness: AppHarness) -> None:
    await harness.telegram.results(harness.ann, "a typed fox", harness.group)
    await harness.telegram.results(harness.bob, "an owl", harness.group)
    await harness.say("a {red, blue} fox")
    await harness.shown("2 pictures")
    settings = json.loads((await exported(harness))["settings.json"])
    assert settings["waiting"] == ["a typed fox", "a {red, blue} fox"]
    store, ann = harness.app.store, harness.ann.id
    await store.erasure.erase(ann, store.clock())
    assert await store.exports.waiting_words(ann) == []


async def test_everything_of_ones_own_in_a_file(harness: AppHarness) -> None:
    await harness.made("a fox, =1+1 --n 2", picture(201))
    await harness.made("/imagine an owl", chat=harness.group)
    await harness.made("bob's", who=harness.bob)
    store, ann = harness.app.store, harness.ann.id
    await store.pictures.hide(1, ann, 1.0)
    await store.users.set_option(ann, "jimeng", "ar", "16:9")
    await store.styles.keep(ann, Style("ink", "in ink"), 5)
    files = await exported(harness)
    assert sorted(files) == ["README.txt", "pictures.csv", "pictures.json", "settings.json"]
    first, second, third = json.loads(files["pictures.json"])
    assert list(first) == list(COLUMNS)
    assert (first["prompt"], first["deleted"], second["deleted"]) == ("a fox, =1+1", True, False)
    assert (first["references"], first["from"], first["chat"], third["chat"]) == (1, [], "private", harness.group.id)
    assert (first["service"], first["cost"], first["currency"]) == ("Jimeng", 0.2, "CNY")
    assert first["model"].startswith("Jimeng")
    assert first["when"].endswith("+00:00")
    assert first["seconds"] >= 0
    assert first["bytes"] > 0
    assert first["file_id"]
    assert json.loads(files["settings.json"])["preferences"]["options"] == {"jimeng": {"ar": "16:9"}}
    assert json.loads(files["settings.json"])["styles"] == [{"name": "ink", "words": "in ink"}]
    assert "(3)" in files["README.txt"].decode()
    rows = list(csv.DictReader(StringIO(files["pictures.csv"].decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [str(one["id"]) for one in (first, second, third)]


def test_a_spreadsheet_runs_nothing() -> None:
    cells: dict[str, Any] = dict.fromkeys(COLUMNS)
    for start in "=+-@":
        cells["prompt"], cells["chat"], cells["from"] = f'{start}cmd|"x"\n狐狸', -5, [1, 2]
        data = table([cells])
        assert data.startswith("﻿".encode())
        (row,) = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""))
        assert row["prompt"] == f"'{cells['prompt']}"
        assert (row["chat"], row["from"], row["seed"]) == ("-5", "1 2", "")


async def test_one_file_at_a_time(harness: AppHarness) -> None:
    harness.telegram.play(Delay(method="sendDocument", seconds=0.1))
    await harness.say("/export")
    await harness.say("/export")
    await harness.shown("already")
    await harness.quiet()
    assert len([one for one in harness.answers() if one.document]) == 1
    assert json.loads((await exported(harness))["pictures.json"]) == []


async def test_from_a_group_the_way_leads_to_the_private_chat(harness: AppHarness) -> None:
    for command in ("export", "forget"):
        await harness.say(f"/{command}", chat=harness.group)
        await harness.quiet()
        told = await harness.shown("My data", harness.group)
        assert told.keyboard
        assert told.keyboard[0][0]["url"].endswith(f"?start={command}")
        assert not told.document
    await exported(harness, "/start export")
    await harness.say("/start forget")
    await harness.shown("Erase everything")


async def test_everything_is_erased_after_a_question(harness: AppHarness) -> None:
    result = await harness.made("a fox --n 2", picture(201))
    await harness.made("bob's", who=harness.bob)
    await harness.app.store.users.speak(harness.ann.id, "en")
    await harness.say("/forget")
    asked = await harness.shown("Erase everything")
    assert "(2)" in asked.text
    await harness.press(asked, "Keep")
    await harness.shown("Everything stays")
    assert asked.buttons == []
    await harness.say("/forget")
    asked = await harness.shown("Erase everything")
    keyboard = asked.keyboard
    assert keyboard
    assert keyboard[0][0]["style"] == "danger"
    first, second = (harness.telegram.press(harness.ann, asked, "Erase everything") for _twice in range(2))
    await harness.telegram.until(lambda: first.answer and second.answer)
    assert (await harness.shown("start afresh")).id == asked.id
    await harness.quiet()
    told = await harness.press(result, "Again")
    assert "don't remember" in told.text
    await harness.say("/history")
    await harness.shown("any pictures yet")
    await harness.say("/usage")
    usage = await harness.shown("Everyone's")
    assert "Erased people: 2 · ¥0.40" in usage.text
    await harness.made("a new fox")
    assert json.loads((await exported(harness))["pictures.json"])[0]["prompt"] == "a new fox"


async def test_not_while_something_is_made(harness: AppHarness) -> None:
    await harness.say("/forget")
    asked = await harness.shown("Erase everything")
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    told = await harness.press(asked, "Erase everything")
    assert told.alert
    assert "still working on something" in told.text
    await harness.say("/forget")
    await harness.shown("still working on something")
    harness.release()
    await harness.ended()
    await harness.press(asked, "Erase everything")
    await harness.shown("start afresh")


async def test_a_days_limit_holds_on(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(daily=1)) as harness:
        await harness.made("one")
        await harness.say("/forget")
        await harness.press(await harness.shown("Erase everything"), "Erase everything")
        await harness.shown("start afresh")
        await harness.say("two")
        await harness.shown("You've reached your limit: 1 in 24 hours")
