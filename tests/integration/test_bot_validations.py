"""How often options are validated: where they enter, and once for each reading of the store that needs them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import model_validator

from providers.jimeng import Jimeng, JimengOptions
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was validated as the options of a picture, oldest first."""
    found: list[object] = []

    class NotedOptions(JimengOptions):
        @model_validator(mode="before")
        @classmethod
        def _note(cls, values: object) -> object:
            found.append(values)
            return values

    monkeypatch.setattr(Jimeng, "Options", NotedOptions)
    return found


@pytest.fixture
async def harness(tmp_path: Path, validated: list[object]) -> AsyncIterator[AppHarness]:
    assert not validated
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.mark.parametrize(
    ("prompt", "times"),
    [
        # The prompt is read, the job prepared, its task run, its picture delivered.
        ("a fox", 4),
        ("a fox --ar 16:9 --size 2k --model 4.6", 4),
        # An album is split for its price and for its tasks, and each of these is read from the store.
        ("foxes --n 4", 1 + 3 + 4 + 1),
    ],
)
async def test_a_job(harness: AppHarness, validated: list[object], prompt: str, times: int) -> None:
    await harness.made(prompt)
    assert len(validated) == times, validated


async def test_saved_settings_are_validated_with_the_prompt(harness: AppHarness, validated: list[object]) -> None:
    await harness.app.store.users.set_option(harness.ann.id, "jimeng", "ar", "16:9")
    await harness.made("a fox")
    assert len(validated) == 4 + 1, validated


async def test_a_variation(harness: AppHarness, validated: list[object]) -> None:
    result = await harness.made("a fox")
    validated.clear()
    await harness.press(result, "Variations")
    await harness.quiet()
    assert len(harness.tasks) == 2
    # The press asks what the model reads and what it costs, and the buttons under the first picture are shown again.
    assert len(validated) == 6, validated


async def test_the_history_validates_nothing_but_for_the_details(harness: AppHarness, validated: list[object]) -> None:
    for prompt in ("a fox", "an owl"):
        await harness.made(prompt)
    validated.clear()
    page = await harness.made("/history")
    await harness.press(page, "Older ›")
    assert "a fox" in page.text
    assert not validated
    await harness.press(page, "Details")
    assert len(validated) == 1, validated
