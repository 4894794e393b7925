"""On the chat page: the buttons under a result."""

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_again(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox")
    await talk.press("Again")
    await expect(talk.at("toast")).to_have_text("One more time!")
    await expect(talk.at("photo")).to_have_count(2)
    assert stage.submits == ["a red fox"] * 2


async def test_edit_one_of_an_album(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox --n 2")
    await talk.press("Edit")
    await expect(talk.at("toast")).to_have_text("Which picture?")
    await talk.press("2", talk.latest)
    await expect(talk.latest).to_contain_text("What should I make of it?")
    await expect(talk.button("Edit", talk.message("2 pictures"))).to_be_visible()
    await talk.say("at night")
    await expect(talk.message("at night")).to_contain_text("Jimeng 4.0")
    assert stage.references == [0, 0, 1]


async def test_originals_come_as_files(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox --n 2")
    await talk.press("Files")
    files = talk.at("document")
    await expect(files).to_have_count(2)
    async with talk.page.expect_download() as waiting:
        await files.first.click()
    download = await waiting.value
    assert download.suggested_filename.endswith(".jpg")
    with Image.open(await download.path()) as image:
        assert (image.format, image.size) == ("JPEG", (205, 205))
