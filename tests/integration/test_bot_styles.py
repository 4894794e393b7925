"""Styles: a person's own and the built-in ones, by command and by flag."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.settings_records import Style
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_styles_of_ones_own(harness: AppHarness) -> None:
    await harness.say("/style")
    page = await harness.shown("🎭 Styles")
    assert page.buttons[:3] == ["photo", "watercolour", "oil"]
    await harness.say("/style add mine soft light, pastel colours")
    assert (await harness.shown("Saved.")).text.endswith("a red fox --style mine")
    await harness.made("a cat --style Mine")
    assert harness.tasks[-1].prompt == "a cat, soft light, pastel colours"
    await harness.say("/style")
    page = await harness.shown("mine: soft light")
    await harness.press(page, "mine")
    question = await harness.shown("What should I draw in the style mine?")
    await harness.made("a dog", reply_to=question)
    assert harness.tasks[-1].prompt == "a dog, soft light, pastel colours"
    await harness.say("/style remove mine")
    await harness.shown("Style mine was removed.")
    await harness.say("/style remove mine")
    await harness.shown("You have no style called mine.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("/style add", "Write it like this"),
        ("/style add mine", "Write it like this"),
        ("/style add a,b soft", "one short word"),
        ("/style add mine " + "soft " * 101, "can have up to 500 characters; yours has 504"),
        ("a fox --style nothing", "There is no style called nothing. You can use: photo, watercolour, oil"),
    ],
)
async def test_what_is_no_style(harness: AppHarness, words: str, told: str) -> None:
    await harness.say(words)
    await harness.shown(told)


async def test_a_style_by_its_name_in_either_spelling_and_language(harness: AppHarness) -> None:
    await harness.made("a fox --style watercolor")
    assert "watercolour painting" in harness.tasks[-1].prompt
    await harness.made("一只狐狸 --style 水墨", who=harness.ming)
    assert "水墨" in harness.tasks[-1].prompt.removeprefix("一只狐狸, ")
    await harness.made("一只狐狸 --style ink", who=harness.ming)
    assert harness.tasks[-1].prompt == harness.tasks[-2].prompt


async def test_many_long_styles(harness: AppHarness) -> None:
    for number in range(30):
        await harness.app.store.styles.keep(harness.ann.id, Style(f"{number}-{'长' * 11}", "<soft> & " * 55), 30)
    await harness.say("/style")
    page = await harness.shown("🎭 Styles")
    assert len(page.buttons) == 39
    await harness.app.store.styles.drop(harness.ann.id, f"0-{'长' * 11}")
    told = await harness.press(page, f"0-{'长' * 11}")
    assert told.text.startswith("There is no style called 0-")
    for words in (f"/style remove {'a' * 4000}", f"a fox --style {'a' * 4000}", f"a fox --{'a' * 4000}"):
        await harness.say(words)
        await harness.quiet()
        assert "Something went wrong" not in harness.answers()[-1].text
    await harness.say(f"/style add {'a' * 33} soft")
    await harness.shown("one short word")
