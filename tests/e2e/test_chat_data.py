"""On the chat page: one's own data as a file, and being forgotten."""

import pytest
from playwright.async_api import expect

from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_all_ones_data_comes_as_a_file(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox")
    await talk.say("/export")
    file = talk.latest.get_by_test_id("document")
    await expect(file).to_contain_text(".zip")


async def test_being_forgotten(stage: Stage, talk: Talk) -> None:
    await stage.made("a red fox")
    await talk.say("/forget")
    await expect(talk.latest).to_contain_text("This can't be undone")
    await talk.press("Keep")
    await expect(talk.latest).to_contain_text("Everything stays")
    await talk.say("/forget")
    await talk.press("Erase everything")
    await expect(talk.latest).to_contain_text("I've erased everything")
    await talk.say("/history")
    await expect(talk.latest).to_contain_text("any pictures yet")
