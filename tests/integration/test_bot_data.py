"""One's own data: given out as a file, and erased."""

import csv
import json
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot.demo.telegram import ChatMessage, Delay
from bot.handlers.archive import COLUMNS, table
from bot.settings import AccessSettings, LimitsSettings
from storage.records import Style
from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Ann runs it, and prices are set."""
    access = AccessSettings(admins=frozenset({510_000_001}))
    providers = {"jimeng": {"price": 0.2, "currency": "CNY"}}
    async with open_house(tmp_path, access=access, providers=providers) as house:
        yield house


def unpacked(house: House, message: ChatMessage) -> dict[str, bytes]:
    """The files in a ZIP that the bot has sent."""
    stored = house.telegram.world.files.get(message.document.file_id) if message.document else None
    assert stored
    with ZipFile(BytesIO(stored.data)) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


async def exported(house: House, words: str = "/export") -> dict[str, bytes]:
    before = len(house.answers())
    await house.say(words)
    return unpacked(house, await house.telegram.until(lambda: next(iter(house.answers()[before:]), None)))


async def test_everything_of_ones_own_in_a_file(house: House) -> None:
    await house.made("a fox, =1+1 --n 2", picture(201))
    await house.made("/imagine an owl", chat=house.group)
    await house.made("bob's", who=house.bob)
    store, ann = house.app.store, house.ann.id
    await store.pictures.hide(1, ann, 1.0)
    await store.people.set_option(ann, "jimeng", "ar", "16:9")
    await store.styles.keep(ann, Style("ink", "in ink"), 5)
    files = await exported(house)
    assert sorted(files) == ["README.txt", "pictures.csv", "pictures.json", "settings.json"]
    first, second, third = json.loads(files["pictures.json"])
    assert list(first) == list(COLUMNS)
    assert (first["prompt"], first["deleted"], second["deleted"]) == ("a fox, =1+1", True, False)
    assert (first["references"], first["from"], first["chat"], third["chat"]) == (1, [], "private", house.group.id)
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


async def test_one_file_at_a_time(house: House) -> None:
    house.telegram.play(Delay(method="sendDocument", seconds=0.1))
    await house.say("/export")
    await house.say("/export")
    await house.shown("already")
    await house.quiet()
    assert len([one for one in house.answers() if one.document]) == 1
    assert json.loads((await exported(house))["pictures.json"]) == []


async def test_from_a_group_the_way_leads_to_the_private_chat(house: House) -> None:
    for command in ("export", "forget"):
        await house.say(f"/{command}", chat=house.group)
        await house.quiet()
        told = await house.shown("My data", house.group)
        assert told.keyboard
        assert told.keyboard[0][0]["url"].endswith(f"?start={command}")
        assert not told.document
    await exported(house, "/start export")
    await house.say("/start forget")
    await house.shown("Erase everything")


async def test_everything_is_erased_after_a_question(house: House) -> None:
    result = await house.made("a fox --n 2", picture(201))
    await house.made("bob's", who=house.bob)
    await house.app.store.people.speak(house.ann.id, "en")
    await house.say("/forget")
    asked = await house.shown("Erase everything")
    assert "(2)" in asked.text
    await house.press(asked, "Keep")
    await house.shown("Everything stays")
    assert asked.buttons == []
    await house.say("/forget")
    asked = await house.shown("Erase everything")
    keyboard = asked.keyboard
    assert keyboard
    assert keyboard[0][0]["style"] == "danger"
    first, second = (house.telegram.press(house.ann, asked, "Erase everything") for _twice in range(2))
    await house.telegram.until(lambda: first.answer and second.answer)
    assert (await house.shown("start afresh")).id == asked.id
    await house.quiet()
    told = await house.press(result, "Again")
    assert "don't remember" in told.text
    await house.say("/history")
    await house.shown("any pictures yet")
    await house.say("/usage")
    usage = await house.shown("Everyone's")
    assert "Erased people: 2 · ¥0.40" in usage.text
    await house.made("a new fox")
    assert json.loads((await exported(house))["pictures.json"])[0]["prompt"] == "a new fox"


async def test_not_while_something_is_made(house: House) -> None:
    await house.say("/forget")
    asked = await house.shown("Erase everything")
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    told = await house.press(asked, "Erase everything")
    assert told.alert
    assert "still working on something" in told.text
    await house.say("/forget")
    await house.shown("still working on something")
    house.release()
    await house.ended()
    await house.press(asked, "Erase everything")
    await house.shown("start afresh")


async def test_a_days_limit_holds_on(tmp_path: Path) -> None:
    async with open_house(tmp_path, limits=LimitsSettings(daily=1)) as house:
        await house.made("one")
        await house.say("/forget")
        await house.press(await house.shown("Erase everything"), "Erase everything")
        await house.shown("start afresh")
        await house.say("two")
        await house.shown("You've reached your limit: 1 in 24 hours")
